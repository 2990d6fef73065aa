"""What the stores keep besides tasks: answers, bulk actions, pauses, agents and their events."""

from pathlib import Path

import pytest
from msgspec import structs

from hub.core.agent import AgentRecord
from hub.core.facts import Fact
from hub.core.jobs import JobRecord
from hub.core.pauses import PauseRecord
from hub.core.replays import Replay
from hub.store.batcher import Batcher
from hub.store.contract import REPLAYS_PRUNED, ReplayMark, Store, Unit
from hub.store.sqlite import SqliteStore
from schemas.events import EventType
from schemas.scalars import Executor
from tests.store.records import NOW, Clerk, fact_of, new_task, open_sqlite, restarted

REPLAY = Replay("main", "ann", "POST /tasks", "k-1", b"\0\xff", 201, b"{}", ("task-1", "ü"), 50)
JOB = JobRecord("main", "job-1", "cancel", b"{}", b"\xff", "running", 1, "ann", 9, 10)
PAUSE = PauseRecord("main", "pause-1", ("team", "red"), "why", 99, 1, "ann")
AGENT = AgentRecord(
    "main",
    "agent-1",
    "One",
    ("a",),
    (Executor.COMMAND,),
    3,
    NOW.wall,
    labels=(("k", "v"), ("l", "")),
    note="n",
    paused=True,
    pause_note="p",
    paused_until=7,
    draining=True,
    source="file",
    active=False,
    fixed=("slots", "labels"),
    version=5,
)


def test_a_replay_is_kept(store: Store, clerk: Clerk) -> None:
    """Where it was put, and nowhere else; the last one put there."""
    clerk.commit(Unit("main", replays=[structs.replace(REPLAY, body=b"old")]))
    bare = structs.replace(REPLAY, key="k-2", body=None, entities=(), created_at=60)
    clerk.commit(Unit("main", replays=[REPLAY, bare]))
    reader = store.reader()
    assert reader.replay("main", "ann", "POST /tasks", "k-1") == REPLAY
    assert reader.replay("main", "ann", "POST /tasks", "k-2") == bare
    for place in (("main", "bob", "POST /tasks", "k-1"), ("other", "ann", "POST /tasks", "k-1")):
        assert reader.replay(*place) is None
    reader.close()
    store = restarted(store)
    marks = [ReplayMark(60, bare.mark), ReplayMark(50, REPLAY.mark)]
    assert list(store.recover().replays) == marks
    store.close()


def test_old_replays_are_deleted_oldest_first(store: Store, clerk: Clerk) -> None:
    """So many at a time, and none that is young enough."""
    replays = [
        structs.replace(REPLAY, key=f"k-{at}", created_at=at) for at in range(REPLAYS_PRUNED + 30)
    ]
    clerk.commit(Unit("main", replays=replays))
    for left in (30, 10, 10):
        clerk.commit(Unit("main", old_replays=REPLAYS_PRUNED + 20))
        kept = [replay.created_at for replay in store.recover().replays]
        assert kept == list(range(REPLAYS_PRUNED + 29, REPLAYS_PRUNED + 29 - left, -1))


def test_a_job_is_kept(store: Store, clerk: Clerk) -> None:
    """Its last record; after a restart only those that are not finished."""
    later = structs.replace(JOB, id="job-2", finished_at=5)
    other = structs.replace(JOB, id="job-3", org="other")
    further = structs.replace(JOB, cursor=3, done=6)
    clerk.commit(Unit("main", jobs=[JOB, later]), Unit("other", jobs=[other]))
    clerk.commit(Unit("main", jobs=[further]))
    reader = store.reader()
    assert reader.job("main", "job-1") == further
    assert reader.job("other", "job-1") is None
    assert reader.jobs("main", None, 9) == [later, further]
    assert reader.jobs("main", None, 1) == [later]
    assert reader.jobs("main", "job-2", 9) == [further]
    reader.close()
    assert store.recover().jobs == [further, other]


def test_a_pause_is_kept_until_it_ends(store: Store, clerk: Clerk) -> None:
    """A hub that starts goes on with it."""
    whole = structs.replace(PAUSE, id="pause-2", label=None, note=None, until=None)
    clerk.commit(Unit("main", pauses=[PAUSE, whole]))
    assert store.recover().pauses == [PAUSE, whole]
    clerk.commit(Unit("main", pauses=[structs.replace(PAUSE, ended_at=7)]))
    assert store.recover().pauses == [whole]


def test_an_agent_is_kept_whole(store: Store, clerk: Clerk) -> None:
    """Also what an operator says of it."""
    clerk.commit(Unit("main", agents=[AGENT]))
    assert store.recover().agents == [AGENT]


