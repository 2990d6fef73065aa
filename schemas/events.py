"""Every kind of event: its name, its number in the database, and what its payload holds.

An event is an immutable fact. It is stored as compact columns; the envelope is made when
it is read.
"""

from enum import IntEnum, StrEnum
from typing import Any, Final

from msgspec import Struct, field

from schemas.attempts import FailureClass
from schemas.scalars import AgentStatus, Count, StateName


class EventType(IntEnum):
    """The number is what the database stores; never renumber. 6 is free."""

    TASK_CREATED = 1
    TASK_ASSIGNED = 2
    TASK_UNASSIGNED = 3
    TASK_STATUS_CHANGED = 4
    TASK_UPDATED = 5
    AGENT_CREATED = 20
    AGENT_UPDATED = 21
    AGENT_DELETED = 22
    AGENT_ONLINE = 23
    AGENT_OFFLINE = 24
    AGENT_STATUS_CHANGED = 25
    AUTH_INVITED = 40
    AUTH_REGISTERED = 41
    AUTH_LOGIN_FAILED = 42
    AUTH_INVITE_REVOKED = 43
    AUTH_LOGIN_CODE_CREATED = 44
    AUTH_SESSION_BEGAN = 45
    AUTH_SESSION_ENDED = 46
    TOKEN_CREATED = 50
    TOKEN_UPDATED = 51
    TOKEN_DELETED = 52
    DISPATCH_PAUSED = 60
    DISPATCH_RESUMED = 61
    BULK_CREATED = 70
    BULK_STATUS_CHANGED = 71
    ADMIN_AGENTS_SYNCED = 80
    ADMIN_LOG_LEVEL_CHANGED = 81
    RATE_LIMIT_VIOLATED = 90


class TaskCreated(Struct, frozen=True, omit_defaults=True):
    """A task was submitted."""

    state: StateName


class TaskAssigned(Struct, frozen=True, omit_defaults=True):
    """A task was pushed to an agent."""

    agent_id: str
    generation: Count


class TaskUnassigned(Struct, frozen=True, omit_defaults=True):
    """A task was taken back from an agent before it ended there."""

    agent_id: str
    reason: str
    state: StateName


class TaskStatusChanged(Struct, frozen=True, omit_defaults=True):
    """A task changed its state, other than by being assigned or taken back."""

    before: StateName = field(name="from")
    after: StateName = field(name="to")
    reason: str | None = None
    failure_class: FailureClass | None = None


class TaskUpdated(Struct, frozen=True, omit_defaults=True):
    """A task changed in another way."""

    change: str
    """What was done, in a word: `edited`, `cancel_requested`."""
    reason: str | None = None
    fields: list[str] = []
    """The names of the fields that have another value now."""


class AgentCreated(Struct, frozen=True, omit_defaults=True):
    """An agent was registered or seen for the first time."""

    capabilities: list[str]
    slots: Count


class AgentUpdated(Struct, frozen=True, omit_defaults=True):
    """An agent came with other capabilities, slots, executors or name, or was edited."""

    capabilities: list[str]
    slots: Count
    fields: list[str] = []
    """The names of the fields that an edit changed."""


class AgentDeleted(Struct, frozen=True, omit_defaults=True):
    """An agent was removed; its tokens are void."""

    reason: str


class AgentOnline(Struct, frozen=True, omit_defaults=True):
    """A session began."""

    session: Count


class AgentOffline(Struct, frozen=True, omit_defaults=True):
    """A session ended."""

    session: Count
    reason: str


class AgentStatusChanged(Struct, frozen=True, omit_defaults=True):
    """An agent was paused, resumed, drained, taken out of use or taken back into it."""

    before: AgentStatus = field(name="from")
    after: AgentStatus = field(name="to")
    note: str | None = None
    until: Count | None = None
    """The wall time in milliseconds at which the pause ends by itself."""


class AuthInvited(Struct, frozen=True, omit_defaults=True):
    """A join code was made."""

    expires_at: Count


class AuthRegistered(Struct, frozen=True, omit_defaults=True):
    """A join code was turned into an agent's token."""

    agent_id: str


