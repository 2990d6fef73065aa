"""Agents of protocol 1 by the clock, which is worked by hand."""

from hub.core.old_terms import OLD_TERMS
from schemas.attempts import FailureClass
from schemas.from_agent import Identify, TaskAccepted
from schemas.scalars import TaskState
from tests.core.hand_hub import Line
from tests.services.old_yard import ADMIN, MINUTE, NAME, SECOND, STEP_MS, Yard


def test_nothing_is_given_for_a_second_after_the_greeting() -> None:
    """It may still say what it works on."""
    yard = Yard()
    task_id = yard.submit()
    yard.passes(OLD_TERMS.quiet_ms - STEP_MS)
    assert yard.assigned() == []
    yard.passes(2 * STEP_MS)
    assert yard.assigned() == [task_id]


def test_four_minutes_of_silence_end_a_session_and_less_does_not() -> None:
    """It may be deaf for three."""
    yard = Yard()
    yard.passes(OLD_TERMS.silence_ms - 2 * STEP_MS, pings=False)
    assert yard.line.open
    yard.passes(4 * STEP_MS, pings=False)
    assert not yard.line.open


def test_a_lease_outlives_a_cut_by_five_minutes() -> None:
    """Then the task goes back, with its attempt counted as lost."""
    yard = Yard()
    task_id = yard.begun()
    yard.vanish()
    yard.passes(OLD_TERMS.lease_ms - 2 * STEP_MS)
    assert yard.task(task_id).state is TaskState.RUNNING
    yard.passes(4 * STEP_MS)
    assert (yard.task(task_id).state, yard.task(task_id).reclaims) == (TaskState.QUEUED, 1)


def test_acceptance_has_a_minute() -> None:
    """A client that verifies a result answers late."""
    yard = Yard()
    yard.passes(2 * SECOND)
    task_id = yard.submit()
    yard.passes(OLD_TERMS.accept_ms - 2 * STEP_MS)
    assert yard.task(task_id).state is TaskState.ASSIGNED
    yard.passes(4 * STEP_MS)
    assert yard.task(task_id).state is TaskState.QUEUED


def test_pings_do_not_keep_an_attempt_for_ever() -> None:
    """Half an hour, when the task names no time of its own."""
    yard = Yard()
    task_id = yard.begun(max_attempts=1)
    yard.passes(OLD_TERMS.deadline_ms - MINUTE)
    assert yard.task(task_id).state is TaskState.RUNNING
    yard.passes(2 * MINUTE)
    after = yard.task(task_id)
    assert (after.state, after.failure_class) == (TaskState.DEAD_LETTER, FailureClass.TIMEOUT)


def test_a_task_that_timed_out_there_is_kept_from_it_for_ten_minutes() -> None:
    """The timers of the first time still run in it."""
    yard = Yard()
    task_id = yard.begun(timeout_ms=1_000, max_attempts=2)
    yard.passes(10 * SECOND)
    assert len(yard.assigned()) == 1
    yard.passes(OLD_TERMS.shunned_ms - MINUTE)
    assert len(yard.assigned()) == 1
    yard.passes(2 * MINUTE)
    assert yard.assigned() == [task_id, task_id]


def test_one_that_may_have_lost_a_result_is_asked_once_a_minute() -> None:
    """A busy answer shows that it works; it is not asked at full speed."""
    yard = Yard()
    yard.begun(timeout_ms=10 * MINUTE)
    yard.vanish()
    yard.come()
    other = yard.submit()
    for _ in range(3):
        asked = len(yard.assigned())
        yard.passes(3 * SECOND)
        assert len(yard.assigned()) == asked + 1
        yard.says("task_rejected", task_id=other, reason="busy")
        yard.passes(OLD_TERMS.probe_ms - 2 * SECOND)
        assert len(yard.assigned()) == asked + 1


def test_one_that_is_not_in_doubt_is_not_asked() -> None:
    """Its slot is taken, and that is all."""
    yard = Yard()
    yard.begun()
    yard.submit()
    yard.passes(3 * MINUTE)
    assert len(yard.assigned()) == 1


