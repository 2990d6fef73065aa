"""Readers of the database: what they see, and that they see it fast."""

from collections.abc import Sequence
from pathlib import Path
from threading import Thread

import apsw
import pytest

from hub.core.filters import TaskFilter
from hub.store.contract import Rows, StoreError
from hub.store.reader import SqliteReader
from schemas.scalars import TaskState
from tests.store.records import Clerk, in_state, new_task, open_sqlite


def test_a_reader_works_in_its_own_thread(tmp_path: Path) -> None:
    """While the store writes in another."""
    store = open_sqlite(tmp_path)
    clerk = Clerk(store)
    clerk.submit(*(new_task(seq) for seq in range(1, 101)))
    found: list[Rows] = []

    def read() -> None:
        reader = store.reader()
        found.extend(reader.by_seq(range(1, 101)) for _ in range(20))
        reader.close()

    thread = Thread(target=read)
    thread.start()
    for seq in range(101, 151):
        clerk.submit(new_task(seq))
    thread.join()
    assert [len(rows) for rows in found] == [100] * 20
    store.close()


def test_a_reader_sees_each_commit(tmp_path: Path) -> None:
    """It holds no old state between two calls."""
    store = open_sqlite(tmp_path)
    reader = store.reader()
    for seq in range(1, 4):
        Clerk(store, {"main": seq - 1}).submit(new_task(seq))
        assert len(reader.search("main", TaskFilter(), None, 9).rows) == seq
    reader.close()
    store.close()


def test_pages_are_read_along_an_index(tmp_path: Path) -> None:
    """No page of a rare state looks at every task, and none sorts the whole table."""
    store = open_sqlite(tmp_path)
    clerk = Clerk(store)
    clerk.submit(*(in_state(seq, TaskState.COMPLETED) for seq in range(1, 3_001)))
    reader = store.reader()
    for states in ([], *([state] for state in TaskState if state is not TaskState.COMPLETED)):
        assert steps_of(reader, states) < 20_000
    reader.close()
    store.close()


def steps_of(reader: SqliteReader, states: Sequence[TaskState]) -> int:
    """How many instructions SQLite took for a page."""
    steps = 0

    def count() -> bool:
        nonlocal steps
        steps += 100
        return False

    reader._connection.set_progress_handler(count, 100)
    reader.search("main", TaskFilter(states=tuple(states)), None, 50)
    return steps


def test_an_error_is_a_store_error(tmp_path: Path) -> None:
    """A reader that was closed says so."""
    store = open_sqlite(tmp_path)
    reader = store.reader()
    reader.close()
    with pytest.raises(StoreError) as caught:
        reader.by_seq([1])
    assert isinstance(caught.value.__cause__, apsw.Error)
    store.close()
