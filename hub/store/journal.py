"""The journal: the only writer, and the only one who may say that something is durable.

At the end of a loop turn it puts the waiting batch into the database and hands COMMIT to one
thread; when that returns, everything promised with the batch is released, in order. A small
batch is committed on the loop itself while the disk shows that it is quick. What happens when
a commit fails: nothing is released, and the hub stops (`on_failure`), because memory is then
ahead of disk and only a restart finds the truth.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Final, Protocol

from hub.store.batcher import ROW_CAP, Batcher
from hub.store.contract import Batch, Release, Store, StoreError, Unit

UPKEEP_SECONDS: Final = 0.1
"""How often, at most, the database may be checkpointed."""
BUSY_ROWS: Final = 400
"""A batch of so many rows, with more waiting at its end, shows that the hub is busy..."""
GATHER_SECONDS: Final = 0.004
"""...and then the next batch waits this long for more rows: fewer commits of the same work gave
4 % more tasks a second. A hub that is not busy never waits."""

SMALL_ROWS: Final = 128
"""A batch of so many rows is not worth two changes of thread: with one agent of 16 slots the
commits on the loop gave 5 % more tasks a second, and took 14 % less CPU at 1,000 tasks a second.
Without a bound 64 slots lost 7 %."""
SMALL_SECONDS: Final = 0.002
"""A batch whose statements took longer is not small: its few rows hold megabytes."""
QUICK_SECONDS: Final = 0.0005
"""A commit shorter than this is quick..."""
QUICK_COMMITS: Final = 16
"""...and after so many in a row the loop itself waits for the next small one. A slow one holds
the loop up once, and sends them back to the thread until twice as many in a row were quick."""
MOST_QUICK_COMMITS: Final = 1_024


class Observer(Protocol):
    """Who wants to know how commits go."""

    def committed(self, rows: int, units: int, seconds: float) -> None:
        """A batch became durable, this long after its statements began."""
        ...


class Journal:
    """Drives a store with a batcher, on the event loop and one commit thread."""

    def __init__(
        self,
        store: Store,
        batcher: Batcher,
        hub_time: Callable[[], int],
        observer: Observer,
        on_failure: Callable[[Batch, StoreError], None],
    ) -> None:
        self._store = store
        self._batcher = batcher
        self._hub_time = hub_time
        self._observer = observer
        self._on_failure = on_failure
        self.before_commit: Callable[[], None] | None = None
        """Runs at the end of each turn, before the batch is taken."""
        self.published: Callable[[Batch], None] | None = None
        """Hears of every batch that is durable, before anything promised with it is released.

        So whoever was answered finds the events of what the answer says.
        """
        self._loop = asyncio.get_running_loop()
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="commit", daemon=True)
        self._thread.start()
        self._turn_is_due = False
        self._upkeep_runs = False
        self._quick_commits = 0
        """How many commits in a row were quick..."""
        self._quick_enough = QUICK_COMMITS
        """...and how many have to be."""
        self._gathering: asyncio.TimerHandle | None = None
        """Runs while the next batch waits for company."""
        self._began = 0.0
        self._flying: Batch | None = None
        self._releasing: list[tuple[Release, Any]] | None = None
        """What is being released now: a promise that is kept already waits for its end."""
        self._upkept = 0.0
        self._drained: asyncio.Future[None] | None = None
        self.failed = False

    @property
    def durable(self) -> int:
        """The last durable position."""
        return self._batcher.durable

    @property
    def waiting_rows(self) -> int:
        """Rows decided but not durable."""
        return self._batcher.waiting_rows

    @property
    def commit_age(self) -> float:
        """For how many seconds the present commit has been under way; 0 when there is none."""
        return time.monotonic() - self._began if self._began else 0.0

    def write(self, unit: Unit) -> int:
        """Take what a command decided, and return its position."""
        if not self._turn_is_due:
            self.wake()
        return self._batcher.add(unit)

    def promise(self, release: Release, argument: Any) -> None:
        """Call `release(argument)` once everything decided so far is durable: perhaps now."""
        if not self._batcher.promise(release, argument):
            if self._releasing is None:
                release(argument)
            else:
                self._releasing.append((release, argument))

    async def settled(self) -> None:
        """Wait until everything decided so far is durable."""
        future: asyncio.Future[None] = self._loop.create_future()
        self.promise(_resolve, future)
        await future

    def wake(self) -> None:
        """Have the end of the turn run soon."""
        if not self._turn_is_due:
            self._turn_is_due = True
            self._loop.call_soon(self._end_turn)

    def _end_turn(self) -> None:
        self._turn_is_due = False
        if self.failed:
            return
        if self.before_commit is not None:
            self.before_commit()
        self._commit_next()

    def _commit_next(self) -> None:
        if self._upkeep_runs or self._is_gathering:
            return
        batch = self._batcher.take(self._hub_time())
        if batch is None:
            return
        self._began = time.monotonic()
        self._flying = batch
        try:
            self._store.write(batch)
        except StoreError as error:
            self._fail(error)
            return
        if self._is_worth_waiting_for(batch):
            self._finish(self._commit())
            if not self._quick_commits:
                self._quick_enough = min(2 * self._quick_enough, MOST_QUICK_COMMITS)
        else:
            self._jobs.put(self._commit_in_thread)

    def _is_worth_waiting_for(self, batch: Batch) -> bool:
        return (
            batch.rows <= SMALL_ROWS
            and self._quick_commits >= self._quick_enough
            and time.monotonic() - self._began <= SMALL_SECONDS
        )

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except BaseException as error:
                died = StoreError(f"the commit thread died: {error!r}")
                self._loop.call_soon_threadsafe(self._fail, died)
                raise

    def _commit_in_thread(self) -> None:
        self._loop.call_soon_threadsafe(self._finish, self._commit())

    def _commit(self) -> StoreError | None:
        began = time.monotonic()
        try:
            self._store.commit()
        except StoreError as error:
            return error
        quick = time.monotonic() - began < QUICK_SECONDS
        self._quick_commits = self._quick_commits + 1 if quick else 0
        return None

    def _finish(self, error: StoreError | None) -> None:
        if error is not None:
            self._fail(error)
            return
        batch, self._flying = self._flying, None
        promises = self._batcher.committed()
        now = time.monotonic()
        if batch is not None:
            self._observer.committed(batch.rows, batch.units, now - self._began)
            if self.published is not None:
                self.published(batch)
            if batch.rows >= BUSY_ROWS and self._batcher.waiting_rows:
                self._gather()
        self._began = 0.0
        self._releasing = promises
        try:
            for release, argument in promises:
                release(argument)
        finally:
            self._releasing = None
        if now - self._upkept >= UPKEEP_SECONDS:
            self._upkept = now
            self._upkeep_runs = True
            self._jobs.put(self._upkeep)
        self._go_on()

    @property
    def _is_gathering(self) -> bool:
        return self._gathering is not None and self._batcher.waiting_rows < ROW_CAP

    def _gather(self) -> None:
        if self._gathering is None:
            self._gathering = self._loop.call_later(GATHER_SECONDS, self._gathered)

    def _gathered(self) -> None:
        self._gathering = None
        self.wake()

    def _go_on(self) -> None:
        if self._batcher.waiting_rows or not self._batcher.idle:
            self.wake()
        elif self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    def _upkeep(self) -> None:
        """Checkpoint while nothing is written: a writer that never rests keeps the WAL growing."""
        error: StoreError | None = None
        try:
            self._store.upkeep()
        except StoreError as caught:
            error = caught
        self._loop.call_soon_threadsafe(self._upkeep_done, error)

    def _upkeep_done(self, error: StoreError | None) -> None:
        self._upkeep_runs = False
        if error is not None:
            self._fail(error)
        else:
            self._go_on()

    def _fail(self, error: StoreError) -> None:
        self.failed = True
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._on_failure(self._batcher.failed(), error)

    async def close(self) -> None:
        """Commit what waits, unless a commit fails, then end the thread. The store stays open."""
        if not self.failed and not self._batcher.idle:
            self._drained = self._loop.create_future()
            self.wake()
            await self._drained
        if self._gathering is not None:
            self._gathering.cancel()
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)


def _resolve(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
