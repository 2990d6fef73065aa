"""Bodies as the clients of protocol 1 send and expect them; see `api_backbone.py`.

A field that is not named here is ignored, and null means the same as absent.
"""

from typing import Annotated

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from schemas.scalars import (
    ATTEMPTS,
    AgentId,
    Count,
    Generation,
    PriorityName,
    StateName,
    WallTime,
)
from schemas.work import Attempts, Description, Needs

Amount = Count | list[str] | None
"""How many files, or which."""


class OldTaskRequest(Struct, frozen=True):
    """A task as old clients submit it."""

    description: Description
    priority: PriorityName | None = None
    metadata: Raw | UnsetType = UNSET
    """A JSON object; `target_agent` in it pins the task to an agent."""
    needed_capabilities: Needs | None = None
    assign_to: AgentId | None = None
    """Pins the task too, and is stronger than `target_agent`."""
    complete_by: WallTime | None = None
    max_attempts: Attempts | None = None
    max_retries: Annotated[int, Meta(ge=0, le=ATTEMPTS)] | None = None
    """The old name of `max_attempts`; 0 means one attempt."""


class OldTarget(Struct, frozen=True):
    """What the hub reads of a task's metadata."""

    target_agent: AgentId | None = None


class OldReceipt(Struct, frozen=True):
    """A task was taken."""

    task_id: str
    status: str
    priority: PriorityName
    created_at: WallTime
    generation: Generation


class OldTask(Struct, frozen=True, kw_only=True):
    """A task as old clients read it."""

    id: str
    task_id: str
    status: str
    """In the words of old clients: queued, assigned, completed, failed."""
    state: StateName
    """In the words of this hub."""
    description: str
    metadata: Raw | UnsetType
    priority: PriorityName
    needed_capabilities: list[str]
    assigned_to: str | None
    assigned_at: WallTime | None
    generation: Generation
    retry_count: int
    max_retries: int
    complete_by: WallTime | None
    submitted_by: str
    created_at: WallTime
    result: Raw | UnsetType
    tokens_used: int | None
    last_error: str | None


class OldAgent(Struct, frozen=True):
    """An agent as old clients read it."""

    agent_id: str
    name: str
    status: str
    """offline, idle or working."""
    capabilities: list[str]


class OldAgents(Struct, frozen=True):
    """Agents by id."""

    agents: list[OldAgent]


class OldRegistration(Struct, frozen=True):
    """Ask for a token without a join code."""

    agent_id: AgentId


class OldRegistered(Struct, frozen=True):
    """The agent's token, shown once, and where it goes from here."""

    agent_id: str
    token: str
    hub_ws_url: str
    hub_api_url: str
    default_repo: str | None


class OldRepo(Struct, frozen=True):
    """The repository to clone, under the two names by which it is looked for."""

    default_repo: str
    url: str


class OldRevocation(Struct, frozen=True):
    """The tokens of an agent were taken back."""

    agent_id: str
    status: str
    revoked: int


class OldChanges(Struct, frozen=True):
    """What an agent says about its change to code."""

    lines_added: Count | None = None
    lines_deleted: Count | None = None
    files_changed: Amount = None
    files_added: Amount = None
    tests_exist: bool | None = None


class OldRisk(Struct, frozen=True):
    """How risky a change is, from tier 1 to 3."""

    tier: int
    reasons: list[str]
    auto_merge_eligible: bool = False
    """Never: merging is for people to decide."""


class OldGoal(Struct, frozen=True):
    """A goal; nothing of it is read."""
