"""Bulk actions: how jobs stop, and what they are worth at their end. Worked by hand."""

from collections.abc import Callable

import pytest

from hub.core import bulk
from hub.core.bulk import Turn
from hub.core.errors import Refused
from hub.core.jobs import JobRecord
from hub.core.org import Org
from hub.services import agent_bulk, loader, task_bulk
from hub.services.bulk import AT_ONCE
from schemas.events import EventType
from schemas.http.bulk import AgentAction, BulkRequest, TaskAction
from schemas.http.tasks import TaskConditions, TaskEdit
from schemas.scalars import PriorityName, StateName
from tests.core.hand_hub import HandHub
from tests.services.pasture import Pasture, paused
from tests.services.test_loader import Scratched

PAUSE, DRAIN = AgentAction.PAUSE, AgentAction.DRAIN


def test_a_job_that_was_stopped_leaves_nothing() -> None:
    """It cannot be stopped again, and nobody else is touched."""
    pasture = Pasture()
    org = pasture.hub.org
    job = pasture.begin(PAUSE, all=True)
    pasture.turn()
    pasture.bulk.cancel(org, "you", pasture.job(job))
    pasture.turn()
    pasture.hub.journal.commit()
    assert pasture.job(job).state == "cancelled"
    assert len(paused(pasture.stored())) == agent_bulk.TURN == pasture.job(job).done
    assert pasture.of_agents.jobs_in_memory == 0
    with pytest.raises(Refused):
        pasture.bulk.cancel(org, "you", pasture.job(job))


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_job_goes_no_further_than_its_token(is_killed: bool) -> None:
    """Whether the hub was killed right after the end of the token, or not; others go on."""
    pasture = Pasture()
    token = pasture.token()
    theirs = [pasture.begin(PAUSE, token, all=True) for _ in range(AT_ONCE + 1)]
    pasture.turn()
    pasture.hub.journal.commit()
    pasture.hub.tokens.revoke("main", token, "me")
    pasture.hub.journal.commit()
    if is_killed:
        pasture = pasture.killed()
    mine = pasture.begin(DRAIN, ids=["agent-000"])
    pasture.turn()
    for job in theirs:
        stopped = pasture.job(job)
        assert (stopped.state, stopped.why_stopped) == ("cancelled", bulk.CREDENTIAL_ENDED)
    assert len(paused(pasture.stored())) == agent_bulk.TURN
    assert pasture.end(mine).done == 1
    ends = [row for row in pasture.rows() if row.type == EventType.BULK_STATUS_CHANGED]
    assert ends[0].actor == "hub"
    assert b"revoked" in ends[0].data


def test_a_token_that_ends_within_a_turn_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is done, although all was read for it."""
    pasture = Pasture()
    token = pasture.token()
    job = pasture.begin(PAUSE, token, all=True)
    after_look(pasture, monkeypatch, lambda: pasture.hub.tokens.revoke("main", token, "me"))
    pasture.turn()
    assert (pasture.job(job).state, pasture.job(job).done) == ("cancelled", 0)
    assert pasture.job(job).why_stopped == bulk.CREDENTIAL_ENDED
    assert pasture.of_agents.jobs_in_memory == 0


def test_a_job_that_is_stopped_within_a_turn_ends_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a person, whose reason it is."""
    pasture = Pasture()
    job = pasture.begin(PAUSE, all=True)
    after_look(pasture, monkeypatch, lambda: pasture.bulk.cancel(pasture.hub.org, "you", job))
    pasture.turn()
    pasture.hub.journal.commit()
    assert (pasture.job(job).state, pasture.job(job).done) == ("cancelled", 0)
    assert pasture.job(job).why_stopped is None
    assert pasture.told(EventType.BULK_STATUS_CHANGED) == [job.id]
    assert pasture.of_agents.jobs_in_memory == 0


def after_look(pasture: Pasture, monkeypatch: pytest.MonkeyPatch, do: Callable[[], object]) -> None:
    """Something happens between what a turn reads and what it does."""
    look = pasture.of_agents.look

    async def look_and_do(org: Org, job: JobRecord) -> Callable[[], Turn]:
        act = await look(org, job)
        do()
        return act

    monkeypatch.setattr(pasture.of_agents, "look", look_and_do)


def test_what_ended_before_its_turn_was_skipped() -> None:
    """Though the job never came across it: it looks for tasks that it may edit."""
    pasture = Pasture(agents=0)
    first, *others = pasture.submit(task_bulk.TURN + 1)
    job = pasture.ask(edit(filter=TaskConditions(state=[StateName.QUEUED])))
    pasture.turn()
    assert pasture.job(job).done == len(others)
    pasture.hub.tasks.cancel(pasture.hub.org, "you", first)
    pasture.hub.journal.commit()
    ended = pasture.end(job)
    assert (ended.total, ended.done) == (len(others) + 1, len(others))
    assert (ended.skipped, ended.failed) == (1, 0)


@pytest.mark.parametrize("is_named", [False, True])
def test_a_failed_read_stops_no_job(is_named: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor the hub, which goes when nothing carries jobs on any more."""
    monkeypatch.setattr(loader, "AGAIN_S", (0.0,) * 3)
    disk = Scratched(0)
    pasture = Pasture(HandHub(disk, 1_000_000, 1))
    ids = [task.id for task in pasture.submit(3)]
    queued = TaskConditions(state=[StateName.QUEUED])
    job = pasture.ask(edit(ids=ids) if is_named else edit(filter=queued))
    disk.failures = 3
    pasture.turn()
    assert (disk.failures, pasture.end(job).done) == (0, 3)


def edit(*, ids: list[str] | None = None, filter: TaskConditions | None = None) -> BulkRequest:
    """Make these tasks urgent."""
    urgent = TaskEdit(priority=PriorityName.URGENT)
    return BulkRequest(TaskAction.EDIT, filter, ids, urgent)
