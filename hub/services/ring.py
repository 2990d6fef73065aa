"""The ring: the latest events of one org in memory, and who waits for the next."""

import asyncio
from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from hub.store.contract import EventRow, Numbered
from schemas.scalars import MIB

RING_EVENTS: Final = 10_000
"""The most events that are kept in memory for one org."""
RING_BYTES: Final = 8 * MIB
"""The most memory they take, about."""
EVENT_BYTES: Final = 320
"""About what an event takes beside its payload."""
RUN_BYTES: Final = 200
"""The same for a run."""


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
_FIRST: Final = attrgetter("first")


class _Run(NamedTuple):
    """Events that were committed together, and follow each other."""

    first: int
    """The seq of the first of them."""
    bytes: int
    events: Sequence[Numbered]


class Ring:
    """The latest committed events of one org, in runs: they come and go by the commit."""

    __slots__ = ("_bytes", "_most", "_runs", "held", "last", "waiting")

    def __init__(self, last: int, most: int = RING_EVENTS) -> None:
        self._most = most
        self._runs: deque[_Run] = deque()
        self.held = 0
        """How many events are kept here."""
        self.last = last
        """The seq of the last committed event, also when it is not kept here."""
        self.waiting: set[asyncio.Future[None]] = set()
        """Who wants to hear of the next event."""
        self._bytes = 0

    @property
    def before(self) -> int:
        """The seq before the first event that is kept here."""
        return self.last - self.held

    def extend(self, events: Sequence[Numbered]) -> None:
        """Take the next events; the oldest runs make room for them."""
        size = sum([len(fact.data) for _, _, fact in events]) + EVENT_BYTES * len(events)
        size += RUN_BYTES
        self._runs.append(_Run(self.last + 1, size, events))
        self.last = events[-1][1]
        self.held += len(events)
        self._bytes += size
        while self.held > self._most or self._bytes > RING_BYTES:
            oldest = self._runs.popleft()
            self.held -= len(oldest.events)
            self._bytes -= oldest.bytes

    def after(self, seq: int, most: int) -> list[EventRow]:
        """The events that follow a seq which is not before the ring."""
        found: list[EventRow] = []
        if seq >= self.last:
            return found
        runs = self._runs
        for at in range(max(bisect_right(runs, seq + 1, key=_FIRST) - 1, 0), len(runs)):
            run = runs[at]
            start = max(seq + 1 - run.first, 0)
            found += [
                EventRow(number, fact.type, fact.entity, fact.actor, fact.at, fact.data)
                for _, number, fact in run.events[start : start + most - len(found)]
            ]
            if len(found) >= most:
                break
        return found
