"""HTTP for browser sessions: how a person logs in to the dashboard, and out again."""

from typing import Final

from hub.core.browser_sessions import BrowserSession, Ending
from hub.core.credentials import Principal
from hub.core.errors import Refused
from hub.transport import browser
from hub.transport.address import address_of
from hub.transport.call import Answer, Call
from hub.transport.sentences import fit
from schemas.http.sessions import (
    IDLE_MS,
    LogIn,
    LoginCode,
    Session,
    SessionPage,
    SessionView,
)
from schemas.redaction import without_secrets
from schemas.scalars import ROLE_NAMES, ErrorCode, Role, Tier
from schemas.to_agent import Flaw

BROWSER_CHARS: Final = 120
LINK: Final = "/dashboard#code={code}"

# One's own


async def log_in(call: Call) -> Answer:
    """Begin a session, with a token or with the code of a one-time link; a cookie keeps it.

    What is wrong counts as a failed login. A session that the browser has already ends.
    """
    wish: LogIn = call.take(LogIn)
    browser.refuse_foreign(call.request)
    sessions, request = call.services.browser_sessions, call.request
    principal, by = _who(call, wish)
    call.services.limits.take(principal, Tier.CONTROL)
    _leave(call, Ending.REPLACED, principal.id)
    agent = without_secrets(fit(request.headers.get("User-Agent", ""), BROWSER_CHARS))
    secret, session = sessions.begin(principal, by, address_of(request.scope), agent)
    cookie = browser.setting(request, secret)
    return Answer(201, _shown(call, session), entity=session.id, cookie=cookie)


def _who(call: Call, wish: LogIn) -> tuple[Principal, str]:
    """Who logs in, and by what. Raises Refused."""
    if (wish.token is None) == (wish.code is None):
        flaw = Flaw("$", "give either a token or a code")
        raise Refused(ErrorCode.VALIDATION_FAILED, flaw.message, flaws=[flaw])
    services, address = call.services, address_of(call.request.scope)
    given = wish.token or wish.code or ""
    services.limits.may_log_in(address, given)
    if wish.code is None:
        principal, by = services.tokens.check(given), "token"
    else:
        principal, by = services.login_codes.redeem(given), "code"
    if principal is None:
        services.limits.login_failed(address, given)
        if by == "token":
            raise Refused(ErrorCode.INVALID_TOKEN, "the token is not valid")
        raise Refused(ErrorCode.INVALID_CODE, "the link was used or is too old; ask for another")
    if principal.role is Role.AGENT:
        raise Refused(ErrorCode.FORBIDDEN, "the dashboard is for people, and this is an agent's")
    return principal, by


def _leave(call: Call, ending: Ending, actor: str) -> None:
    """End what the browser has cookies of: it gets another one, or none.

    What would stay is an older way in, or in the way of the next one.
    """
    for each in browser.all_sessions_of(call.services, call.request):
        call.services.browser_sessions.end(each, ending, actor)


async def show_session(call: Call) -> Answer:
    """The session whose cookie the request has; a token is no session."""
    return Answer(200, _shown(call, _own(call)))


async def log_out(call: Call) -> Answer:
    """End the session whose cookie the request has, with all that is open for it."""
    session = _own(call)
    _leave(call, Ending.LOGGED_OUT, call.actor)
    return Answer(204, entity=session.id, cookie=browser.clearing(call.request))


def _own(call: Call) -> BrowserSession:
    session = call.services.browser_sessions.get(call.caller.session)
    if session is None:
        raise Refused(ErrorCode.INVALID_SESSION, "this is about the session of a cookie; log in")
    return session


def _shown(call: Call, session: BrowserSession) -> Session:
    sessions = call.services.browser_sessions
    principal = sessions.principal_of(session)
    return Session(
        id=session.id,
        principal=principal.id,
        role=ROLE_NAMES[principal.role],
        org=session.org,
        created_at=session.began.wall,
        expires_at=session.expires_at,
        idle_ms=IDLE_MS,
        csrf=sessions.csrf_of(session),
    )


# For admins


async def create_login_code(call: Call) -> Answer:
    """Make a code that logs in one browser, as the one who asks for it, within ten minutes."""
    code, expires_at = call.services.login_codes.make(call.caller, call.actor)
    return Answer(201, LoginCode(code, LINK.format(code=code), expires_at))


async def list_sessions(call: Call) -> Answer:
    """All sessions, the latest used first."""
    found = call.services.browser_sessions.of_org(call.caller.org)
    return Answer(200, SessionPage([_view(call, each) for each in found]))


def _view(call: Call, session: BrowserSession) -> SessionView:
    sessions = call.services.browser_sessions
    principal = sessions.principal_of(session)
    return SessionView(
        id=session.id,
        principal=principal.id,
        role=ROLE_NAMES[principal.role],
        address=session.address,
        browser=session.browser,
        created_at=session.began.wall,
        last_used_at=sessions.last_used(session),
        expires_at=session.expires_at,
        current=session.id == call.caller.session,
    )


async def end_session(call: Call) -> Answer:
    """End a session at once, with all that is open for it."""
    session_id = call.path("session_id")
    call.services.browser_sessions.revoke(call.caller.org, session_id, call.actor)
    return Answer(204, entity=session_id)
