"""Connections: every setting is what durability needs."""

from pathlib import Path

import apsw
import pytest

from hub.store import connections
from hub.store.connections import open_checkpointer, open_reader, open_writer
from hub.store.contract import StoreError


def test_the_writer_is_durable(tmp_path: Path) -> None:
    """WAL, FULL, no memory map, no checkpoint of its own accord."""
    writer = open_writer(tmp_path / "hub.db")
    found = {name: writer.pragma(name) for name in ("journal_mode", "synchronous", "mmap_size")}
    assert found == {"journal_mode": "wal", "synchronous": 2, "mmap_size": 0}
    assert writer.pragma("wal_autocheckpoint") == 0
    assert writer.pragma("foreign_keys") == 1
    assert writer.pragma("trusted_schema") == 0
    assert writer.pragma("cell_size_check") == 1
    assert writer.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, -1) == 1
    writer.close()


def test_a_new_file_is_private(tmp_path: Path) -> None:
    """Nobody else may read it, nor its WAL."""
    writer = open_writer(tmp_path / "hub.db")
    writer.execute("CREATE TABLE t (x)")
    for name in ("hub.db", "hub.db-wal"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0
    writer.close()


def test_the_checkpointer_is_durable(tmp_path: Path) -> None:
    """What it moves is on the disk before the WAL starts over."""
    open_writer(tmp_path / "hub.db").close()
    checkpointer = open_checkpointer(tmp_path / "hub.db")
    assert checkpointer.pragma("synchronous") == 2
    checkpointer.close()


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    """Not even by a statement that says so."""
    writer = open_writer(tmp_path / "hub.db")
    writer.execute("CREATE TABLE t (x)")
    reader = open_reader(tmp_path / "hub.db")
    with pytest.raises(apsw.ReadOnlyError):
        reader.execute("INSERT INTO t VALUES (1)")
    reader.close()
    writer.close()


def test_an_old_sqlite_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It could damage the database."""
    monkeypatch.setattr(connections, "OLDEST_SQLITE", apsw.SQLITE_VERSION_NUMBER + 1)
    with pytest.raises(StoreError, match="newer is needed"):
        open_writer(tmp_path / "hub.db")


def test_a_setting_that_was_not_taken_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite says nothing, so the setting is read back."""
    wanted = connections._READ_BACK | {"synchronous": 3}
    monkeypatch.setattr(connections, "_READ_BACK", wanted)
    with pytest.raises(StoreError, match="synchronous is 2"):
        open_writer(tmp_path / "hub.db")
