"""Edits: what an operator changes about a task after it was submitted. Pure.

What an edit changes besides the fields: the place in the queue follows the priority, the lane
the requirements, and a `not_before` decides whether a waiting task is scheduled or queued.
"""

from typing import Any, Final

from msgspec import UNSET, Raw, structs

from hub.core import facts, lifecycle, requirements
from hub.core.clock import Instant
from hub.core.errors import Refused
from hub.core.facts import Fact
from hub.core.task import HELD, NAMES, WAITING, Change, Move, Task, evolve
from schemas.http.tasks import TaskEdit
from schemas.scalars import PRIORITIES, ErrorCode, Priority, TaskState
from schemas.to_agent import Flaw

WHILE_HELD: Final = frozenset({"priority", "labels", "max_attempts", "retry", "complete_by"})
"""What the hub itself uses later, and so may change while an agent has the task."""


def edit(task: Task, wish: TaskEdit, actor: str, now: Instant) -> Change:
    """The task as wished for; no change when it is so already.

    Raises Refused `invalid_state` that names what cannot change in the task's state.
    """
    fields = _differences(task, wish)
    if not fields:
        return Change(task, ())
    _check_state(task, fields)
    _check_attempts(task, fields)
    spec = structs.replace(task.spec, **fields)
    edited = structs.replace(task, spec=spec)
    if "priority" in fields:
        edited = _with_priority(edited)
    if "needs" in fields or "assign_to" in fields:
        edited = structs.replace(edited, requires=requirements.renew(task.requires, spec))
    fact = facts.updated(task.seq, task.id, actor, now.wall, "edited", fields=sorted(fields))
    if "not_before" in fields:
        moved = _follow_time(edited, now)
        if moved is not None and moved.state is task.state:
            return Change(moved, (fact,))
        if moved is not None:
            return Change(moved, (fact, _move_of(task, moved, actor, now)))
    return Change(structs.replace(edited, version=task.version + 1), (fact,))


def _differences(task: Task, wish: TaskEdit) -> dict[str, Any]:
    """The fields that would have another value, with that value."""
    wanted = {
        name: value
        for name in wish.__struct_fields__
        if (value := getattr(wish, name)) is not UNSET
    }
    if "metadata" in wanted:
        wanted["metadata"] = _metadata(wanted["metadata"])
    fields = {name: v for name, v in wanted.items() if getattr(task.spec, name) != v}
    if "priority" in fields and _priority(fields["priority"]) is task.priority:
        del fields["priority"]
    return fields


def _metadata(value: Raw) -> Any:
    return UNSET if bytes(value) == b"null" else value


def _priority(word: Any) -> Priority:
    return Priority.NORMAL if word is None else PRIORITIES[word]


def _check_state(task: Task, fields: dict[str, Any]) -> None:
    fixed = fields.keys() - WHILE_HELD if task.state in HELD else fields.keys()
    if task.state in WAITING or not fixed:
        return
    state = NAMES[task.state]
    flaws = [Flaw(f"$.{name}", f"cannot change while the task is {state}") for name in fixed]
    flaws.sort(key=lambda flaw: flaw.path)
    names = ", ".join(sorted(fixed))
    raise Refused(
        ErrorCode.INVALID_STATE, f"the task is {state}: {names} cannot change", flaws=flaws
    )


def _check_attempts(task: Task, fields: dict[str, Any]) -> None:
    failures = task.attempt - task.reclaims
    least = failures if task.state is TaskState.RUNNING else failures + 1
    if fields.get("max_attempts", least) < least:
        text = f"must be at least {least}: it has had {task.attempt} attempts"
        flaws = [Flaw("$.max_attempts", text)]
        raise Refused(ErrorCode.INVALID_STATE, f"max_attempts {text}", flaws=flaws)


def _with_priority(task: Task) -> Task:
    """The place of a task that became ready when it did, with the priority it has now."""
    priority = _priority(task.spec.priority)
    if task.state is TaskState.SCHEDULED:
        return structs.replace(task, priority=priority)
    ready_at = task.queue_key - lifecycle.queue_key(0, task.priority)
    key = lifecycle.queue_key(ready_at, priority)
    return structs.replace(task, priority=priority, queue_key=key)


def _follow_time(task: Task, now: Instant) -> Task | None:
    """The task moved to where its new `not_before` puts it; None when it stays where it is."""
    time = task.spec.not_before
    early = time is not None and time > now.wall
    if task.state is TaskState.QUEUED:
        return _postpone(task) if early else None
    if task.due_at:
        ends = now.wall + max(task.due_at - now.hub, 0)
        return _wait_for_it(task) if early and time is not None and time > ends else None
    return None if early else lifecycle.make_ready(task, now).task


def _postpone(task: Task) -> Task:
    return evolve(task, Move.POSTPONE, due_at=0, queue_key=0, queued_at=None)


def _wait_for_it(task: Task) -> Task:
    """A backoff would be over before its time comes, so the time counts."""
    return structs.replace(task, due_at=0, version=task.version + 1)


def _move_of(before: Task, after: Task, actor: str, now: Instant) -> Fact:
    return facts.moved(
        after.seq, after.id, actor, now.wall, NAMES[before.state], NAMES[after.state], "edited"
    )
