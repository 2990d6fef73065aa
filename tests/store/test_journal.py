"""The journal on a real loop and thread, over both stores."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.core.clock import Instant
from hub.core.lifecycle import create
from hub.store import journal as journal_module
from hub.store.batcher import Batcher
from hub.store.contract import Batch, Store, StoreError, Unit
from hub.store.journal import BUSY_ROWS, QUICK_COMMITS, SMALL_ROWS, Journal
from hub.store.memory import MemoryStore
from hub.store.sqlite import SqliteStore
from schemas.work import TaskSpec

OpenStore = Callable[[], Store]


def unit(seq: int) -> Unit:
    """A unit with one new task."""
    change = create(seq, f"task-{seq}", "main", 1, TaskSpec("x"), "me", Instant(1, 1))
    return Unit("main", (change.task,), fresh=True, facts=change.facts)


class Slow:
    """A store whose commits wait for the test, and which notices calls that overlap."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.gate = threading.Event()
        self.began = threading.Event()
        self.busy = threading.Lock()
        self.overlapped = False
        self.upkeeps = 0
        self.commits = 0
        self.committed_by: list[threading.Thread] = []

    def _enter(self) -> None:
        if not self.busy.acquire(blocking=False):
            self.overlapped = True

    def write(self, batch: Batch) -> None:
        """Write, and stay busy until the commit is over."""
        self._enter()
        self.store.write(batch)

    def commit(self) -> None:
        """Commit when the gate is open."""
        self.began.set()
        self.committed_by.append(threading.current_thread())
        assert self.gate.wait(10)
        self.store.commit()
        self.commits += 1
        self.busy.release()

    def upkeep(self) -> None:
        """Take a moment for the upkeep."""
        self._enter()
        self.upkeeps += 1
        self.store.upkeep()
        self.busy.release()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


