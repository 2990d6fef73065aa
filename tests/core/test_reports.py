"""What agents say about a task, behind the fence."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec import structs

from hub.core import lifecycle, reports
from hub.core.errors import Refused
from hub.core.reports import Outcome, Report
from hub.core.task import Task
from schemas.attempts import AckStatus, FailureClass
from schemas.scalars import ErrorCode, TaskState
from tests.core.making import (
    AGENT,
    EPOCH,
    NOW,
    assigned,
    changed,
    complete,
    failed,
    in_state,
    later,
    queued,
    running,
    stopped,
)

S = TaskState
REPORTS: list[Callable[[], Report]] = [complete, failed, stopped]


def take(task: Task, report: Report, agent: str = AGENT, *, timed_out: bool = False) -> Outcome:
    """Decide on a report, now, without jitter."""
    return reports.take(task, agent, report, NOW, 0.0, timed_out=timed_out)


def after(task: Task, report: Report, *, timed_out: bool = False) -> Task:
    """The task after the report."""
    return changed(take(task, report, timed_out=timed_out))


def refusal(task: Task, report: Report, agent: str = AGENT) -> ErrorCode:
    """The code with which a report is refused."""
    with pytest.raises(Refused) as refused:
        take(task, report, agent)
    return refused.value.code


def to_cancel(task: Task) -> Task:
    """The same task after somebody asked to cancel it."""
    return lifecycle.ask_cancel(task, "me", NOW).task


def late(state: TaskState, **spec: Any) -> Task:
    """A task given up by the hub, which its holder still works on."""
    if state is S.QUEUED:
        return lifecycle.lose(running(**spec), "the lease ended", NOW).task
    given_up = reports.fail(running(**spec), "timed out", FailureClass.TIMEOUT, NOW, 0.0)
    return given_up.task


# The fence


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("state", TaskState)
def test_only_the_holder_is_heard(state: TaskState, report: Callable[[], Report]) -> None:
    """In no state does another agent's report count."""
    assert refusal(in_state(state), report(), "agent-2") is ErrorCode.STALE_GENERATION


@pytest.mark.parametrize("offset", [-1, 1])
@pytest.mark.parametrize("state", TaskState)
def test_only_the_present_generation_is_heard(state: TaskState, offset: int) -> None:
    """Neither an older nor a newer generation counts, in no state."""
    report = complete()
    wrong = structs.replace(report, generation=report.generation + offset)

    assert refusal(in_state(state), wrong) is ErrorCode.STALE_GENERATION


@pytest.mark.parametrize("report", REPORTS)
def test_a_task_never_assigned_has_no_holder(report: Callable[[], Report]) -> None:
    """There is nobody who could report on it."""
    task = queued()
    fresh = structs.replace(report(), generation=task.generation)

    assert refusal(task, fresh, "") is ErrorCode.STALE_GENERATION


# Success


@pytest.mark.parametrize("task", [running(), assigned(), late(S.QUEUED), late(S.SCHEDULED)])
def test_success_is_welcome_in_every_open_state(task: Task) -> None:
    """Also before the acceptance was heard, and after the hub gave the attempt up."""
    done = after(task, complete(b'{"x":1}'))

    assert (done.state, done.result, done.attempt) == (S.COMPLETED, b'{"x":1}', 1)
    assert (done.assigned_to, done.finished_at) == (AGENT, NOW.wall)
    assert (done.error, done.failure_class) == (None, None)


def test_success_counts_as_accepted_first() -> None:
    """The events tell the whole story: accepted, then completed."""
    outcome = take(assigned(), complete())

    assert outcome.status is AckStatus.COMPLETE
    assert outcome.change is not None
    assert [fact.data.split(b'"')[7] for fact in outcome.change.facts] == [b"running", b"completed"]


def test_success_beats_a_cancel() -> None:
    """Work that is done is done."""
    assert after(to_cancel(running()), complete()).state is S.COMPLETED
    assert after(to_cancel(assigned()), complete()).state is S.COMPLETED
    assert after(running(), complete(), timed_out=True).state is S.COMPLETED


