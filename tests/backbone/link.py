"""The socket of an old client: opening, pinging, losing and opening again, for ever."""

import asyncio
import contextlib
import json
import time
from typing import Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.protocol import State

from tests.backbone.script import Frame, Pace


class _Once(connect):
    """An opening that follows no redirect."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Every answer but 101 is a failed opening."""
        return exc


def _text(frame: Frame) -> str:
    """A frame as the old client writes it: escapes stand only where there is no other way."""
    text = json.dumps(frame, separators=(",", ":"), ensure_ascii=False)
    return text if _is_clean(text) else json.dumps(frame)


def _is_clean(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class Owner(Protocol):
    """Who is told what happens on the link."""

    def opened(self) -> None:
        """A connection is open."""

    def heard(self, data: str | bytes) -> None:
        """A frame came."""

    def closed(self) -> None:
        """The connection ended."""

    def note(self, text: str) -> None:
        """A line for the log."""


class Link:
    """At most one open connection; what is sent while there is none is lost."""

    def __init__(self, url: str, pace: Pace, owner: Owner) -> None:
        """Nothing is opened before `run`."""
        self.url = url
        self.pace = pace
        self.owner = owner
        self.tries: list[float] = []
        """When each opening was tried, on the clock of `time.monotonic`."""
        self._outbox: asyncio.Queue[str] | None = None
        self._socket: ClientConnection | None = None
        self._leaving = False
        self._pong = asyncio.Event()
        self._awake = asyncio.Event()
        self._awake.set()

    @property
    def is_open(self) -> bool:
        """Whether there is a connection as far as the client has noticed."""
        return self._outbox is not None

    @property
    def is_deaf(self) -> bool:
        """Whether the process is blocked."""
        return not self._awake.is_set()

    async def awake(self) -> None:
        """Wait while the process is blocked."""
        await self._awake.wait()

    async def run(self) -> None:
        """Connect again and again; ends by cancellation or after a farewell."""
        delay = self.pace.backoff_first
        while True:
            self.tries.append(time.monotonic())
            try:
                socket = await self._open()
            except (OSError, EOFError, TimeoutError, InvalidHandshake) as error:
                self.owner.note(f"not open: {error}")
                await asyncio.sleep(delay)
                delay = min(2 * delay, self.pace.backoff_most)
                continue
            delay = self.pace.backoff_first
            await self._serve(socket)
            if self._leaving:
                return
            await asyncio.sleep(self.pace.reconnect_after)

    def _open(self) -> _Once:
        return _Once(
            self.url,
            compression="deflate",
            user_agent_header=None,
            proxy=None,
            open_timeout=self.pace.open_within,
            ping_interval=None,
            close_timeout=1,
            max_size=None,
            max_queue=None,
        )

    async def _serve(self, socket: ClientConnection) -> None:
        self._socket, self._outbox = socket, asyncio.Queue()
        works = [
            asyncio.create_task(work)
            for work in (self._write(socket, self._outbox), self._ping(socket), self._begin())
        ]
        try:
            async for data in socket:
                await self._awake.wait()
                self.owner.heard(data)
        except ConnectionClosed as error:
            self.owner.note(f"cut: {error}")
        finally:
            self._socket = self._outbox = None
            for work in works:
                work.cancel()
            await asyncio.gather(*works, return_exceptions=True)
            if socket.state is not State.CLOSED:
                socket.transport.abort()
            self.owner.closed()
        self.owner.note(f"closed {socket.close_code}")

    async def _begin(self) -> None:
        await asyncio.sleep(self.pace.identify_after)
        self.owner.opened()

    async def _write(self, socket: ClientConnection, outbox: "asyncio.Queue[str]") -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await socket.send(await outbox.get())
                outbox.task_done()

    async def _ping(self, socket: ClientConnection) -> None:
        due = time.monotonic() + self.pace.ping_every
        while True:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await self._awake.wait()
            due = time.monotonic() + self.pace.ping_every
            self._pong.clear()
            self.send({"type": "ping", "protocol_version": 1})
            try:
                async with asyncio.timeout(self.pace.pong_within):
                    await self._pong.wait()
            except TimeoutError:
                await self._awake.wait()
                self.owner.note("no pong")
                socket.transport.abort()
                return

    def ponged(self) -> None:
        """The ping was answered."""
        self._pong.set()

    def send(self, frame: Frame) -> bool:
        """Send a frame once; False: there is no connection and the frame is lost."""
        if self._outbox is None:
            return False
        self._outbox.put_nowait(_text(frame))
        return True

    async def block(self, seconds: float) -> None:
        """Be deaf: read nothing and answer nothing, WebSocket pings included."""
        socket = self._socket
        if socket is not None:
            socket.transport.pause_reading()
        self._awake.clear()
        try:
            await asyncio.sleep(seconds)
        finally:
            self._awake.set()
            if socket is not None and not socket.transport.is_closing():
                socket.transport.resume_reading()

    async def bid_farewell(self) -> None:
        """Send what was said, then a close frame with code 1000."""
        socket, outbox, self._leaving = self._socket, self._outbox, True
        if socket is not None and outbox is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await outbox.join()
            await socket.close(1000)

    def cut(self) -> None:
        """End the connection without a word, as a dying process does."""
        if self._socket is not None:
            self._socket.transport.abort()