class AuthLoginFailed(Struct, frozen=True, omit_defaults=True):
    """A credential was refused; at most one event a minute for an address, and few in all."""

    address: str
    """The client's address, an IPv6 network of 64 bits, or `unknown`."""
    attempts: Count
    """How many from there were looked at and refused since the event before about it."""
    token: str | None = None
    """The public id that the last one named, if any; it may be made up."""


class AuthInviteRevoked(Struct, frozen=True, omit_defaults=True):
    """A join code was taken back before anybody used it."""

    reason: str


class AuthLoginCodeCreated(Struct, frozen=True, omit_defaults=True):
    """A one-time link to the dashboard was made; it is about the token that it logs in with."""

    expires_at: Count


class AuthSessionBegan(Struct, frozen=True, omit_defaults=True):
    """A person logged in to the dashboard."""

    token: str
    """The public id of the token that the session stands for."""
    by: str
    """`token` or `code`."""
    address: str


class AuthSessionEnded(Struct, frozen=True, omit_defaults=True):
    """A session of the dashboard ended."""

    token: str
    reason: str
    """`logged_out`, `replaced`, `expired`, `revoked`, `credential_ended` or `crowded_out`."""


class TokenCreated(Struct, frozen=True, omit_defaults=True):
    """A token was made; its secret is nowhere but with its owner."""

    role: str
    """The word for it: agent, viewer, operator, admin."""
    name: str | None = None
    expires_at: Count | None = None


class TokenUpdated(Struct, frozen=True, omit_defaults=True):
    """A token was rotated or edited."""

    change: str
    rotated_to: str | None = None
    """The public id of the token that takes its place."""
    valid_until: Count | None = None
    """The wall time in milliseconds at which the old one ends."""


class TokenDeleted(Struct, frozen=True, omit_defaults=True):
    """A token was revoked."""

    reason: str


class DispatchPaused(Struct, frozen=True, omit_defaults=True):
    """No task, or none with this label, is given out for a while."""

    label: str | None
    """`key=value`, or null for all."""
    note: str | None = None
    until: Count | None = None
    """The wall time in milliseconds at which the pause ends by itself."""


class DispatchResumed(Struct, frozen=True, omit_defaults=True):
    """A pause of dispatch is over."""

    label: str | None
    reason: str | None = None


class BulkCreated(Struct, frozen=True, omit_defaults=True):
    """A bulk action began."""

    action: str
    total: Count
    about: str = "tasks"
    """`tasks` or `agents`."""


class BulkStatusChanged(Struct, frozen=True, omit_defaults=True):
    """A bulk action ended, was stopped or goes on."""

    before: str = field(name="from")
    after: str = field(name="to")
    done: Count = 0
    failed: Count = 0
    skipped: Count = 0
    why_stopped: str | None = None
    """Why the hub stopped it."""


class AdminAgentsSynced(Struct, frozen=True, omit_defaults=True):
    """The agents were brought in line with a file; each that changed has its own event."""

    created: Count
    updated: Count
    deactivated: Count


class AdminLogLevelChanged(Struct, frozen=True, omit_defaults=True):
    """The hub's log tells more or less, until its next start."""

    before: str = field(name="from")
    after: str = field(name="to")


class RateLimitViolated(Struct, frozen=True, omit_defaults=True):
    """Somebody broke the rules so often that it has to wait before it may return."""

    reason: str
    violations: Count
    cooldown_ms: Count
    address: str | None = None


