"""The guard: closes gaps of uvicorn's HTTP protocol in front of everything else.

Whatever breaks while a request is parsed ends that connection only, never the hub. A request
has a bound in bytes, in headers and in time until it is complete; how long its answer takes
is not bounded here. A request that was not meant for this hub gets a refusal and goes no
further.

A client may send its first frames in the same packet as the upgrade request. uvicorn hands
over the request only; without this the frames after it would be lost, and the client would
wait for an answer that never comes.
"""

import asyncio
import secrets
import sys
from collections.abc import Mapping
from enum import Enum, auto
from http import HTTPStatus
from typing import Any, Final

import msgspec
from loguru import logger
from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from hub.core.ids import request_id
from hub.transport.visitors import Door, NotLetIn, connection_of, visitor
from schemas.http.hub import ErrorBody, Problem
from schemas.scalars import KIB, ErrorCode

FULL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n"
    b"Connection: close\r\nContent-Length: 0\r\n\r\n"
)

TRANSPORT: Final = "transport"
"""The name under which a request's state has its connection."""


class Part(Enum):
    """Which part of a request has to come next."""

    NONE = auto()
    """The last request is complete, and the next has not begun."""
    HEAD = auto()
    BODY = auto()


class Guard(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, with bounds, and with nothing lost at an upgrade."""

    door = Door()
    sockets: Mapping[str, type[asyncio.Protocol]] = {}
    """What speaks on a connection that becomes a socket, by path; on all others uvicorn's."""
    most_connections = 1_000_000
    """How many connections of any kind there may be; a hub sets what its system bears."""
    head_bytes = 64 * KIB
    """The most bytes of a request's head."""
    head_fields = 100
    """The most headers of a request."""
    head_seconds = 10.0
    """From connecting, or a request's first byte, to the end of its head."""
    body_seconds = 30.0
    """From the end of a request's head to the end of its body."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._packet = b""
        self._part = Part.NONE
        self._begun = 0
        """How many requests have begun on this connection."""
        self._head = 0
        """Bytes of the unfinished head."""
        self._fields = 0
        """Bytes of the headers of this head that are complete."""
        self._too_large = False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Give the client its time for the first head."""
        super().connection_made(transport)
        self._connection = connection_of(transport)
        if len(self.connections) > self.most_connections:
            transport.write(FULL)
            transport.close()
            return
        self._arm(self.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more will come."""
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came; remember it for the case that it holds an upgrade."""
        self._packet = data
        in_head_of = self._begun if self._part is Part.HEAD else None
        try:
            super().data_received(data)
        except Exception:  # noqa: BLE001 - the HTTP edge: only this connection ends
            logger.exception("request broke the parser")
            self.transport.abort()
        self._packet = b""
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return
        if self._part is Part.HEAD and self._begun == in_head_of:
            self._count_unfinished(len(data))
        elif self._part is Part.NONE and self._timer is None and not self._answering:
            # Line ends between requests: uvicorn has just taken its own timer back.
            self._arm(self.head_seconds)

    def _count_unfinished(self, size: int) -> None:
        """A whole packet was of this head; the parser tells of a header only once it ends."""
        self._head += size
        if self._head > self.head_bytes:
            self._end(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    # What the parser tells

    def on_message_begin(self) -> None:
        """A request begins: its head has to come in time."""
        super().on_message_begin()
        self.scope["state"][TRANSPORT] = self.transport
        self._part = Part.HEAD
        self._begun += 1
        self._head = self._fields = 0
        self._arm(self.head_seconds)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header. Raises ValueError, which ends the parsing, when there are too many."""
        super().on_header(name, value)
        self._fields += len(name) + len(value)
        if len(self.headers) > self.head_fields or self._fields > self.head_bytes:
            self._too_large = True
            raise ValueError("too many headers, or too long ones")

    def on_headers_complete(self) -> None:
        """The head is complete: it shows who calls, and the body has to come in time."""
        self._part = Part.BODY
        self._arm(self.body_seconds)
        self._look_at_caller()
        super().on_headers_complete()

    def _look_at_caller(self) -> None:
        method = self.parser.get_method().decode("ascii")
        caller = visitor(self.door, self._connection, method, self.headers)
        self.scope["client"] = (caller.address, self.client[1] if self.client else 0)
        self.scope["scheme"] = caller.scheme
        self.scope["server"] = (self._connection.local, caller.port)
        self.app = self.config.loaded_app
        if caller.refusal is not None:
            bound = logger.bind(client=caller.address, status=int(caller.refusal.status))
            bound.warning(caller.refusal.message)
            self.app = turned_away(caller.refusal)

    def on_message_complete(self) -> None:
        """The request is complete: its answer may take as long as it wants."""
        self._part = Part.NONE
        self._disarm()
        super().on_message_complete()

    # The end of a connection

    @property
    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _arm(self, seconds: float) -> None:
        self._disarm()
        self._timer = self.loop.call_later(seconds, self._too_late, seconds)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_late(self, seconds: float) -> None:
        self._timer = None
        if self._answering and (self._part is Part.HEAD or self.pipeline):
            # The answer before this request is not over, and has all the time it wants.
            self._arm(seconds)
        elif not self.transport.is_closing():
            self._end(HTTPStatus.REQUEST_TIMEOUT)

    def _end(self, status: HTTPStatus) -> None:
        """Say why, where no other answer is under way or was given, and close."""
        self._disarm()
        client = self.client[0] if self.client else None
        logger.bind(status=int(status), client=client).warning("request cut off")
        if self._answering and (self._part is not Part.BODY or self.cycle.response_started):
            self.transport.abort()
            return
        if self._part is not Part.BODY or self._answering:
            line = f"HTTP/1.1 {int(status)} {status.phrase}\r\n"
            self.transport.write(f"{line}Connection: close\r\nContent-Length: 0\r\n\r\n".encode())
        self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser did not take, unless another answer is under way."""
        if self._too_large:
            self._end(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self._answering and (self._part is not Part.BODY or self.cycle.response_started):
            self.transport.abort()
        else:
            super().send_400_response(msg)

    def shutdown(self) -> None:
        """The hub stops: a request that is not complete is not waited for."""
        if self._answering and self._part is Part.BODY and not self.pipeline:
            self._end(HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            super().shutdown()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over, with whatever came behind the request.

        The parser raises when it finds an upgrade, and its exception says how far it read.
        """
        self._disarm()
        path = self.url.partition(b"?")[0].decode("latin-1")
        self.ws_protocol_class = self.sockets.get(path, self.ws_protocol_class)
        upgrade = sys.exception()
        super().handle_websocket_upgrade()
        end = upgrade.args[0] if upgrade is not None and upgrade.args else None
        rest = self._packet[end:] if isinstance(end, int) else b""
        successor = self.transport.get_protocol()
        if rest and isinstance(successor, asyncio.Protocol):
            successor.data_received(rest)


def turned_away(refusal: NotLetIn) -> Response:
    """The answer to a request that was not meant for this hub."""
    forbidden = refusal.status is HTTPStatus.FORBIDDEN
    code = ErrorCode.FORBIDDEN if forbidden else ErrorCode.INVALID_HEADER
    body = ErrorBody(Problem(code, refusal.message), request_id(secrets.randbits(64)))
    text = msgspec.json.encode(body)
    kept = {"Cache-Control": "no-store"}
    return Response(text, int(refusal.status), kept, media_type="application/json")
