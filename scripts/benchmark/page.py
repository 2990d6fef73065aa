"""The page that shows a report: text in, text out."""

from scripts.benchmark.figures import (
    Machine,
    Report,
    Row,
    Run,
    Settings,
    Spread,
    summary,
)
from scripts.benchmark.rows import ROWS, Goal

INTRODUCTION = """\
# Benchmarks

Written by `scripts/bench` from `benchmarks.json`; do not edit.

Each repetition starts a hub on an empty database and registers its agents through invitations.
The agents and one submitter are real WebSocket connections, held by one small C program on
another core. Every task is one `task_submit` frame of its own with a small command and payload;
its agent answers `task_accepted` and `task_complete` at once, so that only the hub's work is
measured. A task counts when its `task_result` reaches the submitter. By then its submission,
assignment, acceptance and result are on disk, synced. After the run the hub is stopped and the
completed tasks in the database are counted against the results seen.

In the rows over HTTP there are no agents: plain keep-alive connections post tasks to
`/api/v1/tasks` as an admin, each one after the other. A task counts when its 201 comes, which is
when it is on disk, synced. The queued tasks in the database are counted against the answers.

In the row about old clients the agents have one slot each and take 10 to 400 ms for a task. They
are held by a program in Python. For one window all of them speak the present protocol; then half
of them come back with protocol 1, and a second window is measured. What is compared is how many
tasks a slot ends in a second.

In the listing row the database is full before the hub starts: mixed tasks, put there through
the store. While the load of agents and submitter runs, viewers read pages of 50 tasks from
`/api/v1/tasks`, one at a time, by each filter in turn: every other page is a first one, the
others begin at a random place. The worst p99 is that of the slowest filter with one condition.
"""

READING = """\
## How to read it

- Shares of a core are CPU time, user and system, by wall time within the measured window.
- When the generator used more than 0.9 of a core, the hub might have done more: such a number is
  a lower bound, marked with ≥.
- In the throughput row the submitter keeps a fixed number of tasks in flight, so latency there
  follows from the rate. Latency is judged in the row with a steady rate: tasks are due by the
  clock, whatever the answers, and their time runs from the moment they were due.
- Percentiles are over all tasks that were due within the window, by nearest rank.
"""


def render(report: Report) -> str:
    """The whole page as Markdown."""
    changed = " with changes not committed" if report.changed else ""
    parts = [
        INTRODUCTION,
        f"Measured {report.measured_at} at commit `{report.commit}`{changed}.\n",
        _goals(report.rows),
        *(_repetitions(row) for row in report.rows),
        _machine(report.machine),
        READING,
    ]
    return "\n".join(parts)


def _goals(rows: list[Row]) -> str:
    lines = [
        "| row | what | median | lowest | highest | floor | aim | |",
        "|---|---|---:|---:|---:|---:|---:|---|",
    ]
    lines += [_goal(row, goal) for row in rows for goal in ROWS[row.name].goals]
    return "\n".join(lines) + "\n"


def _goal(row: Row, goal: Goal) -> str:
    over = summary([goal.value(run) for run in row.runs])
    bound = "≥ " if goal.more_is_better and any(run.lower_bound for run in row.runs) else ""
    cells = [
        row.name,
        goal.title,
        bound + _number(over.median, goal.unit),
        _number(over.lowest, goal.unit),
        _number(over.highest, goal.unit),
        _number(goal.floor, goal.unit),
        _number(goal.aim, goal.unit),
        verdict(row, goal),
    ]
    return f"| {' | '.join(cells)} |"


def verdict(row: Row, goal: Goal) -> str:
    """What the median says: `aim reached`, `above the floor`, `floor missed`, or not to trust."""
    if any(run.flaws for run in row.runs):
        return "not to be trusted: see below"
    median = summary([goal.value(run) for run in row.runs]).median
    if _reaches(median, goal.aim, goal):
        return "aim reached"
    if _reaches(median, goal.floor, goal):
        return "floor held"
    return "**floor missed**"


def _reaches(value: float, mark: float, goal: Goal) -> bool:
    return value >= mark if goal.more_is_better else value <= mark


