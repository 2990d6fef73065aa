"""What the hub itself does to a task."""

import msgspec
import pytest

from hub.core import lifecycle, requirements
from hub.core.errors import IllegalMove
from hub.core.lifecycle import AGING_MS
from hub.core.requirements import FOR_GOOD
from hub.core.task import Change, Task
from schemas.attempts import FailureClass, Rejection
from schemas.events import EventType
from schemas.scalars import PriorityName, TaskState
from tests.core.making import AGENT, EPOCH, NOW, assigned, in_state, later, queued, running

S = TaskState


def only_fact(change: Change) -> dict[str, object]:
    """The payload of the one fact of a change."""
    (fact,) = change.facts
    payload: dict[str, object] = msgspec.json.decode(fact.data)
    return payload


def asked(task: Task) -> Task:
    """The same task after somebody asked to cancel it."""
    return lifecycle.ask_cancel(task, "me", NOW).task


def test_a_new_task_is_queued() -> None:
    """It is ready from its submission on, of normal priority, in its first generation."""
    task = queued()

    assert (task.state, task.queued_at, task.version) == (S.QUEUED, NOW.wall, 1)
    assert task.queue_key == NOW.hub + 2 * AGING_MS
    assert task.generation == EPOCH << 24
    assert (task.attempt, task.reclaims, task.rejections, task.holder) == (0, 0, 0, None)


@pytest.mark.parametrize(("offset", "state"), [(-1, S.QUEUED), (0, S.QUEUED), (1, S.SCHEDULED)])
def test_a_task_waits_for_its_time(offset: int, state: TaskState) -> None:
    """It is scheduled while `not_before` is in the future."""
    assert queued(not_before=NOW.wall + offset).state is state


@pytest.mark.parametrize(
    ("word", "levels"),
    [("urgent", 0), ("critical", 0), ("high", 1), ("normal", 2), ("medium", 2), ("low", 3)],
)
def test_a_priority_is_worth_waiting(word: str, levels: int) -> None:
    """Each level is worth ten minutes in the queue, so a low task overtakes in the end."""
    assert queued(priority=PriorityName(word)).queue_key == NOW.hub + levels * 600_000


def test_a_due_task_queues_behind_those_that_were_ready_before() -> None:
    """Its place counts from the moment it became ready."""
    after = lifecycle.make_ready(in_state(S.SCHEDULED), later(5)).task

    assert (after.state, after.due_at, after.queued_at) == (S.QUEUED, 0, NOW.wall + 5)
    assert after.queue_key == NOW.hub + 5 + 2 * AGING_MS


def test_an_assignment_is_a_new_generation() -> None:
    """Generation rises by one, no attempt is used up, and what was reported before is over."""
    change = lifecycle.assign(queued(), AGENT, EPOCH, NOW)
    task = change.task

    assert (task.generation, task.attempt) == ((EPOCH << 24) + 1, 0)
    assert (task.holder, task.assigned_to, task.report) == (AGENT, AGENT, None)
    assert only_fact(change) == {"agent_id": AGENT, "generation": task.generation}


def test_a_new_epoch_is_above_all_older_generations() -> None:
    """After a restore no generation is handed out twice."""
    assert lifecycle.assign(queued(), AGENT, 7, NOW).task.generation == (7 << 24) + 1


def test_accepting_begins_an_attempt() -> None:
    """The attempt counts from the acceptance."""
    task = running()

    assert (task.state, task.attempt, task.started_at) == (S.RUNNING, 1, NOW.wall)


def test_an_unaccepted_task_keeps_its_place() -> None:
    """It was nobody's fault of the task's, so it goes back to where it stood."""
    before = assigned()
    after = lifecycle.unassign(before, "hub", "session lost", later(9)).task

    assert (after.state, after.queue_key) == (S.QUEUED, before.queue_key)
    assert (after.assigned_to, after.holder, after.attempt) == (None, AGENT, 0)


