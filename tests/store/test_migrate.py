"""Migrations: from nothing, from an older schema, and not from a newer one."""

from pathlib import Path

import apsw
import pytest

from hub.store.connections import open_writer
from hub.store.contract import NewerDatabase, StoreError
from hub.store.migrate import MIGRATIONS, Migration, back_up, migrate, version_of
from tests.store.records import Clerk, new_task, open_sqlite

NEXT = Migration(
    len(MIGRATIONS) + 1, "next", "CREATE TABLE later (x); INSERT INTO later VALUES (1)"
)
BROKEN = Migration(NEXT.number + 1, "broken", "CREATE TABLE t (x); INSERT INTO nothing VALUES (1)")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a database of the present schema, with a task in it."""
    store = open_sqlite(tmp_path)
    Clerk(store).submit(new_task(1))
    store.close()
    return tmp_path


def test_migrations_are_numbered_without_gaps() -> None:
    """The version of a database is the number of the last one."""
    assert [migration.number for migration in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))


def test_a_new_database_needs_no_backup(tmp_path: Path) -> None:
    """There is nothing in it."""
    writer = open_writer(tmp_path / "hub.db")
    assert migrate(writer, tmp_path / "backups") is None
    assert version_of(writer) == MIGRATIONS[-1].number
    assert not (tmp_path / "backups").exists()
    writer.close()


def test_the_newest_schema_is_left_alone(folder: Path) -> None:
    """No change, no backup."""
    writer = open_writer(folder / "hub.db")
    assert migrate(writer, folder / "backups") is None
    writer.close()


def test_an_older_database_is_copied_and_then_changed(folder: Path) -> None:
    """The copy stands as the database stood before."""
    writer = open_writer(folder / "hub.db")
    backup = migrate(writer, folder / "backups", (*MIGRATIONS, NEXT))
    assert version_of(writer) == NEXT.number
    assert writer.execute("SELECT x FROM later").get == 1
    writer.close()
    assert backup is not None
    assert backup.parent.stat().st_mode & 0o077 == 0
    copy = apsw.Connection(str(backup))
    assert version_of(copy) == MIGRATIONS[-1].number
    assert copy.execute("SELECT count(*) FROM task").get == 1
    assert copy.execute("PRAGMA integrity_check").get == "ok"
    copy.close()


def test_a_broken_migration_changes_nothing(folder: Path) -> None:
    """Neither its own beginning nor the migrations before it stay."""
    writer = open_writer(folder / "hub.db")
    with pytest.raises(StoreError, match="cannot bring the database"):
        migrate(writer, folder / "backups", (*MIGRATIONS, NEXT, BROKEN))
    assert version_of(writer) == MIGRATIONS[-1].number
    tables = writer.execute("SELECT name FROM sqlite_schema").fetchall()
    assert not {("t",), ("later",)} & set(tables)
    writer.close()


def test_a_newer_database_is_refused(folder: Path) -> None:
    """With a sentence on what to do, and untouched."""
    writer = open_writer(folder / "hub.db")
    writer.execute("PRAGMA user_version = 99")
    writer.close()
    with pytest.raises(NewerDatabase, match=r"schema 99.*start the newer hub"):
        open_sqlite(folder)


def test_backups_never_overwrite_each_other(folder: Path) -> None:
    """Each has a name of its own."""
    writer = open_writer(folder / "hub.db")
    paths = {back_up(writer, folder / "backups", 1) for _ in range(3)}
    assert len(paths) == 3
    writer.close()
