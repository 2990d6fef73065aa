"""The page that shows a report: text in, text out."""

from collections.abc import Iterator, Sequence

from scripts.benchmark.dashboard.figures import Asked, Cores, DashboardReport, Part
from scripts.benchmark.dashboard.parts import PARTS
from scripts.benchmark.figures import summary
from scripts.benchmark.page import machine_section, number
from scripts.benchmark.rows import Goal

INTRODUCTION = """\
# The dashboard, measured

Written by `scripts/bench-dashboard` from `benchmarks-dashboard.json`; do not edit.

A real hub, on its defaults, serves the built page to a real Chromium without a window and without
a graphics card. Each part is measured alone, on a hub of its own. Agents and load are those of
[the hub's benchmark](benchmarks.md): real connections, held by a small C program. Nothing waits
for a number to be good: tests assert none of them.
"""
QUICK = "\n**A quick run with small settings, only to look at: these numbers mean little.**\n"
BUSY = "\n**Other programs were busy on the machine, so look at the numbers with care.**\n"
BUSY_FROM = 0.5
"""Above so many processes that wanted a core before, the page says so."""
PINNED = "the hub on one core, the load on another, the browser on both"
REPEATING = """\
## How to repeat it

`scripts/bench-dashboard` installs what it needs, measures all parts and writes this page, in
about an hour; it needs Linux, a C compiler and a Chromium. `--quick` only looks.
`--rows scroll,paint` measures some parts, `--heap-minutes 5` shortens the longest one.
`scripts/bench-dashboard --help` tells the rest.

## How to read it

- Shares of a core are CPU time, user and system, by wall time. *Load* is all else: the agents, the
  submitter, plain connections, and what drives the browser.
- Without a graphics card the browser draws with the processor, on the cores that the hub and the
  load use too. A real screen with a real card has more.
- Percentiles are by nearest rank. A number without a floor is shown for what it is.
"""


def render(report: DashboardReport) -> str:
    """The whole page as Markdown."""
    changed = " with changes not committed" if report.changed else ""
    parts = [
        INTRODUCTION,
        f"Measured {report.measured_at} at commit `{report.commit}`{changed}, with "
        f"{report.browser}.",
        QUICK if report.quick else "",
        BUSY if report.machine.load_before > BUSY_FROM else "",
        _goals(report.parts),
        *("\n".join(_section(part, report.asked)) for part in report.parts),
        machine_section(report.machine, PINNED),
        REPEATING,
    ]
    return "\n".join(part for part in parts if part)


def verdict(part: Part, goal: Goal, values: Sequence[float]) -> str:
    """What the median says: `floor held`, `floor missed`, nothing, or that it is not to trust."""
    if part.flaws:
        return "not to be trusted: see below"
    if goal.floor is None:
        return ""
    median = summary(values).median
    held = median >= goal.floor if goal.more_is_better else median <= goal.floor
    return "floor held" if held else "**floor missed**"


def line(part: Part, goal: Goal) -> str:
    """One number of a part, as a line of the first table."""
    values = part.values.get(goal.title)
    if not values:
        return f"| {part.name} | {goal.title} | | | | | not measured |"
    over = summary(values)
    cells = [
        part.name,
        goal.title,
        *(number(each, goal.unit) for each in (over.median, over.lowest, over.highest)),
        "-" if goal.floor is None else number(goal.floor, goal.unit),
        verdict(part, goal, values),
    ]
    return f"| {' | '.join(cells)} |"


def _goals(parts: Sequence[Part]) -> str:
    lines = [
        "",
        "| part | what | median | lowest | highest | floor | |",
        "|---|---|---:|---:|---:|---:|---|",
    ]
    lines += [line(part, goal) for part in parts for goal in PARTS[part.name].goals]
    return "\n".join(lines) + "\n"


def _section(part: Part, asked: Asked) -> Iterator[str]:
    yield f"## {part.name}: {PARTS[part.name].title}\n"
    if settings := _settings(part.name, asked):
        yield f"{settings}.\n"
    yield PARTS[part.name].told
    if part.cores:
        yield from _cores(part.cores)
        yield ""
    if part.curve:
        yield "| minute | screen | scripts | elements and buffers |"
        yield "|---:|---|---:|---:|"
        for point in part.curve:
            yield (
                f"| {point.minute:.1f} | {point.screen} | {point.heap_mb:.1f} MB | "
                f"{point.dom_mb:.1f} MB |"
            )
        yield ""
    for flaw in part.flaws:
        yield f"- Not to be trusted: {flaw}."
    if part.flaws:
        yield ""


def _settings(name: str, asked: Asked) -> str:
    fleet = f"{asked.agents:,} agents, {asked.events:,} events/s"
    return {
        "event-to-pixel": f"{fleet}, {asked.seconds:g} s each",
        "scroll": f"{asked.stored:,} tasks, {asked.seconds:g} s each way",
        "paint": f"{asked.loads} times cold and warm, {asked.agents:,} agents",
        "heap": f"{fleet}, {asked.heap_minutes:g} minutes",
        "tabs": f"{asked.tabs} tabs, {asked.tab_events} events/s, {asked.rounds} pairs of windows "
        f"of {asked.seconds:g} s",
    }.get(name, "")


def _cores(cores: dict[str, list[Cores]]) -> Iterator[str]:
    groups = list(next(iter(cores.values()))[0])
    yield f"| cores used, median | {' | '.join(groups)} |"
    yield f"|---|{'---:|' * len(groups)}"
    for window, shares in cores.items():
        medians = (summary([each[group] for each in shares]).median for group in groups)
        yield f"| {window} | {' | '.join(f'{share:.2f}' for share in medians)} |"
