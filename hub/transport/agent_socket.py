"""The agent socket: bytes to `core.session` and back, with no rule of its own.

`/ws` does not travel through ASGI. uvicorn takes any protocol class for WebSockets; this one
is derived from its sans-I/O class, gives every frame to the session in the same call, and
writes once per loop turn. The dashboard's socket is another class: see `page_socket.py`.
"""

import asyncio
from collections import deque
from http import HTTPStatus
from typing import Any, Final

from loguru import logger
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState, PayloadTooBig
from websockets.frames import Frame, Opcode
from websockets.http11 import Request

from hub.core.credentials import Principal
from hub.core.dialect import Dialect
from hub.core.old_terms import OLD_TERMS
from hub.core.session import Close, Phase, Refusal, Session
from hub.services.bundle import Services
from hub.services.peers import frame_of
from hub.services.turnstile import Turnstile
from hub.transport import commands, old_commands, replies
from hub.transport.framing import whole_texts
from hub.transport.handshake import answer, refuse_broken
from hub.transport.outbox import MOST, Flusher, Outbox
from hub.transport.unread import UNREAD
from hub.transport.visitors import Door
from schemas.scalars import OLD_FRAME_BYTES, CloseCode
from schemas.to_agent import Bye

TEXT: Final = Opcode.TEXT
CLOSE: Final = Opcode.CLOSE
FRAMES_A_TURN: Final = 64
"""How many frames of one peer are handled before others have their turn."""
PINGS: Final = 20
"""WebSocket pings answered in ten seconds; our own heartbeat is a message."""
FRAGMENTS: Final = 256
"""The most fragments of one message: empty ones cost no bytes, but memory."""
FAREWELL_SECONDS: Final = 2.0
"""How long a peer has to answer a close before the connection is cut."""


