"""Bulk actions on agents, with the services worked by hand and the hub killed at every step."""

import asyncio

import pytest

from hub.core import agent_bulk
from hub.core.jobs import JobRecord
from hub.services.agent_bulk import TURN
from hub.services.roll import PIECE, call_roll
from hub.store.memory import MemoryStore
from schemas.events import EventType
from schemas.http.agents import AgentList, DeclaredAgent
from schemas.http.bulk import AgentAction, AgentBulkRequest, BulkState
from schemas.scalars import TaskState
from tests.core.hand_hub import HandHub
from tests.services.pasture import MANY, Pasture, paused
from tests.services.test_fleet import NAME, Stable

PAUSE, RESUME, DRAIN, DELETE = AgentAction


def test_a_job_goes_through_its_agents_by_id() -> None:
    """A bounded number each turn; each is paused with the same note and the same end."""
    pasture = Pasture()
    job = pasture.begin(PAUSE, all=True, note="new disks", for_ms=1_000)
    assert (job.total, job.state) == (MANY, BulkState.WAITING)
    pasture.turn()
    seen = pasture.job(job)
    assert (seen.done, seen.cursor) == (TURN, MANY - TURN)
    ended = pasture.end(job)
    assert (ended.state, ended.done, ended.skipped, ended.failed) == ("completed", MANY, 0, 0)
    assert pasture.of_agents.jobs_in_memory == 0
    said = {(each.pause_note, each.paused_until) for each in pasture.stored().values()}
    assert said == {("new disks", job.created_at + 1_000)}


@pytest.mark.parametrize("commits", range(4))
def test_a_kill_neither_repeats_nor_skips(commits: int) -> None:
    """Whatever was committed by then: a job is as far as its agents are, at every moment."""
    pasture = Pasture()
    named = [f"agent-{n:03}" for n in range(TURN + 9)]
    jobs = [pasture.begin(PAUSE, all=True), pasture.begin(DRAIN, ids=named)]
    while any(pasture.job(job).finished_at is None for job in jobs):
        pasture.turn()
        for _ in range(commits):
            pasture.hub.journal.begin()
            pasture.hub.journal.end()
        pasture = pasture.killed()
        assert len(paused(pasture.stored())) == pasture.job(jobs[0]).done
        if not commits:
            commits = 1
    assert pasture.job(jobs[0]).done == MANY
    assert pasture.job(jobs[1]).done == len(named)
    changes = pasture.told(EventType.AGENT_STATUS_CHANGED)
    assert len(changes) == MANY + len(named)
    assert len(pasture.told(EventType.BULK_STATUS_CHANGED)) == 2


def test_many_names_are_read_and_written_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are read once in a life of the hub, and written with few turns."""
    read: list[str] = []

    def target_of(job: JobRecord) -> agent_bulk.Target:
        read.append(job.id)
        return agent_bulk.Target(ids=named)

    named = [f"agent-{n:04}" for n in range(3 * TURN)]
    pasture = Pasture(agents=0)
    pasture.declare(*named)
    job = pasture.begin(PAUSE, ids=named)
    monkeypatch.setattr("hub.core.agent_bulk.target_of", target_of)
    for done in (TURN, 2 * TURN):
        pasture.turn()
        assert pasture.job(job).done == done
    assert (read, pasture.of_agents.jobs_in_memory) == ([job.id], 1)
    pasture.hub.journal.commit()
    pasture = pasture.killed()
    assert pasture.end(job).done == len(named)
    assert (read, pasture.of_agents.jobs_in_memory) == ([job.id] * 2, 0)


@pytest.mark.parametrize("commits", [1, 2])
def test_a_kill_counts_each_deletion_once(commits: int) -> None:
    """Those that are gone are those that the job says it deleted."""
    pasture = Pasture()
    job = pasture.begin(DELETE, all=True)
    while pasture.job(job).finished_at is None:
        pasture.turn()
        for _ in range(commits):
            pasture.hub.journal.begin()
            pasture.hub.journal.end()
        pasture = pasture.killed()
        assert len(pasture.stored()) == MANY - pasture.job(job).done
    assert len(pasture.told(EventType.AGENT_DELETED)) == pasture.job(job).done == MANY


def test_what_failed_is_not_tried_again_after_a_kill() -> None:
    """An agent with work is told once."""
    pasture = Pasture(agents=0)
    stable = Stable(pasture.hub)
    stable.submit()
    pasture.declare(*(f"pine-{n:03}" for n in range(MANY)))
    job = pasture.begin(DELETE, all=True)
    pasture.turn()
    pasture.hub.journal.commit()
    pasture = pasture.killed()
    assert pasture.job(job).failed == 1
    ended = pasture.end(job)
    assert (ended.done, ended.failed, list(pasture.stored())) == (MANY, 1, [NAME])


def test_work_goes_back_when_that_is_wanted() -> None:
    """As when a single agent is deleted by force."""
    pasture = Pasture(agents=2)
    stable = Stable(pasture.hub)
    task = stable.submit()
    ended = pasture.end(pasture.begin(DELETE, all=True, force=True))
    assert (ended.done, stable.is_open()) == (3, False)
    assert stable.state(task) is TaskState.QUEUED


def test_who_came_later_is_left_alone() -> None:
    """Before a restart and after it."""
    pasture = Pasture()
    job = pasture.begin(PAUSE, all=True)
    pasture.hub.clock.wait(10)
    pasture.declare("zebra")
    pasture.turn()
    pasture.hub.journal.commit()
    pasture = pasture.killed()
    assert pasture.end(job).done == MANY
    assert "zebra" not in paused(pasture.stored())


def test_who_was_not_meant_is_left_alone_after_a_kill() -> None:
    """Then nobody is there yet, and every agent looks like one that is gone for long."""
    pasture = Pasture()
    Stable(pasture.hub)
    job = pasture.begin(DELETE, filter="status:offline")
    assert job.total == MANY
    pasture.turn()
    pasture.hub.journal.commit()
    pasture = pasture.killed()
    assert pasture.end(job).done == MANY
    assert list(pasture.stored()) == [NAME]


def test_what_changed_meanwhile_is_skipped() -> None:
    """It is so already, is not meant any more, or is gone."""
    pasture = Pasture()
    fleet, org = pasture.hub.fleet, pasture.hub.org
    job = pasture.begin(PAUSE, filter="agent-00 -cap:gpu")
    fleet.pause(org, "agent-001", "you", "mine")
    fleet.delete(org, "agent-002", "you")
    fleet.edit(org, "agent-003", {"capabilities": ["gpu"]}, "you")
    ended = pasture.end(job)
    assert (ended.total, ended.done, ended.skipped, ended.failed) == (10, 7, 3, 0)
    stored = pasture.stored()
    assert stored["agent-001"].pause_note == "mine"
    assert not stored["agent-003"].paused


def test_agents_that_are_named_are_all_accounted_for() -> None:
    """Done, so already, or with the reason why not."""
    pasture = Pasture()
    pasture.hub.fleet.drain(pasture.hub.org, "agent-001", "you")
    job = pasture.begin(DRAIN, ids=["agent-000", "agent-001", "nobody"])
    ended = pasture.end(job)
    assert (ended.done, ended.skipped, ended.failed) == (1, 1, 1)
    assert b'"agent_id":"nobody"' in ended.failures
    assert b"not_found" in ended.failures


def test_a_short_pause_is_a_pause() -> None:
    """Although its end has passed by an agent's turn: it ends by itself, as any other."""
    pasture = Pasture()
    job = pasture.begin(PAUSE, all=True, for_ms=1)
    pasture.hub.clock.wait(1_000)
    ended = pasture.end(job)
    assert (ended.done, ended.skipped, ended.failed) == (MANY, 0, 0)
    pasture.hub.fleet.end_pauses(pasture.hub.clock.now())
    pasture.hub.journal.commit()
    assert paused(pasture.stored()) == set()
    assert len(pasture.told(EventType.AGENT_STATUS_CHANGED)) == 2 * MANY


