"""Pauses of dispatch: no task is assigned, or none with a certain label, until they end."""

from msgspec import Struct

from hub.core.errors import Refused
from schemas.scalars import ErrorCode
from schemas.to_agent import Flaw


class PauseRecord(Struct, frozen=True):
    """A pause as it is stored."""

    org: str
    id: str
    label: tuple[str, str] | None
    """Only tasks with this label wait; None means all of them."""
    note: str | None
    """Why, in an operator's words."""
    until: int | None
    """Wall time in milliseconds at which it ends by itself; None when somebody has to end it."""
    created_at: int
    """Wall time in milliseconds."""
    created_by: str
    ended_at: int | None = None
    """Wall time in milliseconds; None while it lasts."""


def end_of(until: int | None, for_ms: int | None, wall_now: int) -> int | None:
    """The wall time at which a pause ends; None when somebody has to end it.

    Raises Refused when both ways to say it are used, or the end has passed.
    """
    if until is not None and for_ms is not None:
        raise _bad("until", "give either until or for_ms")
    if until is not None and until <= wall_now:
        raise _bad("until", "this time has passed")
    return wall_now + for_ms if for_ms is not None else until


def _bad(field: str, text: str) -> Refused:
    return Refused(ErrorCode.VALIDATION_FAILED, text, flaws=[Flaw(f"$.{field}", text)])
