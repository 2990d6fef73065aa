"""Readers of the database: what they see, and that they see it fast."""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import apsw
import pytest

from hub.core.filters import TaskFilter
from hub.store.contract import Rows, StoreError
from hub.store.reader import SqliteReader
from schemas.scalars import Priority, TaskState
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


FILTERS = [
    TaskFilter(),
    *(TaskFilter(states=(state,)) for state in TaskState),
    TaskFilter(agent="agent-1"),
    TaskFilter(priorities=(Priority.URGENT, Priority.LOW)),
    TaskFilter(capability="gpu"),
    TaskFilter(labels=(("a", "b"),)),
    TaskFilter(mission="m"),
    TaskFilter(submitter="ann"),
    TaskFilter(created_before=5),
    TaskFilter(mission="m", states=(TaskState.COMPLETED,)),
]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteReader]:
    """A reader of a database with some thousand tasks of one kind, and none of others."""
    store = open_sqlite(tmp_path_factory.mktemp("full"))
    Clerk(store).submit(*(in_state(seq, TaskState.COMPLETED) for seq in range(1, 3_001)))
    reader = store.reader()
    yield reader
    reader.close()
    store.close()


@pytest.mark.parametrize("wanted", FILTERS)
def test_pages_are_read_along_an_index(full: SqliteReader, wanted: TaskFilter) -> None:
    """No page looks at every task, and none sorts the whole table."""
    assert steps_of(full, lambda: full.search("main", wanted, None, 50)) < 20_000


def test_events_of_a_task_are_read_along_an_index(full: SqliteReader) -> None:
    """However many there are of other tasks."""
    task_id = new_task(7).id
    assert steps_of(full, lambda: full.events("main", 0, 50, entity=task_id)) < 1_000


def steps_of(reader: SqliteReader, question: Callable[[], object]) -> int:
    """How many instructions SQLite took for a question."""
    steps = 0

    def count() -> bool:
        nonlocal steps
        steps += 100
        return False

    reader._connection.set_progress_handler(count, 100)
    question()
    reader._connection.set_progress_handler(None)
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