def test_an_agent_may_go_and_come_back(store: Store, clerk: Clerk) -> None:
    """The last of what was decided counts, also within a batch."""
    clerk.commit(Unit("main", agents=[AGENT]), Unit("main", gone_agents=[AGENT.id]))
    assert store.recover().agents == []
    clerk.commit(Unit("main", agents=[AGENT]))
    clerk.commit(Unit("main", gone_agents=[AGENT.id]), Unit("main", agents=[AGENT]))
    assert store.recover().agents == [AGENT]
    clerk.commit(Unit("other", gone_agents=[AGENT.id]))
    assert store.recover().agents == [AGENT]
    clerk.commit(Unit("main", gone_agents=[AGENT.id, "never-there"]))
    assert store.recover().agents == []


def test_events_of_some_types(store: Store, clerk: Clerk) -> None:
    """Pages that look at a bounded number of events, and say how far they looked."""
    task = new_task(1)
    clerk.submit(task)
    online = Fact(EventType.AGENT_ONLINE, "agent-1", 0, "agent-1", NOW.wall, b"{}")
    clerk.commit(Unit("main", facts=[online, *[fact_of(task)] * 6, online]))
    reader = store.reader()
    types = [EventType.AGENT_ONLINE, EventType.AGENT_OFFLINE]
    found = reader.events("main", 0, 9, types)
    assert ([row.seq for row in found.rows], found.scanned_to) == ([2, 9], 9)
    found = reader.events("main", 0, 1, types)
    assert ([row.seq for row in found.rows], found.scanned_to) == ([2], 2)
    found = reader.events("main", 2, 1, types, budget=4)
    assert (found.rows, found.scanned_to) == ([], 6)
    assert reader.events("main", 9, 5, types) == ([], 9)
    assert reader.events("main", 30, 5, types) == ([], 30)
    assert reader.events("nobody", 0, 5, types) == ([], 0)
    reader.close()


def test_events_about_one_thing(store: Store, clerk: Clerk) -> None:
    """A task by its id, an agent by its own, and both when they have the same."""
    task, other = new_task(1), new_task(2)
    clerk.submit(task, other)
    twin = Fact(EventType.AGENT_ONLINE, task.id, 0, "x", NOW.wall, b"{}")
    agent = Fact(EventType.AGENT_ONLINE, "1", 0, "x", NOW.wall, b"{}")
    clerk.commit(Unit("main", facts=[twin, agent, fact_of(task), fact_of(other)]))
    reader = store.reader()
    found = reader.events("main", 0, 9, entity=task.id)
    assert ([row.seq for row in found.rows], found.scanned_to) == ([1, 3, 5], 6)
    assert {row.entity for row in found.rows} == {task.id}
    found = reader.events("main", 1, 1, entity=task.id)
    assert ([row.seq for row in found.rows], found.scanned_to) == ([3], 3)
    found = reader.events("main", 0, 9, [EventType.AGENT_ONLINE], entity=task.id)
    assert [row.seq for row in found.rows] == [3]
    assert [row.seq for row in reader.events("main", 0, 9, entity="1").rows] == [4]
    assert reader.events("other", 0, 9, entity=task.id).rows == []
    assert [reader.oldest_event(org) for org in ("main", "nobody")] == [1, 0]
    reader.close()


class Died(Exception):
    """The hub dies here."""


@pytest.mark.parametrize("dies_at", range(1, 6))
def test_an_answer_is_kept_with_its_effects(tmp_path: Path, dies_at: int) -> None:
    """Wherever the hub dies, both are there or none; the row cap does not come between them."""
    store = open_sqlite(tmp_path)
    batcher = Batcher({}, row_cap=2)
    for number in range(1, 5):
        task = new_task(number)
        batcher.add(Unit("main", [task], fresh=True, facts=[fact_of(task)]))
        answer = structs.replace(REPLAY, key=f"k-{number}", created_at=number)
        batcher.add(Unit("main", replays=[answer], joins=True))
    with pytest.raises(Died):
        write_until(store, batcher, dies_at)
    survivor = SqliteStore(store.path, tmp_path / "backups", "unused")
    found = survivor.recover()
    queued = [row.seq for _, row in found.queued]
    assert sorted(replay.created_at for replay in found.replays) == queued
    assert queued == list(range(1, dies_at))
    survivor.close()


def write_until(store: SqliteStore, batcher: Batcher, dies_at: int) -> None:
    """Commit batches, and die after writing this one, or after the last."""
    number = 0
    while (batch := batcher.take(1)) is not None:
        number += 1
        store.write(batch)
        if number == dies_at:
            store._writer.execute("ROLLBACK")
            break
        store.commit()
        batcher.committed()
    raise Died
