"""The handshake of the agent socket: who calls, with which credential, and is there a place.

What it shares with the dashboard's handshake stands here too.
"""

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from loguru import logger
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol

from hub.core.credentials import Principal
from hub.core.errors import Refused
from hub.core.limits import too_fast
from hub.services.bundle import Services
from hub.services.turnstile import AGAIN_SECONDS
from hub.transport.bearer import token_of
from hub.transport.visitors import Door, Visitor, connection_of, visitor
from schemas.scalars import Tier

if TYPE_CHECKING:
    from hub.transport.agent_socket import AgentSocket

PATH: Final = "/ws"
BAD_HANDSHAKE: Final = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
"""Written as it stands: the library has given the connection up, and sends nothing more."""


def answer(socket: "AgentSocket", event: Request) -> Response:
    """What a request for a socket is answered; keeps on it who calls, and takes its place."""
    conn = socket.conn
    response = conn.accept(event)
    caller = caller_of(socket.door, socket.transport, event)
    socket.address = caller.address
    if caller.refusal is not None:
        logger.bind(client=caller.address).warning(caller.refusal.message)
        return conn.reject(caller.refusal.status, f"{caller.refusal.message}\n")
    if event.path.partition("?")[0] != PATH:
        return conn.reject(HTTPStatus.NOT_FOUND, f"There is a socket at {PATH}.\n")
    if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
        return response
    try:
        return _turned_away(socket, event) or _full(socket) or response
    except Refused as refused:
        return too_many(socket.services, conn, refused)


def refuse_broken(conn: ServerProtocol, transport: asyncio.Transport) -> None:
    """Answer a request for a socket that the library did not understand."""
    if conn.handshake_exc is not None and not transport.is_closing():
        logger.bind(error=str(conn.handshake_exc)).warning("handshake refused")
        transport.write(BAD_HANDSHAKE)
        transport.close()


def caller_of(door: Door, transport: asyncio.Transport, event: Request) -> Visitor:
    """Who calls. The library keeps the bytes of a header that are not ASCII in its own way."""
    headers = [
        (name.lower().encode(), value.encode("utf-8", "surrogateescape"))
        for name, value in event.headers.raw_items()
    ]
    return visitor(door, connection_of(transport), "GET", headers)


def _turned_away(socket: "AgentSocket", event: Request) -> Response | None:
    """The answer to a handshake that is not taken. Raises Refused when it came too soon."""
    limits = socket.services.limits
    limits.take_handshake(socket.address)
    given = event.headers.get_all("Authorization")
    if len(given) > 1:
        return socket.conn.reject(HTTPStatus.BAD_REQUEST, "One Authorization, please.\n")
    if given:
        socket.credential = log_in(socket.services, socket.address, token_of(given[0]))
        if socket.credential is None:
            return socket.conn.reject(HTTPStatus.UNAUTHORIZED, "The token is not valid.\n")
        cooldown = limits.cooling(socket.credential)
        if cooldown:
            raise too_fast(Tier.HANDSHAKES, cooldown)
    return None


def log_in(services: Services, address: str, token: str) -> Principal | None:
    """Who bears this token, or None. Raises Refused after too many that were not valid."""
    services.limits.may_log_in(address, token)
    principal = services.tokens.check(token)
    if principal is None:
        services.limits.login_failed(address, token)
    return principal


def _full(socket: "AgentSocket") -> Response | None:
    """The answer when there is no place; with one, the connection has it."""
    reason = socket.turnstile.enter(socket, socket.address)
    if reason is None:
        return None
    response = socket.conn.reject(HTTPStatus.SERVICE_UNAVAILABLE, f"{reason}\n")
    response.headers["Retry-After"] = str(AGAIN_SECONDS)
    return response


def too_many(services: Services, conn: ServerProtocol, refused: Refused) -> Response:
    """No more than a count: whoever floods the door must not flood the log."""
    services.metrics.refused(refused.code)
    response = conn.reject(HTTPStatus.TOO_MANY_REQUESTS, f"{refused.message}.\n")
    seconds = -(-(refused.retry_after_ms or 0) // 1000)
    response.headers["Retry-After"] = str(max(1, seconds))
    return response