@pytest.mark.parametrize("reason", Rejection)
def test_a_rejection_is_counted(reason: Rejection) -> None:
    """It returns untried; only after `busy` may the same agent have it again at once."""
    after = lifecycle.reject(assigned(), reason, NOW).task
    need = requirements.decode(after.requires)
    for_good = reason in {Rejection.NOT_ALLOWED, Rejection.NO_EXECUTOR, Rejection.BAD_TASK}

    assert (after.state, after.rejections, after.attempt) == (S.QUEUED, 1, 0)
    assert need.excludes(AGENT, NOW.hub) is (reason is not Rejection.BUSY)
    assert need.excludes(AGENT, NOW.hub + 30_000) is for_good
    assert (need.without.get(AGENT) == FOR_GOOD) is for_good


def test_exclusions_of_one_agent_grow() -> None:
    """Each further rejection of the task excludes for twice as long."""
    task = lifecycle.reject(assigned(), Rejection.DRAINING, NOW).task
    again = lifecycle.assign(task, AGENT, EPOCH, later(30_000)).task
    after = lifecycle.reject(again, Rejection.DRAINING, later(30_000)).task

    assert requirements.decode(after.requires).without == {AGENT: NOW.hub + 90_000}


def test_the_tenth_rejection_is_the_last() -> None:
    """A task that nobody wants ends, and says so."""
    task = queued()
    for number in range(10):
        assert (task.state, task.rejections) == (S.QUEUED, number)
        task = lifecycle.reject(
            lifecycle.assign(task, AGENT, EPOCH, NOW).task, Rejection.BUSY, NOW
        ).task

    assert (task.state, task.failure_class) == (S.DEAD_LETTER, FailureClass.REJECTED)
    assert task.error == "rejected 10 times, the last time by agent-1: busy"
    assert task.finished_at == NOW.wall


def test_the_fifth_lost_lease_is_the_last() -> None:
    """A task whose agents keep dying ends, and says so."""
    task = queued(max_attempts=2)
    for number in range(5):
        assert (task.state, task.reclaims) == (S.QUEUED, number)
        begun = lifecycle.accept(lifecycle.assign(task, AGENT, EPOCH, NOW).task, NOW).task
        task = lifecycle.lose(begun, "the lease ended", NOW).task

    assert (task.state, task.failure_class) == (S.DEAD_LETTER, FailureClass.LOST)
    assert task.error == "lost 5 times, the last time by agent-1: the lease ended"
    assert task.attempt == 5


def test_a_lost_task_queues_again_at_the_end() -> None:
    """It says what happened to it, and becomes ready anew."""
    change = lifecycle.lose(running(), "the lease ended", later(7))
    task = change.task

    assert (task.state, task.assigned_to, task.holder) == (S.QUEUED, None, AGENT)
    assert (task.failure_class, task.error) == (
        FailureClass.LOST,
        "lost by agent-1: the lease ended",
    )
    assert task.queue_key == NOW.hub + 7 + 2 * AGING_MS
    assert only_fact(change)["state"] == "queued"


def test_a_task_for_one_attempt_is_not_run_again_when_lost() -> None:
    """Nobody knows whether the lost attempt did its work."""
    task = lifecycle.lose(running(max_attempts=1), "the lease ended", NOW).task

    assert (task.state, task.failure_class) == (S.DEAD_LETTER, FailureClass.LOST)


def test_a_holder_that_comes_back_goes_on() -> None:
    """The attempt was not lost after all: it is the same one, and the loss does not count."""
    lost = lifecycle.lose(running(), "the lease ended", NOW).task
    task = lifecycle.resume(lost, later(1)).task

    assert (task.state, task.assigned_to, task.generation) == (S.RUNNING, AGENT, lost.generation)
    assert (task.attempt, task.reclaims, task.failure_class, task.error) == (1, 0, None, None)


def test_a_holder_whose_acceptance_was_lost_goes_on() -> None:
    """An attempt that the hub never saw begin counts when it shows up."""
    back = lifecycle.unassign(assigned(), "hub", "not accepted in time", NOW).task
    task = lifecycle.resume(back, later(1)).task

    assert (task.attempt, task.reclaims, task.started_at) == (1, 0, NOW.wall + 1)


