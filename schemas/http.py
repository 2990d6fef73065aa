"""The bodies of HTTP requests and answers. What a task is made of is in `schemas/work.py`.

Requests refuse unknown fields. Which route takes which body is in `hub/transport/routes.py`.
"""

from typing import Annotated

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from schemas.scalars import (
    TASKS_PER_SUBMIT,
    AgentId,
    Capability,
    Count,
    ErrorCode,
    Executor,
    FailureClass,
    Generation,
    Label,
    Milliseconds,
    PriorityName,
    Role,
    StateName,
    Stream,
    TaskId,
    Token,
    WallTime,
)
from schemas.to_agent import Flaw
from schemas.work import Command, Retry, TaskSpec


class TaskBatch(Struct, frozen=True, forbid_unknown_fields=True):
    """Several tasks, all or none."""

    tasks: Annotated[list[TaskSpec], Meta(min_length=1, max_length=TASKS_PER_SUBMIT)]


class Cancel(Struct, frozen=True, forbid_unknown_fields=True):
    """Ask for a task to be cancelled."""

    reason: Annotated[str, Meta(max_length=256)] | None = None


class InviteRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Ask for a join code."""

    agent_id: AgentId | None = None
    """Only this agent may use the code."""
    ttl_ms: Annotated[int, Meta(ge=1_000, le=600_000)] = 600_000


class Invite(Struct, frozen=True):
    """A join code: good for one registration, shown once."""

    code: str
    expires_at: WallTime


class Register(Struct, frozen=True, forbid_unknown_fields=True):
    """Turn a join code into an agent's token."""

    code: Token
    agent_id: AgentId


class Registered(Struct, frozen=True):
    """The agent's token, shown once."""

    agent_id: AgentId
    token: Token


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
    run: Command | None = None
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


class AgentView(Struct, frozen=True):
    """An agent as a reader sees it."""

    id: AgentId
    org: str
    name: str
    status: str
    """`offline`, `stale` (gone, but its leases still run), `idle` or `working`."""
    capabilities: list[Capability]
    executors: list[Executor]
    slots: Count
    running: list[TaskId]
    host: str | None
    created_at: WallTime
    last_seen_at: WallTime | None
    protocol_version: int | None


class AgentPage(Struct, frozen=True):
    """A page of agents by id."""

    items: list[AgentView]
    next_cursor: str | None


class Reason(Struct, frozen=True):
    """One reason why something does not run: a stable code and a sentence."""

    code: str
    message: str


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


class Me(Struct, frozen=True):
    """Who the credential speaks for."""

    id: str
    role: Role
    org: str


class Problem(Struct, frozen=True):
    """What went wrong."""

    code: ErrorCode
    message: str
    details: list[Flaw] = []


class ErrorBody(Struct, frozen=True):
    """The body of every answer that is not a success."""

    error: Problem
    request_id: str
