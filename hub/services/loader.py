"""The loader: brings records that are not in memory back, a few threads reading at a time.

Whoever needs a record says what to do once it is there. A record that somebody touched while
it was being read wins over what was read.

What the hub reads for itself is read again after a while when that fails, because a disk may
be better then. When it goes on to fail the hub has to stop: to go on as if there were no such
record would take work away from agents, and to wait for it would keep tasks for good from those
who do them. What somebody asks for is read once: whoever asks is told, and may ask again.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from typing import Any, Final, TypeVar

from loguru import logger

from hub.core.filters import TaskFilter
from hub.core.org import Org
from hub.core.task import Task
from hub.store.contract import Found, Reader, Rows, Store, StoreError

Then = Callable[[], None]
Died = Callable[[str, BaseException], None]
READERS: Final = 2
AGAIN_S: Final = (0.05, 0.5, 2.0)
"""How long after each failure the same is read again; after one more it has failed for good."""
T = TypeVar("T")


class Loader:
    """Reads through the store's readers, off the event loop."""

    def __init__(self, store: Store, died: Died) -> None:
        """`died` is told of a read that has failed for good, which nobody awaits."""
        self._store = store
        self._died = died
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._free: SimpleQueue[Reader] = SimpleQueue()
        for _ in range(READERS):
            self._free.put(store.reader())
        self._under_way: dict[tuple[str, str], list[Then]] = {}
        self._closed = False
        self.durable: Callable[[], int] = lambda: 0
        """The last durable position."""
        self._number = 0
        self._began: dict[int, int] = {}
        """What was durable when each read that is under way began, oldest first."""

    async def read(self, question: Callable[[Reader], T]) -> T:
        """Ask a reader in its thread."""
        return await self._begin(question)

    async def read_again(self, question: Callable[[Reader], T]) -> T:
        """Ask a reader in its thread, and again after each failure. Raises StoreError at last."""
        for pause in AGAIN_S:
            try:
                return await self.read(question)
            except StoreError as error:
                _warn(error)
                await asyncio.sleep(pause)
        return await self.read(question)

    async def window(
        self, org: str, wanted: TaskFilter, before: int | None, skip: int, limit: int
    ) -> tuple[int, Found]:
        """How many tasks were skipped, and those after them.

        When there is more to skip, none come yet, and `next_before` says where to go on.
        """

        def ask(reader: Reader) -> tuple[int, Found]:
            if skip == 0:
                return 0, reader.search(org, wanted, before, limit)
            count, below = reader.skip(org, wanted, before, skip)
            if count < skip or below is None:
                return count, Found([], below)
            return count, reader.search(org, wanted, below, limit)

        return await self.read(ask)

    def _begin(self, question: Callable[[Reader], T]) -> "asyncio.Future[T]":
        number = self._number = self._number + 1
        self._began[number] = self.durable()
        future = self._loop.run_in_executor(self._threads, self._ask, question)
        future.add_done_callback(partial(self._over, number))
        return future

    def _over(self, number: int, _answer: "asyncio.Future[Any]") -> None:
        """Whoever waits for the answer has used it once what is due now was called."""
        self._loop.call_soon(self._began.pop, number, None)

    def floor(self, durable: int) -> int:
        """The position up to which every read under way sees what is durable.

        A record that changed later has to stay in memory: a read that does not know of the
        change may bring the older record back.
        """
        return next(iter(self._began.values()), durable)

    def _ask(self, question: Callable[[Reader], T]) -> T:
        reader = self._free.get()
        try:
            return question(reader)
        finally:
            self._free.put(reader)

    def by_id(self, org: Org, task_id: str, then: Then) -> None:
        """Have the task in memory, if it exists, and go on with `then`."""
        key = (org.name, task_id)
        waiting = self._under_way.get(key)
        if waiting is not None:
            waiting.append(then)
            return
        self._under_way[key] = [then]
        self._have(org, partial(_read_by_id, org.name, [task_id]), partial(self._go_on, key))

    def _go_on(self, key: tuple[str, str]) -> None:
        for then in self._under_way.pop(key):
            then()

    def by_ids(self, org: Org, ids: Sequence[str], look: Callable[[str], None]) -> None:
        """Have these tasks in memory, those that exist, and look at each, in order."""
        known = org.tasks.by_id
        if all(task_id in known for task_id in ids):
            _look_at_all(ids, look)
            return
        # All of them, as in `_read_by_seq`.
        self._have(org, partial(_read_by_id, org.name, ids), partial(_look_at_all, ids, look))

    def by_seq(self, org: Org, seqs: Sequence[int], then: Then) -> None:
        """Have these tasks in memory, those that exist, and go on with `then`."""
        self._loop.call_soon(self._read_by_seq, org, seqs, then)

    def _read_by_seq(self, org: Org, seqs: Sequence[int], then: Then) -> None:
        """Nothing comes between the look at what is in memory and `then`."""
        if self._closed:
            return
        if all(org.tasks.at(seq) is not None for seq in seqs):
            then()
            return
        # All of them: what is in memory now may have left it when the others arrive.
        self._have(org, lambda reader: reader.by_seq(seqs), then)

    def _have(
        self, org: Org, question: Callable[[Reader], Rows], then: Then, failed: int = 0
    ) -> None:
        """Have what is read in memory, and go on with `then`; so many tries have failed."""
        if not self._closed:
            future = self._begin(question)
            future.add_done_callback(partial(self._arrived, org, question, then, failed))

    def _arrived(
        self,
        org: Org,
        question: Callable[[Reader], Rows],
        then: Then,
        failed: int,
        rows: "asyncio.Future[Rows]",
    ) -> None:
        error = rows.exception()
        if self._closed:
            return
        if not isinstance(error, StoreError):
            self.keep(org, rows.result())
            then()
        elif failed < len(AGAIN_S):
            _warn(error)
            self._loop.call_later(AGAIN_S[failed], self._have, org, question, then, failed + 1)
        else:
            self._died("loader", error)

    def keep(self, org: Org, rows: Rows) -> None:
        """Put what was read into memory, unless something newer is there."""
        for task in self._store.decode(rows):
            if org.tasks.get(task.id) is None:
                org.tasks.visit(task)

    def decode(self, rows: Rows) -> list[Task]:
        """The tasks in what a reader returned."""
        return self._store.decode(rows)

    def close(self) -> None:
        """End the readers."""
        self._closed = True
        self._threads.shutdown(wait=True)
        while not self._free.empty():
            self._free.get().close()


def _warn(error: StoreError) -> None:
    logger.bind(error=str(error)).warning("tasks cannot be read; they are read again")


def _look_at_all(ids: Sequence[str], look: Callable[[str], None]) -> None:
    for task_id in ids:
        look(task_id)


def _read_by_id(org: str, ids: Sequence[str], reader: Reader) -> Rows:
    return reader.by_id(org, ids)
