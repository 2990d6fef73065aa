"""The loader: what it promises about records that change while a read is under way."""

import asyncio
import threading

from hub.services.loader import Loader
from hub.store.memory import MemoryStore


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
