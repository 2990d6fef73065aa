"""The one WebSocket to the hub: opened outwards, reopened with growing, random delays.

Bytes only: what they mean is the session's business. Queues are bounded by what the session
sends: one report a slot, a window of logs, a few small frames.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol
from urllib.parse import urlsplit

from loguru import logger
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from schemas.scalars import MIB, CloseCode
from schemas.to_agent import Bye
from sidecar.exits import Exit, Leave

FRAME_BYTES: Final = 4 * MIB
"""The largest frame taken from the hub: an assignment with its payload and metadata."""
STEADY_SECONDS: Final = 60.0
"""A session this long makes the next delay short again."""
REFUSALS: Final = 3
"""How often the credential is refused on the upgrade before we give up."""
STALL_SECONDS: Final = 30.0
"""How long one frame may take to leave."""
_FATAL: Final = range(4500, 5000)
_REASONS: Final = {
    CloseCode.CREDENTIAL: (Exit.CREDENTIAL, "the hub does not take this token; join again"),
    CloseCode.SUPERSEDED: (Exit.SUPERSEDED, "another sidecar connected as this agent"),
    CloseCode.DISABLED: (Exit.REFUSED, "this agent is disabled at the hub"),
    CloseCode.VERSION: (Exit.REFUSED, "the hub speaks another version; update the sidecar"),
}


class Peer(Protocol):
    """Who is told about the connection. Called on the loop, never awaited."""

    def opened(self) -> None:
        """The connection stands."""

    def frame(self, data: bytes) -> None:
        """A frame came."""

    def closed(self) -> Bye | None:
        """The connection is gone. Returns the hub's last word, if there was one."""


def delay(failures: int, retry_after_ms: int | None) -> float:
    """Seconds until the next try after `failures` failed ones."""
    if retry_after_ms is not None:
        return random.uniform(1, 2) * retry_after_ms / 1000
    return random.uniform(0.5, min(30.0, 2.0 ** min(failures, 5)))


class Connection:
    """Keeps a connection to the hub at `url`."""

    def __init__(
        self,
        url: str,
        token: str,
        peer: Peer,
        pause: Callable[[int, int | None], float] = delay,
    ) -> None:
        """`pause` gives the seconds to wait from failures and the hub's wish."""
        scheme, rest = url.rstrip("/").split("://", 1)
        self._url = f"{'wss' if scheme == 'https' else 'ws'}://{rest}/ws"
        self._loopback = urlsplit(url).hostname in ("127.0.0.1", "::1", "localhost")
        self._headers = {"Authorization": f"Bearer {token}"}
        self._peer, self._pause = peer, pause
        if scheme == "http" and not self._loopback:
            logger.warning("the connection to {} is not encrypted", rest)
        self._socket: ClientConnection | None = None
        self._outbox: deque[bytes] = deque()
        self._filled = asyncio.Event()

    async def run(self) -> Leave:
        """Connect again and again; returns when there is no use in trying."""
        loop = asyncio.get_running_loop()
        failures = refusals = 0
        while True:
            began, wait = loop.time(), None
            try:
                socket = await self._open()
            except InvalidStatus as error:
                status = error.response.status_code
                refusals = refusals + 1 if status in (401, 403) else 0
                if refusals >= REFUSALS:
                    return Leave(*_REASONS[CloseCode.CREDENTIAL])
                wait = _retry_after(error.response.headers.get("Retry-After"))
                logger.warning("the hub answered {} to the upgrade", status)
            except (OSError, InvalidHandshake, ConnectionClosed, EOFError) as error:
                logger.warning("the hub cannot be reached: {}", error or type(error).__name__)
            else:
                refusals = 0
                leave, wait = await self._serve(socket)
                if leave is not None:
                    return leave
            failures = 0 if loop.time() - began >= STEADY_SECONDS else failures + 1
            await asyncio.sleep(self._pause(failures - 1 if failures else 0, wait))

    def send(self, frame: bytes) -> None:
        """Put a frame behind the others; without a connection it is dropped."""
        if self._socket is not None:
            self._outbox.append(frame)
            self._filled.set()

    def drop(self) -> None:
        """Cut the connection without farewell: the other end does not hear us anyway."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def _open(self) -> ClientConnection:
        return await connect(
            self._url,
            additional_headers=self._headers,
            compression=None,
            ping_interval=None,
            max_size=FRAME_BYTES,
            open_timeout=10,
            close_timeout=2,
            proxy=None if self._loopback else True,
        )

    async def _serve(self, socket: ClientConnection) -> tuple[Leave | None, int | None]:
        self._outbox.clear()
        self._socket = socket
        self._peer.opened()
        writer = asyncio.create_task(self._write(socket))
        try:
            while True:
                self._peer.frame(await socket.recv(decode=False))
        except ConnectionClosed:
            bye = self._peer.closed()
        finally:
            self._socket = None
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            await socket.close()
        return _meaning(socket.close_code or 1006, socket.close_reason or "", bye)

    async def _write(self, socket: ClientConnection) -> None:
        try:
            while True:
                while self._outbox:
                    async with asyncio.timeout(STALL_SECONDS):
                        await socket.send(self._outbox[0], text=True)
                    self._outbox.popleft()
                self._filled.clear()
                await self._filled.wait()
        except TimeoutError:
            logger.warning("the hub does not read; dropping the connection")
            socket.transport.abort()
        except ConnectionClosed:
            return


def _meaning(code: int, reason: str, bye: Bye | None) -> tuple[Leave | None, int | None]:
    code, reason = (bye.code, bye.reason) if bye is not None else (code, reason)
    logger.info("the connection closed: {} {}", code, reason)
    if code in _FATAL or (bye is not None and not bye.reconnect):
        known = _REASONS.get(CloseCode(code)) if code in list(CloseCode) else None
        end, text = known or (Exit.REFUSED, "the hub does not want this sidecar")
        return Leave(end, f"{text} ({code} {reason})"), None
    return None, bye.retry_after_ms if bye is not None else None


def _retry_after(header: str | None) -> int | None:
    return int(header) * 1000 if header is not None and header.isdecimal() else None