class Tally:
    """Notes what the journal reports."""

    def __init__(self) -> None:
        self.commits: list[tuple[int, int]] = []
        self.failures: list[StoreError] = []

    def committed(self, rows: int, units: int, seconds: float) -> None:
        """A batch became durable."""
        assert seconds >= 0
        self.commits.append((rows, units))

    def failed(self, _batch: Batch, error: StoreError) -> None:
        """A commit failed."""
        self.failures.append(error)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Each store in turn, empty."""
    opened: Store = (
        MemoryStore()
        if request.param == "memory"
        else SqliteStore(tmp_path / "hub.db", tmp_path / "backups", "0123456789abcdef")
    )
    yield opened
    opened.close()


@asynccontextmanager
async def running(store: Any, tally: Tally) -> AsyncIterator[Journal]:
    """A journal over a store, closed at the end."""
    journal = Journal(store, Batcher({}), lambda: 1, tally, tally.failed)
    try:
        yield journal
    finally:
        await journal.close()


async def until(fact: Callable[[], bool]) -> None:
    """Wait for a fact, at most ten seconds."""
    async with asyncio.timeout(10):
        while not fact():  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0.001)


async def test_nothing_is_released_before_the_commit(store: Store) -> None:
    """An answer leaves when the change it speaks of is durable."""
    slow, seen = Slow(store), list[str]()
    async with running(slow, Tally()) as journal:
        journal.write(unit(1))
        journal.promise(seen.append, "answer")
        await until(slow.began.is_set)
        assert seen == []
        slow.gate.set()
        await journal.settled()

        assert seen == ["answer"]
        assert len(store.reader().by_seq([1])) == 1


async def test_an_answer_without_rows_waits_too(store: Store) -> None:
    """What somebody learns may rest on what was decided before, so it waits for that."""
    slow, seen = Slow(store), list[str]()
    async with running(slow, Tally()) as journal:
        journal.promise(seen.append, "nothing was decided")
        assert seen == ["nothing was decided"]
        journal.write(unit(1))
        await until(slow.began.is_set)
        journal.promise(seen.append, "read from memory")
        assert len(seen) == 1
        slow.gate.set()
        await journal.settled()

        assert seen[1:] == ["read from memory"]


async def test_promises_of_a_release_come_after_the_rest(store: Store) -> None:
    """A release that promises more does not overtake what was promised before."""
    seen: list[str] = []
    async with running(store, Tally()) as journal:
        journal.write(unit(1))
        journal.promise(lambda _: journal.promise(seen.append, "nested"), None)
        journal.promise(seen.append, "second")
        await journal.settled()
        await until(lambda: len(seen) == 2)

        assert seen == ["second", "nested"]


async def test_upkeep_never_overlaps_a_write(store: Store) -> None:
    """The store is called by one thread at a time, checkpoints included."""
    slow, tally = Slow(store), Tally()
    slow.gate.set()
    async with running(slow, tally) as journal:
        seq = 0
        while slow.upkeeps < 3 and seq < 100_000:
            seq += 1
            journal.write(unit(seq))
            await asyncio.sleep(0)
    assert slow.upkeeps >= 3
    assert not slow.overlapped
    assert sum(units for _, units in tally.commits) == seq


@pytest.mark.parametrize(("first", "together"), [(BUSY_ROWS // 2, True), (1, False)])
async def test_a_busy_journal_waits_for_company(
    store: Store, monkeypatch: pytest.MonkeyPatch, first: int, together: bool
) -> None:
    """After a large batch the next one gathers for a moment; after a small one it goes at once."""
    monkeypatch.setattr(journal_module, "GATHER_SECONDS", 0.5 if together else 3_600)
    slow, tally = Slow(store), Tally()
    async with running(slow, tally) as journal:
        for seq in range(1, first + 1):
            journal.write(unit(seq))
        await until(slow.began.is_set)
        journal.write(unit(first + 1))
        slow.gate.set()
        await until(lambda: bool(tally.commits))
        if not together:
            await until(lambda: len(tally.commits) == 2)
        journal.write(unit(first + 2))
        await journal.settled()

    assert [units for _, units in tally.commits] == ([first, 2] if together else [first, 1, 1])


def noting(store: Store, monkeypatch: pytest.MonkeyPatch) -> Slow:
    """A store that notes who commits, on a disk of which every commit counts as quick."""
    monkeypatch.setattr(journal_module, "QUICK_SECONDS", 3_600)
    slow = Slow(store)
    slow.gate.set()
    return slow


async def trusted(journal: Journal) -> int:
    """Commit as many small batches as show that the disk is quick; the last seq."""
    for seq in range(1, QUICK_COMMITS + 1):
        journal.write(unit(seq))
        await journal.settled()
    return QUICK_COMMITS


async def test_small_batches_on_a_quick_disk_need_no_thread(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop commits them itself, but neither the first ones nor a large one."""
    slow, here = noting(store, monkeypatch), threading.current_thread()
    async with running(slow, Tally()) as journal:
        seq = await trusted(journal)
        journal.write(unit(seq + 1))
        await journal.settled()
        for more in range(seq + 2, seq + 3 + SMALL_ROWS // 2):
            journal.write(unit(more))
        await journal.settled()

    by_loop = [thread is here for thread in slow.committed_by]
    assert by_loop == [False] * QUICK_COMMITS + [True, False]


async def test_a_disk_that_becomes_slow_holds_up_the_loop_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After one slow commit the thread waits for the disk again."""
    slow, here = noting(store, monkeypatch), threading.current_thread()
    async with running(slow, Tally()) as journal:
        seq = await trusted(journal)
        monkeypatch.setattr(journal_module, "QUICK_SECONDS", 0)
        for more in (seq + 1, seq + 2):
            journal.write(unit(more))
            await journal.settled()

        monkeypatch.setattr(journal_module, "QUICK_SECONDS", 3_600)
        for more in range(seq + 3, seq + 3 + 2 * QUICK_COMMITS + 1):
            journal.write(unit(more))
            await journal.settled()

    by_loop = [thread is here for thread in slow.committed_by[QUICK_COMMITS:]]
    assert by_loop == [True] + [False] * (2 * QUICK_COMMITS + 1) + [True]


async def test_a_few_rows_of_many_bytes_are_not_small(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What takes long to write takes long to commit."""
    slow, here = noting(store, monkeypatch), threading.current_thread()
    async with running(slow, Tally()) as journal:
        seq = await trusted(journal)
        monkeypatch.setattr(journal_module, "SMALL_SECONDS", -1)
        journal.write(unit(seq + 1))
        await journal.settled()

    assert slow.committed_by[-1] is not here


async def test_a_commit_that_fails_on_the_loop_releases_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who waits for the disk makes no difference to what a failure means."""
    tally, seen = Tally(), list[str]()
    slow = noting(MemoryStore(fails_at=QUICK_COMMITS + 1), monkeypatch)
    async with running(slow, tally) as journal:
        seq = await trusted(journal)
        journal.write(unit(seq + 1))
        journal.promise(seen.append, "lost")
        await until(lambda: bool(tally.failures))

    assert slow.committed_by[-1] is threading.current_thread()
    assert seen == []
    assert journal.durable == seq


async def test_close_drains(store: Store) -> None:
    """Everything decided is durable when the journal is closed."""
    seen: list[int] = []
    async with running(store, Tally()) as journal:
        for seq in range(1, 30):
            journal.write(unit(seq))
            journal.promise(seen.append, seq)

    assert seen == list(range(1, 30))
    assert len(store.reader().by_seq(list(range(1, 30)))) == 29


async def test_the_end_of_a_turn_is_in_the_same_batch(store: Store) -> None:
    """What the scheduler decides at the end of a turn is committed with the turn."""
    tally, wanted = Tally(), [unit(2)]
    async with running(store, tally) as journal:

        def assign() -> None:
            while wanted:
                journal.write(wanted.pop())

        journal.before_commit = assign
        journal.write(unit(1))
        await journal.settled()

    assert tally.commits[0] == (4, 2)


@pytest.mark.parametrize("kept", [False, True])
async def test_a_failing_commit_releases_nothing(kept: bool) -> None:
    """Nobody hears of a change whose commit failed, whether or not the disk has it."""
    tally, seen = Tally(), list[str]()
    async with running(MemoryStore(fails_at=2, kept=kept), tally) as journal:
        journal.write(unit(1))
        journal.promise(seen.append, "first")
        await journal.settled()
        journal.write(unit(2))
        journal.promise(seen.append, "second")
        await until(lambda: bool(tally.failures))
        journal.write(unit(3))
        journal.promise(seen.append, "third")

    assert seen == ["first"]
    assert journal.failed
    assert journal.durable == 1


async def test_a_refused_row_stops_the_journal(store: Store) -> None:
    """A batch that cannot be written is as bad as a commit that fails."""
    tally, seen = Tally(), list[str]()
    async with running(store, tally) as journal:
        journal.write(unit(1))
        await journal.settled()
        journal.write(unit(1))
        journal.promise(seen.append, "twice")
        await until(lambda: bool(tally.failures))

    assert seen == []


async def test_closing_does_not_wait_for_a_commit_that_fails() -> None:
    """A journal that fails while it drains ends nevertheless."""
    tally = Tally()
    async with running(MemoryStore(fails_at=1), tally) as journal:
        journal.write(unit(1))

    assert len(tally.failures) == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_dead_commit_thread_is_a_failure() -> None:
    """An error that no store should raise stops the hub instead of leaving it waiting."""
    tally, slow = Tally(), Slow(MemoryStore())
    slow.commit = slow.store.decode  # type: ignore[assignment]
    async with running(slow, tally) as journal:
        journal.write(unit(1))
        await until(lambda: bool(tally.failures))

    assert journal.failed


async def test_the_age_of_a_commit_is_known(store: Store) -> None:
    """A disk that does not answer shows before anything fails."""
    slow = Slow(store)
    async with running(slow, Tally()) as journal:
        assert journal.commit_age == 0.0
        journal.write(unit(1))
        await until(lambda: journal.commit_age > 0)
        assert journal.waiting_rows == 2
        slow.gate.set()
        await journal.settled()
        assert journal.commit_age == 0.0
        assert (journal.durable, journal.waiting_rows) == (1, 0)
