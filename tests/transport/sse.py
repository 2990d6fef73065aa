"""A reader of server-sent events over a socket of its own, which a test may cut or hold back."""

import asyncio
import json
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode

from schemas.scalars import Role
from tests.transport.ranch import PATIENCE, Hub


class Sent(NamedTuple):
    """One event as it came: its cursor, its name, its data."""

    id: str
    event: str
    data: Any

    @property
    def seq(self) -> int:
        """Its place in the stream."""
        return int(self.id.partition(":")[2])


class Reader:
    """One connection to the stream of events."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold the connection; `begin` sends the request."""
        self._reader = reader
        self._writer = writer
        self._text = b""
        self.status = 0
        self.headers: dict[str, str] = {}

    @classmethod
    async def open(
        cls,
        hub: Hub,
        last: str | None = None,
        token: str | None = None,
        cookie: str | None = None,
        **query: str,
    ) -> Self:
        """Connect and read the head of the answer; `last` is the id a browser would send."""
        streams = await asyncio.open_connection("127.0.0.1", hub.port, limit=1 << 20)
        self = cls(*streams)
        path = "/api/v1/events/stream" + ("?" + urlencode(query) if query else "")
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{hub.port}"]
        bearer = f"Authorization: Bearer {token or hub.tokens[Role.VIEWER]}"
        lines.append(bearer if cookie is None else f"Cookie: {cookie}")
        if last is not None:
            lines.append(f"Last-Event-ID: {last}")
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        async with asyncio.timeout(PATIENCE):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        self.status = int(head[0].split()[1])
        self.headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:] if line)
        }
        return self

    async def block(self) -> bytes | None:
        """The next block of the stream; None at its end."""
        while b"\n\n" not in self._text:
            size = int((await self._reader.readuntil(b"\r\n")).strip(), 16)
            chunk = await self._reader.readexactly(size + 2)
            if size == 0:
                return None
            self._text += chunk[:-2]
        block, _, self._text = self._text.partition(b"\n\n")
        return block

    async def next(self) -> Sent | None:
        """The next event, heartbeats too; None at the end of the stream."""
        async with asyncio.timeout(PATIENCE):
            while (block := await self.block()) is not None:
                lines = [line.partition(": ") for line in block.decode().split("\n")]
                fields = {name: value for name, _, value in lines if name}
                if "data" in fields:
                    return Sent(fields["id"], fields["event"], json.loads(fields["data"]))
        return None

    async def happens(self) -> Sent:
        """The next event that is no heartbeat."""
        while True:
            sent = await self.next()
            assert sent is not None, "the stream ended"
            if sent.event != "heartbeat":
                return sent

    def hold_back(self) -> None:
        """Take nothing more from the connection."""
        transport = self._writer.transport
        assert isinstance(transport, asyncio.ReadTransport)
        transport.pause_reading()

    async def is_cut(self) -> bool:
        """Read what is left; whether the connection broke, in place of ending in order."""
        transport = self._writer.transport
        assert isinstance(transport, asyncio.ReadTransport)
        if not transport.is_reading():
            transport.resume_reading()
        try:
            async with asyncio.timeout(PATIENCE):
                while await self.next():
                    pass
        except (ConnectionError, asyncio.IncompleteReadError):
            return True
        return False

    def vanish(self) -> None:
        """Break the connection without a word."""
        self._writer.transport.abort()
