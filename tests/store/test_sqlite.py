"""The database itself: settings, what survives a kill, damage, and the size of its WAL."""

import signal
import subprocess
import sys
from pathlib import Path

import apsw
import pytest
from msgspec import Raw

from hub.store.contract import StoreError, Unit
from hub.store.sqlite import CHECKPOINT_BYTES, SqliteStore
from tests.store.records import HISTORY, Clerk, fact_of, new_task, open_sqlite, read_by_seq

ROOT = Path(__file__).parents[2]
WRITER = """
import sys
from pathlib import Path
from tests.store.records import Clerk, new_task, open_sqlite

store = open_sqlite(Path(sys.argv[1]))
found = store.recover()
clerk = Clerk(store, found.event_seq)
for seq in range(found.task_seq + 1, 1_000_000):
    clerk.submit(new_task(seq))
    print(seq, flush=True)
    store.upkeep()
"""


def acknowledged_until_killed(folder: Path, commits: int) -> int:
    """Run a writer, kill it after so many commits, and return the last one it told of."""
    command = [sys.executable, "-c", WRITER, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(commits)]
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
    told = [line for line in lines if line.endswith("\n")]
    return int(told[-1])


def test_a_killed_writer_loses_nothing_it_told_of(tmp_path: Path) -> None:
    """Killed again and again, at most the commit under way is untold."""
    for _ in range(3):
        last = acknowledged_until_killed(tmp_path, 40)
        store = open_sqlite(tmp_path)
        found = store.recover()
        assert not store.was_clean
        assert found.task_seq in {last, last + 1}
        assert found.event_seq["main"] == found.task_seq
        assert len(list(found.queued)) == found.task_seq
        store.close()


def test_a_closed_database_is_clean(tmp_path: Path) -> None:
    """So that the next start need not check it."""
    open_sqlite(tmp_path).close()
    store = open_sqlite(tmp_path)
    assert store.was_clean
    assert not store.is_new
    store.close()


def test_a_reopened_database_goes_on(tmp_path: Path) -> None:
    """Orgs keep their numbers, events their count, the history its id."""
    store = open_sqlite(tmp_path)
    Clerk(store).submit(new_task(1, "b"), new_task(2, "a"))
    store.close()
    again = SqliteStore(tmp_path / "hub.db", tmp_path / "backups", "another")
    assert (again.history_id, again.event_count, again.epoch) == (HISTORY, 2, 1)
    assert {task.org for task in read_by_seq(again, 1, 2)} == {"a", "b"}
    again.close()


def damage(path: Path) -> None:
    """Overwrite the middle of one page of tasks, which nothing reads at a start."""
    reader = apsw.Connection(str(path))
    query = "SELECT pgoffset FROM dbstat WHERE name = 'task' AND pagetype = 'leaf' LIMIT 1"
    offset = int(str(reader.execute(query).get))
    reader.close()
    content = bytearray(path.read_bytes())
    content[offset + 8 : offset + 2_000] = b"\x55" * 1_992
    path.write_bytes(content)


def fill(folder: Path) -> None:
    """A database with some hundred tasks, not closed in order."""
    store = open_sqlite(folder)
    Clerk(store).submit(*(new_task(seq) for seq in range(1, 301)))
    store.close()
    unmark = apsw.Connection(str(folder / "hub.db"))
    unmark.execute("UPDATE hub SET clean = 0")
    unmark.close()


def test_a_damaged_database_is_refused_by_name(tmp_path: Path) -> None:
    """After an unclean stop it is checked before anything is served."""
    fill(tmp_path)
    damage(tmp_path / "hub.db")
    with pytest.raises(StoreError, match=r"hub\.db is damaged: "):
        open_sqlite(tmp_path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """It is not written over."""
    (tmp_path / "hub.db").write_bytes(b"to be or not to be, " * 500)
    with pytest.raises(StoreError, match=r"hub\.db"):
        open_sqlite(tmp_path)
    assert (tmp_path / "hub.db").read_bytes().startswith(b"to be")


def test_the_wal_is_checkpointed(tmp_path: Path) -> None:
    """It does not grow far beyond the size at which upkeep moves it."""
    store = open_sqlite(tmp_path)
    clerk = Clerk(store)
    payload = Raw(b'"' + b"x" * 100_000 + b'"')
    for seq in range(1, 201):
        clerk.submit(new_task(seq, payload=payload))
        store.upkeep()
    wal = tmp_path / "hub.db-wal"
    assert wal.stat().st_size < 2 * CHECKPOINT_BYTES
    assert (tmp_path / "hub.db").stat().st_size > 2 * CHECKPOINT_BYTES
    store.close()


def test_a_reader_in_the_way_only_delays_a_checkpoint(tmp_path: Path) -> None:
    """The WAL grows while a reader holds it, and is cut once the reader is gone."""
    store = open_sqlite(tmp_path)
    clerk = Clerk(store)
    clerk.submit(new_task(1))
    slow = apsw.Connection(str(tmp_path / "hub.db"), flags=apsw.SQLITE_OPEN_READONLY)
    slow.execute("BEGIN")
    slow.execute("SELECT count(*) FROM task").fetchall()
    payload = Raw(b'"' + b"x" * 500_000 + b'"')
    for seq in range(2, 150):
        clerk.submit(new_task(seq, payload=payload))
        store.upkeep()
    assert store.wal_bytes > 64 * 1024 * 1024
    slow.close()
    for seq in range(150, 165):
        clerk.submit(new_task(seq, payload=payload))
        store.upkeep()
    assert store.wal_bytes < 3 * CHECKPOINT_BYTES
    assert (tmp_path / "hub.db-wal").stat().st_size < 64 * 1024 * 1024
    store.close()


def test_an_error_in_a_batch_is_a_store_error(tmp_path: Path) -> None:
    """Whatever the driver raises, with its cause."""
    store = open_sqlite(tmp_path)
    with pytest.raises(StoreError) as caught:
        Clerk(store).submit(new_task(1 << 70))
    assert isinstance(caught.value.__cause__, OverflowError)
    store.close()


def test_the_witness_hears_of_commits_only(tmp_path: Path) -> None:
    """With the number of all events, after they are durable."""
    store, heard = open_sqlite(tmp_path), list[int]()
    store.watch(heard.append)
    clerk = Clerk(store)
    clerk.submit(new_task(1), new_task(2))
    assert heard == [2]
    clerk.write(Unit("main", facts=[fact_of(new_task(1))]))
    assert heard == [2]
    store.commit()
    assert heard == [2, 3]
    store.close()


def test_an_epoch_is_durable(tmp_path: Path) -> None:
    """It is there after the next start."""
    store = open_sqlite(tmp_path)
    store.start_epoch(7)
    store.close()
    again = open_sqlite(tmp_path)
    assert (again.epoch, again.recover().epoch) == (7, 7)
    again.close()
