"""The command line: `scripts/bench-dashboard --help`."""

import argparse
import signal
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import structs
from playwright.sync_api import Error as BrowserError
from rich.console import Console
from rich.status import Status

from scripts.benchmark import faults, machine
from scripts.benchmark.bench import Bench, Say
from scripts.benchmark.dashboard import browser
from scripts.benchmark.dashboard.bundle import check_built
from scripts.benchmark.dashboard.figures import Asked, DashboardReport, Part, Plan, together
from scripts.benchmark.dashboard.page import line, render
from scripts.benchmark.dashboard.parts import PARTS
from scripts.benchmark.faults import BenchmarkError
from scripts.benchmark.raw import write_raw
from scripts.benchmark.session import ROOT, opened

NAME: Final = "benchmarks-dashboard"
QUICK: Final = Asked(
    agents=1_000,
    seconds=4.0,
    warmup_seconds=1.0,
    stored=50_000,
    loads=3,
    heap_minutes=0.25,
    rounds=1,
)
CHANGED: Final = ("agents", "seconds", "stored", "loads", "heap_minutes", "tabs", "rounds")
"""Arguments that change the setting of the same name."""
EPILOG: Final = f"""\
The plain run writes docs/{NAME}.json and docs/{NAME}.md. A run with other settings is
another benchmark: it is only shown, unless --output says where to write it.

exit status: 0 measured; 1 something was lost, refused or never seen, or a part could not be
measured; 2 wrong usage; 3 no Chromium, no built page, no C compiler, or not Linux; 5 the load
generator does not compile
"""


def main(words: Sequence[str] | None = None) -> int:
    """Measure what the arguments ask for and show or write it; returns the exit status."""
    arguments = parser().parse_args(words)
    console = Console(stderr=True)
    # As Ctrl-C does, so that hub and browser are ended on the way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _done(arguments, console)
    except BenchmarkError as fault:
        console.print(str(fault), style="red", markup=False)
        return fault.status
    except KeyboardInterrupt:
        console.print("interrupted; hub and browser have ended", style="red")
        return faults.INTERRUPTED


def _done(arguments: argparse.Namespace, console: Console) -> int:
    if arguments.render:
        write_page(arguments.output or ROOT / "docs")
        return faults.MEASURED
    report = measure(arguments, console)
    output = arguments.output or (ROOT / "docs" if is_standard(arguments) else None)
    if output:
        write_raw(output, NAME, report)
        write_page(output)
    print(msgspec.json.encode(report).decode() if arguments.json else render(report))
    return faults.UNTRUE if any(part.flaws for part in report.parts) else faults.MEASURED


