"""The loader: what it promises about records that change while a read is under way."""

import asyncio
import threading

from hub.core.org import Org
from hub.services.loader import Loader
from hub.store.memory import MemoryStore
from tests.store.records import Clerk, new_task


async def test_records_stay_for_reads_under_way() -> None:
    """What changed since the oldest read began may not leave memory before it is used."""
    loader, go_on = Loader(MemoryStore()), threading.Event()
    loader.durable = lambda: 5
    assert loader.floor(9) == 9
    slow = asyncio.create_task(loader.read(lambda _reader: go_on.wait()))
    await asyncio.sleep(0)
    loader.durable = lambda: 8
    await loader.read(lambda _reader: None)
    assert loader.floor(9) == 5
    go_on.set()
    await slow
    async with asyncio.timeout(5):
        while loader.floor(9) != 9:  # noqa: ASYNC110 - a step of the loop is enough
            await asyncio.sleep(0)
    loader.close()


async def test_what_was_in_memory_is_found_when_the_rest_arrives() -> None:
    """Although it may have left memory while the rest was read."""
    store, org = MemoryStore(), Org("main", 1)
    clerk = Clerk(store)
    first, second = new_task(1), new_task(2)
    clerk.submit(first)
    clerk.submit(second)
    loader, found = Loader(store), list[str | None]()
    org.tasks.visit(first)

    def look(task_id: str) -> None:
        task = org.tasks.get(task_id)
        found.append(None if task is None else task.id)

    loader.by_ids(org, [first.id, second.id], look)
    org.tasks.trim(9)
    async with asyncio.timeout(5):
        while len(found) < 2:  # noqa: ASYNC110 - a step of the loop is enough
            await asyncio.sleep(0)
    loader.close()

    assert found == [first.id, second.id]
