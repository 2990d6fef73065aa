"""A bus over a real journal and a real database, small enough to fall out of its ring."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from hub.core.credentials import Principal
from hub.core.facts import Fact
from hub.services.bus import Bus, Subscription
from hub.services.loader import Loader
from hub.services.metrics import Metrics
from hub.services.ring import EVERYTHING, Wanted
from hub.store.batcher import Batcher
from hub.store.contract import Batch, EventRow, StoreError, Unit
from hub.store.journal import Journal
from hub.store.sqlite import SqliteStore
from schemas.events import EventType
from schemas.scalars import Role
from tests.store.records import open_sqlite

READER = Principal("viewer", Role.VIEWER, "main")


def fact(number: int, kind: EventType = EventType.AGENT_ONLINE, entity: str = "agent-1") -> Fact:
    """Something that happened, told apart by its number."""
    return Fact(kind, entity, 0, f"actor-{number % 3}", number, b'{"session":%d}' % number)


class Newsroom:
    """Everything between a decision and its readers."""

    def __init__(self, store: SqliteStore, ring_events: int, readers: int) -> None:
        past = store.recover()
        self.store = store
        self.metrics = Metrics(time.monotonic)
        self.loader = Loader(store, self._died)
        self.journal = Journal(
            store, Batcher(past.event_seq), lambda: 1, self.metrics, self._broken
        )
        self.bus = Bus(self.loader, self.metrics, 1, past.event_seq, readers, ring_events)
        self.journal.published = self.bus.publish
        self.cut = asyncio.Event()
        """Set when the connection of a reader is broken."""

    @staticmethod
    def _died(_name: str, error: BaseException) -> None:
        raise error

    @staticmethod
    def _broken(_batch: Batch, error: StoreError) -> None:
        raise error

    def say(self, facts: Sequence[Fact], org: str = "main") -> None:
        """Decide something; it is durable soon."""
        self.journal.write(Unit(org, facts=facts))

    async def tell(self, count: int, org: str = "main") -> None:
        """So many events happen and are durable."""
        first = self.bus.end_of(org).seq + 1
        self.say([fact(number) for number in range(first, first + count)], org)
        await self.journal.settled()

    def join(self, principal: Principal = READER) -> Subscription:
        """Somebody reads along."""
        return self.bus.subscribe(principal, self.cut.set)

    async def all_after(
        self, seq: int, limit: int, wanted: Wanted = EVERYTHING
    ) -> tuple[list[EventRow], int]:
        """Every page up to the end: the events, and how far they reach."""
        rows: list[EventRow] = []
        while True:
            page = await self.bus.read("main", seq, limit, wanted)
            assert len(page.rows) <= limit
            assert page.reached >= seq
            rows += page.rows
            seq = page.reached
            if page.at_end:
                return rows, seq


@asynccontextmanager
async def newsroom(
    folder: Path, ring_events: int = 20, readers: int = 3
) -> AsyncIterator[Newsroom]:
    """Open one in this folder."""
    store = open_sqlite(folder)
    room = Newsroom(store, ring_events, readers)
    try:
        yield room
    finally:
        await room.journal.close()
        await asyncio.to_thread(room.loader.close)
        store.close()
