"""Following: all open pages of one org, the picture they share, and the batches they were sent.

What changes is gathered while a page is open, and for a while after a snapshot or after the
last page left: so a page can go on where its snapshot or its lost connection ended. Batches
are made only while somebody is there to get them, or needs a snapshot.
"""

import asyncio
from collections.abc import Callable
from itertools import islice
from typing import Final

from hub.core.clock import Instant
from hub.core.org import Org
from hub.services.batch_ring import BatchRing
from hub.services.clock import Clock
from hub.services.follower import Follower
from hub.services.metrics import Metrics
from hub.services.picture import Picture, encode
from hub.services.snapshots import About, Shot, Snapshots
from hub.store.contract import JournalPort
from schemas.dashboard import Counters, Delta

LINGER_MS: Final = 30_000
"""For so long changes are gathered while nobody follows."""
SLICE: Final = 2
"""So many pages are written to in one turn of the loop: tasks and agents go in between."""
Tell = Callable[[Follower], None]


class Following:
    """The pages of one org."""

    def __init__(
        self, org: Org, metrics: Metrics, journal: JournalPort, clock: Clock, about: About
    ) -> None:
        self.picture = Picture(org, metrics.statistics[org.name])
        self.followers: set[Follower] = set()
        self.ring = BatchRing()
        self._newest = (0, b"")
        """The last batch that is durable, with its number."""
        self._step = b""
        """The last step of the series that was told."""
        self._due: dict[tuple[Follower, Tell], None] = {}
        """Who has yet to be sent which of the two, in this order."""
        self._is_sending = False
        """The next slice is on its way."""
        self.active = False
        """Changes are gathered."""
        self.lag_ms = 0
        """How late the loop was at worst, as it is told."""
        self.snapshots = Snapshots(self.picture, self._prepare, about)
        self._metrics = metrics
        self._journal = journal
        self._clock = clock
        self._hidden_know: Counters | None = None
        """The numbers as hidden pages were told them last."""
        self._until = 0
        """Hub time until which changes are gathered though nobody follows."""

    # Pages

    def enter(self, follower: Follower, since: int | None) -> list[bytes] | None:
        """A page follows, and has every batch up to `since`, if it says so.

        Returns the batches after that; None when it cannot go on from there.
        """
        now = self._clock.now()
        self._begin(now)
        if since is not None:
            # What happened while nobody followed is told to whoever goes on.
            self.make(now)
        self.followers.add(follower)
        return None if since is None else self.ring.after(since)

    def leave(self, follower: Follower) -> None:
        """A page is gone. Idempotent."""
        self.followers.discard(follower)
        for tell in (self._tell_batch, self._tell_step):
            self._due.pop((follower, tell), None)
        self._until = self._clock.hub() + LINGER_MS

    def _begin(self, now: Instant) -> None:
        self._until = now.hub + LINGER_MS
        if not self.active:
            self.active = True
            self.picture.begin()

    def rest(self, now: Instant) -> bool:
        """Stop gathering when nobody came back in time. Returns whether it is at rest."""
        if self.active and not self.followers and now.hub >= self._until:
            self._end()
        return not self.active

    def _end(self) -> None:
        self.active = False
        self.picture.end()
        self.ring.clear(self.picture.seq)
        self._due.clear()
        self.snapshots.forget()

    # Batches

    def make(self, now: Instant, *, count: bool = False) -> None:
        """Make the next batch if there is news; it is sent once it is durable."""
        if self.picture.fleet.is_worn:
            self._start_over(now)
        frame = self.picture.next(now, self.lag_ms, len(self.followers), count=count)
        if frame is not None:
            self._metrics.page_batches += 1
            self._journal.promise(self._send, (self.picture.seq, frame))

    def _send(self, what: tuple[int, bytes]) -> None:
        seq, frame = what
        if self.ring.add(seq, frame):
            self._newest = what
            self._tell_all(self._tell_batch)

    def _tell_batch(self, follower: Follower) -> None:
        follower.take(*self._newest)

    def send_step(self, frame: bytes) -> None:
        """Tell every page that is seen of a step of the series, once what it counts is durable."""
        self._journal.promise(self._send_step, frame)

    def _send_step(self, frame: bytes) -> None:
        self._step = frame
        self._tell_all(self._tell_step)

    def _tell_step(self, follower: Follower) -> None:
        follower.take_step(self._step)

    def _tell_all(self, tell: Tell) -> None:
        self._due.update(dict.fromkeys((follower, tell) for follower in self.followers))
        if not self._is_sending:
            self._send_slice()

    def _send_slice(self) -> None:
        now_due = list(islice(self._due, SLICE))
        for each in now_due:
            del self._due[each]
        # Whatever goes wrong with these pages, the next ones have their turn.
        self._is_sending = bool(self._due)
        if self._is_sending:
            asyncio.get_running_loop().call_soon(self._send_slice)
        for follower, tell in now_due:
            tell(follower)

    def send_numbers(self, now: Instant) -> None:
        """Tell hidden pages how things are."""
        counters = self.picture.counters
        if counters is None or counters is self._hidden_know:
            return
        self._hidden_know = counters
        if any(follower.hidden for follower in self.followers):
            numbers = encode(Delta(0, now.wall, counters))
            self._journal.promise(self._send_numbers, numbers)

    def _send_numbers(self, frame: bytes) -> None:
        for follower in list(self.followers):
            follower.take_numbers(frame)

    def _start_over(self, now: Instant) -> None:
        self._end()
        self._begin(now)
        for follower in list(self.followers):
            follower.reset("too much has changed")

    # Snapshots

    async def snapshot(self, *, agents: bool) -> Shot:
        """A snapshot for the pages there are, and for those that come soon."""
        self._begin(self._clock.now())
        needed = max((follower.told_from for follower in self.followers), default=0)
        return await self.snapshots.get(needed, agents=agents)

    async def _prepare(self) -> Instant:
        """Bring the picture up to date: everybody gets what a snapshot has before the others."""
        now = self._clock.now()
        self.make(now, count=True)
        # There are no numbers while the first rows are made, be it because it started over.
        while self.picture.counters is None:
            await asyncio.sleep(0)
            now = self._clock.now()
            self.make(now, count=True)
        self._metrics.page_snapshots += 1
        return now
