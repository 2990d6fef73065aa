"""Feeding: the index follows the events, and reads what was there before."""

from pathlib import Path

import apsw
import pytest
from msgspec import Raw, structs

from hub.core.facts import Fact
from hub.search import feeder
from hub.search.feeder import Feeder, feed
from hub.store.contract import Unit
from schemas.events import EventType
from schemas.scalars import TaskState
from tests.search.desk import Desk
from tests.store.records import NOW


def test_a_new_task_is_found(desk: Desk) -> None:
    """By any of its words, also by a part of one."""
    (task,) = desk.submit("rebuild the haystack", payload=Raw(b'{"branch":"needle-17"}'))
    assert desk.ids("haystack") == []
    desk.feed()
    for query in ("HAYSTACK", "stack build", "needle-17", "branch", task.id, task.id[10:20]):
        assert desk.ids(query) == [task.id], query


def test_what_changed_is_found_as_it_is_now(desk: Desk) -> None:
    """An edit puts other words in the place of the old ones; a result adds some."""
    (task,) = desk.submit("find the first")
    desk.feed()
    edited = structs.replace(
        task, spec=structs.replace(task.spec, description="find the second"), version=2
    )
    desk.change(edited, edited=True)
    desk.feed()
    assert desk.ids("first") == []
    assert desk.ids("second") == [task.id]
    ended = structs.replace(
        edited, state=TaskState.DEAD_LETTER, error="segmentation fault", result=b'{"core":"dump"}'
    )
    desk.change(ended)
    desk.feed()
    assert desk.ids("segmentation dump second") == [task.id]


def test_a_task_that_is_gone_is_forgotten(desk: Desk) -> None:
    """Its row is not there any more when the event about it is followed."""
    (task,) = desk.submit("the needle")
    desk.feed()
    desk.store._writer.execute("DELETE FROM task")
    assert desk.ids("needle") == []
    fact = Fact(EventType.TASK_UPDATED, task.id, task.seq, "hub", NOW.wall, b"{}")
    desk.clerk.commit(Unit(org="main", facts=[fact]))
    desk.feed()
    shelf = next(iter(desk.index._shelves))
    assert desk.index._connection.execute(f"SELECT count(*) FROM {shelf}").get == 0


def test_agents_come_and_go(desk: Desk) -> None:
    """By their names, capabilities, labels and notes."""
    desk.join("birch", "oak", host="cellar", labels=(("room", "north"),), note="loud fan")
    desk.feed()
    for query in ("cellar", "room=north", "loud fan", "python"):
        assert desk.ids(query) == ["oak", "birch"], query
    fact = Fact(EventType.AGENT_DELETED, "oak", 0, "hub", NOW.wall, b"{}")
    desk.clerk.commit(Unit(org="main", gone_agents=("oak",), facts=[fact]))
    desk.feed()
    assert desk.ids("cellar") == ["birch"]


def test_what_was_there_before_is_read_from_the_newest_down(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what happens meanwhile is followed; the index is ready when both have met."""
    monkeypatch.setattr(feeder, "TASKS", 2)
    desk.join("needle-keeper")
    tasks = desk.submit("needle one", "needle two", "needle three", "needle four", "needle five")
    desk.index.close()
    (desk.folder / "search.db").unlink()
    desk.open()
    assert desk.feeder.step()
    assert desk.ids("needle") == [tasks[4].id, tasks[3].id]
    assert not desk.ask("needle").ready
    (late,) = desk.submit("needle six")
    assert desk.feeder.step()
    assert desk.ids("needle")[0] == late.id
    desk.feed()
    assert len(desk.ids("needle")) == 7
    assert desk.ask("needle").ready
    assert desk.index.below == 0


def test_many_events_are_followed_in_several_steps(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is a commit of its own, and the cursor says how far it came."""
    monkeypatch.setattr(feeder, "EVENTS", 3)
    desk.feed()
    desk.submit(*(f"needle {number}" for number in range(7)))
    assert (desk.feeder.step(), desk.feeder.lags) == (True, True)
    assert len(desk.ids("needle")) == 3
    assert desk.ask("needle").seen == 3
    assert desk.feed() == 2
    assert not desk.feeder.lags
    assert len(desk.ids("needle")) == 7


def test_each_step_is_followed_by_rest(desk: Desk, tmp_path: Path) -> None:
    """At most a fifth of the time is worked; while it keeps up it waits longer."""
    desk.index.close()
    desk.submit("the needle")
    pauses: list[float] = []

    def wait(seconds: float) -> bool:
        pauses.append(seconds)
        return len(pauses) == 6

    feed(tmp_path, wait)
    desk.open()
    assert pauses[0] == 0
    assert pauses[-1] >= feeder.PAUSE_S
    assert desk.feed() == 0
    assert len(desk.ids("needle")) == 1


def test_agents_of_a_list_have_their_order(desk: Desk) -> None:
    """Those that were there before come in the order in which they were made."""
    desk.join("b", created_at=NOW.wall + 2)
    desk.join("a", created_at=NOW.wall + 3)
    desk.join("c", created_at=NOW.wall + 1)
    desk.index.close()
    (desk.folder / "search.db").unlink()
    desk.open()
    desk.feed()
    assert desk.ids("agent") == ["a", "b", "c"]


def test_a_damaged_index_gives_way_to_a_new_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In its place at once, so that whoever has the old one open sees that it is another file."""
    (task,) = desk.submit("the needle")
    desk.feed()
    assert desk.ids("needle") == [task.id]
    desk.index.close()
    path = desk.folder / "search.db"
    before = path.stat().st_ino

    def fail(_: Feeder) -> bool:
        raise apsw.CorruptError("malformed")

    with monkeypatch.context() as patched:
        patched.setattr(Feeder, "step", fail)
        with pytest.raises(apsw.CorruptError):
            feed(desk.folder, lambda _: False)
    assert path.stat().st_ino != before
    assert desk.ids("needle") == []
    desk.open()
    desk.feed()
    assert desk.ids("needle") == [task.id]
