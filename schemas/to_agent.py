"""Everything the hub may send to an agent or a submitter, gathered in `ToAgent`."""

from typing import Annotated

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from schemas.attempts import AckStatus, CancelReason, Stream, Verdict
from schemas.scalars import (
    AgentId,
    Count,
    ErrorCode,
    Generation,
    Milliseconds,
    Reference,
    StateName,
    TaskId,
    Tier,
    WallTime,
)
from schemas.work import Run


class Limits(Struct, frozen=True):
    """What the hub takes at most; a sidecar cuts its reports to these."""

    frame_bytes: int
    result_bytes: int
    log_chunk_bytes: int
    error_chars: int


class LogOffsets(Struct, frozen=True):
    """How many bytes of each stream the hub has."""

    stdout: Count = 0
    stderr: Count = 0


class Judged(Struct, frozen=True):
    """The hub's verdict on one attempt of `identify.in_flight`."""

    task_id: TaskId
    generation: Generation
    verdict: Verdict
    log_offsets: LogOffsets | None = None


class Identified(Struct, frozen=True, tag_field="type", tag="identified"):
    """The agent is known; its session starts here."""

    agent_id: AgentId
    session: Annotated[int, Meta(ge=1)]
    """Rises with each session of this hub."""
    epoch: int
    heartbeat_ms: Milliseconds
    """Send a ping this often; two missed end the session."""
    lease_ms: Milliseconds
    """How long an attempt is believed alive after the last ping that listed it."""
    limits: Limits
    verdicts: list[Judged]


class TaskAssign(Struct, frozen=True, gc=False, tag_field="type", tag="task_assign"):
    """Work for the agent; it answers `task_accepted` or `task_rejected`."""

    task_id: TaskId
    generation: Generation
    attempt: Annotated[int, Meta(ge=1)]
    """The number this attempt has once it is accepted."""
    description: str
    assigned_at: WallTime
    run: Run | None = None
    payload: Raw | UnsetType = UNSET
    metadata: Raw | UnsetType = UNSET
    timeout_ms: Milliseconds | None = None


class TaskCancel(Struct, frozen=True, tag_field="type", tag="task_cancel"):
    """Stop this attempt: TERM now, KILL after the grace, then report."""

    task_id: TaskId
    generation: Generation
    reason: CancelReason
    grace_ms: Milliseconds


class TaskAck(Struct, frozen=True, gc=False, tag_field="type", tag="task_ack"):
    """The report is durable; the sidecar may forget it."""

    task_id: TaskId
    generation: Generation
    status: AckStatus


class LogAck(Struct, frozen=True, tag_field="type", tag="log_ack"):
    """The hub has this stream up to `offset` (bytes)."""

    task_id: TaskId
    generation: Generation
    stream: Stream
    offset: Count


class Pong(Struct, frozen=True, tag_field="type", tag="pong"):
    """The answer to a ping."""

    timestamp: WallTime


class Flaw(Struct, frozen=True):
    """One thing that is wrong with a message."""

    path: str
    """A JSON path, `$.tasks[3].priority`."""
    message: str


class Error(Struct, frozen=True, tag_field="type", tag="error"):
    """A refusal. Nothing of the refused message took effect."""

    error: ErrorCode
    message: str
    retryable: bool
    """The same message may be taken later."""
    message_type: str | None = None
    ref: Reference | None = None
    task_id: TaskId | None = None
    generation: Generation | None = None
    errors: list[Flaw] = []
    retry_after_ms: Milliseconds | None = None
    request_id: str | None = None


class RateLimitWarning(Struct, frozen=True, tag_field="type", tag="rate_limit_warning"):
    """Less than a fifth is left of a rate; what comes above it will be refused."""

    tier: Tier
    remaining: Count
    """What could still be sent now: tasks, frames, or bytes of output."""
    capacity: Count
    """What could be sent at once after a pause."""


class Bye(Struct, frozen=True, tag_field="type", tag="bye"):
    """The last frame before the hub closes the connection."""

    code: int
    reason: str
    reconnect: bool
    retry_after_ms: Milliseconds | None = None


class TaskSubmitted(Struct, frozen=True, gc=False, tag_field="type", tag="task_submitted"):
    """The tasks are durable. Ids stand in the order of the submitted tasks."""

    ref: Reference
    ids: list[TaskId]


class TaskResult(Struct, frozen=True, gc=False, tag_field="type", tag="task_result"):
    """A watched task ended."""

    task_id: TaskId
    state: StateName
    attempt: Count
    result: Raw | UnsetType = UNSET
    error: str | None = None


ToAgent = (
    Identified
    | TaskAssign
    | TaskCancel
    | TaskAck
    | LogAck
    | Pong
    | Error
    | RateLimitWarning
    | Bye
    | TaskSubmitted
    | TaskResult
)