# Repeats


@pytest.mark.parametrize("report", [complete(), complete(None), failed(result=b"2"), stopped()])
@pytest.mark.parametrize("task", [running(), running(max_attempts=1), to_cancel(running())])
def test_the_same_report_again_has_the_same_answer(task: Task, report: Report) -> None:
    """The first answer may have been lost, so it is given again, and nothing changes."""
    first = take(task, report)
    again = take(changed(first), report)

    assert again == Outcome(None, first.status)


@pytest.mark.parametrize("report", [complete(b"2"), complete(None), failed(), stopped()])
def test_another_report_is_a_conflict(report: Report) -> None:
    """What was accepted stands."""
    assert refusal(after(running(), complete()), report) is ErrorCode.CONFLICT


def test_a_failure_is_not_followed_by_success() -> None:
    """A report that was accepted is final for its generation."""
    backing_off = after(running(), failed())

    assert refusal(backing_off, complete()) is ErrorCode.CONFLICT
    ready = lifecycle.make_ready(backing_off, NOW).task
    assert refusal(ready, complete()) is ErrorCode.CONFLICT
    again = lifecycle.assign(ready, AGENT, EPOCH, NOW).task
    assert refusal(again, complete()) is ErrorCode.STALE_GENERATION


@pytest.mark.parametrize("report", REPORTS)
def test_nothing_is_heard_after_an_end_without_a_report(report: Callable[[], Report]) -> None:
    """A cancelled or given up task stays as it is."""
    for task in (in_state(S.CANCELLED), lifecycle.lose(running(max_attempts=1), "x", NOW).task):
        assert refusal(task, report()) is ErrorCode.STALE_GENERATION


def test_type_result_and_reason_make_a_report() -> None:
    """Equal digests mean the same type, the same bytes of the result, and the same failure."""
    marks = [reports.digest(each) for each in (complete(), complete(b"2"), complete(None))]
    marks += [reports.digest(each) for each in (failed(), failed(result=b"1"), stopped())]
    marks += [reports.digest(failed(error=error)) for error in ("a", "b")]
    marks += [reports.digest(failed(reason="a"))]
    marks += [reports.digest(failed(error="a", failure_class=FailureClass.INFRA))]

    assert len(set(marks)) == len(marks)
    assert reports.digest(failed(error="a")) == reports.digest(failed(error="a", tokens_used=1))


# Failure


def test_a_failure_backs_off() -> None:
    """Another attempt follows after the backoff, with what is known kept."""
    task = after(running(), failed(result=b"1", error="broke", failure_class=FailureClass.INFRA))

    assert (task.state, task.due_at) == (S.SCHEDULED, NOW.hub + 5_000)
    assert (task.error, task.failure_class, task.result) == ("broke", FailureClass.INFRA, b"1")
    assert task.assigned_to is None


@pytest.mark.parametrize(
    ("report", "state"),
    [
        (failed(failure_class=FailureClass.CONFIG), S.DEAD_LETTER),
        (failed(failure_class=FailureClass.CONFIG, retryable=True), S.SCHEDULED),
        (failed(retryable=False), S.DEAD_LETTER),
        (failed(), S.SCHEDULED),
    ],
)
def test_some_failures_are_final(report: Report, state: TaskState) -> None:
    """By their class, or by the agent's own word."""
    assert after(running(), report).state is state


def test_the_agent_may_say_when() -> None:
    """What it asks for replaces the backoff."""
    assert after(running(), failed(retry_after_ms=77)).due_at == NOW.hub + 77


def test_a_reason_stands_in_for_an_error() -> None:
    """One of the two is shown, or that there was neither."""
    texts = [after(running(), report).error for report in (failed(reason="why"), failed())]

    assert texts == ["why", "failed"]


@pytest.mark.parametrize("most", [1, 2, 3, 10])
def test_a_task_fails_as_often_as_allowed(most: int) -> None:
    """The last allowed attempt ends it."""
    task = queued(max_attempts=most)
    for number in range(1, most + 1):
        begun = lifecycle.accept(lifecycle.assign(task, AGENT, EPOCH, NOW).task, NOW).task
        task = after(begun, failed(begun))
        assert task.attempt == number
        if number < most:
            task = lifecycle.make_ready(task, NOW).task

    assert (task.state, task.assigned_to) == (S.DEAD_LETTER, AGENT)