@pytest.mark.parametrize("state", [S.SCHEDULED, S.QUEUED])
def test_what_nobody_has_is_cancelled_at_once(state: TaskState) -> None:
    """There is nobody to ask."""
    task = lifecycle.ask_cancel(in_state(state), "me", NOW).task

    assert (task.state, task.cancel_requested, task.cancel_unconfirmed) == (
        S.CANCELLED,
        True,
        False,
    )


@pytest.mark.parametrize("state", [S.ASSIGNED, S.RUNNING])
def test_what_an_agent_has_is_asked_for_once(state: TaskState) -> None:
    """The task stays where it is; asking twice changes nothing more."""
    change = lifecycle.ask_cancel(in_state(state), "me", NOW)

    assert (change.task.state, change.task.cancel_requested) == (state, True)
    assert only_fact(change) == {"change": "cancel_requested", "reason": "requested"}
    assert lifecycle.ask_cancel(change.task, "me", NOW) == Change(change.task, ())


@pytest.mark.parametrize("state", [S.COMPLETED, S.DEAD_LETTER, S.CANCELLED])
def test_what_has_ended_cannot_be_cancelled(state: TaskState) -> None:
    """The caller has to look first."""
    with pytest.raises(IllegalMove):
        lifecycle.ask_cancel(in_state(state), "me", NOW)


def test_a_task_to_be_cancelled_never_queues_again() -> None:
    """However it comes back, it ends; a lost one without a confirmation."""
    given, begun = asked(assigned()), asked(running())
    ends = [
        lifecycle.unassign(given, "hub", "session lost", NOW).task,
        lifecycle.reject(given, Rejection.BUSY, NOW).task,
        lifecycle.lose(begun, "the lease ended", NOW).task,
    ]

    assert {task.state for task in ends} == {S.CANCELLED}
    assert [task.cancel_unconfirmed for task in ends] == [False, False, True]
    assert all(task.finished_at == NOW.wall for task in ends)


@pytest.mark.parametrize("state", [S.SCHEDULED, S.QUEUED])
def test_an_expired_task_ends(state: TaskState) -> None:
    """`complete_by` passed and nobody had started it."""
    task = lifecycle.expire(in_state(state), NOW).task

    assert (task.state, task.failure_class) == (S.DEAD_LETTER, FailureClass.EXPIRED)
    assert task.finished_at == NOW.wall


@pytest.mark.parametrize("state", [S.DEAD_LETTER, S.CANCELLED])
def test_a_retried_task_begins_anew(state: TaskState) -> None:
    """All is as after its submission but what identifies it, and its generation goes on."""
    before = in_state(state)
    task = lifecycle.revive(before, "me", later(3)).task
    fresh = lifecycle.create(
        before.seq, before.id, "main", EPOCH, before.spec, "someone", later(3)
    ).task
    kept = ("generation", "created_at", "version")

    assert task.generation == before.generation
    assert {name: getattr(task, name) for name in task.__struct_fields__ if name not in kept} == {
        name: getattr(fresh, name) for name in task.__struct_fields__ if name not in kept
    }


def test_every_change_is_told() -> None:
    """Each change but a repeated request has one fact about this task."""
    changes = [
        lifecycle.assign(queued(), AGENT, EPOCH, NOW),
        lifecycle.accept(assigned(), NOW),
        lifecycle.unassign(assigned(), "hub", "x", NOW),
        lifecycle.lose(running(), "x", NOW),
        lifecycle.cancel(running(), "me", "x", NOW, unconfirmed=True),
        lifecycle.expire(queued(), NOW),
    ]
    kinds = [fact.type for change in changes for fact in change.facts]

    assert kinds == [
        EventType.TASK_ASSIGNED,
        EventType.TASK_STATUS_CHANGED,
        EventType.TASK_UNASSIGNED,
        EventType.TASK_UNASSIGNED,
        EventType.TASK_STATUS_CHANGED,
        EventType.TASK_STATUS_CHANGED,
    ]
    assert all(fact.entity == "task-1" for change in changes for fact in change.facts)