PAYLOADS: Final[dict[EventType, type[Struct]]] = {
    EventType.TASK_CREATED: TaskCreated,
    EventType.TASK_ASSIGNED: TaskAssigned,
    EventType.TASK_UNASSIGNED: TaskUnassigned,
    EventType.TASK_STATUS_CHANGED: TaskStatusChanged,
    EventType.TASK_UPDATED: TaskUpdated,
    EventType.AGENT_CREATED: AgentCreated,
    EventType.AGENT_UPDATED: AgentUpdated,
    EventType.AGENT_DELETED: AgentDeleted,
    EventType.AGENT_ONLINE: AgentOnline,
    EventType.AGENT_OFFLINE: AgentOffline,
    EventType.AGENT_STATUS_CHANGED: AgentStatusChanged,
    EventType.AUTH_INVITED: AuthInvited,
    EventType.AUTH_REGISTERED: AuthRegistered,
    EventType.AUTH_LOGIN_FAILED: AuthLoginFailed,
    EventType.AUTH_INVITE_REVOKED: AuthInviteRevoked,
    EventType.AUTH_LOGIN_CODE_CREATED: AuthLoginCodeCreated,
    EventType.AUTH_SESSION_BEGAN: AuthSessionBegan,
    EventType.AUTH_SESSION_ENDED: AuthSessionEnded,
    EventType.TOKEN_CREATED: TokenCreated,
    EventType.TOKEN_UPDATED: TokenUpdated,
    EventType.TOKEN_DELETED: TokenDeleted,
    EventType.DISPATCH_PAUSED: DispatchPaused,
    EventType.DISPATCH_RESUMED: DispatchResumed,
    EventType.BULK_CREATED: BulkCreated,
    EventType.BULK_STATUS_CHANGED: BulkStatusChanged,
    EventType.ADMIN_AGENTS_SYNCED: AdminAgentsSynced,
    EventType.ADMIN_LOG_LEVEL_CHANGED: AdminLogLevelChanged,
    EventType.RATE_LIMIT_VIOLATED: RateLimitViolated,
}

EVENT_NAMES: Final = {
    EventType.TASK_CREATED: "task.created",
    EventType.TASK_ASSIGNED: "task.assigned",
    EventType.TASK_UNASSIGNED: "task.unassigned",
    EventType.TASK_STATUS_CHANGED: "task.status.changed",
    EventType.TASK_UPDATED: "task.updated",
    EventType.AGENT_CREATED: "agent.created",
    EventType.AGENT_UPDATED: "agent.updated",
    EventType.AGENT_DELETED: "agent.deleted",
    EventType.AGENT_ONLINE: "agent.online",
    EventType.AGENT_OFFLINE: "agent.offline",
    EventType.AGENT_STATUS_CHANGED: "agent.status.changed",
    EventType.AUTH_INVITED: "auth.invited",
    EventType.AUTH_REGISTERED: "auth.registered",
    EventType.AUTH_LOGIN_FAILED: "auth.login.failed",
    EventType.AUTH_INVITE_REVOKED: "auth.invite.revoked",
    EventType.AUTH_LOGIN_CODE_CREATED: "auth.login_code.created",
    EventType.AUTH_SESSION_BEGAN: "auth.session.began",
    EventType.AUTH_SESSION_ENDED: "auth.session.ended",
    EventType.TOKEN_CREATED: "token.created",
    EventType.TOKEN_UPDATED: "token.updated",
    EventType.TOKEN_DELETED: "token.deleted",
    EventType.DISPATCH_PAUSED: "dispatch.paused",
    EventType.DISPATCH_RESUMED: "dispatch.resumed",
    EventType.BULK_CREATED: "bulk.created",
    EventType.BULK_STATUS_CHANGED: "bulk.status.changed",
    EventType.ADMIN_AGENTS_SYNCED: "admin.agents.synced",
    EventType.ADMIN_LOG_LEVEL_CHANGED: "admin.log_level.changed",
    EventType.RATE_LIMIT_VIOLATED: "rate_limit.violated",
}


class ActorType(StrEnum):
    """What kind of actor caused an event."""

    AGENT = "agent"
    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"
    HUB = "hub"
    """The hub itself: a term ran out, or the scheduler acted."""
    OTHER = "other"
    """`nobody`, who has no valid credential, or somebody whom only an admin named."""


class EventMeta(Struct, frozen=True):
    """What is known about an event beside what happened."""

    org: str
    actor_id: str
    """The agent's id or the credential's name; `hub` is the hub itself."""
    actor_type: ActorType
    """Looked up by name when the event is read; a name that an agent bears is an agent's."""
    correlation_id: str | None
    """What belongs together: the id of the task, in events about a task; otherwise null."""
    causation_id: str | None
    """The id of the event that led to this one, where that is known; today it never is."""
    schema_version: Count


class Envelope(Struct, frozen=True):
    """An event as a reader sees it."""

    id: str
    """The same whenever and wherever the event is read, also in later epochs."""
    seq: Count
    """Its place in the org's stream, which has no gaps."""
    type: str
    source: str
    target: str | None
    """The id of the entity that it is about."""
    timestamp: float
    """Seconds since 1970, UTC."""
    payload: Any
    meta: EventMeta
