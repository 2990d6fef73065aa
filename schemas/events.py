"""Every kind of event: its name, its number in the database, and what its payload holds.

An event is an immutable fact. It is stored as compact columns; the envelope is made when
it is read.
"""

from enum import IntEnum
from typing import Any, Final

from msgspec import Struct, field

from schemas.scalars import Count, FailureClass, StateName


class EventType(IntEnum):
    """The number is what the database stores; never renumber."""

    TASK_CREATED = 1
    TASK_ASSIGNED = 2
    TASK_UNASSIGNED = 3
    TASK_STATUS_CHANGED = 4
    TASK_UPDATED = 5
    AGENT_CREATED = 20
    AGENT_UPDATED = 21
    AGENT_ONLINE = 23
    AGENT_OFFLINE = 24
    AUTH_INVITED = 40
    AUTH_REGISTERED = 41


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
    reason: str | None = None


class AgentCreated(Struct, frozen=True, omit_defaults=True):
    """An agent was registered or seen for the first time."""

    capabilities: list[str]
    slots: Count


class AgentUpdated(Struct, frozen=True, omit_defaults=True):
    """An agent came with other capabilities, slots, executors or name."""

    capabilities: list[str]
    slots: Count


class AgentOnline(Struct, frozen=True, omit_defaults=True):
    """A session began."""

    session: Count


class AgentOffline(Struct, frozen=True, omit_defaults=True):
    """A session ended."""

    session: Count
    reason: str


class AuthInvited(Struct, frozen=True, omit_defaults=True):
    """A join code was made."""

    expires_at: Count


class AuthRegistered(Struct, frozen=True, omit_defaults=True):
    """A join code was turned into an agent's token."""

    agent_id: str


PAYLOADS: Final[dict[EventType, type[Struct]]] = {
    EventType.TASK_CREATED: TaskCreated,
    EventType.TASK_ASSIGNED: TaskAssigned,
    EventType.TASK_UNASSIGNED: TaskUnassigned,
    EventType.TASK_STATUS_CHANGED: TaskStatusChanged,
    EventType.TASK_UPDATED: TaskUpdated,
    EventType.AGENT_CREATED: AgentCreated,
    EventType.AGENT_UPDATED: AgentUpdated,
    EventType.AGENT_ONLINE: AgentOnline,
    EventType.AGENT_OFFLINE: AgentOffline,
    EventType.AUTH_INVITED: AuthInvited,
    EventType.AUTH_REGISTERED: AuthRegistered,
}

EVENT_NAMES: Final = {
    EventType.TASK_CREATED: "task.created",
    EventType.TASK_ASSIGNED: "task.assigned",
    EventType.TASK_UNASSIGNED: "task.unassigned",
    EventType.TASK_STATUS_CHANGED: "task.status.changed",
    EventType.TASK_UPDATED: "task.updated",
    EventType.AGENT_CREATED: "agent.created",
    EventType.AGENT_UPDATED: "agent.updated",
    EventType.AGENT_ONLINE: "agent.online",
    EventType.AGENT_OFFLINE: "agent.offline",
    EventType.AUTH_INVITED: "auth.invited",
    EventType.AUTH_REGISTERED: "auth.registered",
}


class Envelope(Struct, frozen=True):
    """An event as a reader sees it."""

    id: str
    seq: Count
    type: str
    source: str
    target: str | None
    timestamp: float
    """Seconds since 1970, UTC."""
    payload: Any
    meta: dict[str, Any]
