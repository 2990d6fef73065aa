"""What HTTP says about events."""

from typing import TYPE_CHECKING, Annotated, Final, Literal

from msgspec import Meta, Struct

from schemas.events import EVENT_NAMES, Envelope
from schemas.scalars import PageLimit

_FAMILIES: Final = sorted(
    {
        ".".join(name.split(".")[:count]) + ".*"
        for name in EVENT_NAMES.values()
        for count in range(1, name.count(".") + 1)
    }
)
SELECTORS: Final = (*sorted(EVENT_NAMES.values()), *_FAMILIES)
"""What a reader may ask for: the name of a type, or all that begin alike, as `task.*`."""

if TYPE_CHECKING:
    Selector = str
else:
    Selector = Literal[SELECTORS]

EventCursor = Annotated[
    str,
    Meta(min_length=1, max_length=64, description="From an earlier page or event: epoch:seq."),
]
Entity = Annotated[str, Meta(min_length=1, max_length=256, description="Its id.")]
Actor = Annotated[str, Meta(min_length=1, max_length=256, description="Who caused it.")]


class EventPage(Struct, frozen=True):
    """A page of events, oldest first."""

    items: list[Envelope]
    next_cursor: str
    """Goes on after this page, also when it was the last one so far."""
    at_end: bool
    """There was nothing later. A page that was filtered may be short, or empty, before that."""
    newest: str | None = None
    """The cursor of somebody who has seen everything, for those who read backwards."""


class EventQuery(Struct, frozen=True):
    """Which events to list."""

    after: EventCursor | None = None
    """Goes on after this one; without it the list begins with the oldest event that is kept."""
    limit: PageLimit = 50
    type: list[Selector] | None = None
    entity: Entity | None = None
    actor: Actor | None = None


class TaskEventQuery(Struct, frozen=True):
    """Which events of a task to list."""

    after: EventCursor | None = None
    """Goes on after this one; without it the list begins with the first event of the task."""
    limit: PageLimit = 50
    type: list[Selector] | None = None


class StreamQuery(Struct, frozen=True):
    """Which events to be sent as they happen."""

    after: EventCursor | None = None
    """Goes on after this one; without it, or with `now`, only what happens from now on is sent.
    The header `Last-Event-ID`, which browsers send when they reconnect, wins."""
    type: list[Selector] | None = None
    entity: Entity | None = None
    actor: Actor | None = None


class Heartbeat(Struct, frozen=True):
    """What a stream says when it has nothing to tell: how far it has come."""

    cursor: str