def test_agents_named_twice_are_one() -> None:
    """In the total, and for what was seen in a preview."""
    pasture = Pasture()
    named = ["agent-000", "nobody", "agent-000", "nobody"]
    ended = pasture.end(pasture.begin(DELETE, ids=named, at_most=2))
    assert (ended.total, ended.done, ended.skipped, ended.failed) == (2, 1, 0, 1)


def test_all_are_deleted() -> None:
    """With an event for each."""
    pasture = Pasture()
    assert pasture.end(pasture.begin(DELETE, all=True)).done == MANY
    assert pasture.stored() == {}
    assert len(pasture.told(EventType.AGENT_DELETED)) == MANY


def test_resume_is_for_whoever_is_held_back() -> None:
    """The others are not counted."""
    pasture = Pasture()
    fleet, org = pasture.hub.fleet, pasture.hub.org
    fleet.pause(org, "agent-001", "you")
    fleet.drain(org, "agent-002", "you")
    request = AgentBulkRequest(RESUME, all=True)
    shown = asyncio.run(pasture.of_agents.preview(org, request))
    assert (shown.number, shown.already, shown.unknown) == (2, MANY - 2, 0)
    assert [each.record.id for each in shown.sample] == ["agent-001", "agent-002"]
    ended = pasture.end(pasture.begin(RESUME, all=True))
    assert (ended.total, ended.done) == (2, 2)


def test_a_preview_of_names_says_who_is_unknown() -> None:
    """Each counts once."""
    pasture = Pasture()
    ids = ["agent-003", "agent-001", "nobody", "nobody"]
    request = AgentBulkRequest(PAUSE, ids=ids)
    shown = asyncio.run(pasture.of_agents.preview(pasture.hub.org, request))
    assert (shown.number, shown.already, shown.unknown) == (2, 0, 1)
    assert [each.record.id for each in shown.sample] == ["agent-001", "agent-003"]


def test_a_job_about_nobody_ends_at_once() -> None:
    """There is nothing to wait for."""
    pasture = Pasture()
    ended = pasture.end(pasture.begin(PAUSE, filter="status:working"))
    assert (ended.total, ended.done, ended.state) == (0, 0, "completed")


async def test_nobody_waits_for_a_look_at_all_agents() -> None:
    """The loop has its turn after each piece."""
    hub = HandHub(MemoryStore(), 1_000_000, 1)
    wanted = AgentList([DeclaredAgent(f"agent-{n}") for n in range(5 * PIECE)])
    hub.fleet.sync(hub.org, wanted, "me")
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    found = await call_roll(hub.org, lambda agent: agent.record.id.endswith("7"))
    counting.cancel()
    assert len(found) == PIECE // 2
    assert turns >= 5
