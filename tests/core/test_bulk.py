"""Bulk actions: how a job goes from its beginning to its end."""

import pytest
from msgspec import json, structs

from hub.core import bulk
from hub.core.bulk import Turn
from hub.core.jobs import JobRecord
from schemas.events import EventType
from schemas.http.bulk import (
    AgentAction,
    AgentBulkRequest,
    BulkAction,
    BulkFailure,
    BulkRequest,
    BulkState,
    BulkSubject,
    TaskAction,
)
from schemas.scalars import ErrorCode

JOB = JobRecord("main", "bulk-1", "cancel", b"{}", b"{}", "waiting", 5, "me", 42, 3)


def test_every_action_is_about_something() -> None:
    """And no action is about both."""
    of_tasks, of_agents = {each.value for each in TaskAction}, {each.value for each in AgentAction}
    assert {each.value for each in BulkAction} == of_tasks | of_agents
    assert not of_tasks & of_agents


@pytest.mark.parametrize(
    ("action", "about"), [("cancel", BulkSubject.TASKS), ("drain", BulkSubject.AGENTS)]
)
def test_the_beginning_says_what_it_is_about(action: str, about: BulkSubject) -> None:
    """A task's cancel is no agent's drain."""
    job = structs.replace(JOB, action=action)
    fact = bulk.created(job)
    assert bulk.about(job) is about
    assert json.decode(fact.data).get("about", "tasks") == about.value


def test_failures_of_old_are_still_known() -> None:
    """They were written when all were about tasks."""
    written = b'[{"task_id":"task-1","code":"not_found","message":"no"}]'
    kept = bulk.failures_of(structs.replace(JOB, failures=written))
    assert kept == [BulkFailure(ErrorCode.NOT_FOUND, "no", "task-1")]


def test_turns_add_up() -> None:
    """And only the first failures are kept."""
    failures = [BulkFailure(ErrorCode.NOT_FOUND, "no", f"task-{n}") for n in range(80)]
    after = bulk.advance(JOB, Turn(30, done=5, skipped=1, failures=failures))
    after = bulk.advance(after, Turn(20, done=1, failures=failures))
    assert (after.done, after.skipped, after.failed, after.cursor) == (6, 1, 160, 20)
    assert after.state == BulkState.RUNNING
    kept = bulk.failures_of(after)
    assert (len(kept), kept[0]) == (bulk.FAILURES, failures[0])


@pytest.mark.parametrize(
    ("total", "done", "failed", "skipped", "at_the_end"),
    [(9, 4, 1, 0, (9, 4)), (9, 4, 1, 4, (9, 4)), (0, 0, 0, 0, (0, 0)), (3, 4, 1, 2, (7, 2))],
)
def test_all_are_accounted_for_at_the_end(
    total: int, done: int, failed: int, skipped: int, at_the_end: tuple[int, int]
) -> None:
    """Those that left meanwhile were skipped; those that came were not counted before."""
    job = structs.replace(JOB, total=total, done=done, failed=failed, skipped=skipped)
    after = bulk.complete(job)
    assert (after.total, after.skipped) == at_the_end
    assert after.done + after.failed + after.skipped == after.total


def test_a_name_counts_once() -> None:
    """In the place where it is first."""
    given = BulkRequest(TaskAction.CANCEL, ids=["b", "a", "b"])
    assert bulk.without_repeats(given).ids == ["b", "a"]
    whole = AgentBulkRequest(AgentAction.PAUSE, all=True)
    assert bulk.without_repeats(whole) == whole


def test_an_end_is_told() -> None:
    """Once, with what became of the tasks."""
    ended, fact = bulk.finish(JOB, BulkState.CANCELLED, "you", 9)
    assert (ended.state, ended.finished_at) == ("cancelled", 9)
    assert (fact.type, fact.actor) == (EventType.BULK_STATUS_CHANGED, "you")
    assert fact.data == b'{"from":"waiting","to":"cancelled"}'
