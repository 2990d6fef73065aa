"""What HTTP says about bulk actions: one action on many tasks, done by the hub piece by piece."""

from enum import StrEnum
from typing import Annotated, Final

from msgspec import Meta, Raw, Struct

from schemas.http.tasks import TaskConditions, TaskEdit, TaskView, Total
from schemas.scalars import (
    NO_CONTROL,
    Count,
    Cursor,
    ErrorCode,
    PageLimit,
    TaskId,
    WallTime,
)

BULK_IDS: Final = 1_000
"""The most tasks that may be named one by one; more are described by a filter."""
Reason = Annotated[str, Meta(max_length=256, pattern=NO_CONTROL)]


class BulkAction(StrEnum):
    """What is done to many tasks at once."""

    CANCEL = "cancel"
    RETRY = "retry"
    EDIT = "edit"


class BulkState(StrEnum):
    """Where a bulk action stands."""

    WAITING = "waiting"
    """Others of the org have to end before it begins."""
    RUNNING = "running"
    COMPLETED = "completed"
    """Every task was looked at; some may have failed."""
    CANCELLED = "cancelled"
    """Somebody stopped it; what was done stays done."""


class BulkRequest(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What to do, and to which tasks: those that a filter describes, or those that are named.

    Tasks in a state that the action is not for are left alone. Without a state in the filter,
    `cancel` and `edit` mean every task that has not ended, and `retry` means dead letters.
    """

    action: BulkAction
    filter: TaskConditions | None = None
    """At least one condition; all tasks are those in every state."""
    ids: Annotated[list[TaskId], Meta(min_length=1, max_length=BULK_IDS)] | None = None
    edit: TaskEdit | None = None
    """What to change; for `edit`, and only there."""
    reason: Reason | None = None
    """For people; part of each event of `cancel` and `retry`."""


class BulkPreview(Struct, frozen=True):
    """What an action would be about at this moment."""

    action: BulkAction
    total: Total
    sample: list[TaskView]
    """Some of the tasks, the newest first."""


class BulkFailure(Struct, frozen=True):
    """A task to which the action could not be done."""

    task_id: TaskId
    code: ErrorCode
    message: str


class BulkView(Struct, frozen=True, omit_defaults=True):
    """A bulk action and how far it has come."""

    id: str
    action: BulkAction
    state: BulkState
    target: Raw
    """The filter or the ids, as they were given."""
    created_at: WallTime
    created_by: str
    total: Total
    """How many tasks it was about at its beginning."""
    done: Count
    failed: Count
    skipped: Count
    """Those that had changed meanwhile, so that the action was not for them any more, and
    those that were so already."""
    failures: list[BulkFailure] = []
    """The first 100."""
    finished_at: WallTime | None = None
    reason: str | None = None


class BulkPage(Struct, frozen=True):
    """A page of bulk actions, newest first."""

    items: list[BulkView]
    next_cursor: str | None


class BulkQuery(Struct, frozen=True):
    """Which bulk actions to list."""

    limit: PageLimit = 50
    cursor: Cursor | None = None
    """Goes on after an earlier page."""
