"""What HTTP says about pauses of dispatch."""

from msgspec import Struct

from schemas.http.agents import LabelName, Note, Span
from schemas.scalars import Label, TaskId, WallTime


class LabelPair(Struct, frozen=True, forbid_unknown_fields=True):
    """One label of a task."""

    key: LabelName
    value: Label


class DispatchPauseRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Give out no task, or none with a label. What runs goes on; new tasks are taken."""

    label: LabelPair | None = None
    note: Note | None = None
    until: WallTime | None = None
    """When the pause ends by itself. Without `until` and `for_ms` somebody has to end it."""
    for_ms: Span | None = None


class DispatchResumeRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """End a pause: the one with this id, the one for this label, or the one for everything."""

    id: TaskId | None = None
    label: LabelPair | None = None


class DispatchPause(Struct, frozen=True):
    """A pause that lasts."""

    id: str
    label: LabelPair | None
    """Only tasks with this label wait; null means all of them."""
    note: str | None
    until: WallTime | None
    """When it ends by itself."""
    created_at: WallTime
    created_by: str


class DispatchView(Struct, frozen=True):
    """The pauses that last."""

    paused: bool
    """Nothing at all is given out."""
    pauses: list[DispatchPause]
    """The oldest first."""
