"""The loader: what it promises about records that change while a read is under way."""

import asyncio
import threading
from typing import Any, cast

import pytest

from hub.core.org import Org
from hub.services import loader as loading
from hub.services.loader import Loader
from hub.store.contract import StoreError
from hub.store.memory import MemoryReader, MemoryStore
from tests.store.records import Clerk, new_task


def dies(_name: str, error: BaseException) -> None:
    """Nothing may fail for good here."""
    raise error


async def test_records_stay_for_reads_under_way() -> None:
    """What changed since the oldest read began may not leave memory before it is used."""
    loader, go_on = Loader(MemoryStore(), dies), threading.Event()
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
    loader, found = Loader(store, dies), list[str | None]()
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


class Scratched(MemoryStore):
    """A store on a disk that cannot be read so many times."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.failures = failures

    def reader(self) -> MemoryReader:
        """A reader of it."""
        return cast(MemoryReader, ScratchedReader(self, super().reader()))


class ScratchedReader:
    """Refuses while the disk cannot be read, and then answers."""

    def __init__(self, store: Scratched, reader: MemoryReader) -> None:
        self._store = store
        self._reader = reader

    def __getattr__(self, name: str) -> Any:
        if name != "close" and self._store.failures:
            self._store.failures -= 1
            raise StoreError("cannot look up tasks: disk I/O error")
        return getattr(self._reader, name)


class Desk:
    """Somebody who asks for a task in each way there is, and is called back or not."""

    def __init__(self, failures: int) -> None:
        self.store, self.org = Scratched(0), Org("main", 1)
        self.task = new_task(1)
        Clerk(self.store).submit(self.task)
        self.store.failures = failures
        self.died: list[str] = []
        self.found: list[str] = []
        self.loader = Loader(self.store, self._die)
        self.moved = asyncio.Event()

    def _die(self, name: str, error: BaseException) -> None:
        self.died.append(f"{name}: {error}")
        self.moved.set()

    def look(self, task_id: str = "") -> None:
        """What was asked for has arrived."""
        task = self.org.tasks.get(task_id or self.task.id)
        self.found.append("none" if task is None else task.id)
        self.moved.set()

    async def ask(self, way: str) -> None:
        """Ask, and wait for what comes of it."""
        match way:
            case "id":
                self.loader.by_id(self.org, self.task.id, self.look)
            case "ids":
                self.loader.by_ids(self.org, [self.task.id], self.look)
            case _:
                self.loader.by_seq(self.org, [self.task.seq], self.look)
        async with asyncio.timeout(5):
            await self.moved.wait()
        self.loader.close()

    async def leave(self) -> list[Any]:
        """Ask, and close before the answer is there. Returns the errors of the event loop."""
        errors: list[Any] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, what: errors.append(what))
        self.loader.by_id(self.org, self.task.id, self.look)
        self.loader.close()
        for _ in range(9):
            await asyncio.sleep(0)
        return errors


@pytest.mark.parametrize("way", ["id", "ids", "seq"])
async def test_what_cannot_be_read_now_is_read_later(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No error reaches the event loop, which would stop the hub, and nobody waits for good."""
    monkeypatch.setattr(loading, "AGAIN_S", (0.0,) * 3)
    errors: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, what: errors.append(what))
    desk = Desk(failures=3)
    await desk.ask(way)

    assert (desk.found, desk.died, errors) == ([desk.task.id], [], [])


@pytest.mark.parametrize("way", ["id", "ids", "seq"])
async def test_what_cannot_be_read_at_all_stops_the_hub(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the reason; nobody is told that there is no such task."""
    monkeypatch.setattr(loading, "AGAIN_S", (0.0,) * 3)
    desk = Desk(failures=99)
    await desk.ask(way)

    assert (desk.found, desk.died) == ([], ["loader: cannot look up tasks: disk I/O error"])


@pytest.mark.parametrize("again", [(0.0,), ()])
async def test_a_disk_stops_no_hub_that_stops_in_order(
    again: tuple[float, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once it is closed nothing is read again, and the last failure is none any more."""
    monkeypatch.setattr(loading, "AGAIN_S", again)
    desk = Desk(failures=1)
    assert await desk.leave() == []
    assert (desk.store.failures, desk.found, desk.died) == (0, [], [])


async def test_nobody_is_called_back_once_it_is_closed() -> None:
    """What they would do has no journal any more."""
    desk = Desk(failures=0)
    assert await desk.leave() == []
    assert (desk.found, desk.died) == ([], [])


async def test_what_is_awaited_is_read_again_when_that_is_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So many times; after that whoever waits is told."""
    monkeypatch.setattr(loading, "AGAIN_S", (0.0,) * 3)
    desk = Desk(failures=3)
    rows = await desk.loader.read_again(lambda reader: reader.by_id("main", [desk.task.id]))
    assert [task.id for task in desk.loader.decode(rows)] == [desk.task.id]
    desk.store.failures = 4
    with pytest.raises(StoreError):
        await desk.loader.read_again(lambda reader: reader.by_id("main", [desk.task.id]))
    desk.loader.close()

    assert (desk.store.failures, desk.died) == (0, [])
