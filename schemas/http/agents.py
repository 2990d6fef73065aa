"""What HTTP says about agents."""

from msgspec import Struct

from schemas.scalars import (
    AgentId,
    Capability,
    Count,
    Cursor,
    Executor,
    PageLimit,
    TaskId,
    WallTime,
)


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


class AgentQuery(Struct, frozen=True):
    """Which agents to list."""

    limit: PageLimit = 50
    cursor: Cursor | None = None
    """Goes on after an earlier page."""
