"""The dashboard's socket: bytes to `services/follower` and back, with no rule of its own.

Like the agents' socket it does not travel through ASGI: there every batch would cost each page
a task that waits for a queue, and what a page has not read could not be seen. Which of the two
speaks on a connection is chosen by the path, in `guard.py`.
"""

import socket
from http import HTTPStatus
from typing import Any, Final

import msgspec
from loguru import logger
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState, PayloadTooBig
from websockets.frames import Frame
from websockets.http11 import Request

from hub.core.bucket import Bucket
from hub.core.errors import Refused
from hub.core.session import Close
from hub.services.bundle import Services
from hub.services.follower import Follower
from hub.services.picture import encode
from hub.transport.handshake import refuse_broken
from hub.transport.outbox import text_header
from hub.transport.page_handshake import answer, since_of
from hub.transport.unread import UNREAD
from hub.transport.visitors import Door
from schemas.dashboard import Ended, FromPage
from schemas.scalars import KIB, MIB, CloseCode

FRAME_BYTES: Final = 4 * KIB
"""A page says little."""
FRAMES_A_MINUTE: Final = 60
FRAMES_AT_ONCE: Final = 60
"""Of every kind, also pings and parts of a message."""
UNSENT_BYTES: Final = 1 * MIB
"""A page with so much unread is too slow: the rest is dropped..."""
READ_AGAIN_BYTES: Final = 64 * KIB
"""...until no more than this is left."""
KERNEL_BYTES: Final = 128 * KIB
"""What the system may hold besides: by itself it would hold megabytes of what is old by then."""
FAREWELL_SECONDS: Final = 2.0
"""How long a page has to answer a close before the connection is cut."""
_decode = msgspec.json.Decoder(FromPage).decode


class PageSocket(WebSocketsSansIOProtocol):
    """One connection of a page."""

    services: Services
    door: Door

    def connection_made(self, transport: Any) -> None:
        """Keep the connection; who it is shows with its request."""
        super().connection_made(transport)
        self.queue = self.writable = UNREAD  # type: ignore[assignment]
        self.conn.max_message_size = FRAME_BYTES
        transport.set_write_buffer_limits(UNSENT_BYTES, READ_AGAIN_BYTES)
        kernel = transport.get_extra_info("socket")
        kernel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
        self._follower: Follower | None = None
        self._closing = False
        self._bucket = Bucket(FRAMES_A_MINUTE, FRAMES_AT_ONCE, self.services.clock.hub())

    # From the page

    def data_received(self, data: bytes) -> None:
        """Parse what came and handle its frames."""
        try:
            super().data_received(data)
            refuse_broken(self.conn, self.transport)
        except Exception:  # noqa: BLE001 - the socket edge: only this connection ends
            logger.exception("page failed")
            self.transport.abort()

    def handle_connect(self, event: Request) -> None:
        """See who it is, and let the page follow."""
        opening = answer(self, event)
        self.handshake_initiated = self.handshake_complete = True
        self.conn.send_response(opening.response)
        self._write()
        if opening.response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            self._closing = self.close_sent = True
            self.transport.close()
        elif opening.principal is None:
            self.deliver(encode(Ended(opening.reason)))
            self.close(Close(CloseCode.CREDENTIAL, opening.reason, reconnect=False))
        else:
            try:
                self._follower = self.services.live.join(opening.principal, self, since_of(event))
            except Refused as refused:
                self.close(Close(CloseCode.RATE_LIMITED, refused.message, reconnect=True))

    def handle_text(self, event: Frame) -> None:
        """A message, or the first part of one."""
        self.frames = [bytes(event.data)]
        self._part(event)

    def handle_cont(self, event: Frame) -> None:
        """Another part."""
        self.frames.append(bytes(event.data))
        self._part(event)

    def handle_bytes(self, event: Frame) -> None:
        """Pages speak text."""
        self.close(Close(CloseCode.NOT_TEXT, "frames are text", reconnect=False))

    def handle_ping(self) -> None:
        """The library has its answer ready."""
        if self._may_speak():
            self._write()

    def _part(self, event: Frame) -> None:
        if self._may_speak() and event.fin:
            self._take(b"".join(self.frames))

    def _may_speak(self) -> bool:
        if self._closing:
            return False
        if self._bucket.take(1, self.services.clock.hub()):
            self.close(Close(CloseCode.RATE_LIMITED, "a page says little", reconnect=True))
        return not self._closing

    def _take(self, data: bytes) -> None:
        try:
            message = _decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            text = "this is nothing that a page says"
            self.close(Close(CloseCode.PROTOCOL, text, reconnect=False))
            return
        if self._follower is not None:
            self._follower.hears(message, self.services.clock.now())

    def handle_close(self, event: Frame) -> None:
        """The page goes, or has heard that it has to."""
        self._leave()
        self._write()
        self.transport.close()

    def handle_parser_exception(self) -> None:
        """The page broke the WebSocket protocol; the library has its close frame ready."""
        too_large = isinstance(self.conn.parser_exc, PayloadTooBig)
        logger.bind(too_large=too_large).warning("a page broke the protocol")
        self._leave()
        self._write()
        if self.transport.can_write_eof() and not self.transport.is_closing():
            self.transport.write_eof()
        self._cut_later()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        super().connection_lost(exc)
        self._leave()

    def _leave(self) -> None:
        self._closing = True
        if self._follower is not None:
            self.services.live.leave(self._follower)

    # To the page

    @property
    def unsent(self) -> int:
        """Bytes that wait until the page reads."""
        return 0 if self.transport.is_closing() else self.transport.get_write_buffer_size()

    def deliver(self, text: bytes) -> None:
        """Send a text; without effect once the connection closes."""
        if not (self._closing or self.transport.is_closing()):
            self.transport.writelines((text_header(len(text)), text))

    def close(self, close: Close) -> None:
        """Close, and cut the connection when the page does not answer."""
        if self._closing:
            return
        self._leave()
        logger.bind(code=int(close.code)).info(close.reason)
        try:
            self.conn.send_close(int(close.code), close.reason)
        except InvalidState:
            self.transport.abort()
            return
        self.close_sent = True
        self._write()
        self._cut_later()

    def cut(self) -> None:
        """End the connection without a word."""
        self._leave()
        self.transport.abort()

    def _write(self) -> None:
        """Write what the library has to say; nothing on a dead connection."""
        data = b"".join(self.conn.data_to_send())
        if data and not self.transport.is_closing():
            self.transport.write(data)

    def _cut_later(self) -> None:
        if self.close_timer is None:
            self.close_timer = self.loop.call_later(FAREWELL_SECONDS, self.transport.abort)

    def pause_writing(self) -> None:
        """The page does not read."""
        super().pause_writing()
        if self._follower is not None and not self._closing:
            self._follower.clog(self.services.clock.now())

    def resume_writing(self) -> None:
        """It has read again."""
        super().resume_writing()
        if self._follower is not None and not self._closing:
            self._follower.unclog()

    def shutdown(self) -> None:
        """The hub stops."""
        self.close(Close(CloseCode.STOPPING, "the hub is stopping", reconnect=True))


def page_socket_class(services: Services, door: Door) -> type[PageSocket]:
    """The protocol class for one hub."""
    return type("BoundPageSocket", (PageSocket,), {"services": services, "door": door})
