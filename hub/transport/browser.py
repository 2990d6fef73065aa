"""The way in for browsers: a cookie in the place of a token, and what a page says beside it.

A browser sends its cookie with every request to the hub, also with one that another page made
it send. So whatever changes something has to name the session's own word, which only a page of
the hub can read, and must not come from elsewhere as far as the browser tells. The door has
turned pages of other sites away before: see `visitors.py`.
"""

from hmac import compare_digest
from typing import Final

from starlette.requests import Request

from hub.core import cookies
from hub.core.browser_sessions import BrowserSession
from hub.core.cookies import Origin
from hub.core.errors import Refused
from hub.services.browser_sessions import OfTwo
from hub.services.bundle import Services
from hub.transport.address import address_of
from schemas.http.sessions import LONGEST_MS
from schemas.scalars import ErrorCode

CSRF: Final = "X-Corral-CSRF"
POLL: Final = "Corral-Poll"
"""With the value 1: a page reads by itself, so its session is not used by that."""
NO_SESSION: Final = frozenset({ErrorCode.INVALID_SESSION, ErrorCode.SESSION_EXPIRED})
"""What a request is refused with whose cookie is of no use any more."""
SAFE: Final = frozenset({"GET", "HEAD"})
"""What changes nothing."""
_OWN: Final = frozenset({"same-origin", "none"})


def session_of(services: Services, request: Request) -> BrowserSession | None:
    """The session whose cookie a request has; None when it has none.

    Raises Refused when it is over, or when the request changes something and is not the page's
    own. What a page reads by itself is no use of the session: that ends when its person does
    nothing, though the page is still open. A useless cookie is no guess at a token: it counts
    as a request of nobody.
    """
    try:
        session = _find(services, request, is_use=not _is_poll(request))
    except Refused:
        services.limits.take_anonymous(address_of(request.scope))
        raise
    if session is not None and request.method not in SAFE:
        refuse_foreign(request)
        _refuse_forged(request, services.browser_sessions.csrf_of(session))
    return session


def all_sessions_of(services: Services, request: Request) -> list[BrowserSession]:
    """The sessions of all cookies that a browser has: it may log in anew, or out."""
    return services.browser_sessions.all_in(_cookies(request), _origin(request))


def _find(services: Services, request: Request, *, is_use: bool) -> BrowserSession | None:
    origin = _origin(request)
    return services.browser_sessions.find(_cookies(request), origin, is_use=is_use)


def _cookies(request: Request) -> str:
    return "; ".join(request.headers.getlist("Cookie"))


def _is_poll(request: Request) -> bool:
    return request.method in SAFE and request.headers.get(POLL) == "1"


def refuse_foreign(request: Request) -> None:
    """Raises Refused `forbidden` when a browser says that another site's page is asking."""
    if not _OWN.issuperset(request.headers.getlist("Sec-Fetch-Site")):
        raise Refused(ErrorCode.FORBIDDEN, "only a page of this hub may do that with its cookie")


def _refuse_forged(request: Request, csrf: str) -> None:
    given = request.headers.get(CSRF, "")
    if not compare_digest(given.encode("latin-1", "replace"), csrf.encode()):
        text = f"with a cookie, a change needs the header {CSRF}; GET /api/v1/session says it"
        raise Refused(ErrorCode.INVALID_CSRF, text)


def is_useless(refused: Refused) -> bool:
    """Whether a browser should forget the cookie that was refused.

    Of two people's it would forget its own, and stay with the one that was planted.
    """
    return refused.code in NO_SESSION and not isinstance(refused, OfTwo)


def setting(request: Request, secret: str) -> str:
    """The `Set-Cookie` that begins a session."""
    return cookies.setting(secret, LONGEST_MS // 1000, _origin(request))


def clearing(request: Request) -> str:
    """The `Set-Cookie` that ends one."""
    return cookies.clearing(_origin(request))


def _origin(request: Request) -> Origin:
    """Where the browser has the page from: of the hub, or of a proxy that it trusts."""
    return Origin(request.scope["scheme"] == "https", request.scope["server"][1])
