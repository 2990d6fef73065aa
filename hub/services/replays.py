"""Idempotent writes: the answer of the first is kept, and given to every repetition.

The answer is part of the unit that holds the write's effects, so after a crash there are both
or none. A place is the org, the principal, the route and the key; under it lies one write,
known by its fingerprint, for 24 hours. What was refused is not kept: its key is free again.
"""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from msgspec import Struct

from hub.core.clock import Instant
from hub.core.errors import Refused
from hub.core.replays import Replay, mark_of
from hub.services.clock import Clock
from hub.services.loader import Loader
from hub.store.contract import REPLAYS_PRUNED, REPLAYS_RECOVERED, JournalPort, ReplayMark, Unit
from schemas.scalars import DAY_MS, ErrorCode

KEPT_MS: Final = DAY_MS
"""How long an answer is kept."""
KEPT_BYTES: Final = 64 * 1024
"""A larger answer is not kept, but rendered again from the ids it was about."""
RETRY_MS: Final = 1_000
"""When to ask again for a write that is being carried out."""


class Place(Struct, frozen=True):
    """Where an answer is kept."""

    org: str
    principal: str
    route: str
    key: str

    @property
    def mark(self) -> int:
        """The place as one small number."""
        return mark_of(self.org, self.principal, self.route, self.key)


class Replays:
    """The kept answers. What is not in memory as a mark needs no look into the database."""

    def __init__(
        self, journal: JournalPort, clock: Clock, loader: Loader, known: Iterable[ReplayMark]
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._loader = loader
        self._marks = {each.mark: each.created_at for each in known}
        """When each answer was given, oldest first."""
        self._is_complete = len(self._marks) < REPLAYS_RECOVERED
        """No answer is kept that has no mark."""
        self._running: set[int] = set()
        self.given = 0
        """Answers given again since the start."""
        self.kept = 0
        """Answers kept since the start."""

    def __len__(self) -> int:
        return len(self._marks)

    def enter(self, place: Place) -> bool:
        """Begin a write under a key; returns whether there may be an earlier one: see `find`.

        Raises Refused `in_progress`.
        """
        mark = place.mark
        if mark in self._running:
            raise Refused(
                ErrorCode.IN_PROGRESS,
                "the same write is being carried out",
                retryable=True,
                retry_after_ms=RETRY_MS,
            )
        self._running.add(mark)
        return mark in self._marks or not self._is_complete

    async def find(self, place: Place, fingerprint: bytes) -> Replay | None:
        """The answer of an earlier write, if one is kept.

        Raises Refused `key_reused` when it was another write.
        """
        found = await self._loader.read(
            lambda reader: reader.replay(place.org, place.principal, place.route, place.key)
        )
        if found is None or found.created_at + KEPT_MS <= self._clock.now().wall:
            return None
        if found.fingerprint != fingerprint:
            raise Refused(
                ErrorCode.KEY_REUSED, "this idempotency key was used for another request before"
            )
        self.given += 1
        return found

    def keep(
        self,
        place: Place,
        fingerprint: bytes,
        status: int,
        body: bytes | None,
        entities: tuple[str, ...],
    ) -> None:
        """Keep the answer of a write, in the turn in which it was decided."""
        wall = self._clock.now().wall
        kept = body if body is not None and len(body) <= KEPT_BYTES else None
        replay = Replay(
            place.org,
            place.principal,
            place.route,
            place.key,
            fingerprint,
            status,
            kept,
            entities,
            wall,
        )
        self._journal.write(Unit(place.org, replays=[replay], joins=True))
        self.kept += 1
        self._marks.pop(place.mark, None)
        self._marks[place.mark] = wall
        if len(self._marks) > REPLAYS_RECOVERED:
            del self._marks[next(iter(self._marks))]
            self._is_complete = False

    def leave(self, place: Place) -> None:
        """The write is over, or was refused: once what it decided is durable."""
        self._journal.promise(self._running.discard, place.mark)

    def prune(self, now: Instant) -> None:
        """Forget some of the answers that were kept long enough."""
        limit = now.wall - KEPT_MS
        old = [mark for mark, at in islice(self._marks.items(), REPLAYS_PRUNED) if at < limit]
        if old:
            for mark in old:
                del self._marks[mark]
            self._journal.write(Unit("", old_replays=limit))