def test_a_restart_of_the_hub_leaves_time_to_come_back() -> None:
    """A client tries again after up to a minute; an unanswered assignment waits as well."""
    yard = Yard()
    yard.passes(2 * SECOND)
    task_id = yard.submit()
    again = yard.restart()
    again.passes(OLD_TERMS.lease_ms - MINUTE)
    assert again.task(task_id).state is TaskState.ASSIGNED
    again.come()
    again.passes(2 * SECOND)
    assert again.assigned() == [task_id]
    assert again.line.heard[-1]["generation"] == again.task(task_id).generation


def test_a_deadline_runs_through_lost_leases_and_new_sessions() -> None:
    """A client on a bad line does not get the whole time anew each time."""
    yard = Yard()
    task_id = yard.begun(max_attempts=2, timeout_ms=8 * MINUTE)
    yard.vanish()
    yard.passes(OLD_TERMS.lease_ms + SECOND)
    assert yard.task(task_id).state is TaskState.QUEUED
    generation = yard.task(task_id).generation
    yard.come()
    yard.says("state_report", task_id=task_id, generation=generation, status="working")
    assert yard.task(task_id).state is TaskState.RUNNING
    yard.passes(4 * MINUTE)
    assert yard.task(task_id).failure_class is FailureClass.TIMEOUT


def test_a_task_it_was_told_to_stop_is_kept_from_it_also_when_the_hub_dies_then() -> None:
    """That is written before the client is told."""
    yard = Yard()
    task_id = yard.begun(timeout_ms=1_000)
    while not any(each["type"] == "task_cancelled" for each in yard.line.heard):
        yard.passes(STEP_MS)
    assert NAME in yard.task(task_id).requires
    (again,) = yard.hub.restart().durable_tasks().values()
    assert NAME in again.requires


def test_one_that_was_deaf_is_given_work_again_after_its_next_ping() -> None:
    """It may never be heard of a task again otherwise."""
    yard = Yard()
    yard.passes(2 * SECOND)
    task_id = yard.submit()
    yard.passes(OLD_TERMS.accept_ms + SECOND, pings=False)
    assert yard.task(task_id).state is TaskState.QUEUED
    yard.says("ping")
    assert yard.assigned() == [task_id, task_id]


def test_a_state_report_has_time() -> None:
    """A client under load sends it late; its task is not given up before."""
    yard = Yard()
    yard.says("resource_report")
    task_id = yard.begun(max_attempts=1)
    generation = yard.task(task_id).generation
    yard.vanish()
    yard.come()
    yard.passes(OLD_TERMS.report_ms - SECOND)
    yard.says("state_report", task_id=task_id, generation=generation, status="working")
    assert yard.line.heard[-1]["action"] == "continue"
    yard.passes(MINUTE)
    assert yard.task(task_id).state is TaskState.RUNNING


def test_what_the_newer_kind_does_not_name_is_lost_soon() -> None:
    """It says what it works on right after each greeting."""
    yard = Yard()
    yard.says("resource_report")
    task_id = yard.begun()
    yard.vanish()
    yard.come()
    yard.passes(OLD_TERMS.report_ms + 2 * SECOND)
    assert yard.task(task_id).reclaims == 1


def test_one_that_became_the_older_kind_is_not_taken_for_the_newer() -> None:
    """A whole session without the newer frames shows it."""
    yard = Yard()
    yard.says("resource_report")
    yard.vanish()
    yard.come()
    task_id = yard.begun()
    yard.passes(MINUTE)
    yard.vanish()
    yard.come()
    yard.passes(MINUTE)
    assert (yard.task(task_id).state, yard.task(task_id).reclaims) == (TaskState.RUNNING, 0)


def test_an_old_client_in_the_place_of_a_new_one_has_nothing_of_its_work() -> None:
    """Else its pings would keep what nobody does."""
    yard = Yard()
    line = yard.modern(4)
    tasks = [yard.submit() for _ in range(4)]
    for task_id in tasks:
        accepted = TaskAccepted(task_id, yard.task(task_id).generation)
        yard.hub.tasks.hear(line, yard.hub.org, NAME, accepted)
    yard.turn()
    yard.come()
    assert {yard.task(task_id).state for task_id in tasks} == {TaskState.QUEUED}
    yard.passes(2 * SECOND)
    assert len(yard.assigned()) == 1


