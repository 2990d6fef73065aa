"""Edits: what changes with a field, what may not change, and where the task stands then."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw, structs

from hub.core import lifecycle, reports
from hub.core.edits import WHILE_HELD, edit
from hub.core.errors import Refused
from hub.core.lifecycle import AGING_MS
from hub.core.requirements import decode
from hub.core.task import ENDED, HELD, Task
from schemas.attempts import FailureClass, Rejection
from schemas.events import EventType
from schemas.http.tasks import TaskEdit
from schemas.scalars import ErrorCode, Priority, PriorityName, TaskState
from schemas.work import Retry, TaskSpec
from tests.core.making import EPOCH, NOW, assigned, in_state, later, queued, running

NOT_BEFORE = st.sampled_from([None, NOW.wall - 5, NOW.wall + 5_000])
GIVEN = {
    "description": st.sampled_from(["a", "b"]),
    "priority": st.sampled_from([None, *PriorityName]),
    "labels": st.sampled_from([None, {}, {"a": "b"}]),
    "metadata": st.sampled_from([Raw(b'{"a":1}'), Raw(b"null")]),
    "needs": st.sampled_from([None, [], ["x"], ["y", "x", "y"]]),
    "assign_to": st.sampled_from([None, "ada"]),
    "fairness_key": st.sampled_from([None, "k"]),
    "not_before": NOT_BEFORE,
    "complete_by": st.sampled_from([None, NOW.wall + 9_000]),
    "timeout_ms": st.sampled_from([None, 100]),
    "max_attempts": st.integers(1, 5),
    "retry": st.sampled_from([None, Retry(base_ms=1)]),
}
WISHES = st.fixed_dictionaries({}, optional=GIVEN)
SPECS = st.builds(
    TaskSpec, **{name: kind for name, kind in GIVEN.items() if name not in ("metadata",)}
)


def edited(task: Task, **wish: Any) -> Task:
    """The task after an edit a second later."""
    return edit(task, TaskEdit(**wish), "operator", later(1_000)).task


def refusal(task: Task, **wish: Any) -> Refused:
    """Why an edit is refused."""
    with pytest.raises(Refused) as caught:
        edited(task, **wish)
    return caught.value


@given(spec=SPECS, wish=WISHES)
def test_an_edited_task_is_as_if_made_so(spec: TaskSpec, wish: dict[str, Any]) -> None:
    """Lane, priority and state are those of a task freshly created with that spec."""
    task = lifecycle.create(1, "task-1", "main", EPOCH, spec, "someone", NOW).task
    change = edit(task, TaskEdit(**wish), "operator", NOW)
    fresh = lifecycle.create(1, "task-1", "main", EPOCH, change.task.spec, "someone", NOW).task
    same = ("requires", "priority", "state", "queue_key", "queued_at", "due_at")
    assert [getattr(change.task, each) for each in same] == [getattr(fresh, each) for each in same]
    assert bool(change.facts) == (change.task != task)
    assert change.task.version == task.version + bool(change.facts)


@given(wish=WISHES)
def test_an_edit_twice_is_an_edit_once(wish: dict[str, Any]) -> None:
    """What is so already makes no event and no version."""
    once = edit(queued(), TaskEdit(**wish), "operator", NOW).task
    again = edit(once, TaskEdit(**wish), "operator", NOW)
    assert again.task is once
    assert again.facts == ()


def test_one_event_names_the_fields() -> None:
    """Those that have another value now, and nobody else's."""
    change = edit(queued(), TaskEdit(description="a test", labels={"a": "b"}), "me", NOW)
    (fact,) = change.facts
    assert (fact.type, fact.actor) == (EventType.TASK_UPDATED, "me")
    assert fact.data == b'{"change":"edited","fields":["labels"]}'


def test_a_move_is_an_event_of_its_own() -> None:
    """A task that is put off is scheduled from then on."""
    change = edit(queued(), TaskEdit(not_before=NOW.wall + 5), "me", NOW)
    assert change.task.state is TaskState.SCHEDULED
    kinds = [fact.type for fact in change.facts]
    assert kinds == [EventType.TASK_UPDATED, EventType.TASK_STATUS_CHANGED]


def test_waiting_counts_whatever_the_priority() -> None:
    """The place follows the priority from when the task became ready, not from the edit."""
    task = edited(queued(), priority=PriorityName.URGENT)
    assert (task.priority, task.queue_key) == (Priority.URGENT, NOW.hub)
    assert edited(task, priority=None).queue_key == queued().queue_key
    held = edited(assigned(), priority=PriorityName.LOW)
    assert held.queue_key == assigned().queue_key + AGING_MS


def test_null_clears() -> None:
    """Optional fields go back to nothing, metadata too."""
    full = queued(labels={"a": "b"}, metadata=Raw(b"{}"), needs=["x"], timeout_ms=100)
    cleared = edited(full, labels=None, metadata=Raw(b"null"), needs=None, timeout_ms=None)
    assert cleared.spec == queued().spec


@pytest.mark.parametrize("state", sorted(HELD))
def test_what_was_told_to_the_agent_stays(state: TaskState) -> None:
    """While it is held only what the hub itself uses later can change; all others are named."""
    task = in_state(state)
    for name in GIVEN.keys() - WHILE_HELD:
        value = {"needs": ["x"], "metadata": Raw(b"{}"), "timeout_ms": 100, "not_before": 1}
        flaw = refusal(task, **{name: value.get(name, "other")})
        assert flaw.code is ErrorCode.INVALID_STATE
        assert [each.path for each in flaw.flaws] == [f"$.{name}"]
    assert edited(task, labels={"a": "b"}, complete_by=1).spec.complete_by == 1


@pytest.mark.parametrize("state", sorted(ENDED))
def test_what_ended_stays(state: TaskState) -> None:
    """Nothing of it can change, but saying what is so is no edit."""
    assert refusal(in_state(state), labels={"a": "b"}).code is ErrorCode.INVALID_STATE
    assert edited(in_state(state), description="a test") == in_state(state)


def test_exclusions_outlive_an_edit() -> None:
    """An agent that rejected the task for good is not asked again, unless somebody names it."""
    task = lifecycle.reject(assigned(), Rejection.NOT_ALLOWED, NOW).task
    assert decode(edited(task, needs=["x"]).requires).excludes_for_good("agent-1")
    assert not decode(edited(task, assign_to="agent-1").requires).without


def test_max_attempts_leaves_one() -> None:
    """A task that waits for its third attempt can have three, not two."""
    task = running()
    for _ in range(2):
        waiting = reports.fail(task, "x", FailureClass.INFRA, NOW, 0.0).task
        ready = lifecycle.make_ready(waiting, NOW).task
        task = lifecycle.accept(lifecycle.assign(ready, "agent-1", EPOCH, NOW).task, NOW).task
    assert refusal(ready, max_attempts=2).flaws[0].path == "$.max_attempts"
    assert edited(structs.replace(ready), max_attempts=4).spec.max_attempts == 4
    assert edited(task, max_attempts=3) == task


def test_a_backoff_and_a_time() -> None:
    """The later of the two counts."""
    task = reports.fail(running(), "x", FailureClass.INFRA, NOW, 0.0).task
    assert edited(task, not_before=NOW.wall + 1_001).due_at == task.due_at
    put_off = edited(task, not_before=NOW.wall + 900_000)
    assert (put_off.due_at, put_off.state) == (0, TaskState.SCHEDULED)
    assert edited(put_off, not_before=None).state is TaskState.QUEUED