class AgentSocket(WebSocketsSansIOProtocol):
    """One connection of an agent or submitter."""

    services: Services
    flusher: Flusher
    door: Door
    turnstile: Turnstile
    ours = False
    """Whether this connection is an agent's or submitter's."""

    def connection_made(self, transport: Any) -> None:
        """Keep the connection; whether it is ours shows with its request."""
        super().connection_made(transport)
        self.session = Session(self.services.clock.hub())
        self.dialect: Dialect | None = None
        self.watched: set[str] = set()
        self.address = ""
        self.credential: Principal | None = None
        self._inbox: deque[bytes | Frame] = deque()
        """What came and was not handled yet: whole texts, and frames of any other kind."""
        self._fragments: list[bytes] = []
        self._pings: deque[float] | None = None
        self._closing = False
        self._broken = False
        self._stalled_since = 0.0
        self._taken = 0

    # From the peer

    def data_received(self, data: bytes) -> None:
        """Parse what came and handle its frames."""
        try:
            self._receive(data)
        except Exception:  # noqa: BLE001 - the socket edge: only this connection ends
            self._fall()

    def _fall(self) -> None:
        """Something broke that nobody foresaw: end this connection, and nothing else."""
        logger.bind(session=self.session.number).exception("connection failed")
        self.transport.abort()

    def _receive(self, data: bytes) -> None:
        if not self.ours:
            super().data_received(data)
            refuse_broken(self.conn, self.transport)
            return
        if self._broken:
            return
        if not self._closing:
            data = self._take_texts(data)
        if data:
            self.conn.receive_data(data)
            self._inbox.extend(self.conn.events_received())  # type: ignore[arg-type]
        if self.conn.parser_exc is not None:
            self._handle_some(len(self._inbox))
            self._parser_failed(self.conn.parser_exc)
        else:
            self._handle_inbox()

    def _take_texts(self, data: bytes) -> bytes:
        """Put the whole text frames that a packet begins with into the inbox; return the rest.

        Only where a frame begins, and outside of a message in fragments.
        """
        if self.conn.reader.buffer or self.conn.current_size is not None:
            return data
        texts, taken = whole_texts(data)
        self._inbox.extend(texts)
        return data[taken:]

    def handle_connect(self, event: Request) -> None:
        """Take `/ws` as ours, after a look at who calls; nothing else has a socket."""
        response = answer(self, event)
        self.handshake_initiated = self.handshake_complete = True
        self.conn.send_response(response)
        self.transport.write(b"".join(self.conn.data_to_send()))
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            self.close_sent = True
            self.transport.close()
            return
        self.ours = True
        self.queue = self.writable = UNREAD  # type: ignore[assignment]
        if self.credential is not None:
            self.session.trusted = True
            self.session.meter = self.services.limits.meter(self.credential)
        self._outbox = Outbox(self.flusher, self.transport)
        self.services.peers.enter(self)

    @property
    def is_known(self) -> bool:
        """Whether the credential was checked, of the handshake or of `identify`."""
        return self.credential is not None or self.session.phase in (Phase.JUDGING, Phase.OPEN)

    def _handle_inbox(self) -> None:
        self._handle_some(FRAMES_A_TURN)
        if self._inbox and not self.transport.is_closing():
            self.transport.pause_reading()
            self.loop.call_soon(self._go_on)

    def _handle_some(self, most: int) -> None:
        inbox = self._inbox
        now = self.services.clock.hub()
        while inbox and most > 0:
            most -= 1
            item = inbox.popleft()
            if isinstance(item, bytes):
                self._take(item, now)
            else:
                self._handle(item, now)
            if self._closing:
                answered = any(isinstance(each, Frame) and each.opcode is CLOSE for each in inbox)
                inbox.clear()
                if answered:
                    self._peer_closed()

    def _go_on(self) -> None:
        if self._closing:
            return
        try:
            self._handle_inbox()
        except Exception:  # noqa: BLE001 - as in `data_received`
            self._fall()
        if not self._inbox and not self._stalled_since and not self.transport.is_closing():
            self.transport.resume_reading()

    def _handle(self, frame: Frame, now: int) -> None:
        opcode = frame.opcode
        if opcode is TEXT and frame.fin:
            self._take(bytes(frame.data), now)
        elif opcode is TEXT or opcode is Opcode.CONT:
            self._fragments.append(bytes(frame.data))
            if len(self._fragments) > FRAGMENTS:
                text = f"a message has at most {FRAGMENTS} fragments"
                self.close(Close(CloseCode.TOO_LARGE, text, reconnect=False))
            elif frame.fin:
                whole, self._fragments = b"".join(self._fragments), []
                self._take(whole, now)
        elif opcode is Opcode.BINARY:
            self.close(Close(CloseCode.NOT_TEXT, "frames are text", reconnect=False))
        elif opcode is Opcode.PING:
            self._answer_ping()
        elif opcode is Opcode.CLOSE:
            self._peer_closed()

    def _take(self, data: bytes, now: int) -> None:
        if self._closing:
            return
        if self.dialect is not None:
            try:
                old_commands.take(self.services, self, self.dialect, data, now)
            except Exception:  # noqa: BLE001 - the socket edge: such a session never ends for it
                logger.bind(session=self.session.number).exception("old frame failed")
            return
        taken = self.session.receive(data, now)
        if isinstance(taken, Refusal):
            replies.refuse(self.services, self, taken, data)
            old_commands.refused_greeting(self, taken, data)
        elif isinstance(taken, Close):
            commands.cut(self.services, self, taken)
        else:
            try:
                commands.COMMANDS[type(taken)](self.services, self, taken)
            except Exception:  # noqa: BLE001 - the socket edge: answered, logged with its traceback
                replies.fail(self.services, self, taken)
        if self.session.warning is not None:
            replies.warn(self)

    def _answer_ping(self) -> None:
        now = self.loop.time()
        if self._pings is None:
            self._pings = deque(maxlen=PINGS)
        if len(self._pings) == PINGS and now - self._pings[0] < 10:
            self.transport.abort()
            return
        self._pings.append(now)
        self._write_all()

    def _peer_closed(self) -> None:
        self._closing = True
        commands.lost(self.services, self, "closed by the peer")
        self._write_all()
        self.transport.close()
        self._cut_later()

    def _parser_failed(self, error: Exception) -> None:
        """The peer broke the WebSocket protocol; the library has its close frame ready.

        What still comes is read and dropped: to close on unread data would reset the
        connection, and the peer would never see why.
        """
        logger.bind(error=str(error)).warning("protocol error")
        self._broken = True
        if not self._closing:
            too_large = isinstance(error, PayloadTooBig)
            code = CloseCode.TOO_LARGE if too_large else CloseCode.PROTOCOL
            self._outbox.put(frame_of(Bye(int(code), str(error), not too_large)))
            self._closing = True
            commands.lost(self.services, self, str(error))
        self._write_all()
        if self.transport.can_write_eof() and not self.transport.is_closing():
            self.transport.write_eof()
        self._cut_later()

    def _write_all(self) -> None:
        """Write our frames, then what the library has to say; nothing on a dead connection."""
        self._outbox.flush()
        data = b"".join(self.conn.data_to_send())
        if data and not self.transport.is_closing():
            self.transport.write(data)

    def _cut_later(self) -> None:
        """Cut the connection if it does not end by itself."""
        if self.close_timer is None:
            self.close_timer = self.loop.call_later(FAREWELL_SECONDS, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        super().connection_lost(exc)
        self._closing = True
        if self.ours:
            self.turnstile.leave(self, self.address)
            commands.lost(self.services, self)
            self.services.peers.gone(self)

    # To the peer

    def speak_old(self) -> None:
        """The peer speaks protocol 1 from here on."""
        self.dialect = Dialect()
        self.session.patience_ms = OLD_TERMS.silence_ms

    def take_large_frames(self) -> None:
        """The peer may send a whole result in one frame."""
        self.conn.max_message_size = OLD_FRAME_BYTES

    def fall_silent(self) -> None:
        """Leave the connection open, and take and answer nothing on it any more.

        Its place among the unknown ones is free; of silent ones there are only so many.
        """
        self.session.closed()
        self.session.patience_ms = OLD_TERMS.ignored_ms
        oldest = self.turnstile.hush(self, self.address)
        if oldest is not None:
            oldest.cut()

    def cut(self) -> None:
        """End the connection without a word."""
        self.transport.abort()

    def deliver(self, frame: bytes) -> None:
        """Send a frame at the end of the turn; without effect once the connection closes."""
        if self.dialect is None:
            self.deliver_as_is(frame)
        elif (said := self.dialect.say(frame)) is not None:
            self.deliver_as_is(said)

    def deliver_as_is(self, frame: bytes) -> None:
        """The same, as it stands."""
        if self._closing:
            return
        self._outbox.put(frame)
        if self._stalled_since and self._outbox.unread > MOST:
            self.close(
                Close(CloseCode.SLOW_CONSUMER, "too much is waiting to be read", reconnect=True)
            )

    def close(self, close: Close) -> None:
        """Say `bye`, close, and cut the connection when the peer does not answer."""
        if self._closing or not self.ours:
            return
        bye = Bye(int(close.code), close.reason, close.reconnect, close.retry_after_ms)
        self._outbox.put(frame_of(bye))
        self._closing = True
        commands.lost(self.services, self, close.reason)
        logger.bind(code=int(close.code), session=self.session.number).info(close.reason)
        try:
            self.conn.send_close(int(close.code), close.reason)
        except InvalidState:
            self.transport.abort()
            return
        self._write_all()
        if self._stalled_since:
            self.transport.abort()
        else:
            self._cut_later()
            self.close_sent = True

    def pause_writing(self) -> None:
        """The peer does not read: nothing more is read from it, and it gets no work."""
        super().pause_writing()
        if self.ours and not self._closing:
            self._stalled_since = self.loop.time()
            self._taken = self._outbox.written - self._outbox.unread
            self.transport.pause_reading()
            commands.clogged(self.services, self, clogged=True)

    def resume_writing(self) -> None:
        """The peer has read again."""
        super().resume_writing()
        if self.ours and not self._closing:
            self._stalled_since = 0.0
            self.session.heard_at = self.services.clock.hub()
            if not self._inbox:
                self.transport.resume_reading()
            commands.clogged(self.services, self, clogged=False)

    @property
    def clogged(self) -> bool:
        """Whether the peer does not read what it is sent."""
        return bool(self._stalled_since)

    @property
    def stalled_ms(self) -> int:
        """For how long the peer has taken nothing although something waits for it."""
        if not self._stalled_since:
            return 0
        taken = self._outbox.written - self._outbox.unread
        if taken > self._taken:
            self._taken = taken
            self._stalled_since = self.loop.time()
        return int((self.loop.time() - self._stalled_since) * 1000)

    def shutdown(self) -> None:
        """The hub stops."""
        if not self.ours:
            super().shutdown()
        else:
            self.close(Close(CloseCode.STOPPING, "the hub is stopping", reconnect=True))


def socket_class(
    services: Services,
    loop: asyncio.AbstractEventLoop,
    door: Door,
    turnstile: Turnstile,
) -> type[AgentSocket]:
    """The protocol class for one hub."""
    own = {"flusher": Flusher(loop), "door": door, "turnstile": turnstile}
    return type("BoundAgentSocket", (AgentSocket,), {"services": services, **own})
