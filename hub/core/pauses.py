"""Pauses of dispatch: no task is assigned, or none with a certain label, until they end."""

from msgspec import Struct


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