def _repetitions(row: Row) -> str:
    asked = row.settings
    lines = [
        f"## {row.name}: {ROWS[row.name].title}",
        "",
        f"{_load(asked)}, {asked.seconds:g} s after {asked.warmup_seconds:g} s of warm-up.",
        "",
        "| run | tasks/s | slowest second | acknowledged p50 / p99 | result p50 / p90 / p99 / "
        "highest | hub cores | generator cores | hub memory | database | results = rows |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|",
        *(_repetition(number, run) for number, run in enumerate(row.runs, 1)),
        "",
    ]
    if row.settings.stored:
        lines += _pages(row)
    for number, run in enumerate(row.runs, 1):
        lines += [f"- Run {number} is not to be trusted: {flaw}." for flaw in run.flaws]
    return "\n".join(lines)


def _pages(row: Row) -> list[str]:
    """A line for each filter: p50 / p99 / highest of its pages, run by run."""
    titles = [f"run {number}" for number in range(1, len(row.runs) + 1)]
    lines = [
        f"| pages by | pages | tasks a page | {' | '.join(titles)} |",
        f"|---|---:|---:|{'---:|' * len(titles)}",
    ]
    for listings in zip(*(run.listings for run in row.runs), strict=True):
        pages = sum(each.pages for each in listings)
        tasks = sum(each.tasks for each in listings) / max(pages, 1)
        times = [_times(each.ms) for each in listings]
        name = f"{listings[0].name} (combined)" if listings[0].is_combined else listings[0].name
        lines.append(f"| {name} | {pages:,} | {tasks:.1f} | {' | '.join(times)} |")
    return [*lines, ""]


def _times(ms: Spread) -> str:
    return f"{ms.p50:.2f} / {ms.p99:.2f} / {ms.highest:.2f} ms"


def _load(asked: Settings) -> str:
    if asked.connections:
        return (
            f"{asked.connections} connections, each with one request at a time of "
            f"{asked.batch} tasks, which stay in the queue"
        )
    load = f"{asked.rate:,} tasks/s offered" if asked.rate else f"{asked.in_flight:,} in flight"
    stored = (
        f"{asked.stored:,} tasks stored before, {asked.pages} pages/s asked for, "
        if asked.stored
        else ""
    )
    return f"{stored}{asked.agents:,} agents with {asked.slots} slots each, {load}"


def _repetition(number: int, run: Run) -> str:
    bound = "≥ " if run.lower_bound else ""
    early, late = run.acknowledged_ms, run.result_ms
    cells = [
        str(number),
        f"{bound}{run.tasks_per_s:,.0f}",
        f"{min(run.each_second, default=0):,}",
        f"{early.p50:.2f} / {early.p99:.2f} ms",
        f"{late.p50:.2f} / {late.p90:.2f} / {late.p99:.2f} / {late.highest:.2f} ms",
        f"{run.hub_cores:.2f}",
        f"{run.generator_cores:.2f}",
        f"{run.hub_resident_mib:.0f} MiB",
        f"{run.database_mib:.0f} MiB",
        f"{run.load.done:,} = {run.completed_rows:,}"
        if run.load.done == run.completed_rows
        else f"**{run.load.done:,} ≠ {run.completed_rows:,}**",
    ]
    return f"| {' | '.join(cells)} |"


def _machine(machine: Machine) -> str:
    pinned = "the hub on one core, the load on another" if machine.pinned else "nothing pinned"
    return "\n".join(
        [
            "## The machine",
            "",
            f"- {machine.processor}, {machine.cores} cores; {pinned}; "
            f"{machine.load_before:.2f} processes wanted a core in the minute before.",
            f"- Linux {machine.kernel}, Python {machine.python}, SQLite {machine.sqlite}.",
            f"- Disk ({machine.filesystem}): a synced page takes {machine.sync_p50_ms:.2f} ms "
            f"(p50), {machine.sync_p99_ms:.2f} ms (p99).",
            "",
        ]
    )


def _number(value: float, unit: str) -> str:
    return f"{value:,.0f}{unit}" if abs(value) >= 100 else f"{value:.2f}{unit}"
