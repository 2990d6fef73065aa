"""What HTTP says about the hub itself, and what every refusal looks like."""

from msgspec import Struct

from schemas.scalars import (
    Count,
    ErrorCode,
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
