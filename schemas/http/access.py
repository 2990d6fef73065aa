"""What HTTP says about credentials: join codes, tokens, and who is asking."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from schemas.scalars import (
    DAY_MS,
    YEAR_MS,
    AgentId,
    RoleName,
    Token,
    TokenState,
    WallTime,
)

OVERLAP_MS: Final = DAY_MS
"""How long a replaced token stays good when nothing else is asked for."""
LONGEST_OVERLAP_MS: Final = 7 * DAY_MS
LONGEST_TTL_MS: Final = 10 * YEAR_MS
PAGE: Final = 50
LONGEST_PAGE: Final = 200

PublicId = Annotated[str, Meta(description="The part of a token or join code that is no secret.")]
Limit = Annotated[int, Meta(ge=1, le=LONGEST_PAGE)]
Cursor = Annotated[str, Meta(max_length=512, description="From the page before.")]


class InviteRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Ask for a join code."""

    agent_id: AgentId | None = None
    """Only this agent may use the code."""
    ttl_ms: Annotated[int, Meta(ge=1_000, le=600_000)] = 600_000


class Invite(Struct, frozen=True):
    """A join code: good for one registration, shown once."""

    code: str
    expires_at: WallTime
    id: PublicId = ""


class InviteView(Struct, frozen=True):
    """An open join code, without its secret."""

    id: PublicId
    agent_id: str | None
    """Only this agent may use it; null: any may."""
    created_at: WallTime
    created_by: str
    expires_at: WallTime


class InviteQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which open join codes."""

    limit: Limit = PAGE
    cursor: Cursor | None = None


class InvitePage(Struct, frozen=True):
    """Open join codes, the oldest first."""

    items: list[InviteView]
    next_cursor: str | None


class Register(Struct, frozen=True, forbid_unknown_fields=True):
    """Turn a join code into an agent's token."""

    code: Token
    agent_id: AgentId


class Registered(Struct, frozen=True):
    """The agent's token, shown once."""

    agent_id: AgentId
    token: Token


class TokenRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Ask for a token: of a person with a `name`, or of an agent with its `agent_id`."""

    role: RoleName
    name: AgentId | None = None
    """Under this name stands what is done with it. No agent may have it."""
    agent_id: AgentId | None = None
    """The agent it is for, with the role `agent`."""
    ttl_ms: Annotated[int, Meta(ge=1_000, le=LONGEST_TTL_MS)] | None = None
    """How long it is good, in milliseconds; null: until it is revoked."""


class TokenView(Struct, frozen=True, kw_only=True):
    """A token, without its secret."""

    id: PublicId
    name: str
    """The name of a person's token, or the agent's id."""
    role: RoleName
    state: TokenState
    created_at: WallTime
    created_by: str
    expires_at: WallTime | None
    revoked_at: WallTime | None
    """From when it is refused: in the future while it is `rotated`."""
    rotated_to: PublicId | None
    """The token that takes its place."""
    last_used_at: WallTime | None
    """The latest use; after a start of the hub it may be up to an hour behind."""


class NewToken(TokenView, frozen=True, kw_only=True):
    """A token with its secret, shown once."""

    token: Token


class TokenQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which tokens."""

    limit: Limit = PAGE
    cursor: Cursor | None = None
    role: RoleName | None = None
    state: TokenState | None = None


class TokenPage(Struct, frozen=True):
    """Tokens, the oldest first."""

    items: list[TokenView]
    next_cursor: str | None


class Rotation(Struct, frozen=True, forbid_unknown_fields=True):
    """Put a new token in the place of an old one."""

    overlap_ms: Annotated[int, Meta(ge=0, le=LONGEST_OVERLAP_MS)] = OVERLAP_MS
    """How long the old one stays good, in milliseconds; 0 ends it at once."""


class Me(Struct, frozen=True):
    """Who the credential speaks for."""

    id: str
    role: RoleName
    org: str
    token_id: PublicId
    expires_at: WallTime | None
    """When the credential ends by itself."""
