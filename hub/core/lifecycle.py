"""What the hub itself does to a task: pure, a record in, the next record and the facts out.

What agents say about a task is in `reports.py`.
"""

from typing import Final

from msgspec import structs

from hub.core import facts, ids, requirements, retry
from hub.core.clock import Instant
from hub.core.old_terms import OLD_TERMS
from hub.core.task import HELD, NAMES, Change, Move, Task, evolve
from schemas.attempts import FailureClass, Rejection
from schemas.scalars import PRIORITIES, Priority, TaskState
from schemas.work import TaskSpec

AGING_MS: Final = 600_000
"""Each level of priority is worth ten minutes of waiting, so nothing starves."""
MOST_REJECTIONS: Final = 10
MOST_RECLAIMS: Final = 5
EXCLUDED_FOR_GOOD: Final = frozenset(
    {Rejection.NOT_ALLOWED, Rejection.NO_EXECUTOR, Rejection.BAD_TASK}
)
NOT_EXCLUDED: Final = frozenset({Rejection.BUSY})


def queue_key(ready_at: int, priority: Priority) -> int:
    """The place in the queue of a task that became ready at this hub time."""
    return ready_at + priority * AGING_MS


def create(
    seq: int, task_id: str, org: str, epoch: int, spec: TaskSpec, submitter: str, now: Instant
) -> Change:
    """A new task: queued, or scheduled when its time has not come."""
    early = spec.not_before is not None and spec.not_before > now.wall
    priority = PRIORITIES[spec.priority] if spec.priority is not None else Priority.NORMAL
    task = Task(
        seq=seq,
        id=task_id,
        org=org,
        spec=spec,
        priority=priority,
        requires=requirements.key_of(spec),
        submitted_by=submitter,
        created_at=now.wall,
        state=TaskState.SCHEDULED if early else TaskState.QUEUED,
        generation=ids.first_generation(epoch),
        queue_key=0 if early else queue_key(now.hub, priority),
        queued_at=None if early else now.wall,
    )
    fact = facts.created(seq, task_id, submitter, now.wall, NAMES[task.state])
    return Change(task, (fact,))


def _moved(
    before: Task, after: Task, actor: str, now: Instant, reason: str | None = None
) -> Change:
    fact = facts.moved(
        after.seq,
        after.id,
        actor,
        now.wall,
        NAMES[before.state],
        NAMES[after.state],
        reason,
        after.failure_class if after.ended else None,
    )
    return Change(after, (fact,))


def make_ready(task: Task, now: Instant) -> Change:
    """A scheduled task's time has come."""
    after = evolve(
        task,
        Move.DUE,
        due_at=0,
        queue_key=queue_key(now.hub, task.priority),
        queued_at=now.wall,
    )
    return _moved(task, after, "hub", now, "due")


def assign(task: Task, agent: str, epoch: int, now: Instant) -> Change:
    """The scheduler gives a queued task to an agent; a new generation begins."""
    generation = ids.next_generation(task.generation, epoch)
    after = evolve(
        task,
        Move.ASSIGN,
        generation=generation,
        holder=agent,
        assigned_to=agent,
        assigned_at=now.wall,
        started_at=None,
        report=None,
    )
    return Change(after, (facts.assigned(task.seq, task.id, now.wall, agent, generation),))


def accept(task: Task, now: Instant) -> Change:
    """The agent starts: the attempt counts from here."""
    after = evolve(task, Move.ACCEPT, attempt=task.attempt + 1, started_at=now.wall)
    return _moved(task, after, task.holder or "hub", now)


def resume(task: Task, now: Instant) -> Change:
    """The last holder of a queued task is back, at work on it or done with it: it keeps it."""
    begun = begin_late(task, now)
    after = evolve(begun, Move.RESUME, assigned_to=task.holder)
    return _moved(task, after, task.holder or "hub", now, "resumed")


def begin_late(task: Task, now: Instant) -> Task:
    """An attempt that was given up went on: it counts as begun, and was not lost after all."""
    if task.started_at is None:
        return structs.replace(task, attempt=task.attempt + 1, started_at=now.wall)
    if task.state is TaskState.QUEUED and task.failure_class is FailureClass.LOST:
        return structs.replace(task, reclaims=task.reclaims - 1, failure_class=None, error=None)
    return task


def ran_too_long(task: Task) -> bool:
    """Whether the last attempt that began failed for its time: to go on would give it more."""
    return task.started_at is not None and task.failure_class is FailureClass.TIMEOUT


def unassign(task: Task, actor: str, reason: str, now: Instant) -> Change:
    """An assigned task comes back untried, in its old place; or it ends, if that was asked."""
    if task.cancel_requested:
        return cancel(task, actor, reason, now)
    after = evolve(task, Move.UNASSIGN, assigned_to=None)
    return _taken_back(task, after, actor, reason, now)


