"""What HTTP says about agents."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from schemas.scalars import (
    CAPABILITIES,
    NO_CONTROL,
    SLOTS,
    WHOLE,
    YEAR_MS,
    AgentId,
    Capability,
    Count,
    Cursor,
    Executor,
    Label,
    Name,
    PageLimit,
    Presence,
    TaskId,
    WallTime,
)

LABELS = 64
DECLARED = 10_000

LabelName = Annotated[str, Meta(min_length=1, max_length=256, pattern=NO_CONTROL)]
Labels = Annotated[dict[LabelName, Label], Meta(max_length=LABELS)]
Capabilities = Annotated[list[Capability], Meta(max_length=CAPABILITIES)]
Slots = Annotated[int, Meta(ge=0, le=SLOTS)]
Note = Annotated[str, Meta(min_length=1, max_length=500, pattern=NO_CONTROL)]
AgentFilter = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=500,
        pattern=NO_CONTROL,
        description=(
            "Words that all have to hold, such as `status:idle cap:gpu -host:build-* oak`. A word"
            " with `status:`, `cap:`, `host:` or `label:` is about that, any other one is part of"
            " the id, the name or the host; `-` before it turns it round, `*` stands for anything,"
            " quotes keep spaces together. Of several statuses or hosts any will do."
        ),
    ),
]
Span = Annotated[int, Meta(ge=1, le=YEAR_MS, description="A duration in ms.")]


class AgentView(Struct, frozen=True):
    """An agent as a reader sees it."""

    id: AgentId
    org: str
    name: str
    status: Presence
    capabilities: list[Capability]
    executors: list[Executor]
    slots: Count
    running: list[TaskId]
    host: str | None
    created_at: WallTime
    last_seen_at: WallTime | None
    protocol_version: int | None
    version: Count = 1
    """Rises with every change a person makes."""
    labels: dict[str, str] = {}
    note: str | None = None
    paused: bool = False
    """It gets no new work, and goes on with what it has."""
    pause_note: str | None = None
    paused_until: WallTime | None = None
    """When the pause ends by itself."""
    draining: bool = False
    """It gets no new work; its status says `drained` when it has none left."""
    active: bool = True
    """False: the list of agents does not have it any more, and it may not connect."""
    source: str = "self"
    """`self` when it made itself known, `file` when the list of agents has it."""
    fixed: list[str] = []
    """What a person has set, so that the agent's own words do not count."""


class AgentPage(Struct, frozen=True):
    """A page of agents by id."""

    items: list[AgentView]
    next_cursor: str | None
    total: Count | None = None
    """How many there are on all pages, when that was asked for."""


class AgentQuery(Struct, frozen=True):
    """Which agents to list."""

    limit: PageLimit = 50
    cursor: Cursor | None = None
    """Goes on after an earlier page."""
    status: Presence | None = None
    capability: Capability | None = None
    label: Annotated[list[Label], Meta(max_length=8, extra=WHOLE)] | None = None
    """`key=value`; given several times, all of them must be there."""
    paused: bool | None = None
    draining: bool | None = None
    text: Name | None = None
    """Part of the id, the name or the note; upper and lower case are the same."""
    filter: AgentFilter | None = None
    count: bool = False
    """Say how many there are on all pages."""


class AgentEdit(Struct, frozen=True, forbid_unknown_fields=True):
    """Change what is known of an agent. What is left out stays as it is.

    null empties a field. `name`, `capabilities` and `slots` are fixed once they are set: what
    the agent says of itself does not count any more. null makes them the agent's own again,
    from its next login on.
    """

    name: Name | UnsetType | None = UNSET
    note: Note | UnsetType | None = UNSET
    labels: Labels | UnsetType | None = UNSET
    capabilities: Capabilities | UnsetType | None = UNSET
    slots: Slots | UnsetType | None = UNSET


class AgentPause(Struct, frozen=True, forbid_unknown_fields=True):
    """Give an agent no new work."""

    note: Note | None = None
    until: WallTime | None = None
    """When the pause ends by itself. Without `until` and `for_ms` somebody has to end it."""
    for_ms: Span | None = None


class DeleteQuery(Struct, frozen=True):
    """How to delete an agent."""

    force: bool = False
    """Also when it has work: what it has goes back to the queue at once."""


class DeclaredAgent(Struct, frozen=True, forbid_unknown_fields=True):
    """An agent in the list. What is left out stays as it is, or is the agent's own."""

    id: AgentId
    name: Name | None = None
    capabilities: Capabilities | None = None
    slots: Slots | None = None
    labels: Labels | None = None
    note: Note | None = None


class AgentList(Struct, frozen=True, forbid_unknown_fields=True):
    """The agents that are to be there."""

    agents: Annotated[list[DeclaredAgent], Meta(max_length=DECLARED)]
    deactivate_missing: bool = True
    """Agents that an earlier list had and this one has not may not connect any more."""


class ListError(Struct, frozen=True):
    """An entry of the list that was left out."""

    index: Count
    id: AgentId
    message: str


class AgentsSynced(Struct, frozen=True):
    """What a list of agents changed."""

    created: Count
    updated: Count
    deactivated: Count
    unchanged: Count
    errors: list[ListError]
