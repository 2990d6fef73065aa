"""What agents say about a task: pure, behind the fence.

The fence: a report counts only while the task has not ended, its generation is the task's
current one, and its sender is that generation's holder. That holds also in `queued` or
`scheduled` after a lost lease, as long as nobody else was assigned: late work is welcome,
never doubled.
"""

from hashlib import sha256
from typing import Final

from msgspec import UNSET, Raw, Struct, UnsetType, json, structs

from hub.core import facts, lifecycle, retry
from hub.core.clock import Instant
from hub.core.errors import Refused
from hub.core.facts import Fact
from hub.core.task import HELD, NAMES, Change, Move, Task, evolve
from schemas.attempts import AckStatus, FailureClass
from schemas.from_agent import TaskCancelled, TaskComplete, TaskFailed
from schemas.scalars import ErrorCode, TaskState

Report = TaskComplete | TaskFailed | TaskCancelled

STATUS: Final = {
    TaskState.COMPLETED: AckStatus.COMPLETE,
    TaskState.DEAD_LETTER: AckStatus.DEAD_LETTER,
    TaskState.CANCELLED: AckStatus.CANCELLED,
}


class Outcome(Struct, frozen=True, gc=False):
    """What a report led to; no change when it repeats one that was accepted."""

    change: Change | None
    status: AckStatus


def fence(task: Task, agent: str, generation: int) -> None:
    """Raise Refused `stale_generation` unless this agent holds this generation."""
    if generation != task.generation or task.holder != agent:
        raise Refused(
            ErrorCode.STALE_GENERATION,
            f"generation {generation} of {task.id} is not yours any more",
        )


def digest(report: Report) -> bytes:
    """SHA-256 of what a report says: equal digests mean the same report.

    That is its type and its raw result; of a failure also why, and of what class.
    """
    text = bytes(report.result) if report.result is not UNSET else b""
    if type(report) is TaskFailed:
        why = json.encode((report.error, report.reason, report.failure_class))
        text = why + b"\0" + text
    return sha256(_TAGS[type(report)] + text).digest()


_TAGS: Final[dict[type[Report], bytes]] = {
    TaskComplete: b"complete\0",
    TaskFailed: b"failed\0",
    TaskCancelled: b"cancelled\0",
}


def take(
    task: Task,
    agent: str,
    report: Report,
    now: Instant,
    chance: float,
    *,
    timed_out: bool = False,
) -> Outcome:
    """Decide on a terminal report.

    `chance` in [0, 1) spreads a backoff; `timed_out` says that the hub had asked for the stop
    because the time was up. Raises Refused with `stale_generation`, or with
    `conflict` when another report of the same generation was accepted.
    """
    fence(task, agent, report.generation)
    mark = digest(report)
    if task.report is not None:
        if task.report == mark:
            return Outcome(None, STATUS.get(task.state, AckStatus.RETRIED))
        raise Refused(
            ErrorCode.CONFLICT,
            f"another report of generation {report.generation} of {task.id} was accepted",
        )
    if task.ended:
        raise Refused(ErrorCode.STALE_GENERATION, f"{task.id} has ended: {NAMES[task.state]}")
    begun = _begin(task, report, now)
    change = _decide(begun.task, report, mark, now, chance, timed_out)
    change = Change(change.task, begun.facts + change.facts)
    return Outcome(change, STATUS.get(change.task.state, AckStatus.RETRIED))


def _begin(task: Task, report: Report, now: Instant) -> Change:
    """A report says that its attempt was begun, whatever the hub heard of it until now."""
    if task.state is TaskState.ASSIGNED:
        return lifecycle.accept(task, now)
    if isinstance(report, TaskCancelled):
        return Change(task, ())
    return Change(lifecycle.begin_late(task, now), ())


def _decide(
    task: Task, report: Report, mark: bytes, now: Instant, chance: float, timed_out: bool
) -> Change:
    match report:
        case TaskComplete():
            return _complete(task, report, mark, now)
        case TaskFailed():
            return _fail(task, report, mark, now, chance)
        case TaskCancelled() if timed_out:
            marked = structs.replace(task, report=mark, result=_raw(report.result))
            return fail(marked, "timed out", FailureClass.TIMEOUT, now, chance)
        case TaskCancelled():
            return _stopped(task, report, mark, now)


def _raw(value: Raw | UnsetType) -> bytes | None:
    return None if value is UNSET else bytes(value)


def _complete(task: Task, report: TaskComplete, mark: bytes, now: Instant) -> Change:
    after = evolve(
        task,
        Move.COMPLETE,
        report=mark,
        result=_raw(report.result),
        error=None,
        failure_class=None,
        tokens_used=report.tokens_used,
        usage=_raw(report.usage),
        assigned_to=task.holder,
        finished_at=now.wall,
    )
    return Change(after, (_moved(task, after, now),))


def _moved(before: Task, after: Task, now: Instant, reason: str | None = None) -> Fact:
    return facts.moved(
        after.seq,
        after.id,
        after.holder or "hub",
        now.wall,
        NAMES[before.state],
        NAMES[after.state],
        reason,
        after.failure_class,
    )


def _fail(task: Task, report: TaskFailed, mark: bytes, now: Instant, chance: float) -> Change:
    reported = structs.replace(
        task,
        report=mark,
        result=_raw(report.result),
        tokens_used=report.tokens_used,
        usage=_raw(report.usage),
    )
    return fail(
        reported,
        report.error or report.reason or "failed",
        report.failure_class or FailureClass.AGENT,
        now,
        chance,
        retryable=report.retryable,
        asked_ms=report.retry_after_ms,
    )


def fail(
    task: Task,
    error: str,
    failure_class: FailureClass,
    now: Instant,
    chance: float,
    *,
    retryable: bool | None = None,
    asked_ms: int | None = None,
) -> Change:
    """An attempt failed: back off and try again, or end; a task to be cancelled is cancelled.

    Lost attempts do not count against `max_attempts`: they have a limit of their own.
    """
    marked = structs.replace(task, error=error, failure_class=failure_class)
    if task.cancel_requested:
        return lifecycle.cancel(marked, task.holder or "hub", "requested", now)
    failures = task.attempt - task.reclaims
    again = failures < task.spec.max_attempts and retry.is_retried(failure_class, retryable)
    if not again:
        after = evolve(marked, Move.FAIL_FOR_GOOD, assigned_to=task.holder, finished_at=now.wall)
    else:
        wait = retry.delay_ms(task.spec.retry, failures, chance, asked_ms)
        after = evolve(marked, Move.FAIL_AGAIN, due_at=now.hub + wait, assigned_to=None)
    return Change(after, (_moved(task, after, now, error[:200]),))


def _stopped(task: Task, report: TaskCancelled, mark: bytes, now: Instant) -> Change:
    """The agent stopped the attempt.

    Nobody asked for that when `cancel_requested` is not set: then it counts as lost.
    """
    marked = structs.replace(task, report=mark, result=_raw(report.result))
    if task.cancel_requested:
        return lifecycle.cancel(marked, task.holder or "hub", "confirmed", now)
    if task.state in HELD:
        return lifecycle.lose(marked, "stopped by the agent", now)
    return Change(structs.replace(marked, version=task.version + 1), ())
