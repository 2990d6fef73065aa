"""Server-sent events: one reader of the bus, written to one connection.

Each event goes out with its cursor as `id`, so a reader that was cut off names the last one
it saw and goes on without a gap. A stream without news sends a heartbeat that carries the
cursor too: a filtered stream gets on although nothing is for it.

A reader is never waited for. What it has not taken yet is at most one piece and what the
connection buffers; when it takes nothing for too long its connection is cut.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator
from typing import Final, Self

from loguru import logger
from msgspec import json
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from hub.core.cursor import Cursor
from hub.core.errors import Refused
from hub.services.bus import Bus, Subscription
from hub.services.envelopes import Envelopes, Event
from hub.services.ring import Wanted
from schemas.http.events import Heartbeat
from schemas.scalars import KIB

MEDIA_TYPE: Final = "text/event-stream"
RETRY_MS: Final = 2_000
"""How long a browser waits before it reconnects."""
PIECE_BYTES: Final = 64 * KIB
"""From this size on a piece is sent; what still fits into it is one event."""
EVENTS_A_TURN: Final = 128
"""How many events are made ready before others have their turn."""
_encode = json.Encoder().encode


class EventStream:
    """The text of one reader's stream, piece by piece, for as long as both sides want."""

    def __init__(
        self, bus: Bus, envelopes: Envelopes, reader: Subscription, seq: int, wanted: Wanted
    ) -> None:
        self._bus = bus
        self._envelopes = envelopes
        self._reader = reader
        self._org = reader.principal.org
        self._seq = seq
        self._wanted = wanted

    async def pieces(self, heartbeat_s: float) -> AsyncGenerator[bytes, None]:
        """Everything there is to send. Ends when the reader has to go."""
        now = asyncio.get_running_loop().time
        yield b"retry: %d\n\n%b" % (RETRY_MS, self._heartbeat())
        said = now()
        try:
            while not self._reader.over:
                events, at_end = await self._next()
                for piece in joined(self._bus.epoch, events):
                    yield piece
                    said = now()
                silent = now() - said
                if silent >= heartbeat_s:
                    yield self._heartbeat()
                    said = now()
                elif at_end:
                    await self._reader.news(self._seq, heartbeat_s - silent)
                # A connection that takes everything at once would never let others have a turn.
                await asyncio.sleep(0)
            yield self._heartbeat()
        except Refused as refused:
            # It was so slow that what comes next is not kept any more: it hears so when it
            # comes back.
            logger.bind(cursor=self._seq, code=refused.code).info("stream ends")
        finally:
            self._reader.close()

    async def _next(self) -> tuple[list[Event], bool]:
        page = await self._bus.read(self._org, self._seq, EVENTS_A_TURN, self._wanted)
        self._seq = page.reached
        return [self._envelopes.of(self._org, row) for row in page.rows], page.at_end

    def _heartbeat(self) -> bytes:
        cursor = str(Cursor(self._bus.epoch, self._seq))
        data = _encode(Heartbeat(cursor))
        return b": still here\nid: %b\nevent: heartbeat\ndata: %b\n\n" % (cursor.encode(), data)


def joined(epoch: int, events: Iterable[Event]) -> Iterator[bytes]:
    """Events as text, several in a piece."""
    parts: list[bytes] = []
    size = 0
    for event in events:
        part = b"id: %d:%d\nevent: %b\ndata: %b\n\n" % (
            epoch,
            event.seq,
            event.name.encode(),
            event.json,
        )
        parts.append(part)
        size += len(part)
        if size >= PIECE_BYTES:
            yield b"".join(parts)
            parts, size = [], 0
    if parts:
        yield b"".join(parts)


class Patience:
    """Hands pieces on, and cuts the connection when one is not taken in time."""

    def __init__(
        self, pieces: AsyncGenerator[bytes, None], cut: Callable[[], None], seconds: float
    ) -> None:
        self._pieces = pieces
        self._cut = cut
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None

    def __aiter__(self) -> Self:
        """It is its own iterator."""
        return self

    async def __anext__(self) -> bytes:
        """The next piece: the one before was taken."""
        self._disarm()
        piece = await anext(self._pieces)
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._lose)
        return piece

    def _lose(self) -> None:
        self._timer = None
        logger.bind(seconds=self._seconds).info("reader of events cut off: it took nothing")
        self._cut()

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def aclose(self) -> None:
        """The connection is gone. Idempotent."""
        self._disarm()
        await self._pieces.aclose()


class StreamResponse(StreamingResponse):
    """An answer without an end, which lets go of its source as soon as the client is gone."""

    def __init__(
        self, pieces: AsyncIterator[bytes], status: int, headers: dict[str, str], media_type: str
    ) -> None:
        super().__init__(pieces, status, headers, media_type)
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, until either side has enough."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            if isinstance(self._pieces, Patience):
                await self._pieces.aclose()
