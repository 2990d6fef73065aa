"""What HTTP says about browser sessions: how a person comes to the dashboard, and leaves it."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from schemas.http.access import PublicId
from schemas.scalars import RoleName, Token, WallTime

IDLE_MS: Final = 30 * 60_000
"""A session ends when its person has done nothing for so long."""
LONGEST_MS: Final = 12 * 3_600_000
"""...and after so long in any case."""
CODE_MS: Final = 10 * 60_000
"""How long a one-time link is good."""
COOKIE: Final = "corral_session_{port}"
"""What the cookie of a session is called. Browsers keep cookies by host and not by port, so the
port is in the name: two hubs on one host do not log each other's pages out."""
COOKIE_NOTE: Final = (
    "The session of a browser. The number is the port of the hub's address as the browser has it, "
    "80 or 443 where the address names none; over https `__Host-` stands before the name."
)
USUAL_COOKIE: Final = COOKIE.format(port=8420)
"""Its name at the usual address, for documents that have to give one."""

LoginCodeText = Annotated[str, Meta(min_length=16, max_length=128)]


class LogIn(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Begin a session: with a token, or with the code of a one-time link; not with both."""

    token: Token | None = None
    code: LoginCodeText | None = None


class Session(Struct, frozen=True):
    """Who is logged in, as the page of that person sees it."""

    id: PublicId
    principal: str
    role: RoleName
    org: str
    created_at: WallTime
    expires_at: WallTime
    """When it ends whatever happens."""
    idle_ms: int
    """It ends earlier when its person has done nothing for so long.

    What a page reads by itself, with `Corral-Poll: 1`, is nothing that a person does.
    """
    csrf: str
    """What the header `X-Corral-CSRF` of every request that changes something has to say."""


class SessionView(Struct, frozen=True):
    """A session as an admin sees it."""

    id: PublicId
    principal: str
    role: RoleName
    address: str
    """Where it was begun from."""
    browser: str
    """What the browser said of itself, shortened."""
    created_at: WallTime
    last_used_at: WallTime
    expires_at: WallTime
    current: bool
    """It is the one that asks."""


class SessionPage(Struct, frozen=True):
    """All sessions, the latest used first."""

    items: list[SessionView]


class LoginCode(Struct, frozen=True):
    """A code that begins one session, as the principal that asked for it; shown once."""

    code: str
    path: str
    """The path of the one-time link; the code is behind its `#`, so that no server logs it."""
    expires_at: WallTime
