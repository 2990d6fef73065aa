"""The page that shows a report: text in, text out."""

from collections.abc import Iterator, Sequence

from scripts.benchmark.figures import Machine, summary
from scripts.benchmark.plots import LATENCY_PLOT, THROUGHPUT_PLOT, plots
from scripts.benchmark.results import Report, Row
from scripts.benchmark.rows import ROWS, Goal
from scripts.benchmark.tables import section

INTRODUCTION = """\
# Benchmarks

Written by `scripts/bench` from `benchmarks.json`; do not edit.

Each repetition starts a hub on an empty database and registers its agents through invitations.
The hub runs on its defaults, with every feature on. The agents and one submitter, an operator,
are real WebSocket connections, held by one small C program on another core. Every task is one
`task_submit` frame of its own with a small command and payload; its agent answers
`task_accepted` and `task_complete` at once, so that only the hub's work is measured. A task
counts when its `task_result` reaches the submitter. By then its submission, assignment,
acceptance and result are on disk, synced. After the run the hub is stopped and the completed
tasks in the database are counted against the results seen.
"""

ROWS_TOLD = """\
## What else the rows do

- **throughput-read**: beside the load, two viewers read 10 pages of 50 tasks a second each, and
  one reads every event there is from `/api/v1/events/stream`. Events are counted, and have
  numbers, so that a gap would be seen.
- **http-…**: there are no agents. Plain keep-alive connections post tasks to `/api/v1/tasks` as
  an operator, each one after the other. A task counts when its 201 comes, which is when it is on
  disk, synced. The queued tasks in the database are counted against the answers.
- **listing**: the database is full before the hub starts: mixed tasks, put there through the
  store. While the load of agents and submitter runs, viewers read pages of 50 tasks from
  `/api/v1/tasks`, one at a time, by each filter in turn: every other page is a first one, the
  others begin at a random place. The worst p99 is that of the slowest filter with one condition.
- **old-clients**: the agents have one slot each and take 10 to 400 ms for a task. They are held
  by a program in Python. For one window all of them speak the present protocol; then half of
  them come back with protocol 1, and a second window is measured. What is compared is how many
  tasks a slot ends in a second.
- **agents-10000**: the agents are registered before the hub starts, by a hub with a higher rate.
  What an agent costs in memory is what the hub has more than one that knows no agent, by the
  number of agents, when all of them have just connected. Where the open files of one program do
  not suffice, several programs hold the agents.
- **queued-million**: the tasks need what no agent offers. They are submitted, the hub is stopped,
  its data directory is measured, and a hub is started on it. Then urgent tasks are given to the
  agents of this hub and of an empty one in turn, at first without and then with many further
  agents connected to this one. The system had the database in its cache at that start.
- **start**: from the start of the command `corral up` to the first 200 of `/ready`, which is
  asked for every millisecond once the hub has said where it serves.
"""

REPEATING = """\
## How to repeat it

`scripts/bench` installs what it needs, measures all rows on this machine and writes this page;
it needs Linux, two cores and a C compiler. `--quick` only looks. `--rows latency,start` measures
some rows. `scripts/bench --compare main HEAD` measures two commits in turn and shows the ratio of
each pair. `scripts/bench --help` tells the rest.
"""

READING = """\
## How to read it

- Shares of a core are CPU time, user and system, by wall time within the measured window.
- When the core of the generator was used by more than 0.9, the hub might have done more: such a
  number is a lower bound, marked with ≥.
- In the throughput rows the submitter keeps a fixed number of tasks in flight, so latency there
  follows from the rate. Latency is judged in the rows with a steady rate: tasks are due by the
  clock, whatever the answers, and their time runs from the moment they were due.
- Percentiles are over all tasks that were due within the window, by nearest rank. How late the
  generator ever was with a task stands beside its share of a core; that time counts as latency.
- The hub's memory is that of all processes of `corral up`: of the hub itself, of the one that feeds
  its search index, and of the program that starts it again when it fails. What they share counts
  once (`Pss` of Linux).
- A number without floor and aim is shown for what it is; nothing was promised about it.
"""


def render(report: Report) -> str:
    """The whole page as Markdown."""
    changed = " with changes not committed" if report.changed else ""
    parts = [
        INTRODUCTION,
        f"Measured {report.measured_at} at commit `{report.commit}`{changed}.\n",
        _goals(report.rows),
        *_pictures(report),
        ROWS_TOLD,
        *(section(row) for row in report.rows),
        machine_section(report.machine, "the hub on one core, the load on another"),
        REPEATING,
        READING,
    ]
    return "\n".join(parts)


def _pictures(report: Report) -> Iterator[str]:
    texts = {
        THROUGHPUT_PLOT: "Durable tasks a second in each second of each run",
        LATENCY_PLOT: "Latency from submission to durable result, by offered rate",
    }
    for name in plots(report):
        yield f"![{texts[name]}]({name})\n"


def _goals(rows: list[Row]) -> str:
    lines = [
        "| row | what | median | lowest | highest | floor | aim | |",
        "|---|---|---:|---:|---:|---:|---:|---|",
    ]
    lines += [_goal(row, goal) for row in rows for goal in ROWS[row.name].goals]
    return "\n".join(lines) + "\n"


def _goal(row: Row, goal: Goal) -> str:
    values = values_of(row, goal)
    if not values:
        return f"| {row.name} | {goal.title} | | | | | | not measured |"
    over = summary(values)
    bound = "≥ " if goal.more_is_better and any(run.lower_bound for run in row.runs) else ""
    cells = [
        row.name,
        goal.title,
        bound + number(over.median, goal.unit),
        number(over.lowest, goal.unit),
        number(over.highest, goal.unit),
        "-" if goal.floor is None else number(goal.floor, goal.unit),
        "-" if goal.aim is None else number(goal.aim, goal.unit),
        verdict(row, goal, values),
    ]
    return f"| {' | '.join(cells)} |"


def values_of(row: Row, goal: Goal) -> list[float]:
    """The goal's number, as often as it was measured."""
    return [value for run in row.runs for value in run.values(goal.title)]


def verdict(row: Row, goal: Goal, values: Sequence[float]) -> str:
    """What the median says: `aim reached`, `floor held`, `floor missed`, or not to trust."""
    if any(run.flaws for run in row.runs):
        return "not to be trusted: see below"
    median = summary(values).median
    if goal.aim is None:
        return ""
    if _reaches(median, goal.aim, goal):
        return "aim reached"
    if goal.floor is None:
        return "aim missed"
    return "floor held" if _reaches(median, goal.floor, goal) else "**floor missed**"


def _reaches(value: float, mark: float, goal: Goal) -> bool:
    return value >= mark if goal.more_is_better else value <= mark


def machine_section(machine: Machine, pinned: str) -> str:
    """The machine, as Markdown; `pinned` says who had which core where there were two."""
    pinned = pinned if machine.pinned else "nothing pinned"
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


def number(value: float, unit: str) -> str:
    """A number as the tables have it."""
    return f"{value:,.0f}{unit}" if abs(value) >= 100 else f"{value:.2f}{unit}"
