"""Ids, enums and limits: each written once, used by every other module.

Limits are told to each agent when it identifies.
"""

from enum import IntEnum, StrEnum
from typing import Annotated, Final

from msgspec import Meta

WHOLE: Final = {"whole": True}
"""Marks a list in a query whose values may hold commas, so that each is given on its own."""

KIB: Final = 1024
MIB: Final = 1024 * KIB

PROTOCOL_VERSION: Final = 2
OLD_PROTOCOL: Final = 1
"""What the sidecars of the system before speak; also whoever names no version."""
OLD_FRAME_BYTES: Final = 16 * MIB
"""Their results come whole, in one frame."""

FRAME_BYTES: Final = 1 * MIB
"""The largest text frame of an identified peer, in bytes."""
GREETING_BYTES: Final = 16 * KIB
"""The largest text frame before identification, in bytes."""
OPAQUE_BYTES: Final = 512 * KIB
"""The largest `payload` or `result`, in bytes of JSON."""
METADATA_BYTES: Final = 16 * KIB
"""The largest `metadata`, in bytes of JSON."""
KWARGS_BYTES: Final = 64 * KIB
"""The largest `kwargs` of a Python call, in bytes of JSON."""
BODY_BYTES: Final = 1 * MIB
"""The largest HTTP request body, in bytes."""
LOG_CHUNK_BYTES: Final = 64 * KIB
"""The largest piece of output in one `task_log`, in bytes of UTF-8."""
JSON_DEPTH: Final = 32
"""How deep opaque JSON may nest."""
SAFE_INTEGER: Final = 2**53 - 1
"""The largest integer every JSON reader keeps exact (RFC 8259, section 6)."""

DESCRIPTION_CHARS: Final = 10_000
ERROR_CHARS: Final = 2_000
TASKS_PER_SUBMIT: Final = 1_000
TASKS_PER_WATCH: Final = 1_000
CAPABILITIES: Final = 64
IN_FLIGHT: Final = 2_048
SLOTS: Final = 1_024
ARGUMENTS: Final = 1_024
ARGUMENT_CHARS: Final = 128 * KIB
"""The longest single argument Linux passes to a program (MAX_ARG_STRLEN)."""
ATTEMPTS: Final = 100
DAY_MS: Final = 24 * 60 * 60 * 1000
YEAR_MS: Final = 366 * DAY_MS

NO_CONTROL: Final = r"^[^\x00-\x1f\x7f]*(?![\s\S])"
"""Names are shown in terminals and pages, so they hold no control characters. It ends in
`(?![\\s\\S])` because `$` lets a newline at the end pass in Python."""
AGENT_ID: Final = r"^[A-Za-z0-9][A-Za-z0-9._:@-]*(?![\s\S])"

TaskId = Annotated[str, Meta(min_length=1, max_length=64, description="Prefix and ULID.")]
AgentId = Annotated[
    str,
    Meta(min_length=1, max_length=128, pattern=AGENT_ID, description="Chosen by the operator."),
]
Name = Annotated[str, Meta(min_length=1, max_length=256, pattern=NO_CONTROL)]
Capability = Annotated[str, Meta(min_length=1, max_length=64, pattern=NO_CONTROL)]
MissionId = Annotated[str, Meta(min_length=1, max_length=64, pattern=NO_CONTROL)]
Label = Annotated[str, Meta(max_length=256, pattern=NO_CONTROL)]
Token = Annotated[str, Meta(max_length=256)]
Generation = Annotated[
    int,
    Meta(ge=0, le=SAFE_INTEGER, description="The fence: epoch << 24 | number of assignments."),
]
Milliseconds = Annotated[int, Meta(ge=0, le=YEAR_MS, description="A duration in ms.")]
WallTime = Annotated[int, Meta(ge=0, le=SAFE_INTEGER, description="Milliseconds since 1970, UTC.")]
Count = Annotated[int, Meta(ge=0, le=SAFE_INTEGER)]
PageLimit = Annotated[int, Meta(ge=1, le=200, description="The most items on a page.")]
Cursor = Annotated[str, Meta(min_length=1, max_length=512, description="From an earlier page.")]
IdempotencyKey = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+(?![\s\S])",
        description="Chosen by the sender for one write, and for its retries.",
    ),
]
Reference = Annotated[str, Meta(max_length=128, description="Repeated in the answer.")]


