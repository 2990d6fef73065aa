"""Bulk actions on tasks: what a request means, and the job that it becomes."""

import pytest

from hub.core import bulk, task_bulk
from hub.core.errors import Refused
from hub.core.jobs import JobRecord
from schemas.events import EventType
from schemas.http.bulk import BulkRequest, BulkState, TaskAction
from schemas.http.tasks import TaskConditions, TaskEdit
from schemas.scalars import ErrorCode, PriorityName, StateName, TaskState

ALL = TaskConditions(state=list(StateName))
ALIVE = (TaskState.SCHEDULED, TaskState.QUEUED, TaskState.ASSIGNED, TaskState.RUNNING)


def job() -> JobRecord:
    """A job that was just made."""
    request = BulkRequest(TaskAction.CANCEL, ALL, reason="old")
    return task_bulk.create(
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
        (TaskAction.CANCEL, None, ALIVE),
        (TaskAction.EDIT, None, ALIVE),
        (TaskAction.RETRY, None, (TaskState.DEAD_LETTER,)),
        (TaskAction.RETRY, [StateName.CANCELLED, StateName.QUEUED], (TaskState.CANCELLED,)),
        (TaskAction.CANCEL, [StateName.QUEUED, StateName.COMPLETED], (TaskState.QUEUED,)),
    ],
)
def test_states_for_which_the_action_is_not_are_left_out(
    action: TaskAction, named: list[StateName] | None, meant: tuple[TaskState, ...]
) -> None:
    """And those that are meant when none is named."""
    wanted = task_bulk.narrowed(action, TaskConditions(state=named, agent="ada"))
    assert (wanted.states, wanted.agent) == (meant, "ada")


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        (BulkRequest(TaskAction.CANCEL), "$"),
        (BulkRequest(TaskAction.CANCEL, ALL, ["task-1"]), "$"),
        (BulkRequest(TaskAction.CANCEL, TaskConditions()), "$.filter"),
        (BulkRequest(TaskAction.CANCEL, TaskConditions(state=[])), "$.filter.state"),
        (BulkRequest(TaskAction.CANCEL, TaskConditions(priority=[])), "$.filter.priority"),
        (BulkRequest(TaskAction.CANCEL, TaskConditions(labels={}, agent="a")), "$.filter.labels"),
        (BulkRequest(TaskAction.EDIT, ALL), "$.edit"),
        (BulkRequest(TaskAction.EDIT, ALL, edit=TaskEdit()), "$.edit"),
        (BulkRequest(TaskAction.RETRY, ALL, edit=TaskEdit(priority=PriorityName.LOW)), "$.edit"),
        (BulkRequest(TaskAction.RETRY, TaskConditions(state=[StateName.QUEUED])), "$.filter.state"),
    ],
)
def test_parts_that_do_not_go_together(request_: BulkRequest, path: str) -> None:
    """Each is refused with its place."""
    with pytest.raises(Refused) as caught:
        task_bulk.check(request_)
    assert caught.value.code is ErrorCode.VALIDATION_FAILED
    assert [flaw.path for flaw in caught.value.flaws] == [path]


def test_a_job_of_old_may_be_about_all_tasks() -> None:
    """What was begun without a condition goes on after a start."""
    request = BulkRequest(TaskAction.CANCEL, TaskConditions())
    made = task_bulk.create(
        request, org="main", job_id="b", actor="me", wall=5, last_seq=41, total=2, more=False
    )
    kept = task_bulk.target_of(made).filter
    assert kept is not None
    assert task_bulk.narrowed(TaskAction.CANCEL, kept).states == ALIVE


def test_a_job_begins_below_what_comes_after_it() -> None:
    """With all it needs to go on after a restart."""
    made = job()
    assert (made.cursor, made.state, made.total) == (42, BulkState.WAITING, 3)
    assert task_bulk.target_of(made).filter == ALL
    assert task_bulk.arguments_of(made) == task_bulk.Arguments("old", more=True)
    fact = bulk.created(made)
    assert (fact.type, fact.entity, fact.actor) == (EventType.BULK_CREATED, "bulk-1", "me")


def test_named_tasks_are_counted_down() -> None:
    """The cursor is how many of them are left."""
    request = BulkRequest(TaskAction.CANCEL, ids=["a", "b"])
    assert task_bulk.check(request) is None
    made = task_bulk.create(
        request, org="main", job_id="b", actor="me", wall=5, last_seq=41, total=2, more=False
    )
    assert (made.cursor, task_bulk.target_of(made).ids) == (2, ["a", "b"])
