"""What HTTP says about bulk actions: one action on many tasks or agents, done piece by piece."""

from enum import StrEnum
from typing import Annotated, Final

from msgspec import Meta, Raw, Struct

from schemas.http.agents import AgentFilter, AgentView, Note, Span
from schemas.http.tasks import TaskConditions, TaskEdit, TaskView, Total
from schemas.scalars import (
    NO_CONTROL,
    AgentId,
    Count,
    Cursor,
    ErrorCode,
    PageLimit,
    TaskId,
    WallTime,
)

BULK_IDS: Final = 1_000
"""The most tasks that may be named one by one; more are described by a filter."""
BULK_AGENTS: Final = 10_000
"""The most agents that may be named one by one."""
TARGET_IDS: Final = 1_000
"""So many of the ids of an action are shown."""
Reason = Annotated[str, Meta(max_length=256, pattern=NO_CONTROL)]


class TaskAction(StrEnum):
    """What is done to many tasks at once."""

    CANCEL = "cancel"
    RETRY = "retry"
    EDIT = "edit"


class AgentAction(StrEnum):
    """What is done to many agents at once."""

    PAUSE = "pause"
    RESUME = "resume"
    DRAIN = "drain"
    DELETE = "delete"


class BulkAction(StrEnum):
    """What is done to many tasks or agents at once."""

    CANCEL = "cancel"
    RETRY = "retry"
    EDIT = "edit"
    PAUSE = "pause"
    RESUME = "resume"
    DRAIN = "drain"
    DELETE = "delete"


class BulkSubject(StrEnum):
    """What a bulk action is about."""

    TASKS = "tasks"
    AGENTS = "agents"


class BulkState(StrEnum):
    """Where a bulk action stands."""

    WAITING = "waiting"
    """Others of the org have to end before it begins."""
    RUNNING = "running"
    COMPLETED = "completed"
    """Every task or agent was looked at; some may have failed."""
    CANCELLED = "cancelled"
    """Somebody stopped it, or the token that began it ended; what was done stays done."""


class BulkRequest(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What to do, and to which tasks: those that a filter describes, or those that are named.

    Tasks in a state that the action is not for are left alone. Without a state in the filter,
    `cancel` and `edit` mean every task that has not ended, and `retry` means dead letters.
    """

    action: TaskAction
    filter: TaskConditions | None = None
    """At least one condition; all tasks are those in every state."""
    ids: Annotated[list[TaskId], Meta(min_length=1, max_length=BULK_IDS)] | None = None
    edit: TaskEdit | None = None
    """What to change; for `edit`, and only there."""
    reason: Reason | None = None
    """For people; part of each event of `cancel` and `retry`."""


class BulkPreview(Struct, frozen=True):
    """What an action would be about at this moment."""

    action: TaskAction
    total: Total
    sample: list[TaskView]
    """Some of the tasks, the newest first."""


class AgentBulkRequest(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What to do, and to which agents: those that a filter finds, those that are named, or all.

    Agents that are so already are left alone: what is paused keeps its note and its end.
    """

    action: AgentAction
    filter: AgentFilter | None = None
    ids: Annotated[list[AgentId], Meta(min_length=1, max_length=BULK_AGENTS)] | None = None
    all: bool = False
    """Every agent there is."""
    note: Note | None = None
    """For `pause`: why."""
    until: WallTime | None = None
    """For `pause`: when it ends by itself. Without `until` and `for_ms` somebody has to end it."""
    for_ms: Span | None = None
    """For `pause`: how long it lasts, from now on."""
    force: bool = False
    """For `delete`: also agents that have work, which goes back to the queue at once."""
    at_most: Count | None = None
    """What a preview counted: when more are meant by now, nothing is done and the answer is
    `conflict`."""


class AgentBulkPreview(Struct, frozen=True):
    """What an action would be about at this moment."""

    action: AgentAction
    total: Total
    already: Count
    """Those that are meant but are so already, and so are left alone."""
    unknown: Count
    """Ids that no agent has."""
    sample: list[AgentView]
    """Some of the agents, by id."""


class BulkFailure(Struct, frozen=True, omit_defaults=True):
    """A task or an agent to which the action could not be done."""

    code: ErrorCode
    message: str
    task_id: TaskId | None = None
    """For an action on tasks."""
    agent_id: AgentId | None = None
    """For an action on agents."""


class BulkView(Struct, frozen=True, omit_defaults=True):
    """A bulk action and how far it has come."""

    id: str
    about: BulkSubject
    action: BulkAction
    state: BulkState
    target: Raw
    """The filter or the ids, as they were given; of more than 1,000 ids, the first."""
    created_at: WallTime
    created_by: str
    total: Total
    """How many tasks or agents it was about at its beginning. Once it is completed, `done`,
    `failed` and `skipped` add up to it."""
    done: Count
    failed: Count
    skipped: Count
    """Those that had changed or left meanwhile, so that the action was not for them any more,
    and those that were so already."""
    failures: list[BulkFailure] = []
    """The first 100."""
    finished_at: WallTime | None = None
    reason: str | None = None
    why_stopped: str | None = None
    """Why the hub stopped it, when no person did."""


class BulkPage(Struct, frozen=True):
    """A page of bulk actions, newest first."""

    items: list[BulkView]
    next_cursor: str | None


class BulkQuery(Struct, frozen=True):
    """Which bulk actions to list."""

    limit: PageLimit = 50
    cursor: Cursor | None = None
    """Goes on after an earlier page."""
