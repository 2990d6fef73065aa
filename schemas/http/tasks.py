"""What HTTP says about tasks: what is asked, and what is answered."""

from typing import Annotated

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from schemas.http.hub import Reason
from schemas.scalars import (
    TASKS_PER_SUBMIT,
    AgentId,
    Capability,
    Count,
    Cursor,
    FailureClass,
    Generation,
    Label,
    Milliseconds,
    PageLimit,
    PriorityName,
    StateName,
    Stream,
    TaskId,
    WallTime,
)
from schemas.work import Retry, Run, TaskSpec

Wait = Annotated[int, Meta(ge=0, le=60_000, description="Milliseconds to wait at most.")]


class TaskBatch(Struct, frozen=True, forbid_unknown_fields=True):
    """Several tasks, all or none."""

    tasks: Annotated[list[TaskSpec], Meta(min_length=1, max_length=TASKS_PER_SUBMIT)]


class Cancel(Struct, frozen=True, forbid_unknown_fields=True):
    """Ask for a task to be cancelled."""

    reason: Annotated[str, Meta(max_length=256)] | None = None


class Progress(Struct, frozen=True):
    """The last progress an attempt reported."""

    percent: int | None
    message: str | None
    at: WallTime


class TaskView(Struct, frozen=True, omit_defaults=True):
    """A task as a reader sees it. Optional fields are left out while they have no value."""

    id: TaskId
    org: str
    state: StateName
    description: str
    priority: PriorityName
    submitted_by: str
    created_at: WallTime
    version: Count
    generation: Generation
    attempt: Count
    max_attempts: Count
    run: Run | None = None
    payload: Raw | UnsetType = UNSET
    metadata: Raw | UnsetType = UNSET
    needs: list[Capability] | None = None
    assign_to: AgentId | None = None
    fairness_key: str | None = None
    labels: dict[Label, Label] | None = None
    not_before: WallTime | None = None
    complete_by: WallTime | None = None
    timeout_ms: Milliseconds | None = None
    retry: Retry | None = None
    reclaims: Count = 0
    """How often a lease was lost."""
    rejections: Count = 0
    assigned_to: AgentId | None = None
    progress: Progress | None = None
    cancel_requested: bool = False
    cancel_unconfirmed: bool = False
    queued_at: WallTime | None = None
    assigned_at: WallTime | None = None
    started_at: WallTime | None = None
    finished_at: WallTime | None = None
    retry_at: WallTime | None = None
    """When the backoff is over."""
    result: Raw | UnsetType = UNSET
    error: str | None = None
    failure_class: FailureClass | None = None
    tokens_used: Count | None = None
    usage: Raw | UnsetType = UNSET


class Created(Struct, frozen=True):
    """A new task, as far as it matters at once."""

    id: TaskId
    state: StateName


class CreatedBatch(Struct, frozen=True):
    """New tasks in the order they were given."""

    items: list[Created]


class TaskPage(Struct, frozen=True):
    """A page of tasks, newest first."""

    items: list[TaskView]
    next_cursor: str | None


class Candidate(Struct, frozen=True):
    """One agent, and why it does not get the task (no reasons: it could)."""

    agent_id: AgentId
    reasons: list[Reason]


class Explanation(Struct, frozen=True):
    """Why a task does, or does not, run."""

    task_id: TaskId
    state: StateName
    reasons: list[Reason]
    candidates: list[Candidate]
    candidates_total: Count
    """How many agents there are; at most 200 are listed."""


class LogText(Struct, frozen=True):
    """Output of one stream of the current attempt, from `offset` on."""

    task_id: TaskId
    generation: Generation
    stream: Stream
    offset: Count
    next_offset: Count
    text: str
    ended: bool
    """The task has ended: nothing more will come."""


class TaskQuery(Struct, frozen=True):
    """Which tasks to list."""

    state: list[StateName] | None = None
    limit: PageLimit = 50
    cursor: Cursor | None = None
    """Goes on after an earlier page."""


class WaitQuery(Struct, frozen=True):
    """How long to wait for the end of a task."""

    wait_ms: Wait = 0


class LogQuery(Struct, frozen=True):
    """Which output to read."""

    stream: Stream = Stream.STDOUT
    offset: Count = 0
    """In bytes of UTF-8."""
    generation: Generation | None = None
    """Of which attempt; without it, of the latest that wrote anything."""
    wait_ms: Wait = 0
    """How long to wait for output."""
