"""Everything an agent or a submitter may send to the hub.

One frozen Struct per message, gathered in `FromAgent`. Unknown fields are ignored, and an
optional field that is absent or null means the same. `tier` says whose rate a message counts
for. A rule about a message (who may send it, when) is not here: see `hub/core/session.py`.
"""

from typing import Annotated, ClassVar

from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

from schemas.attempts import FailureClass, Holding, Rejection, Stream
from schemas.scalars import (
    CAPABILITIES,
    ERROR_CHARS,
    IN_FLIGHT,
    LOG_CHUNK_BYTES,
    SLOTS,
    TASKS_PER_SUBMIT,
    TASKS_PER_WATCH,
    AgentId,
    Capability,
    Count,
    Executor,
    Generation,
    IdempotencyKey,
    Milliseconds,
    Name,
    Reference,
    TaskId,
    Tier,
    Token,
)
from schemas.work import TaskSpec

ErrorText = Annotated[str, Meta(max_length=ERROR_CHARS)]


class InFlight(Struct, frozen=True):
    """An attempt the agent still holds when it identifies."""

    task_id: TaskId
    generation: Generation
    state: Holding


class Alive(Struct, frozen=True):
    """An attempt whose process the supervisor itself sees alive."""

    task_id: TaskId
    generation: Generation
    output_age_ms: Milliseconds | None = None
    """How long ago it last wrote anything."""


class Identify(Struct, frozen=True, tag_field="type", tag="identify"):
    """The first frame: who is calling, and what it can do."""

    tier: ClassVar[Tier] = Tier.HANDSHAKES

    agent_id: AgentId
    protocol_version: Annotated[int, Meta(ge=1, le=1000)] | None = None
    token: Token | None = None
    """Only when the upgrade request had no `Authorization` header."""
    name: Name | None = None
    capabilities: Annotated[list[Capability], Meta(max_length=CAPABILITIES)] | None = None
    slots: Annotated[int, Meta(ge=0, le=SLOTS)] | None = None
    """How many tasks at once; without it 1."""
    executors: Annotated[list[Executor], Meta(max_length=16)] | None = None
    in_flight: Annotated[list[InFlight], Meta(max_length=IN_FLIGHT)] | None = None
    host: Name | None = None


class Ping(Struct, frozen=True, tag_field="type", tag="ping"):
    """A heartbeat: renews the lease of exactly the attempts it lists."""

    tier: ClassVar[Tier] = Tier.PINGS

    running: Annotated[list[Alive], Meta(max_length=IN_FLIGHT)] | None = None


class TaskAccepted(Struct, frozen=True, gc=False, tag_field="type", tag="task_accepted"):
    """The agent starts the task: the attempt counts from here. Not answered."""

    tier: ClassVar[Tier] = Tier.REPORTS

    task_id: TaskId
    generation: Generation


class TaskRejected(Struct, frozen=True, tag_field="type", tag="task_rejected"):
    """The agent gives the task back untried. Not answered."""

    tier: ClassVar[Tier] = Tier.REPORTS

    task_id: TaskId
    generation: Generation
    reason: Rejection
    message: ErrorText | None = None


class TaskProgress(Struct, frozen=True, tag_field="type", tag="task_progress"):
    """How far the attempt is; the last one is kept in memory only. Not answered."""

    tier: ClassVar[Tier] = Tier.PROGRESS

    task_id: TaskId
    generation: Generation
    progress: Annotated[int, Meta(ge=0, le=100)] | None = None
    message: ErrorText | None = None


class TaskLog(Struct, frozen=True, tag_field="type", tag="task_log"):
    """A piece of output at a byte offset; answered by `log_ack`. Overlap is ignored."""

    tier: ClassVar[Tier] = Tier.LOGS

    task_id: TaskId
    generation: Generation
    stream: Stream
    offset: Count
    text: Annotated[str, Meta(max_length=LOG_CHUNK_BYTES)]


class TaskComplete(Struct, frozen=True, gc=False, tag_field="type", tag="task_complete"):
    """The attempt succeeded; answered by `task_ack` once the result is durable."""

    tier: ClassVar[Tier] = Tier.REPORTS

    task_id: TaskId
    generation: Generation
    result: Raw | UnsetType = UNSET
    tokens_used: Count | None = None
    usage: Raw | UnsetType = UNSET


class TaskFailed(Struct, frozen=True, tag_field="type", tag="task_failed"):
    """The attempt failed; answered by `task_ack`."""

    tier: ClassVar[Tier] = Tier.REPORTS

    task_id: TaskId
    generation: Generation
    error: ErrorText | None = None
    reason: ErrorText | None = None
    """Read when there is no `error`."""
    failure_class: FailureClass | None = field(default=None, name="class")
    retryable: bool | None = None
    """Overrules the table of failure classes."""
    retry_after_ms: Milliseconds | None = None
    """Overrules the backoff."""
    result: Raw | UnsetType = UNSET
    """What there is to see: exit code and output."""
    tokens_used: Count | None = None
    usage: Raw | UnsetType = UNSET


class TaskCancelled(Struct, frozen=True, tag_field="type", tag="task_cancelled"):
    """The attempt was stopped because the hub asked; answered by `task_ack`."""

    tier: ClassVar[Tier] = Tier.REPORTS

    task_id: TaskId
    generation: Generation
    result: Raw | UnsetType = UNSET


class TaskSubmit(
    Struct, frozen=True, tag_field="type", tag="task_submit", forbid_unknown_fields=True
):
    """New tasks, all or none; answered by `task_submitted` once they are durable."""

    tier: ClassVar[Tier] = Tier.SUBMIT

    ref: Reference
    tasks: Annotated[list[TaskSpec], Meta(min_length=1, max_length=TASKS_PER_SUBMIT)]
    watch: bool | None = None
    """Push a `task_result` to this session when each ends."""
    idempotency_key: IdempotencyKey | None = None
    """The same tasks under the same key are taken once; later ones get the ids of the first."""


class TaskWatch(
    Struct, frozen=True, tag_field="type", tag="task_watch", forbid_unknown_fields=True
):
    """Push a `task_result` for each of these, at once for those that ended already."""

    tier: ClassVar[Tier] = Tier.READS

    task_ids: Annotated[list[TaskId], Meta(min_length=1, max_length=TASKS_PER_WATCH)]
    ref: Reference | None = None


FromAgent = (
    Identify
    | Ping
    | TaskAccepted
    | TaskRejected
    | TaskProgress
    | TaskLog
    | TaskComplete
    | TaskFailed
    | TaskCancelled
    | TaskSubmit
    | TaskWatch
)

NOT_YET = frozenset(
    {
        "agent_restarting",
        "channel_history",
        "channel_publish",
        "channel_subscribe",
        "channel_unsubscribe",
        "list_agents",
        "list_channels",
        "message",
        "message_ack",
        "resource_report",
        "state_report",
        "status",
        "task_recovering",
        "wake_result",
    }
)
"""Types of the protocol that this version answers with `unsupported`."""
