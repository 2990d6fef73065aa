"""Recovery at scale: streamed, from indexes alone."""

import time
from collections.abc import Iterator

import pytest

from hub.store.contract import Unit
from hub.store.sqlite import SqliteStore
from schemas.scalars import TaskState
from tests.store.records import Clerk, new_task, open_sqlite

TASKS = 20_000


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    """A store with a backlog."""
    opened = open_sqlite(tmp_path_factory.mktemp("backlog"))
    clerk = Clerk(opened)
    for first in range(1, TASKS, 1_000):
        tasks = [new_task(seq, needs=["x"]) for seq in range(first, first + 1_000)]
        clerk.commit(Unit("main", tasks, fresh=True))
    yield opened
    opened.close()


def test_a_backlog_is_recovered_fast(store: SqliteStore) -> None:
    """A million tasks may take five seconds, so twenty thousand a tenth of one."""
    taken = []
    for _ in range(5):
        began = time.perf_counter()
        found = store.recover()
        assert len(list(found.queued)) == TASKS
        taken.append(time.perf_counter() - began)
        assert found.counts == {"main": {TaskState.QUEUED: TASKS}}
    print(f"{TASKS / min(taken):,.0f} tasks recovered a second")
    assert min(taken) < 5 * TASKS / 1_000_000


def test_the_queue_is_streamed(store: SqliteStore) -> None:
    """It may be left in the middle; a hub that gave up can be opened again."""
    queued = store.recover().queued
    assert [next(queued)[1].seq for _ in range(3)] == [1, 2, 3]
    assert len(list(store.recover().queued)) == TASKS


def test_a_queued_task_takes_little_room(store: SqliteStore) -> None:
    """At most 600 bytes with a payload of 200; here the payload is small."""
    store._checkpointer.wal_checkpoint()
    size = store.path.stat().st_size / TASKS
    print(f"{size:.0f} bytes for each queued task")
    assert size < 400
