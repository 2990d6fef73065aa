"""Compares what the hub shows with what the demo knew beforehand."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from hub.cli.tables import decoded
from hub.demo.drama import Drama
from hub.demo.plan import Job, Plan, flaws
from hub.demo.watch import Watch
from schemas.http.tasks import TaskView


class Check(Struct, frozen=True):
    """One line of the verdict; it holds when nothing is wrong."""

    name: str
    tasks: int
    wanted: str
    wrong: list[str]


class Figures(Struct, frozen=True):
    """How fast it went. Times are seconds, latencies from submission to result."""

    tasks: int
    total_s: float
    per_s: float
    p50_s: float
    p95_s: float


def checks(plan: Plan, watch: Watch, drama: Drama) -> list[Check]:
    """Every check of the demo, in the order of the table."""
    return [
        *_ordinary(plan, watch, drama),
        _special(plan.flaky, watch, "completed on its third attempt"),
        _special(plan.slow, watch, "dead letter, class timeout"),
        _special(plan.unwanted, watch, "cancelled, and its process ended"),
        _special(plan.impossible, watch, "never ran; cancelled"),
        Check("explain it", 0, "each agent: missing capability", list(_unexplained(drama))),
        _special(
            plan.orphan, watch, "second attempt, on another sidecar", _misplaced(plan, watch, drama)
        ),
        Check("leftovers", 0, "ended by the sidecar that came back", list(_left(drama))),
        Check("nothing else", 0, "no task lost, none made up", list(_uneven(watch))),
    ]


def figures(watch: Watch, total_s: float) -> Figures:
    """Throughput and latency of everything that ended."""
    latencies = sorted(
        (task.finished_at - task.created_at) / 1000
        for task in watch.ended
        if task.finished_at is not None
    )
    return Figures(
        tasks=len(latencies),
        total_s=total_s,
        per_s=len(latencies) / total_s,
        p50_s=_quantile(latencies, 0.50),
        p95_s=_quantile(latencies, 0.95),
    )


def _quantile(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0.0


def _ordinary(plan: Plan, watch: Watch, drama: Drama) -> Iterator[Check]:
    kinds: dict[str, list[Job]] = defaultdict(list)
    for job in plan.ordinary:
        kinds[job.kind].append(job)
    for kind, jobs in kinds.items():
        wrong = [flaw for job in jobs for flaw in _flaws_of(job, watch, drama.orphaned)]
        yield Check(kind, len(jobs), _wanted(jobs), wrong)


def _wanted(jobs: list[Job]) -> str:
    """What the tasks of one kind had to find out, in numbers."""
    if jobs[0].result is not None:
        return f"{sum(len(job.result or ()) for job in jobs)} files, each as computed here"
    if jobs[0].lines is not None:
        lines = sum(sum(job.lines.values()) for job in jobs if job.lines is not None)
        return f"{lines:,} lines, as counted here"
    return f"at least {sum(job.suite.tests for job in jobs if job.suite)} tests pass"


def _special(job: Job, watch: Watch, wanted: str, more: Iterator[str] | None = None) -> Check:
    wrong = [*_flaws_of(job, watch, set()), *(more or ())]
    return Check(job.spec.description, 1, wanted, wrong)


def _flaws_of(job: Job, watch: Watch, orphaned: set[str]) -> list[str]:
    task = watch.task_of(job)
    if task is None:
        return [f"{job.spec.description}: the hub does not list it"]
    found = flaws(job, task, result_of(task), interrupted=task.id in orphaned)
    if task.cancel_unconfirmed:
        found.append("the agent did not confirm that it stopped")
    return [f"{task.id} {job.spec.description}: {flaw}" for flaw in found]


def result_of(task: TaskView) -> Any:
    """What came out of a task, as Python values."""
    return decoded(task.result)


def _misplaced(plan: Plan, watch: Watch, drama: Drama) -> Iterator[str]:
    task = watch.task_of(plan.orphan)
    if drama.killed is None:
        yield "no sidecar was killed"
    elif task is not None and task.assigned_to in (None, drama.killed):
        yield f"it ended on {task.assigned_to}"


def _unexplained(drama: Drama) -> Iterator[str]:
    if drama.explanation is None:
        yield "the hub was not asked"
        return
    for candidate in drama.explanation.candidates:
        if "missing_capability" not in [reason.code for reason in candidate.reasons]:
            yield f"nothing about {candidate.agent_id}"
    if drama.explanation.candidates_total != 3:
        yield f"{drama.explanation.candidates_total} agents instead of 3"


def _left(drama: Drama) -> Iterator[str]:
    if not drama.leftover_gone:
        yield "the process of the lost attempt still ran"


def _uneven(watch: Watch) -> Iterator[str]:
    if watch.extra:
        yield f"{len(watch.extra)} tasks that nobody submitted"
    missing = len(watch.jobs) - len(watch.ended)
    if missing > 0:
        yield f"{missing} tasks have not ended"