def parser() -> argparse.ArgumentParser:
    """The arguments; what is not given stays as the parts have it."""
    made = argparse.ArgumentParser(
        prog="scripts/bench-dashboard",
        description="Measures the dashboard in a real browser on this machine.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("--quick", action="store_true", help="small settings and one repetition, only to look")
    add("--rows", help=f"which parts (default: {','.join(PARTS)})")
    add("--repeat", type=int, help="repetitions of event-to-pixel and scroll (default: 3)")
    add("--json", action="store_true", help="print the raw numbers instead of the page")
    add("--output", type=Path, metavar="DIR", help=f"where to write {NAME}.json and .md")
    add("--render", action="store_true", help="only write the page anew from its JSON")
    add("--directory", type=Path, help="where databases are made")
    add("--hub", metavar="COMMAND", help="what starts the hub (default: corral up)")
    made.set_defaults(profile=None)
    _add_settings(made.add_argument_group("another benchmark"))
    return made


def _add_settings(group: Any) -> None:
    usual = Asked()
    add = group.add_argument
    add("--heap-minutes", type=float, help=f"length of heap (default: {usual.heap_minutes:g})")
    add("--agents", type=int, help=f"agents of a large fleet (default: {usual.agents})")
    add("--seconds", type=float, help=f"length of each window (default: {usual.seconds:g})")
    add("--stored", type=int, help=f"tasks that are scrolled (default: {usual.stored})")
    add("--loads", type=int, help=f"how often the page is opened (default: {usual.loads})")
    add("--tabs", type=int, help=f"open tabs (default: {usual.tabs})")
    add("--rounds", type=int, help=f"pairs of windows of tabs (default: {usual.rounds})")


def is_standard(arguments: argparse.Namespace) -> bool:
    """Whether this is the benchmark of the page: every part, nothing changed but repetitions."""
    changes = (*CHANGED, "quick", "hub")
    return set(chosen(arguments)) == set(PARTS) and not any(
        getattr(arguments, name) for name in changes
    )


def chosen(arguments: argparse.Namespace) -> list[str]:
    """The names after `--rows`; raises BenchmarkError for one that does not exist."""
    if arguments.rows is None:
        return list(PARTS)
    names = [name.strip() for name in arguments.rows.split(",")]
    for name in names:
        if name not in PARTS:
            raise BenchmarkError(faults.USAGE, f"no part {name!r}; there are: {', '.join(PARTS)}")
    return names


def asked_by(arguments: argparse.Namespace) -> Asked:
    """The settings with what the arguments change."""
    usual = QUICK if arguments.quick else Asked()
    given = {name: getattr(arguments, name) for name in CHANGED}
    return structs.replace(usual, **{name: value for name, value in given.items() if value})


def measure(arguments: argparse.Namespace, console: Console) -> DashboardReport:
    """Every chosen part, with its numbers on the console as soon as they are there."""
    names, asked = chosen(arguments), asked_by(arguments)
    check_built()
    chromium = browser.version()
    commit, changed = machine.commit(ROOT)
    with opened(arguments) as (bench, surroundings):
        parts = [_part(bench, PARTS[name], asked, arguments, console) for name in names]
    return DashboardReport(
        measured_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        commit=commit,
        changed=changed,
        quick=arguments.quick,
        machine=surroundings,
        browser=chromium,
        asked=asked,
        parts=parts,
    )


def _part(
    bench: Bench, plan: Plan, asked: Asked, arguments: argparse.Namespace, console: Console
) -> Part:
    """One part with all its repetitions."""
    repeat = 1 if plan.repeat == 1 else arguments.repeat or (1 if arguments.quick else plan.repeat)
    found = []
    for turn in range(1, repeat + 1):
        title = f"{plan.name} {turn}/{repeat}"
        with console.status(title) as status:
            part = _measured(bench, plan, asked, partial(_say, status, title))
        _tell(part, plan, console)
        found.append(part)
    return together(found)


def _measured(bench: Bench, plan: Plan, asked: Asked, say: Say) -> Part:
    """One that cannot be measured does not cost the others theirs."""
    try:
        return plan.measure(bench, asked, say)
    except (BenchmarkError, BrowserError) as fault:
        return Part(plan.name, {}, flaws=[f"it could not be measured: {fault}"])


def _say(status: Status, title: str, text: str) -> None:
    status.update(f"{title}: {text}")


def _tell(part: Part, plan: Plan, console: Console) -> None:
    lines = [line(part, goal) for goal in plan.goals]
    for window, cores in part.cores.items():
        for each in cores:
            shares = ", ".join(f"{name} {share:.2f}" for name, share in each.items())
            lines.append(f"  cores, {window}: {shares}")
    for text in lines:
        console.print(text, highlight=False, markup=False, soft_wrap=True)
    for flaw in part.flaws:
        console.print(f"  {flaw}", style="red", highlight=False, markup=False, soft_wrap=True)


def write_page(folder: Path) -> None:
    """Make the page in `folder` from its JSON alone."""
    report = msgspec.json.decode((folder / f"{NAME}.json").read_bytes(), type=DashboardReport)
    (folder / f"{NAME}.md").write_text(render(report))
