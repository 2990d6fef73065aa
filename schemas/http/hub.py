"""What HTTP says about the hub itself, and what every refusal looks like."""

from msgspec import Struct

from schemas.scalars import (
    Count,
    ErrorCode,
    LogLevelName,
    RoleName,
    Tier,
)
from schemas.to_agent import Flaw


class Reason(Struct, frozen=True):
    """One reason why something does not run: a stable code and a sentence."""

    code: str
    message: str


class Health(Struct, frozen=True):
    """The hub is alive."""

    status: str
    version: str
    epoch: int
    uptime_ms: Count
    agents_connected: Count


class Ready(Struct, frozen=True):
    """Whether the hub takes work, and what stands in the way."""

    ready: bool
    reasons: list[Reason]


class RateView(Struct, frozen=True):
    """What a tier gives each principal of these roles, or each address."""

    tier: Tier
    roles: list[RoleName]
    """Empty for a tier that counts by address."""
    per_minute: Count
    """How much comes back each minute; logs in bytes."""
    burst: Count
    """How much may come at once."""


class LimitView(Struct, frozen=True):
    """What one principal or address has left."""

    subject: str
    """The name of the agent or credential, or the address."""
    role: RoleName | None
    """None for an address."""
    tier: Tier
    per_minute: Count
    burst: Count
    remaining: Count


class Limits(Struct, frozen=True):
    """The rates, and who has used some of theirs lately: those with the least left first."""

    rates: list[RateView]
    usage: list[LimitView]
    usage_total: Count
    """How many there are; at most 1,000 are listed."""


class LogLevelView(Struct, frozen=True, forbid_unknown_fields=True):
    """The least level of what the hub logs."""

    level: LogLevelName


class Problem(Struct, frozen=True):
    """What went wrong."""

    code: ErrorCode
    message: str
    details: list[Flaw] = []
    retry_after_ms: int | None = None
    """When it may be worth trying again; also in `Retry-After`, in whole seconds."""


class ErrorBody(Struct, frozen=True):
    """The body of every answer that is not a success."""

    error: Problem
    request_id: str
