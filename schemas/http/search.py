"""What HTTP says about full-text search."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from schemas.scalars import Count, Cursor, WallTime


class Kind(StrEnum):
    """What can be found."""

    TASK = "task"
    AGENT = "agent"


class Found(Struct, frozen=True):
    """One thing that was found."""

    kind: Kind
    id: str
    title: str
    """A task's description or an agent's name, shortened."""
    state: str
    """A task's state or an agent's status, as it is now."""
    at: WallTime
    """When it was made."""
    field: str
    """Where the words stand: `id`, `description`, `payload`, `labels`, `error`, `result`, ..."""
    snippet: str
    """The text around them."""
    marks: list[tuple[int, int]]
    """Which characters of the snippet were looked for: from, to."""


class SearchPage(Struct, frozen=True):
    """What was found, newest first."""

    items: list[Found]
    next_cursor: str | None
    behind: Count
    """How many events the index has not seen yet."""
    behind_ms: Count
    """How old the first of them is."""
    ready: bool
    """False while the index is built anew: some things are not found yet."""


class SearchQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """What to look for: all words, anywhere, in upper or lower case."""

    q: Annotated[str, Meta(min_length=2, max_length=256)]
    kind: Kind | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    cursor: Cursor | None = None
