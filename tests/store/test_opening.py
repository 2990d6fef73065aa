"""Opening a data directory: the same database, another one, an older one, or none."""

import shutil
from pathlib import Path

import pytest

from hub.store.contract import Locked, StoreError
from hub.store.opening import Origin, open_data
from tests.store.records import Clerk, new_task


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with three tasks, and a copy of its database beside it."""
    path = tmp_path / "data"
    with_tasks(path, 1, 4)
    shutil.copy(path / "hub.db", tmp_path / "copy.db")
    return path


def with_tasks(path: Path, first: int, end: int) -> None:
    """Open a directory, submit some tasks, and close it."""
    opened = open_data(path)
    clerk = Clerk(opened.store, opened.store.recover().event_seq)
    clerk.submit(*(new_task(seq) for seq in range(first, end)))
    opened.close()


def origin_and_epoch(path: Path) -> tuple[Origin, int]:
    """How a directory opens now."""
    opened = open_data(path)
    opened.close()
    return opened.origin, opened.store.epoch


def test_a_new_directory(tmp_path: Path) -> None:
    """Epoch 1, and a sentence about it."""
    opened = open_data(tmp_path / "new")
    assert opened.origin is Origin.NEW
    assert opened.story == "a new database; epoch 1"
    assert len(opened.store.history_id) == 16
    opened.close()
    opened.close()


def test_the_same_database_goes_on(data: Path) -> None:
    """The epoch stays, start after start."""
    assert origin_and_epoch(data) == (Origin.KNOWN, 1)
    assert origin_and_epoch(data) == (Origin.KNOWN, 1)


def test_an_older_database_starts_an_epoch(data: Path) -> None:
    """Numbers of the lost future must not come again."""
    with_tasks(data, 4, 6)
    shutil.copy(data.parent / "copy.db", data / "hub.db")
    assert origin_and_epoch(data) == (Origin.BEHIND, 2)
    assert origin_and_epoch(data) == (Origin.KNOWN, 2)


def test_each_restore_starts_an_epoch(data: Path) -> None:
    """The copy says epoch 1 for ever, so the witness must remember the highest."""
    with_tasks(data, 4, 6)
    for epoch in (2, 3, 4):
        shutil.copy(data.parent / "copy.db", data / "hub.db")
        assert origin_and_epoch(data) == (Origin.BEHIND, epoch)


def test_another_database_starts_an_epoch(data: Path, tmp_path: Path) -> None:
    """Even if it has seen more."""
    with_tasks(tmp_path / "other", 1, 50)
    shutil.copy(tmp_path / "other" / "hub.db", data / "hub.db")
    assert origin_and_epoch(data) == (Origin.OTHER, 2)
    assert origin_and_epoch(data) == (Origin.KNOWN, 2)


@pytest.mark.parametrize("content", [None, b"", b"torn"])
def test_without_a_witness_an_epoch_starts(data: Path, content: bytes | None) -> None:
    """Nobody can say whether the database is complete."""
    (data / "epoch").unlink()
    if content is not None:
        (data / "epoch").write_bytes(content)
    assert origin_and_epoch(data) == (Origin.UNWITNESSED, 2)


def test_a_vanished_database_is_not_replaced(data: Path) -> None:
    """An empty hub in its place would be silent loss."""
    (data / "hub.db").unlink()
    with pytest.raises(StoreError, match=r"hub\.db is missing.*put the database"):
        open_data(data)
    assert not (data / "hub.db").exists()


def test_a_refused_directory_is_let_go(data: Path) -> None:
    """The lock goes with the refusal, so that mending it is enough."""
    (data / "pepper").rename(data / "elsewhere")
    with pytest.raises(StoreError, match="pepper is missing"):
        open_data(data)
    (data / "elsewhere").rename(data / "pepper")
    assert origin_and_epoch(data) == (Origin.KNOWN, 1)


def test_two_hubs_cannot_open_it(data: Path) -> None:
    """The second is refused before it touches anything."""
    opened = open_data(data)
    with pytest.raises(Locked):
        open_data(data)
    opened.close()


def test_a_start_after_a_kill_is_told(data: Path) -> None:
    """The database was checked, and the log says so."""
    opened = open_data(data)
    shutil.copytree(data, data.parent / "snapshot", ignore=shutil.ignore_patterns("hub.lock"))
    opened.close()
    killed = open_data(data.parent / "snapshot")
    assert killed.origin is Origin.KNOWN
    assert "not closed in order" in killed.story
    killed.close()