def test_a_new_sidecar_in_the_place_of_an_old_one_has_all_its_slots() -> None:
    """Whatever was in doubt about the old one."""
    yard = Yard()
    yard.begun()
    yard.vanish()
    yard.come()
    yard.modern(8)
    yard.passes(SECOND)
    tasks = [yard.submit() for _ in range(8)]
    assert all(yard.task(task_id).state is TaskState.ASSIGNED for task_id in tasks[:7])


def test_a_task_that_was_only_assumed_to_be_begun_is_assigned_once_more() -> None:
    """When the client ends something else, it was busy with that."""
    yard = Yard()
    first = yard.begun()
    generation = yard.task(first).generation
    yard.hub.tasks.cancel(yard.hub.org, ADMIN.id, yard.task(first))
    yard.passes(MINUTE)
    second = yard.submit()
    yard.vanish()
    yard.come()
    yard.passes(2 * SECOND)
    yard.says("task_rejected", task_id=second, reason="busy")
    assert yard.task(second).state is TaskState.RUNNING
    before = len(yard.assigned())
    yard.says("task_failed", task_id=first, reason="late", generation=generation)
    assert yard.assigned()[before:] == [second]
    yard.says("task_accepted", task_id=second)
    yard.says("task_complete", task_id=second, generation=yard.task(second).generation)
    assert (yard.task(second).state, yard.task(second).attempt) == (TaskState.COMPLETED, 1)


def test_a_busy_answer_is_no_acceptance_when_something_else_is_at_work() -> None:
    """The second task was asked with, and its answer lost with the connection."""
    yard = Yard()
    yard.begun(timeout_ms=10 * MINUTE)
    yard.vanish()
    yard.come()
    second = yard.submit()
    yard.passes(3 * SECOND)
    assert yard.assigned() == [second]
    yard.vanish()
    yard.come()
    yard.passes(2 * SECOND)
    yard.says("task_rejected", task_id=second, reason="busy")
    assert yard.task(second).state is TaskState.QUEUED


def test_broken_frames_are_answered_at_a_bounded_rate() -> None:
    """Each answer is a line in the log; the session stands."""
    yard = Yard()
    for _ in range(2_000):
        yard.says("", b"{")
    answers = [each for each in yard.line.heard if each["type"] == "error"]
    assert 0 < len(answers) <= 200
    yard.says("ping")
    assert yard.line.heard[-1]["type"] == "pong"


def test_progress_does_not_keep_pings_from_their_answer() -> None:
    """A client without a pong leaves, and loses what it has."""
    yard = Yard()
    task_id = yard.begun()
    for _ in range(10_000):
        yard.says("task_progress", task_id=task_id, execution_event={"text": "line"})
    yard.says("ping")
    assert yard.line.heard[-1]["type"] == "pong"


def test_a_late_end_shows_what_was_dropped_whoever_has_the_first_task_by_now() -> None:
    """Its timers ran on after it was told to stop; the end of one task is the end of all."""
    yard = Yard()
    first = yard.begun(timeout_ms=1_000)
    yard.passes(10 * SECOND)
    second = yard.submit()
    yard.says("task_accepted", task_id=second)
    assert yard.task(second).state is TaskState.RUNNING
    elm = Line(yard.hub.clock.hub(), lambda _frame: None)
    yard.hub.peers.enter(elm)
    yard.hub.greet(elm, Identify("elm", protocol_version=2, in_flight=[]))
    yard.passes(SECOND)
    assert yard.task(first).holder == "elm"
    yard.says("task_failed", task_id=first, reason="late", generation=0)
    assert yard.task(second).reclaims == 1


def test_a_restarted_client_does_not_go_on_with_what_it_was_told_to_stop() -> None:
    """A restart is the only way to stop the older kind."""
    yard = Yard()
    task_id = yard.begun()
    yard.hub.tasks.cancel(yard.hub.org, ADMIN.id, yard.task(task_id))
    yard.vanish()
    yard.come()
    yard.says("task_recovering", task_id=task_id, last_status="working")
    assert yard.line.heard[-1] == {"type": "task_reassign", "task_id": task_id}
    yard.passes(MINUTE)
    assert yard.task(task_id).state is TaskState.CANCELLED
