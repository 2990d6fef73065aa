"""The URLs of browser sessions: a page of the route table of its own."""

from typing import Final

from hub.core.credentials import ADMIN, READ
from hub.transport import api_sessions
from hub.transport.route import API, delete, get, post
from schemas.events import EventType as Event
from schemas.http import sessions
from schemas.scalars import ErrorCode as Code
from schemas.scalars import Tier

SESSIONS: Final = (
    post(
        f"{API}/session",
        api_sessions.log_in,
        None,
        sessions.Session,
        201,
        tier=Tier.ANONYMOUS,
        body=sessions.LogIn,
        events=(Event.AUTH_SESSION_BEGAN, Event.AUTH_SESSION_ENDED),
        refusals=(Code.INVALID_TOKEN, Code.INVALID_CODE, Code.FORBIDDEN),
        is_secret=True,
    ),
    get(f"{API}/session", api_sessions.show_session, READ, sessions.Session),
    delete(
        f"{API}/session",
        api_sessions.log_out,
        READ,
        events=(Event.AUTH_SESSION_ENDED,),
    ),
    post(
        f"{API}/login-codes",
        api_sessions.create_login_code,
        ADMIN,
        sessions.LoginCode,
        201,
        events=(Event.AUTH_LOGIN_CODE_CREATED,),
        is_secret=True,
    ),
    get(f"{API}/sessions", api_sessions.list_sessions, ADMIN, sessions.SessionPage),
    delete(
        f"{API}/sessions/{{session_id}}",
        api_sessions.end_session,
        ADMIN,
        events=(Event.AUTH_SESSION_ENDED,),
    ),
)
