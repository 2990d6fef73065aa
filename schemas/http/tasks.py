"""What HTTP says about tasks: what is asked, and what is answered."""

from typing import Annotated

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from schemas.attempts import FailureClass, Stream
from schemas.http.hub import Reason
from schemas.scalars import (
    NO_CONTROL,
    TASKS_PER_SUBMIT,
    WHOLE,
    AgentId,
    Capability,
    Count,
    Cursor,
    Generation,
    Label,
    Milliseconds,
    MissionId,
    Name,
    PageLimit,
    PriorityName,
    StateName,
    TaskId,
    WallTime,
)
from schemas.work import (
    Attempts,
    AttemptTime,
    Description,
    FairnessKey,
    Labels,
    Needs,
    Retry,
    Run,
    TaskSpec,
)

LabelPairs = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=513, pattern=NO_CONTROL)]],
    Meta(max_length=8, extra=WHOLE),
]
SearchText = Annotated[str, Meta(min_length=1, max_length=256)]
Skip = Annotated[int, Meta(ge=0, le=100_000_000, description="How many to leave out.")]
Wait = Annotated[int, Meta(ge=0, le=60_000, description="Milliseconds to wait at most.")]


class TaskBatch(Struct, frozen=True, forbid_unknown_fields=True):
    """Several tasks, all or none."""

    tasks: Annotated[list[TaskSpec], Meta(min_length=1, max_length=TASKS_PER_SUBMIT)]


class Cancel(Struct, frozen=True, forbid_unknown_fields=True):
    """Ask for a task to be cancelled."""

    reason: Annotated[str, Meta(max_length=256, pattern=NO_CONTROL)] | None = None


class Retried(Struct, frozen=True, forbid_unknown_fields=True):
    """Put a task that ended without success back into the queue."""

    reason: Annotated[str, Meta(max_length=256, pattern=NO_CONTROL)] | None = None
    """For people; it is part of the event."""


class TaskEdit(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is to be different about a task: fields that are left out stay, null clears.

    While an agent has the task only priority, labels, max_attempts, retry and complete_by
    can change; the rest was told to the agent. After its end nothing can.
    """

    description: Description | UnsetType = UNSET
    priority: PriorityName | UnsetType | None = UNSET
    labels: Labels | UnsetType | None = UNSET
    """All of them: labels that are not repeated here are gone."""
    metadata: Raw | UnsetType = UNSET
    """A JSON object, kept byte for byte; or null."""
    needs: Needs | UnsetType | None = UNSET
    assign_to: AgentId | UnsetType | None = UNSET
    fairness_key: FairnessKey | UnsetType | None = UNSET
    not_before: WallTime | UnsetType | None = UNSET
    complete_by: WallTime | UnsetType | None = UNSET
    timeout_ms: AttemptTime | UnsetType | None = UNSET
    max_attempts: Attempts | UnsetType = UNSET
    """More than the failures there were."""
    retry: Retry | UnsetType | None = UNSET


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
    mission_id: MissionId | None = None
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


class Total(Struct, frozen=True):
    """How many there are."""

    count: Count
    more: bool = False
    """There are more than that, or there may be: counting ends at 10,000."""


class TaskPage(Struct, frozen=True):
    """A page of tasks, newest first.

    A page may have fewer items than `limit`, or none, and yet not be the last: then looking
    for more would have taken too long, and `next_cursor` goes on from there.
    """

    items: list[TaskView]
    next_cursor: str | None
    total: Total | None = None
    """How many tasks match on all pages, if that was asked for."""
    skipped: Count = 0
    """How many were left out; fewer than asked for when leaving out took too long, or at the end.
    Then there are no items, and `next_cursor`, if any, goes on behind those."""


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


class TaskConditions(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which tasks are meant: all conditions that are given have to hold."""

    state: list[StateName] | None = None
    """Any of these."""
    agent: AgentId | None = None
    """The agent that has it now, or that ended it."""
    priority: list[PriorityName] | None = None
    """Any of these."""
    capability: Capability | None = None
    """One of those that it needs."""
    labels: Labels | None = None
    """All of these names with these values."""
    mission: MissionId | None = None
    submitter: Name | None = None
    created_after: WallTime | None = None
    """Created then or later."""
    created_before: WallTime | None = None
    """Created earlier."""
    text: SearchText | None = None
    """A part of its id or description, in upper or lower case."""


class FilterQuery(Struct, frozen=True):
    """Which tasks are meant: all conditions that are given have to hold."""

    agent: AgentId | None = None
    """The agent that has it now, or that ended it."""
    priority: list[PriorityName] | None = None
    """Any of these."""
    capability: Capability | None = None
    """One of those that it needs."""
    label: LabelPairs | None = None
    """`name=value`, all of them."""
    mission: MissionId | None = None
    submitter: Name | None = None
    created_after: WallTime | None = None
    """Created then or later."""
    created_before: WallTime | None = None
    """Created earlier."""
    text: SearchText | None = None
    """A part of its id or description, in upper or lower case."""
    limit: PageLimit = 50
    cursor: Cursor | None = None
    """Goes on after an earlier page of the same conditions."""
    skip: Skip = 0
    """Leave out so many that match first, after the cursor if there is one."""
    count: bool = False
    """Also say how many there are on all pages."""
    brief: bool = False
    """Without run, payload, metadata, result and usage, which may be large."""


class TaskQuery(FilterQuery, frozen=True):
    """Which tasks to list: also by their states."""

    state: list[StateName] | None = None
    """Any of these."""


class WaitQuery(Struct, frozen=True):
    """How long to wait for the end of a task."""

    wait_ms: Wait = 0


class LogQuery(Struct, frozen=True):
    """Which output to read."""

    stream: Stream = Stream.STDOUT
    offset: Count = 0
    """In bytes of UTF-8."""
    tail: Count | None = None
    """Begin so many bytes before the end, whatever the offset."""
    generation: Generation | None = None
    """Of which attempt; without it, of the latest that wrote anything."""
    wait_ms: Wait = 0
    """How long to wait for output."""


class Spread(Struct, frozen=True):
    """How long something took, in milliseconds: values are right to about 6 %."""

    count: Count
    """How many were looked at."""
    p50: Count | None = None
    p90: Count | None = None
    p99: Count | None = None


class Throughput(Struct, frozen=True):
    """How many tasks ended within a time that ends now."""

    minutes: Count
    completed: Count
    dead_letter: Count
    cancelled: Count
    per_second: float
    """Completed tasks."""


class TaskStats(Struct, frozen=True):
    """How the work goes on. What is counted over time begins anew when the hub starts."""

    states: dict[str, Count]
    """How many tasks are in each state, exactly."""
    queued_by_priority: dict[str, Total]
    oldest_queued_ms: Count | None
    """For how long the task that waits longest has been ready, of those that are next in their
    lanes; null when none waits."""
    throughput: list[Throughput]
    """Over 1, 5 and 15 minutes."""
    wait_ms: Spread
    """From being ready to being given to an agent, of tasks that ended in the last hour."""
    run_ms: Spread
    """How long their last attempts ran."""
    since: WallTime
    """When counting over time began."""
