"""One connection of a test to the hub: what it heard stays until a test takes it.

What is said over it, and by whom, is for `wire.py` (agents and submitters) and `page.py`.
"""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.transport.ranch import PATIENCE

M = TypeVar("M")


async def dial(url: str, headers: Mapping[str, str]) -> ClientConnection:
    """A socket that says nothing by itself, and takes frames of any size."""
    return await connect(
        url,
        additional_headers=headers,
        compression=None,
        ping_interval=None,
        max_size=None,
        close_timeout=1,
        proxy=None,
    )


class Line(ABC, Generic[M]):
    """Listens from the first frame to the end of the connection."""

    def __init__(self, socket: ClientConnection) -> None:
        """Listen from now on."""
        self.socket = socket
        self.frames: list[M] = []
        self.news = asyncio.Condition()
        """Notified when a frame came or the connection ended."""
        self.closed = False
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        try:
            async for data in self.socket:
                frame = self.decode(data)
                async with self.news:
                    self.frames.append(frame)
                    self.news.notify_all()
                await self.respond(frame)
        except ConnectionClosed:
            pass
        async with self.news:
            self.closed = True
            self.news.notify_all()

    @abstractmethod
    def decode(self, data: str | bytes) -> M:
        """What a frame says."""

    async def respond(self, frame: M) -> None:
        """Answer by itself what no test should have to."""

    async def say(self, kind: str, **fields: Any) -> None:
        """Send a message."""
        await self.socket.send(json.dumps({"type": kind, **fields}))

    async def find(self, wanted: Callable[[M], bool], name: str, patience: float = PATIENCE) -> int:
        """Wait for a frame of which this is true; the place of the first."""
        async with asyncio.timeout(patience), self.news:
            while True:
                for place, frame in enumerate(self.frames):
                    if wanted(frame):
                        return place
                assert not self.closed, f"closed without {name}: {self.frames}"
                await self.news.wait()

    async def ended(self) -> int:
        """Wait until the hub closes the connection; the close code."""
        async with asyncio.timeout(PATIENCE):
            await self._listening
        assert self.socket.close_code is not None
        return self.socket.close_code

    async def close(self) -> None:
        """End it."""
        if not self.closed:
            await self.socket.close()
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)
