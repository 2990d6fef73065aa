"""The loader: what it was asked for is in memory at the moment it says so."""

import asyncio

from hub.core.org import Org
from hub.core.task import Task
from hub.services.loader import Loader
from hub.store.contract import Batch
from hub.store.memory import MemoryStore
from tests.core.making import queued


def stored(*tasks: Task) -> MemoryStore:
    """A store with these tasks."""
    store, batch = MemoryStore(), Batch()
    batch.fresh = {task.seq: task for task in tasks}
    batch.position = batch.units = 1
    batch.rows = len(tasks)
    store.write(batch)
    store.commit()
    return store


async def test_a_record_that_leaves_memory_meanwhile_is_read_again() -> None:
    """Between the question and the answer memory may be tidied up."""
    task = queued()
    org, loader = Org("main", 1), Loader(stored(task))
    org.tasks.visit(task)
    found: asyncio.Future[Task | None] = asyncio.get_running_loop().create_future()
    loader.by_seq(org, [1], lambda: found.set_result(org.tasks.at(1)))
    org.tasks.trim(1)
    assert org.tasks.at(1) is None

    assert await asyncio.wait_for(found, 10) == task
    loader.close()


async def test_what_does_not_exist_is_no_obstacle() -> None:
    """The answer comes all the same."""
    org, loader = Org("main", 1), Loader(stored(queued()))
    done = asyncio.Event()
    loader.by_seq(org, [1, 99], done.set)
    await asyncio.wait_for(done.wait(), 10)

    assert org.tasks.at(1) is not None
    assert org.tasks.at(99) is None
    loader.close()


async def test_a_closed_loader_says_nothing() -> None:
    """Nobody is left to act on it."""
    org, loader = Org("main", 1), Loader(stored(queued()))
    done = asyncio.Event()
    loader.by_seq(org, [1], done.set)
    loader.close()
    await asyncio.sleep(0)

    assert not done.is_set()
