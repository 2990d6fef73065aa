"""The index: what one commit holds, and when it is begun anew."""

import apsw
import pytest

from hub.search.index import Task, open_index
from hub.search.shelves import VERSION
from hub.search.source import Past
from tests.search.desk import Desk


class PulledPlug(Exception):
    """Something dies in the middle."""


def test_documents_and_cursor_are_one_commit(desk: Desk) -> None:
    """Whatever dies in between, both are as before."""
    desk.submit("the needle")
    org = desk.source.number_of("main") or 0

    def write_and_die() -> None:
        with desk.index.commit():
            desk.index.put_tasks([Task(org, 1, "the needle")])
            desk.index.move(org, 1)
            raise PulledPlug

    with pytest.raises(PulledPlug):
        write_and_die()
    assert desk.index.cursor(org) == 0
    assert desk.ids("needle") == []
    desk.feed()
    assert len(desk.ids("needle")) == 1


def test_a_known_history_goes_on(desk: Desk) -> None:
    """Nothing is read twice."""
    desk.submit("the needle")
    desk.feed()
    desk.index.close()
    desk.open()
    assert desk.index.below == 0
    assert desk.feed() == 0


@pytest.mark.parametrize("past", [Past(2, "same"), Past(1, "other")])
def test_another_history_begins_anew(desk: Desk, past: Past) -> None:
    """A restored database may hold other tasks under the same numbers."""
    path = desk.folder / "own.db"
    open_index(path, Past(1, "same"), 5, [(1, 7)]).close()
    begun = open_index(path, past, 9, [(1, 3)])
    assert (begun.below, begun.cursor(1)) == (10, 3)
    begun.close()


def test_another_version_begins_anew(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is indexed may have changed."""
    path = desk.folder / "own.db"
    open_index(path, Past(1, "same"), 5, []).close()
    monkeypatch.setattr("hub.search.index.VERSION", VERSION + 1)
    begun = open_index(path, Past(1, "same"), 8, [])
    assert begun.below == 9
    begun.close()


@pytest.mark.parametrize("content", [b"", b"no database" * 1000])
def test_a_damaged_index_is_begun_anew(desk: Desk, content: bytes) -> None:
    """It holds nothing that cannot be made again."""
    path = desk.folder / "own.db"
    path.write_bytes(content)
    begun = open_index(path, Past(1, "same"), 5, [])
    assert begun.below == 6
    begun.close()
    assert path.stat().st_mode & 0o077 == 0


def test_a_draft_that_was_left_is_no_index(desk: Desk) -> None:
    """A process died while it began anew."""
    path = desk.folder / "own.db"
    path.with_name("own.db.new").write_bytes(b"half")
    open_index(path, Past(1, "same"), 5, []).close()
    assert not path.with_name("own.db.new").exists()


def test_the_documents_themselves_are_not_kept(desk: Desk) -> None:
    """They are in the database already."""
    desk.submit("a very telling needle")
    desk.feed()
    (shelf,) = desk.index._shelves
    with pytest.raises(apsw.SQLError):
        desk.index._connection.execute(f"SELECT c0 FROM {shelf}_content").fetchall()
    rows = desk.index._connection.execute(f"SELECT text FROM {shelf}").fetchall()
    assert rows == [(None,)]
