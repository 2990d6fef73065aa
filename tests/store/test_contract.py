"""The contract of the stores: the same tests for the database and for its twin in memory."""

from itertools import count

import pytest
from msgspec import Raw, json, structs

from hub.core import lifecycle, reports
from hub.core.agent import AgentRecord
from hub.core.browser_sessions import begin
from hub.core.clock import Instant
from hub.core.credentials import Credential, InviteRecord
from hub.core.facts import Fact
from hub.core.filters import TaskFilter
from hub.store.contract import EventRow, QueuedRow, Store, StoreError, TimedRow, Unit
from hub.store.memory import MemoryStore
from schemas.attempts import FailureClass
from schemas.events import EventType
from schemas.from_agent import TaskComplete, TaskFailed
from schemas.scalars import Executor, Priority, PriorityName, Role, TaskState
from tests.store.records import (
    NOW,
    Clerk,
    fact_of,
    image,
    images,
    in_state,
    new_task,
    read_by_seq,
    restarted,
)

AGENT = AgentRecord(
    "main", "agent-1", "Härta\0", ("a", "ü"), (Executor.COMMAND,), 3, NOW.wall, "host", 2, NOW.wall
)
CREDENTIAL = Credential("abc", "main", Role.VIEWER, "Vera", b"\0\xff" * 16, NOW.wall, "admin")
INVITE = InviteRecord("inv", "main", b"\1" * 32, "agent-1", NOW.wall, "admin", NOW.wall + 1)

SESSION = begin("5e" * 32, "main", "abc", "2001:db8::1", "Firefox ü\\x00", NOW)


def test_a_new_store_is_empty(store: Store) -> None:
    """Nothing was ever committed."""
    found = store.recover()
    assert (found.epoch, found.hub_time, found.task_seq) == (1, 0, 0)
    people = [*found.agents, *found.credentials, *found.invites, *found.sessions]
    work = [*found.held, *found.queued, *found.scheduled, *found.expiring]
    assert (people, work, found.event_seq, found.counts) == ([], [], {}, {})


def test_a_new_task_is_read_back_equal(store: Store, clerk: Clerk) -> None:
    """By seq and by id."""
    task = new_task(1, needs=["x"], labels={"a": "b"}, metadata=Raw(b'{ "spaced" : 1 }'))
    clerk.submit(task)
    reader = store.reader()
    assert images(store.decode(reader.by_seq([1]))) == [image(task)]
    assert images(store.decode(reader.by_id("main", [task.id]))) == [image(task)]
    reader.close()


def test_unknown_tasks_are_left_out(store: Store, clerk: Clerk) -> None:
    """By seq, by id, in another org and in an org that nobody knows."""
    task = new_task(1)
    clerk.submit(task, new_task(2, "other"))
    reader = store.reader()
    assert [t.seq for t in store.decode(reader.by_seq([1, 99]))] == [1]
    assert list(reader.by_id("main", ["task-none"])) == []
    assert list(reader.by_id("other", [task.id])) == []
    assert list(reader.by_id("nobody", [task.id])) == []
    reader.close()


def test_every_change_of_a_life_is_kept(store: Store, clerk: Clerk) -> None:
    """From queued to completed, through every record on the way."""
    task = new_task(1)
    clerk.submit(task)
    assigned = lifecycle.assign(task, "agent-1", 1, NOW).task
    running = lifecycle.accept(assigned, NOW).task
    report = TaskComplete(task.id, running.generation, Raw(b'{"ok":  true}'), 7, Raw(b"[1]"))
    change = reports.take(running, "agent-1", report, NOW, 0.5).change
    assert change is not None
    for record in (assigned, running, change.task):
        clerk.change(record)
        assert images(read_by_seq(store, 1)) == [image(record)]


