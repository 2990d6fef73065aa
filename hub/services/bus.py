"""The bus: every committed event, for whoever reads along.

A reader is only a cursor. It asks for what comes after it: the answer is taken from a ring of
the latest events, or from the database for as long as the cursor lies before the ring. Both
hold the same numbered events, so there is neither a gap nor a duplicate where one takes over
from the other. Nothing is kept per reader, and publishing waits for nobody.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final, NamedTuple

from hub.core.credentials import Principal
from hub.core.cursor import Cursor
from hub.core.errors import Refused
from hub.services.loader import Loader
from hub.services.metrics import Metrics
from hub.services.ring import EVERYTHING, RING_EVENTS, Ring, Wanted
from hub.store.contract import EVENT_BUDGET, Batch, EventRow, FoundEvents, Numbered, Reader
from schemas.scalars import ErrorCode
from schemas.to_agent import Flaw

SCAN: Final = 2_000
"""How many events are looked at for a filter in one turn of the loop."""
PACE_S: Final = 0.01
"""Readers are told of news at most this often, in seconds..."""
PACE_PER_READER_S: Final = 0.000_2
"""...and less often the more they are, so that a thousand readers cost tasks no turn."""
END_S: Final = 1.0
"""How long a reader that has to go has for its last words, in seconds."""
RETRY_MS: Final = 5_000
SHARE: Final = 4
"""One principal holds at most this part of the places, so that others find one."""


class Page(NamedTuple):
    """What was found after a cursor."""

    rows: list[EventRow]
    reached: int
    """Every event up to this seq was looked at: the next page comes after it."""
    at_end: bool
    """There is nothing later yet."""


class Subscription:
    """One reader that stays. It ends by itself, with its credential, or with the hub."""

    def __init__(self, bus: "Bus", principal: Principal, cut: Callable[[], None]) -> None:
        self.principal = principal
        self.over = False
        """It has to say its last words now."""
        self.cut = cut
        """Breaks its connection, whatever it still has to be sent."""
        self._bus = bus
        self._news: asyncio.Future[None] | None = None
        self._cutting: asyncio.TimerHandle | None = None

    async def news(self, after: int, seconds: float) -> None:
        """Wait for an event later than `after`, or for the end, but not longer than this."""
        ring = self._bus.ring(self.principal.org)
        if self.over or ring.last > after:
            return
        loop = asyncio.get_running_loop()
        news = self._news = loop.create_future()
        ring.waiting.add(news)
        timer = loop.call_later(seconds, _resolve, news)
        try:
            await news
        finally:
            timer.cancel()
            ring.waiting.discard(news)

    def end(self) -> None:
        """Let it say its last words; if it cannot, its connection is cut."""
        if not self.over:
            self.over = True
            self._cutting = asyncio.get_running_loop().call_later(END_S, self.cut)
            if self._news is not None:
                _resolve(self._news)

    def close(self) -> None:
        """It is gone. Idempotent."""
        self.over = True
        if self._cutting is not None:
            self._cutting.cancel()
        self._bus.left(self)


class Bus:
    """The latest events of every org, and who reads along."""

    def __init__(
        self,
        loader: Loader,
        metrics: Metrics,
        epoch: int,
        last: Mapping[str, int],
        readers: int,
        ring_events: int = RING_EVENTS,
    ) -> None:
        self.epoch = epoch
        self._loader = loader
        self._metrics = metrics
        self._rings = {org: Ring(seq, ring_events) for org, seq in last.items()}
        self._ring_events = ring_events
        self._most = readers
        self._most_of_one = max(readers // SHARE, 1)
        self._readers: set[Subscription] = set()
        self._of_one: Counter[Principal] = Counter()
        """How many of them each principal holds, whatever its credentials."""
        self._stopped = False
        self._told_at = 0.0
        self._will_tell = False

    # From the journal

    def publish(self, batch: Batch) -> None:
        """These events are durable: tell whoever waits, soon."""
        waiting = False
        for org, events in _by_org(batch):
            ring = self.ring(org)
            ring.extend(events)
            waiting = waiting or bool(ring.waiting)
        self._metrics.events_published += len(batch.facts)
        if waiting and not self._will_tell:
            self._will_tell = True
            loop = asyncio.get_running_loop()
            pace = PACE_S + PACE_PER_READER_S * len(self._readers)
            loop.call_at(max(self._told_at + pace, loop.time()), self._tell)

    def _tell(self) -> None:
        self._will_tell = False
        self._told_at = asyncio.get_running_loop().time()
        for ring in self._rings.values():
            for news in ring.waiting:
                _resolve(news)

    def ring(self, org: str) -> Ring:
        """The ring of an org, which may be empty."""
        ring = self._rings.get(org)
        if ring is None:
            ring = self._rings[org] = Ring(0, self._ring_events)
        return ring

    # Reading

    def end_of(self, org: str) -> Cursor:
        """The cursor of somebody who has seen everything."""
        return Cursor(self.epoch, self.ring(org).last)

    async def admit(self, org: str, cursor: Cursor) -> int:
        """The seq after which a reader goes on.

        Raises Refused `epoch_changed` when history was cut since, `cursor_ahead` when there
        is no such event yet, `cursor_expired` when events after it are not kept any more. The
        refusal's details name the present `epoch` and the `oldest` and `newest` cursor.
        """
        ring = self.ring(org)
        if cursor.epoch == self.epoch and ring.before <= cursor.seq <= ring.last:
            return cursor.seq
        oldest = await self._loader.read(lambda reader: reader.oldest_event(org))
        if cursor.epoch != self.epoch:
            code, text = ErrorCode.EPOCH_CHANGED, "the history of this cursor was cut: start anew"
        elif cursor.seq > ring.last:
            code, text = ErrorCode.CURSOR_AHEAD, "there is no such event yet"
        elif oldest > cursor.seq + 1:
            code, text = ErrorCode.CURSOR_EXPIRED, "events after this cursor are not kept any more"
        else:
            return cursor.seq
        raise Refused(code, text, flaws=self._whereabouts(org, oldest))

    def _whereabouts(self, org: str, oldest: int) -> list[Flaw]:
        return [
            Flaw("epoch", str(self.epoch)),
            Flaw("oldest", str(Cursor(self.epoch, max(oldest - 1, 0)))),
            Flaw("newest", str(self.end_of(org))),
        ]

    async def read(self, org: str, after: int, limit: int, wanted: Wanted = EVERYTHING) -> Page:
        """The next events after a seq, at most so many; perhaps none, and yet not at the end.

        Raises Refused `cursor_expired`.
        """
        ring = self.ring(org)
        if after < ring.before:
            return await self._read_older(org, after, limit, wanted)
        rows = ring.after(after, limit if wanted == EVERYTHING else SCAN)
        return _page(rows, limit, wanted, rows[-1].seq if rows else after, ring.last)

    async def _read_older(self, org: str, after: int, limit: int, wanted: Wanted) -> Page:
        """From the database; what it has beyond the last published event comes later."""
        found, oldest = await self._loader.read(partial(_look, org, after, limit, wanted))
        if oldest > after + 1:
            text = "events after this cursor are not kept any more"
            flaws = self._whereabouts(org, oldest)
            raise Refused(ErrorCode.CURSOR_EXPIRED, text, flaws=flaws)
        last = self.ring(org).last
        rows = [row for row in found.rows if row.seq <= last]
        return _page(rows, limit, wanted, min(found.scanned_to, last), last)

    # Who stays

    def subscribe(self, principal: Principal, cut: Callable[[], None]) -> Subscription:
        """Somebody reads along from now on.

        Raises Refused `busy` when there are too many, or too many of this principal.
        """
        text = self._obstacle(principal)
        if text is not None:
            raise Refused(ErrorCode.BUSY, text, retryable=True, retry_after_ms=RETRY_MS)
        reader = Subscription(self, principal, cut)
        self._readers.add(reader)
        self._of_one[principal] += 1
        self._metrics.event_readers = len(self._readers)
        return reader

    def _obstacle(self, principal: Principal) -> str | None:
        if self._stopped:
            return "the hub stops"
        if len(self._readers) >= self._most:
            return f"there are {self._most} readers of events already"
        if self._of_one[principal] >= self._most_of_one:
            return f"you have all of your places ({self._most_of_one}) among the readers of events"
        return None

    def left(self, reader: Subscription) -> None:
        """A reader is gone. Idempotent."""
        if reader not in self._readers:
            return
        self._readers.remove(reader)
        who = reader.principal
        self._of_one[who] -= 1
        if not self._of_one[who]:
            del self._of_one[who]
        self._metrics.event_readers = len(self._readers)

    def dismiss(self, whom: Callable[[Principal], bool]) -> None:
        """End the readers of these principals: their credential is not valid any more."""
        for reader in list(self._readers):
            if whom(reader.principal):
                reader.end()

    def credentials(self) -> set[str]:
        """The credentials with which somebody reads."""
        return {reader.principal.credential for reader in self._readers}

    def stop(self) -> None:
        """The hub stops: every reader says its last words, and nobody comes any more."""
        self._stopped = True
        self.dismiss(lambda _: True)

    @property
    def held(self) -> int:
        """How many events are in memory."""
        return sum(ring.held for ring in self._rings.values())


def _by_org(batch: Batch) -> Iterable[tuple[str, list[Numbered]]]:
    if len(batch.orgs) == 1:
        return [(org, batch.facts) for org in batch.orgs if batch.facts]
    found: defaultdict[str, list[Numbered]] = defaultdict(list)
    for numbered in batch.facts:
        found[numbered[0]].append(numbered)
    return found.items()


def _look(
    org: str, after: int, limit: int, wanted: Wanted, reader: Reader
) -> tuple[FoundEvents, int]:
    """Events, and then which is the oldest: what was dropped in between is noticed."""
    most = limit if wanted.actor is None else SCAN
    budget = limit if wanted == EVERYTHING else SCAN
    if wanted.entity is not None:
        budget = EVENT_BUDGET
    found = reader.events(org, after, most, sorted(wanted.types), wanted.entity, budget)
    return found, reader.oldest_event(org)


def _page(rows: Iterable[EventRow], limit: int, wanted: Wanted, reached: int, last: int) -> Page:
    found = [row for row in rows if wanted.takes(row)]
    if len(found) > limit:
        del found[limit:]
    if len(found) == limit:
        reached = found[-1].seq
    return Page(found, reached, reached >= last)


def _resolve(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