class TaskState(IntEnum):
    """Where a task stands. The number is what the database stores; never renumber."""

    SCHEDULED = 1
    """`not_before` is in the future, or the task backs off after a failure."""
    QUEUED = 3
    """Ready, waiting for an agent."""
    ASSIGNED = 4
    """Pushed to an agent, not accepted yet; no attempt is used up."""
    RUNNING = 5
    """Accepted: this is an attempt, believed alive while its lease is renewed."""
    COMPLETED = 6
    """A result was accepted, exactly once."""
    DEAD_LETTER = 7
    """Out of attempts, expired, lost or rejected too often."""
    CANCELLED = 8
    """Cancelled before it ended otherwise."""


class StateName(StrEnum):
    """The names of the task states on the wire."""

    SCHEDULED = "scheduled"
    QUEUED = "queued"
    ASSIGNED = "assigned"
    RUNNING = "running"
    COMPLETED = "completed"
    DEAD_LETTER = "dead_letter"
    CANCELLED = "cancelled"


STATE_NAMES: Final = {state: StateName[state.name] for state in TaskState}
STATES_BY_NAME: Final = {name.value: state for state, name in STATE_NAMES.items()}


class Priority(IntEnum):
    """How urgent a task is; each level is worth one aging step of waiting."""

    URGENT = 0
    HIGH = 1
    NORMAL = 2
    LOW = 3


class PriorityName(StrEnum):
    """The words for a priority. `critical` means urgent, `medium` means normal."""

    URGENT = "urgent"
    CRITICAL = "critical"
    HIGH = "high"
    NORMAL = "normal"
    MEDIUM = "medium"
    LOW = "low"


PRIORITIES: Final = {
    PriorityName.URGENT: Priority.URGENT,
    PriorityName.CRITICAL: Priority.URGENT,
    PriorityName.HIGH: Priority.HIGH,
    PriorityName.NORMAL: Priority.NORMAL,
    PriorityName.MEDIUM: Priority.NORMAL,
    PriorityName.LOW: Priority.LOW,
}


class AgentStatus(StrEnum):
    """Whether an agent may be given work; an operator decides, never the agent's presence."""

    ACTIVE = "active"
    PAUSED = "paused"
    """Nothing new until somebody resumes it, or until the end of the pause."""
    DRAINING = "draining"
    """Nothing new; what it holds goes on to its end."""
    INACTIVE = "inactive"
    """Taken out of use by the file of agents."""


class Presence(StrEnum):
    """How an agent is, as the hub sees it; never what the agent says."""

    OFFLINE = "offline"
    STALE = "stale"
    """Gone, but leases of its attempts still run."""
    IDLE = "idle"
    WORKING = "working"
    DRAINING = "draining"
    """Somebody drains it, and it still has work."""
    DRAINED = "drained"
    """Drained and empty: it can be stopped without anybody noticing."""


class Executor(StrEnum):
    """What kind of work a sidecar can run."""

    COMMAND = "command"
    """A program and its arguments."""
    PYTHON = "python"
    """A Python function and its keyword arguments."""


class Role(StrEnum):
    """Who a credential speaks for; the value is its letter inside a token."""

    AGENT = "a"
    VIEWER = "v"
    OPERATOR = "o"
    ADMIN = "d"


class RoleName(StrEnum):
    """The words for the roles, for people and their programs."""

    AGENT = "agent"
    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


