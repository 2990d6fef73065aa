"""The command line of the benchmark: `scripts/bench --help`."""

import argparse
import os
import shlex
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console

from scripts.benchmark import faults, generator, machine
from scripts.benchmark.faults import BenchmarkError
from scripts.benchmark.figures import Report, Row, Run, Settings
from scripts.benchmark.measure import Bench, repetition
from scripts.benchmark.page import render
from scripts.benchmark.peers.command import main as peers
from scripts.benchmark.rows import ROWS, RowPlan

ROOT: Final = Path(__file__).resolve().parents[2]
QUICK_SECONDS: Final = 2.0
QUICK_WARMUP_SECONDS: Final = 0.5
QUICK_STORED: Final = 50_000

EPILOG: Final = """\
The plain run writes docs/benchmarks.json and docs/benchmarks.md. A run with other settings is
another benchmark: it is only shown, unless --output says where to write it.

exit status: 0 measured; 1 measured, but tasks were lost, refused or counted twice; 2 wrong usage;
3 no C compiler, or not Linux; 4 the hub did not start or stop; 5 the load generator failed
"""


def main() -> int:
    """Measure what the arguments ask for and show or write it; returns the exit status."""
    if "--peers" in sys.argv[1:]:
        return peers([word for word in sys.argv[1:] if word != "--peers"])
    arguments = parser().parse_args()
    console = Console(stderr=True)
    try:
        if arguments.render:
            write_page(arguments.output or ROOT / "docs")
            return faults.MEASURED
        report = measure(arguments, console)
    except BenchmarkError as fault:
        console.print(str(fault), style="red", markup=False)
        return fault.status
    output = arguments.output or (ROOT / "docs" if is_standard(arguments) else None)
    if output:
        raw = msgspec.json.format(msgspec.json.encode(report), indent=1)
        output.mkdir(parents=True, exist_ok=True)
        (output / "benchmarks.json").write_bytes(raw + b"\n")
        write_page(output)
    print(msgspec.json.encode(report).decode() if arguments.json else render(report))
    flawed = any(run.flaws for row in report.rows for run in row.runs)
    return faults.UNTRUE if flawed else faults.MEASURED


def parser() -> argparse.ArgumentParser:
    """The arguments; what is not given stays as the rows have it."""
    made = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measures a hub on this machine: durable tasks a second, and latency.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("--peers", action="store_true", help="compare with other task queues: --peers --help")
    add("--quick", action="store_true", help="one short repetition of each row, only to look")
    add("--rows", default=",".join(ROWS), help="which rows (default: %(default)s)")
    add("--repeat", type=int, help="repetitions of each row (default: 3)")
    add("--seconds", type=float, help="length of the measured window (default: 10; listing: 40)")
    add("--agents", type=int, help="connected agents (default: 100)")
    add("--slots", type=int, help="slots of each agent (default: 16)")
    add("--in-flight", type=int, help="tasks in flight in the throughput row (default: 1000)")
    add("--rate", type=int, help="tasks a second: latency row (default: 1000), listing (2000)")
    add("--stored", type=int, help="tasks there before in the listing row (default: 1000000)")
    add("--pages", type=int, help="pages read a second in the listing row (default: 75)")
    add("--json", action="store_true", help="print the raw numbers instead of the page")
    add("--output", type=Path, metavar="DIR", help="where to write benchmarks.json and .md")
    add("--render", action="store_true", help="only write benchmarks.md anew from its JSON")
    add("--directory", type=Path, help="where databases are made: the disk that is measured")
    add("--hub", metavar="COMMAND", help="what starts the hub (default: corral up)")
    add("--profile", type=Path, metavar="FILE", help="flame graph of the hub, by py-spy")
    return made


def is_standard(arguments: argparse.Namespace) -> bool:
    """Whether this is the benchmark of the page: every row, nothing changed but repetitions."""
    changes = (
        "quick",
        "seconds",
        "agents",
        "slots",
        "in_flight",
        "rate",
        "stored",
        "pages",
        "hub",
        "profile",
    )
    return set(chosen_rows(arguments)) == set(ROWS) and not any(
        getattr(arguments, name) for name in changes
    )


