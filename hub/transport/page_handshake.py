"""The handshake of the dashboard's socket: who opens a page, and how far it was.

A browser never sees the status of a refused handshake. So whoever may not look is let in, told
why, and sent away. Only what was not meant for this hub, or comes too fast, is refused before.
"""

from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import parse_qs

from loguru import logger
from websockets.http11 import Request, Response

from hub.core.cookies import Origin
from hub.core.credentials import Principal
from hub.core.errors import Refused
from hub.services.live import Since
from hub.transport.bearer import token_of
from hub.transport.browser import NO_SESSION
from hub.transport.handshake import caller_of, log_in, too_many
from hub.transport.visitors import Visitor
from schemas.scalars import Role

if TYPE_CHECKING:
    from hub.transport.page_socket import PageSocket

QUERY_CHARS: Final = 200
NOT_FOR_AGENTS: Final = "the dashboard is for people: an agent's token does not open it"
NOBODY: Final = "you are not logged in"


class Opening(NamedTuple):
    """What becomes of a handshake."""

    response: Response
    principal: Principal | None = None
    reason: str = NOBODY
    """Why there is no principal, although the connection is taken."""


def answer(socket: "PageSocket", event: Request) -> Opening:
    """What a request for the socket is answered, and who it is."""
    conn, services = socket.conn, socket.services
    response = conn.accept(event)
    caller = caller_of(socket.door, socket.transport, event)
    if caller.refusal is not None:
        logger.bind(client=caller.address).warning(caller.refusal.message)
        return Opening(conn.reject(caller.refusal.status, f"{caller.refusal.message}\n"))
    if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
        return Opening(response)
    try:
        services.limits.take_handshake(caller.address)
        principal = _who(socket, event, caller)
    except Refused as refused:
        if refused.code in NO_SESSION:
            return Opening(response, reason=refused.message)
        return Opening(too_many(services, conn, refused))
    if principal is None:
        return Opening(response)
    if principal.role is Role.AGENT:
        return Opening(response, reason=NOT_FOR_AGENTS)
    return Opening(response, principal)


def _who(socket: "PageSocket", event: Request, caller: Visitor) -> Principal | None:
    """Whose token or cookie it is; a token comes first, as everywhere.

    Any page may make a browser send its cookie, so with one the browser has to say which page
    it was: the door has turned away those of other sites. Raises Refused for a session that is
    over, and when handshakes or logins came too fast.
    """
    given = event.headers.get_all("Authorization")
    if given:
        return log_in(socket.services, caller.address, token_of(given[0]))
    if not event.headers.get_all("Origin"):
        return None
    sessions = socket.services.browser_sessions
    header = "; ".join(event.headers.get_all("Cookie"))
    origin = Origin(caller.scheme == "https", caller.port)
    session = sessions.find(header, origin, is_use=False)
    return None if session is None else sessions.principal_of(session)


def since_of(event: Request) -> Since | None:
    """The last batch that a page says it has; None when it has none, or says it wrongly."""
    query = event.path.partition("?")[2]
    said = parse_qs(query) if 0 < len(query) <= QUERY_CHARS else {}
    epoch, seq = said.get("epoch", []), said.get("since", [])
    if len(epoch) != 1 or len(seq) != 1 or not (seq[0].isascii() and seq[0].isdigit()):
        return None
    return Since(epoch[0], int(seq[0]))