ROLE_NAMES: Final = {role: RoleName[role.name] for role in Role}
ROLES_BY_NAME: Final = {name: role for role, name in ROLE_NAMES.items()}


class TokenState(StrEnum):
    """How a token stands."""

    ACTIVE = "active"
    """It is good."""
    ROTATED = "rotated"
    """It is good until `revoked_at`; another one takes its place."""
    EXPIRED = "expired"
    """Its time is over."""
    REVOKED = "revoked"
    """It was taken back, or its overlap with the one after it is over."""

    @property
    def is_good(self) -> bool:
        """Whether a token that stands so is let in."""
        return self in (TokenState.ACTIVE, TokenState.ROTATED)


class Tier(StrEnum):
    """What kind of traffic a rate holds for: each tier has a bucket of its own."""

    SUBMIT = "submit"
    """New tasks, each costs one."""
    CONTROL = "control"
    """Changes to anything else; also frames that cannot be taken."""
    READS = "reads"
    PROGRESS = "progress"
    REPORTS = "reports"
    """Reports of work that the agent has are free; these are the others."""
    LOGS = "logs"
    """Output of tasks, in bytes."""
    PINGS = "pings"
    MESSAGES = "messages"
    ANONYMOUS = "anonymous"
    """Requests without a credential, by address."""
    HANDSHAKES = "handshakes"
    """New connections to the socket, by address."""
    PAGES = "pages"
    """Files of the dashboard, by address: a browser asks for many of them at once."""


class LogLevelName(StrEnum):
    """How much a hub logs: this, and what is worse."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"


class CloseCode(IntEnum):
    """Close codes: after 4000-4499 a client reconnects, after 4500-4999 it does not."""

    STOPPING = 4000
    HEARTBEAT_MISSED = 4001
    SLOW_CONSUMER = 4002
    RATE_LIMITED = 4003
    IDENTIFY_TIMEOUT = 4004
    COOLDOWN = 4005
    CREDENTIAL = 4500
    SUPERSEDED = 4502
    DISABLED = 4503
    VERSION = 4504
    PROTOCOL = 1002
    NOT_TEXT = 1003
    TOO_LARGE = 1009


class ErrorCode(StrEnum):
    """Every refusal has one of these codes, on the socket and over HTTP."""

    INVALID_JSON = "invalid_json"
    INVALID_HEADER = "invalid_header"
    INVALID_CURSOR = "invalid_cursor"
    CURSOR_AHEAD = "cursor_ahead"
    CURSOR_EXPIRED = "cursor_expired"
    EPOCH_CHANGED = "epoch_changed"
    VALIDATION_FAILED = "validation_failed"
    UNKNOWN_MESSAGE_TYPE = "unknown_message_type"
    UNSUPPORTED = "unsupported"
    NOT_IDENTIFIED = "not_identified"
    ALREADY_IDENTIFIED = "already_identified"
    INVALID_TOKEN = "invalid_token"
    INVALID_SESSION = "invalid_session"
    SESSION_EXPIRED = "session_expired"
    INVALID_CSRF = "invalid_csrf"
    TOKEN_AGENT_MISMATCH = "token_agent_mismatch"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    CONFLICT = "conflict"
    VERSION_CONFLICT = "version_conflict"
    IN_PROGRESS = "in_progress"
    """The same write, with the same idempotency key, is being carried out."""
    ALREADY_DONE = "already_done"
    """The write was carried out, and its answer, which held a secret, was not kept."""
    KEY_REUSED = "key_reused"
    """The idempotency key belongs to another write."""
    STALE_GENERATION = "stale_generation"
    INVALID_STATE = "invalid_state"
    INVALID_CODE = "invalid_code"
    AGENT_EXISTS = "agent_exists"
    TOO_LARGE = "too_large"
    TOO_MANY_LANES = "too_many_lanes"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    NOT_IMPLEMENTED = "not_implemented"
    BUSY = "busy"
    RATE_LIMITED = "rate_limited"
    INTERNAL = "internal"
