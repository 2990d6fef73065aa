"""Migrations: from nothing, from an older schema, and not from a newer one."""

from pathlib import Path

import apsw
import pytest

from hub.core.filters import TaskFilter
from hub.store.connections import open_writer
from hub.store.contract import NewerDatabase, StoreError
from hub.store.migrate import MIGRATIONS, Migration, back_up, migrate, version_of
from schemas.scalars import Priority, TaskState
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


SPEC = b'{"description":"old","needs":["gpu","a:b"],"labels":{"k":"v=1"}}'
FOUNDED = """
INSERT INTO hub VALUES (1, 3, 'aa', 77, 1);
INSERT INTO org VALUES (1, 'main'), (2, 'other');
INSERT INTO agent VALUES (1, 'agent-1', 'One', '["gpu"]', '["command"]', 2, 5, NULL, 2, 6);
INSERT INTO credential VALUES ('cr', 1, 'd', 'ann', x'00', 5, 'setup', NULL);
INSERT INTO event VALUES (1, 1, 1, 1, 'ann', 5, x'7b7d'), (1, 2, 20, 'agent-1', 'x', 6, x'7b7d');
"""
OLD_TASK = """
INSERT INTO task (
    seq, org, id, state, priority, requires, submitted_by, created_at, queue_key, due_at,
    generation, attempt, reclaims, rejections, assigned_to, cancel_requested, cancel_unconfirmed,
    version, spec, queued_at
) VALUES (?1, ?2, ?3, ?4, ?5, '{}', 'ann', ?6, 4, 0, 9, 1, 0, 0, ?7, 0, 0, 2, ?8, ?6 + ?1)
"""
OLD_TASKS = [
    (1, 1, "task-1", 6, 2, 100, "agent-1", SPEC),
    (2, 1, "task-2", 3, 0, 200, None, b'{"description":"plain"}'),
    (2_000, 1, "task-3", 8, 2, 300, None, SPEC),
    (2_001, 2, "task-1", 3, 2, 400, None, SPEC),
]


@pytest.fixture
def founded(tmp_path: Path) -> Path:
    """A folder with a database of the first schema, with a bit of everything in it."""
    writer = open_writer(tmp_path / "hub.db")
    migrate(writer, tmp_path / "backups", MIGRATIONS[:1])
    writer.execute(FOUNDED)
    for task in OLD_TASKS:
        writer.execute(OLD_TASK, task)
    writer.close()
    return tmp_path


def test_a_database_of_the_first_schema_keeps_all_it_has(founded: Path) -> None:
    """People and agents, the queue, and the numbers that go on."""
    store = open_sqlite(founded)
    assert store.backup is not None
    found = store.recover()
    assert (found.epoch, found.history_id, found.hub_time) == (3, "aa", 77)
    assert (found.task_seq, found.event_seq) == (2_001, {"main": 2})
    assert [(one.id, one.source, one.active, one.version) for one in found.agents] == [
        ("agent-1", "self", True, 1)
    ]
    assert [(one.public_id, one.expires_at) for one in found.credentials] == [("cr", None)]
    assert [(org, row.seq) for org, row in found.queued] == [("main", 2), ("other", 2_001)]
    once = {TaskState.QUEUED: 1}
    ended = {TaskState.COMPLETED: 1, TaskState.CANCELLED: 1}
    assert found.counts == {"main": once | ended, "other": once}
    store.close()


def test_tasks_of_the_first_schema_keep_their_times(founded: Path) -> None:
    """A later schema stores when they were queued in another way."""
    store = open_sqlite(founded)
    reader = store.reader()
    tasks = store.decode(reader.search("main", TaskFilter(), None, 9).rows)
    times = {task.seq: (task.created_at, task.queued_at) for task in tasks}
    assert times == {1: (100, 101), 2: (200, 202), 2_000: (300, 2_300)}
    reader.close()
    store.close()


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (TaskFilter(), [2_000, 2, 1]),
        (TaskFilter(capability="gpu"), [2_000, 1]),
        (TaskFilter(capability="a:b", states=(TaskState.CANCELLED,)), [2_000]),
        (TaskFilter(labels=(("k", "v=1"),)), [2_000, 1]),
        (TaskFilter(created_after=101, created_before=300), [2]),
        (TaskFilter(agent="agent-1"), [1]),
        (TaskFilter(submitter="ann", priorities=(Priority.URGENT,)), [2]),
        (TaskFilter(text="OLD"), [2_000, 1]),
    ],
)
def test_tasks_of_the_first_schema_are_found(
    founded: Path, wanted: TaskFilter, expected: list[int]
) -> None:
    """Along indexes that did not exist when they were written."""
    store = open_sqlite(founded)
    reader = store.reader()
    found = store.decode(reader.search("main", wanted, None, 9).rows)
    assert [task.seq for task in found] == expected
    assert [row.seq for row in reader.events("main", 0, 9, entity="task-1").rows] == [1]
    reader.close()
    store.close()