def test_lost_attempts_do_not_count_as_failures() -> None:
    """They have a limit of their own."""
    lost = lifecycle.lose(running(max_attempts=2), "x", NOW).task
    again = lifecycle.accept(lifecycle.assign(lost, AGENT, EPOCH, NOW).task, NOW).task

    assert after(again, failed(again)).state is S.SCHEDULED


def test_a_late_failure_counts_once() -> None:
    """A lost attempt that reports its failure was no loss; one given up failed already."""
    lost, given_up = late(S.QUEUED, max_attempts=2), late(S.SCHEDULED, max_attempts=2)
    for task in (after(lost, failed()), after(given_up, failed())):
        assert (task.state, task.attempt, task.reclaims) == (S.SCHEDULED, 1, 0)
        assert task.due_at == NOW.hub + 5_000


def test_a_resumed_attempt_fails_once() -> None:
    """Losing and finding an attempt does not give the task a further one."""
    found = lifecycle.resume(late(S.QUEUED, max_attempts=2), NOW).task
    ready = lifecycle.make_ready(after(found, failed()), NOW).task
    last = lifecycle.accept(lifecycle.assign(ready, AGENT, EPOCH, NOW).task, NOW).task

    assert after(last, failed(last)).state is S.DEAD_LETTER


def test_an_attempt_whose_acceptance_was_lost_counts() -> None:
    """It failed, whether or not the hub had heard that it began."""
    back = lifecycle.unassign(assigned(max_attempts=1), "hub", "not accepted in time", NOW).task

    assert after(back, failed()).state is S.DEAD_LETTER


# Stops


def test_a_confirmed_stop_cancels() -> None:
    """What was asked for has happened."""
    for task in (to_cancel(running()), to_cancel(assigned())):
        done = after(task, stopped(result=b"1"))
        assert (done.state, done.cancel_unconfirmed, done.result) == (S.CANCELLED, False, b"1")


def test_a_failure_of_a_task_to_be_cancelled_cancels() -> None:
    """It is never queued again, also when its time was up."""
    assert after(to_cancel(running()), failed()).state is S.CANCELLED
    assert after(to_cancel(assigned()), failed()).state is S.CANCELLED
    assert after(to_cancel(running()), stopped(), timed_out=True).state is S.CANCELLED


def test_a_stop_for_time_is_a_failure() -> None:
    """It counts as an attempt that failed, of class timeout."""
    task = after(running(), stopped(), timed_out=True)
    last = after(running(max_attempts=1), stopped(), timed_out=True)

    assert (task.state, task.failure_class) == (S.SCHEDULED, FailureClass.TIMEOUT)
    assert (last.state, last.error) == (S.DEAD_LETTER, "timed out")


def test_a_stop_that_nobody_asked_for_is_a_loss() -> None:
    """The agent gave the attempt up by itself."""
    outcome = take(running(), stopped())

    assert outcome.status is AckStatus.RETRIED
    assert (changed(outcome).state, changed(outcome).reclaims) == (S.QUEUED, 1)


@pytest.mark.parametrize("state", [S.QUEUED, S.SCHEDULED])
def test_a_late_stop_changes_nothing_but_is_remembered(state: TaskState) -> None:
    """The hub had given the attempt up already; now its holder has as well."""
    before = late(state)
    task = after(before, stopped())

    assert (task.state, task.attempt, task.reclaims) == (state, before.attempt, before.reclaims)
    assert task.due_at == before.due_at
    assert refusal(task, complete()) is ErrorCode.CONFLICT


def test_a_late_stop_of_an_attempt_never_seen_uses_none_up() -> None:
    """The hub itself asked a holder that it had given up to stop."""
    back = lifecycle.unassign(assigned(), "hub", "not accepted in time", later(1)).task

    assert after(back, stopped()).attempt == 0