def reject(task: Task, reason: Rejection, now: Instant, message: str | None = None) -> Change:
    """The agent gave an assigned task back: count it, and exclude the agent if so asked."""
    agent = task.holder or ""
    told = f"{reason}: {message}" if message else str(reason)
    if task.cancel_requested:
        return cancel(task, agent, reason, now)
    rejections = task.rejections + 1
    if rejections >= MOST_REJECTIONS:
        after = evolve(
            task,
            Move.REJECT_FOR_GOOD,
            rejections=rejections,
            finished_at=now.wall,
            failure_class=FailureClass.REJECTED,
            error=f"rejected {rejections} times, the last time by {agent}: {told}",
        )
        return _moved(task, after, agent, now, "rejected")
    key = task.requires
    if reason not in NOT_EXCLUDED:
        until = (
            requirements.FOR_GOOD
            if reason in EXCLUDED_FOR_GOOD
            else now.hub + retry.exclusion_ms(task.rejections)
        )
        key = requirements.exclude(key, agent, until, now.hub)
    after = evolve(
        task,
        Move.UNASSIGN,
        rejections=rejections,
        requires=key,
        assigned_to=None,
        error=f"{agent} rejected it: {told}",
    )
    return _taken_back(task, after, agent, told, now)


def lose(task: Task, reason: str, now: Instant) -> Change:
    """A running attempt is given up: its lease ended, or its agent knows nothing of it.

    A lost attempt may have done its work, so a task that allows one attempt is not run again.
    """
    if task.cancel_requested:
        after = evolve(task, Move.CANCEL, cancel_unconfirmed=True, finished_at=now.wall)
        return _moved(task, after, "hub", now, reason)
    reclaims = task.reclaims + 1
    if reclaims >= MOST_RECLAIMS or task.spec.max_attempts == 1:
        after = evolve(
            task,
            Move.LOSE_FOR_GOOD,
            reclaims=reclaims,
            finished_at=now.wall,
            failure_class=FailureClass.LOST,
            error=f"lost {reclaims} times, the last time by {task.holder}: {reason}",
        )
        return _moved(task, after, "hub", now, "lost")
    after = evolve(
        task,
        Move.LOSE,
        reclaims=reclaims,
        assigned_to=None,
        failure_class=FailureClass.LOST,
        error=f"lost by {task.holder}: {reason}",
        queue_key=queue_key(now.hub, task.priority),
        queued_at=now.wall,
    )
    return _taken_back(task, after, "hub", reason, now)


def _taken_back(before: Task, after: Task, actor: str, reason: str, now: Instant) -> Change:
    agent = before.assigned_to or ""
    fact = facts.unassigned(after.seq, after.id, actor, now.wall, agent, reason, NAMES[after.state])
    return Change(after, (fact,))


def ask_cancel(task: Task, actor: str, now: Instant, reason: str = "requested") -> Change:
    """Cancel at once what no agent has; ask the agent for the rest. Asking twice is harmless."""
    if task.state not in HELD:
        return cancel(task, actor, reason, now)
    if task.cancel_requested:
        return Change(task, ())
    after = evolve(task, Move.ASK_CANCEL, cancel_requested=True)
    fact = facts.updated(after.seq, after.id, actor, now.wall, "cancel_requested", reason)
    return Change(after, (fact,))


def cancel(
    task: Task, actor: str, reason: str, now: Instant, *, unconfirmed: bool = False
) -> Change:
    """The task ends cancelled; `unconfirmed` when the agent never said that it stopped."""
    after = evolve(
        task,
        Move.CANCEL,
        cancel_requested=True,
        cancel_unconfirmed=unconfirmed,
        finished_at=now.wall,
    )
    return _moved(task, after, actor, now, reason)


def expire(task: Task, now: Instant) -> Change:
    """`complete_by` passed before any agent had the task."""
    after = evolve(
        task,
        Move.EXPIRE,
        finished_at=now.wall,
        failure_class=FailureClass.EXPIRED,
        error="not started before complete_by",
    )
    return _moved(task, after, "hub", now, "expired")


def kept_from(task: Task, agent: str, until: int, now: Instant) -> Task:
    """The task, kept from this agent until this hub time."""
    key = requirements.exclude(task.requires, agent, until, now.hub)
    return structs.replace(task, requires=key)


def kept_from_old(task: Task, agent: str, now: Instant) -> Task:
    """The task, kept for a while from an old agent that was told to stop it."""
    return kept_from(task, agent, now.hub + OLD_TERMS.shunned_ms, now)


def revive(task: Task, actor: str, now: Instant, reason: str | None = None) -> Change:
    """An operator's retry: everything at its beginning but the generation, which goes on.

    A `complete_by` that has passed is cleared, or the task would expire at once. `reason` is
    for people.
    """
    spec = task.spec
    if spec.complete_by is not None and spec.complete_by <= now.wall:
        spec = structs.replace(spec, complete_by=None)
    after = evolve(
        task,
        Move.RETRY,
        spec=spec,
        attempt=0,
        reclaims=0,
        rejections=0,
        requires=requirements.key_of(task.spec),
        holder=None,
        assigned_to=None,
        cancel_requested=False,
        cancel_unconfirmed=False,
        report=None,
        result=None,
        error=None,
        failure_class=None,
        tokens_used=None,
        usage=None,
        assigned_at=None,
        started_at=None,
        finished_at=None,
        due_at=0,
        queue_key=queue_key(now.hub, task.priority),
        queued_at=now.wall,
    )
    change = _moved(task, after, actor, now, f"retried: {reason}" if reason else "retried")
    if spec is task.spec:
        return change
    why = "it had passed"
    edited = facts.updated(after.seq, after.id, actor, now.wall, "edited", why, ["complete_by"])
    return Change(after, (*change.facts, edited))