def test_a_value_can_go_back_to_nothing(store: Store, clerk: Clerk) -> None:
    """An operator's retry clears what the attempts before left."""
    dead = in_state(
        1,
        TaskState.DEAD_LETTER,
        holder="agent-1",
        result=b"1",
        usage=b"2",
        report=b"3" * 32,
        error="no",
        failure_class=FailureClass.AGENT,
        tokens_used=3,
        finished_at=5,
        attempt=3,
        cancel_unconfirmed=True,
    )
    clerk.submit(dead)
    again = lifecycle.revive(dead, "operator", NOW).task
    clerk.change(again)
    assert images(read_by_seq(store, 1)) == [image(again)]


def test_a_task_new_and_changed_in_one_batch_stands_as_at_its_end(
    store: Store, clerk: Clerk
) -> None:
    """One row holds both."""
    task = new_task(1)
    after = lifecycle.assign(task, "agent-1", 1, NOW).task
    clerk.commit(Unit("main", [task], fresh=True), Unit("main", [after]))
    assert images(read_by_seq(store, 1)) == [image(after)]
    assert images(store.recover().held) == [image(after)]


def test_large_batches_are_kept_whole(store: Store, clerk: Clerk) -> None:
    """More rows than one statement takes, and a number that no chunk divides."""
    tasks = [new_task(seq) for seq in range(1, 400)]
    clerk.submit(*tasks)
    changed = [lifecycle.assign(task, f"a-{task.seq}", 1, NOW).task for task in tasks]
    clerk.change(*changed)
    assert images(read_by_seq(store, *range(1, 400))) == images(changed)


def test_what_was_not_committed_is_not_there(store: Store, clerk: Clerk) -> None:
    """Neither for a reader nor after a restart."""
    clerk.submit(new_task(1))
    clerk.write(Unit("main", [new_task(2)], fresh=True, facts=[fact_of(new_task(2))]))
    assert [task.seq for task in read_by_seq(store, 1, 2)] == [1]
    if isinstance(store, MemoryStore):
        store = store.crash()
    found = store.recover()
    assert (found.task_seq, found.event_seq) == (1, {"main": 1})


def test_a_task_is_not_submitted_twice(store: Store, clerk: Clerk) -> None:
    """An id belongs to one task for ever."""
    task = new_task(1)
    clerk.submit(task)
    with pytest.raises(StoreError):
        clerk.submit(structs.replace(task, seq=2))


def test_a_change_of_nothing_is_refused(clerk: Clerk) -> None:
    """It would be lost without a word."""
    with pytest.raises(StoreError):
        clerk.change(new_task(5))


def test_orgs_have_their_own_ids_and_events(store: Store, clerk: Clerk) -> None:
    """The same id in two orgs is two tasks, and each org counts its events from 1."""
    one = new_task(1, "main")
    two = structs.replace(new_task(2, "other"), id=one.id)
    clerk.submit(one, two)
    reader = store.reader()
    assert [task.seq for task in store.decode(reader.by_id("other", [one.id]))] == [2]
    assert [row.seq for row in reader.events("main", 0, 9).rows] == [1]
    assert [row.seq for row in reader.events("other", 0, 9).rows] == [1]
    reader.close()
    assert store.recover().event_seq == {"main": 1, "other": 1}


def test_events_are_read_in_order(store: Store, clerk: Clerk) -> None:
    """After a seq, up to a limit, with the text ids of what they are about."""
    task = new_task(1)
    clerk.submit(task)
    joined = Fact(EventType.AGENT_ONLINE, "agent-1", 0, "agent-1", NOW.wall, b'{"session":1}')
    clerk.commit(Unit("main", facts=[joined, fact_of(task, "agent-1")]))
    reader = store.reader()
    assert [row.seq for row in reader.events("main", 0, 2).rows] == [1, 2]
    assert reader.events("main", 1, 9).rows == [
        EventRow(2, EventType.AGENT_ONLINE, "agent-1", "agent-1", NOW.wall, b'{"session":1}'),
        EventRow(3, EventType.TASK_UPDATED, task.id, "agent-1", NOW.wall, b'{"change":"x"}'),
    ]
    assert reader.events("nobody", 0, 9).rows == []
    reader.close()


