"""Bulk actions: what a request means, and how a job goes from its beginning to its end."""

import pytest

from hub.core import bulk
from hub.core.bulk import Turn
from hub.core.errors import Refused
from hub.core.jobs import JobRecord
from schemas.events import EventType
from schemas.http.bulk import BulkAction, BulkFailure, BulkRequest, BulkState
from schemas.http.tasks import TaskConditions, TaskEdit
from schemas.scalars import ErrorCode, PriorityName, StateName, TaskState

ALL = TaskConditions(state=list(StateName))
ALIVE = (TaskState.SCHEDULED, TaskState.QUEUED, TaskState.ASSIGNED, TaskState.RUNNING)


def job() -> JobRecord:
    """A job that was just made."""
    request = BulkRequest(BulkAction.CANCEL, ALL, reason="old")
    return bulk.create(
        request,
        org="main",
        job_id="bulk-1",
        actor="me",
        wall=5,
        last_seq=41,
        total=3,
        more=True,
    )


@pytest.mark.parametrize(
    ("action", "named", "meant"),
    [
        (BulkAction.CANCEL, None, ALIVE),
        (BulkAction.EDIT, None, ALIVE),
        (BulkAction.RETRY, None, (TaskState.DEAD_LETTER,)),
        (BulkAction.RETRY, [StateName.CANCELLED, StateName.QUEUED], (TaskState.CANCELLED,)),
        (BulkAction.CANCEL, [StateName.QUEUED, StateName.COMPLETED], (TaskState.QUEUED,)),
    ],
)
def test_states_for_which_the_action_is_not_are_left_out(
    action: BulkAction, named: list[StateName] | None, meant: tuple[TaskState, ...]
) -> None:
    """And those that are meant when none is named."""
    wanted = bulk.narrowed(action, TaskConditions(state=named, agent="ada"))
    assert (wanted.states, wanted.agent) == (meant, "ada")


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        (BulkRequest(BulkAction.CANCEL), "$"),
        (BulkRequest(BulkAction.CANCEL, ALL, ["task-1"]), "$"),
        (BulkRequest(BulkAction.CANCEL, TaskConditions()), "$.filter"),
        (BulkRequest(BulkAction.CANCEL, TaskConditions(state=[])), "$.filter.state"),
        (BulkRequest(BulkAction.CANCEL, TaskConditions(priority=[])), "$.filter.priority"),
        (BulkRequest(BulkAction.CANCEL, TaskConditions(labels={}, agent="a")), "$.filter.labels"),
        (BulkRequest(BulkAction.EDIT, ALL), "$.edit"),
        (BulkRequest(BulkAction.EDIT, ALL, edit=TaskEdit()), "$.edit"),
        (BulkRequest(BulkAction.RETRY, ALL, edit=TaskEdit(priority=PriorityName.LOW)), "$.edit"),
        (BulkRequest(BulkAction.RETRY, TaskConditions(state=[StateName.QUEUED])), "$.filter.state"),
    ],
)
def test_parts_that_do_not_go_together(request_: BulkRequest, path: str) -> None:
    """Each is refused with its place."""
    with pytest.raises(Refused) as caught:
        bulk.check(request_)
    assert caught.value.code is ErrorCode.VALIDATION_FAILED
    assert [flaw.path for flaw in caught.value.flaws] == [path]


def test_a_job_of_old_may_be_about_all_tasks() -> None:
    """What was begun without a condition goes on after a start."""
    request = BulkRequest(BulkAction.CANCEL, TaskConditions())
    made = bulk.create(
        request, org="main", job_id="b", actor="me", wall=5, last_seq=41, total=2, more=False
    )
    kept = bulk.target_of(made).filter
    assert kept is not None
    assert bulk.narrowed(BulkAction.CANCEL, kept).states == ALIVE


def test_a_job_begins_below_what_comes_after_it() -> None:
    """With all it needs to go on after a restart."""
    made = job()
    assert (made.cursor, made.state, made.total) == (42, BulkState.WAITING, 3)
    assert bulk.target_of(made).filter == ALL
    assert bulk.arguments_of(made) == bulk.Arguments("old", more=True)
    fact = bulk.created(made)
    assert (fact.type, fact.entity, fact.actor) == (EventType.BULK_CREATED, "bulk-1", "me")


def test_named_tasks_are_counted_down() -> None:
    """The cursor is how many of them are left."""
    request = BulkRequest(BulkAction.CANCEL, ids=["a", "b"])
    assert bulk.check(request) is None
    made = bulk.create(
        request, org="main", job_id="b", actor="me", wall=5, last_seq=41, total=2, more=False
    )
    assert (made.cursor, bulk.target_of(made).ids) == (2, ["a", "b"])


def test_turns_add_up() -> None:
    """And only the first failures are kept."""
    failures = [BulkFailure(f"task-{n}", ErrorCode.NOT_FOUND, "no") for n in range(80)]
    after = bulk.advance(job(), Turn(done=5, skipped=1, failures=failures), 30)
    after = bulk.advance(after, Turn(done=1, failures=failures), 20)
    assert (after.done, after.skipped, after.failed, after.cursor) == (6, 1, 160, 20)
    assert after.state == BulkState.RUNNING
    kept = bulk.failures_of(after)
    assert (len(kept), kept[0]) == (bulk.FAILURES, failures[0])


def test_an_end_is_told() -> None:
    """Once, with what became of the tasks."""
    ended, fact = bulk.finish(job(), BulkState.CANCELLED, "you", 9)
    assert (ended.state, ended.finished_at) == ("cancelled", 9)
    assert (fact.type, fact.actor) == (EventType.BULK_STATUS_CHANGED, "you")
    assert fact.data == b'{"from":"waiting","to":"cancelled"}'
