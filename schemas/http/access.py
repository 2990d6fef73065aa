"""What HTTP says about credentials: join codes, tokens, and who is asking."""

from typing import Annotated

from msgspec import Meta, Struct

from schemas.scalars import (
    AgentId,
    Role,
    Token,
    WallTime,
)


class InviteRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Ask for a join code."""

    agent_id: AgentId | None = None
    """Only this agent may use the code."""
    ttl_ms: Annotated[int, Meta(ge=1_000, le=600_000)] = 600_000


class Invite(Struct, frozen=True):
    """A join code: good for one registration, shown once."""

    code: str
    expires_at: WallTime


class Register(Struct, frozen=True, forbid_unknown_fields=True):
    """Turn a join code into an agent's token."""

    code: Token
    agent_id: AgentId


class Registered(Struct, frozen=True):
    """The agent's token, shown once."""

    agent_id: AgentId
    token: Token


class Me(Struct, frozen=True):
    """Who the credential speaks for."""

    id: str
    role: Role
    org: str