@pytest.mark.parametrize("data", [b'{"state":"queued"}', b'{"state":"scheduled"}', b"{}"])
def test_what_an_event_says_comes_back_as_it_was(store: Store, clerk: Clerk, data: bytes) -> None:
    """However it is stored: the commonest takes no room."""
    clerk.commit(Unit("main", facts=[Fact(EventType.TASK_CREATED, "t", 0, "hub", NOW.wall, data)]))
    reader = store.reader()
    assert [row.data for row in reader.events("main", 0, 9).rows] == [data]
    reader.close()


def test_an_agent_named_like_a_number_is_not_a_task(store: Store, clerk: Clerk) -> None:
    """Its id stays its id."""
    fact = Fact(EventType.AGENT_ONLINE, "1", 0, "1", NOW.wall, b"{}")
    clerk.submit(new_task(1))
    clerk.commit(Unit("main", facts=[fact]))
    reader = store.reader()
    assert reader.events("main", 1, 1).rows[0].entity == "1"
    reader.close()


def test_pages_go_from_the_newest_on(store: Store, clerk: Clerk) -> None:
    """Page after page, each task once."""
    clerk.submit(*(new_task(seq) for seq in range(1, 8)), new_task(8, "other"))
    reader = store.reader()
    seen: list[int] = []
    before: int | None = None
    for _ in range(3):
        found = reader.search("main", TaskFilter(), before, 3)
        seen += [task.seq for task in store.decode(found.rows)]
        before = found.next_before
    assert before is None
    reader.close()
    assert seen == [7, 6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize("state", TaskState)
def test_pages_of_one_state(store: Store, clerk: Clerk, state: TaskState) -> None:
    """Every state can be asked for by itself, and with any other."""
    tasks = [in_state(i, s) for i, s in enumerate([*TaskState, *TaskState], 1)]
    clerk.submit(*tasks, in_state(90, state, "other"))
    reader = store.reader()
    found = reader.search("main", TaskFilter(states=(state,)), None, 9)
    page = [task.seq for task in store.decode(found.rows)]
    assert page == sorted((t.seq for t in tasks if t.state is state), reverse=True)
    both = {state, TaskState.COMPLETED}
    found = reader.search("main", TaskFilter(states=tuple(both)), 12, 9)
    mixed = [task.seq for task in store.decode(found.rows)]
    fitting = [t.seq for t in tasks if t.state in both and t.seq < 12]
    assert mixed == sorted(fitting, reverse=True)
    reader.close()


def test_everything_live_is_recovered(store: Store, clerk: Clerk) -> None:
    """After a restart: what is held in full, what waits by its times, and all the counts."""
    tasks = [in_state(i, state) for i, state in enumerate(TaskState, 1)]
    early = in_state(20, TaskState.SCHEDULED, due_at=77)
    late = new_task(21, not_before=NOW.wall + 5, complete_by=NOW.wall + 9)
    brief = new_task(22, "other", complete_by=NOW.wall + 3)
    done = in_state(23, TaskState.COMPLETED)
    spent = structs.replace(done, spec=structs.replace(done.spec, complete_by=1))
    clerk.submit(*tasks, early, late, brief, spent)
    store = restarted(store)
    found = store.recover()
    assert found.hub_time == NOW.hub
    assert found.task_seq == 23
    held = {TaskState.ASSIGNED, TaskState.RUNNING}
    assert images(found.held) == images(task for task in tasks if task.state in held)
    assert sorted(found.scheduled) == [
        ("main", TimedRow(1, 0, 0)),
        ("main", TimedRow(20, 77, 0)),
        ("main", TimedRow(21, 0, NOW.wall + 5)),
    ]
    assert sorted(found.expiring) == [("main", NOW.wall + 9, 21), ("other", NOW.wall + 3, 22)]
    once = dict.fromkeys(TaskState, 1)
    assert found.counts == {
        "main": once | {TaskState.SCHEDULED: 3, TaskState.COMPLETED: 2},
        "other": {TaskState.QUEUED: 1},
    }
    assert found.queued_unusual == {}
    assert [org for org, _ in found.queued] == ["main", "other"]
    store.close()


def test_unusual_priorities_are_counted_in_the_queue(store: Store, clerk: Clerk) -> None:
    """After a restart: of each org, and only of tasks that wait for an agent."""
    low, high = PriorityName.LOW, PriorityName.HIGH
    tasks = [new_task(seq, priority=low) for seq in (1, 2)]
    tasks += [new_task(3, priority=high), new_task(4), new_task(5, "other", priority=low)]
    ended = structs.replace(tasks[1], state=TaskState.COMPLETED)
    clerk.submit(*tasks)
    clerk.change(ended)
    store = restarted(store)
    assert store.recover().queued_unusual == {
        "main": {Priority.LOW: 1, Priority.HIGH: 1},
        "other": {Priority.LOW: 1},
    }
    store.close()


def test_the_queue_is_recovered_lane_by_lane(store: Store, clerk: Clerk) -> None:
    """By requirements, then fairness key, then place, then age."""
    places = count(1)
    tasks = [
        structs.replace(new_task(next(places), needs=needs, fairness_key=key), queue_key=at)
        for needs in (["b"], ["a"], None)
        for key in ("z", None, "ä")
        for at in (2**53 - 1, 5, 5)
    ]
    clerk.submit(*tasks)
    rows = [row for _, row in store.recover().queued]
    expected = [
        QueuedRow(task.requires, task.spec.fairness_key, task.queue_key, task.seq) for task in tasks
    ]
    assert rows == sorted(expected, key=lambda row: (row[0], row[1] or "", *row[2:]))


def test_people_and_agents_are_kept(store: Store, clerk: Clerk) -> None:
    """Agents, credentials and open invites, the last record of each."""
    older = structs.replace(AGENT, slots=1, host=None)
    used = structs.replace(INVITE, public_id="used", used_at=NOW.wall)
    clerk.commit(Unit("main", agents=[older], credentials=[CREDENTIAL], invites=[used]))
    clerk.commit(Unit("main", agents=[AGENT], invites=[INVITE]))
    revoked = structs.replace(CREDENTIAL, revoked_at=NOW.wall)
    clerk.commit(Unit("main", credentials=[revoked]))
    store = restarted(store)
    found = store.recover()
    assert found.agents == [AGENT]
    assert found.credentials == [revoked]
    assert found.invites == [INVITE]
    store.close()


def test_browser_sessions_are_kept_until_they_end(store: Store, clerk: Clerk) -> None:
    """The last record of each; one that began and ended in a batch was never there."""
    other = begin("07" * 32, "other", "def", "", "", NOW)
    brief = begin("b1" * 32, "main", "abc", "", "", NOW)
    clerk.commit(Unit("main", sessions=[SESSION]), Unit("other", sessions=[other]))
    clerk.commit(Unit("main", sessions=[brief]), Unit("main", gone_sessions=[brief.id]))
    used = structs.replace(SESSION, used=Instant(NOW.hub + 1, NOW.wall + 2))
    clerk.commit(Unit("main", sessions=[used]), Unit("other", gone_sessions=[other.id, "none"]))
    store = restarted(store)
    assert store.recover().sessions == [used]
    store.close()


def test_the_largest_payload_and_result_fit(store: Store, clerk: Clerk) -> None:
    """Half a mebibyte each."""
    big = json.encode("x" * (512 * 1024 - 2))
    task = new_task(1, payload=Raw(big), metadata=Raw(b'{"k":"%s"}' % (b"m" * 16_000)))
    clerk.submit(task)
    assigned = lifecycle.assign(task, "agent-1", 1, NOW).task
    failed = TaskFailed(task.id, assigned.generation, error="e" * 2_000, result=Raw(big))
    change = reports.take(assigned, "agent-1", failed, NOW, 0.5).change
    assert change is not None
    clerk.change(change.task)
    assert images(read_by_seq(store, 1)) == [image(change.task)]


def test_upkeep_and_close_may_come_any_time(store: Store, clerk: Clerk) -> None:
    """Upkeep with nothing to do, and a second close, do nothing."""
    store.upkeep()
    clerk.submit(new_task(1))
    store.upkeep()
    store.close()
    store.close()