def chosen_rows(arguments: argparse.Namespace) -> list[str]:
    """The names after `--rows`; raises BenchmarkError for one that does not exist."""
    names = [name.strip() for name in arguments.rows.split(",")]
    for name in names:
        if name not in ROWS:
            raise BenchmarkError(faults.USAGE, f"no row {name!r}; there are: {', '.join(ROWS)}")
    return names


def settings_of(plan: RowPlan, arguments: argparse.Namespace) -> Settings:
    """The row's settings with what the arguments change."""
    seconds = arguments.seconds or (QUICK_SECONDS if arguments.quick else plan.settings.seconds)
    asked = plan.settings
    stored = arguments.stored or (QUICK_STORED if arguments.quick else asked.stored)
    return Settings(
        agents=arguments.agents or asked.agents,
        slots=arguments.slots or asked.slots,
        connections=asked.connections,
        batch=asked.batch,
        in_flight=(arguments.in_flight or asked.in_flight) if not asked.rate else 0,
        rate=(arguments.rate or asked.rate) if asked.rate else 0,
        seconds=seconds,
        warmup_seconds=QUICK_WARMUP_SECONDS if arguments.quick else asked.warmup_seconds,
        stored=stored if asked.stored else 0,
        pages=(arguments.pages or asked.pages) if asked.stored else 0,
        old=asked.old,
    )


def hub_command(arguments: argparse.Namespace) -> list[str]:
    """What starts a hub; `--data`, `--port` and `--json` are added when it is started."""
    if arguments.hub:
        return shlex.split(arguments.hub)
    return [str(Path(sys.executable).with_name("corral")), "up"]


def measure(arguments: argparse.Namespace, console: Console) -> Report:
    """Every chosen row, repetition by repetition, with a line for each on the console."""
    names = chosen_rows(arguments)
    if arguments.profile and not shutil.which("py-spy"):
        raise BenchmarkError(faults.USAGE, "--profile needs py-spy on the PATH")
    repeat = arguments.repeat or (1 if arguments.quick else 3)
    commit, changed = machine.commit(ROOT)
    with tempfile.TemporaryDirectory(prefix="corral-bench-", dir=arguments.directory) as made:
        folder = Path(made)
        program = generator.build(folder)
        surroundings = machine.describe(folder)
        cores = machine.two_cores()
        bench = Bench(hub_command(arguments), program, folder, cores, arguments.profile)
        if cores:
            os.sched_setaffinity(0, cores[1])
        rows = [
            measured_row(bench, name, settings_of(ROWS[name], arguments), repeat, console)
            for name in names
        ]
    return Report(
        measured_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        commit=commit,
        changed=changed,
        machine=surroundings,
        rows=rows,
    )


def measured_row(bench: Bench, name: str, settings: Settings, repeat: int, console: Console) -> Row:
    """One row, with all its repetitions."""
    titles = [f"{name} {number}/{repeat}" for number in range(1, repeat + 1)]
    return Row(name, settings, [measured_run(bench, settings, title, console) for title in titles])


def measured_run(bench: Bench, settings: Settings, title: str, console: Console) -> Run:
    """One repetition, with its progress and its line on the console."""
    with console.status(title) as status:
        run = repetition(bench, settings, lambda text: status.update(f"{title}: {text}"))
    console.print(
        f"{title}: {run.tasks_per_s:,.0f} tasks/s, result p50 {run.result_ms.p50:.2f} ms, "
        f"p99 {run.result_ms.p99:.2f} ms; hub {run.hub_cores:.2f} cores, "
        f"generator {run.generator_cores:.2f} cores",
        highlight=False,
        soft_wrap=True,
    )
    if slowest := run.slowest_listing:
        console.print(
            f"  pages of 50: worst p99 {slowest.ms.p99:.2f} ms ({slowest.name})", highlight=False
        )
    for flaw in [*run.flaws, *map(str, run.load.refusals)]:
        console.print(f"  {flaw}", style="red", highlight=False, markup=False, soft_wrap=True)
    return run


def write_page(folder: Path) -> None:
    """Make `benchmarks.md` in `folder` from its `benchmarks.json` alone."""
    report = msgspec.json.decode((folder / "benchmarks.json").read_bytes(), type=Report)
    (folder / "benchmarks.md").write_text(render(report))


if __name__ == "__main__":
    sys.exit(main())
