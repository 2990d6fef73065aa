"""The ring: the latest events of one org in memory, and who waits for the next."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

from hub.store.contract import EventRow, Numbered
from schemas.scalars import MIB

RING_EVENTS: Final = 10_000
"""The most events that are kept in memory for one org."""
RING_BYTES: Final = 8 * MIB
"""The most memory they take, about."""
EVENT_BYTES: Final = 320
"""About what an event takes beside its payload."""


class Wanted(NamedTuple):
    """Which events a reader wants; everything that is not named is wanted."""

    types: frozenset[int] = frozenset()
    entity: str | None = None
    actor: str | None = None

    def takes(self, row: EventRow) -> bool:
        """Whether this is one of them."""
        return (
            (not self.types or row.type in self.types)
            and self.entity in (None, row.entity)
            and self.actor in (None, row.actor)
        )


EVERYTHING: Final = Wanted()


class Ring:
    """The latest committed events of one org."""

    __slots__ = ("_bytes", "_most", "events", "last", "waiting")

    def __init__(self, last: int, most: int = RING_EVENTS) -> None:
        self._most = most
        self.events: deque[Numbered] = deque()
        self.last = last
        """The seq of the last committed event, also when it is not kept here."""
        self.waiting: set[asyncio.Future[None]] = set()
        """Who wants to hear of the next event."""
        self._bytes = 0

    @property
    def before(self) -> int:
        """The seq before the first event that is kept here."""
        return self.last - len(self.events)

    def extend(self, run: Sequence[Numbered]) -> None:
        """Take the next events; the oldest make room for them."""
        events = self.events
        events.extend(run)
        self.last = run[-1][1]
        self._bytes += sum([len(fact.data) for _, _, fact in run]) + EVENT_BYTES * len(run)
        while len(events) > self._most or self._bytes > RING_BYTES:
            self._bytes -= len(events.popleft()[2].data) + EVENT_BYTES

    def after(self, seq: int, most: int) -> list[EventRow]:
        """The events that follow a seq which is not before the ring."""
        events, start = self.events, seq - self.before
        found = [events[at] for at in range(start, min(start + most, len(events)))]
        return [
            EventRow(number, fact.type, fact.entity, fact.actor, fact.at, fact.data)
            for _, number, fact in found
        ]
