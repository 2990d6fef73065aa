"""What a submitter says about a task: one Struct, the same in a frame and in an HTTP body.

An unknown field is refused here, because a typo in a task must not pass unseen.
"""

from typing import Annotated, Final

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from schemas.scalars import (
    ARGUMENT_CHARS,
    ARGUMENTS,
    ATTEMPTS,
    CAPABILITIES,
    DAY_MS,
    DESCRIPTION_CHARS,
    YEAR_MS,
    AgentId,
    Capability,
    Label,
    MissionId,
    PriorityName,
    WallTime,
)

Argument = Annotated[str, Meta(max_length=ARGUMENT_CHARS, pattern=r"^[^\x00]*$")]
IDENTIFIER: Final = "[A-Za-z_][A-Za-z0-9_]*"
MODULE: Final = rf"{IDENTIFIER}(\.{IDENTIFIER})*"
TARGET: Final = rf"^{MODULE}:{IDENTIFIER}(?![\s\S])"
EnvName = Annotated[str, Meta(min_length=1, max_length=256, pattern=rf"^{IDENTIFIER}(?![\s\S])")]


Description = Annotated[str, Meta(min_length=1, max_length=DESCRIPTION_CHARS)]
Needs = Annotated[list[Capability], Meta(max_length=CAPABILITIES)]
FairnessKey = Annotated[str, Meta(min_length=1, max_length=128)]
Labels = Annotated[dict[Label, Label], Meta(max_length=64)]
AttemptTime = Annotated[int, Meta(ge=100, le=YEAR_MS)]
Attempts = Annotated[int, Meta(ge=1, le=ATTEMPTS)]
USUAL_ATTEMPTS: Final = 3
"""How often a task is tried that says nothing about it."""


class Command(
    Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag_field="kind", tag="command"
):
    """Run a program: an argument list, never a shell line."""

    argv: Annotated[list[Argument], Meta(min_length=1, max_length=ARGUMENTS)]
    cwd: Annotated[str, Meta(min_length=1, max_length=4096, pattern=r"^[^\x00]*$")] | None = None
    """Where to run; without it a fresh private directory."""
    env: Annotated[dict[EnvName, Argument], Meta(max_length=256)] | None = None
    """Added to the sidecar's allow-listed environment."""


class PythonCall(
    Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag_field="kind", tag="python"
):
    """Call a Python function in a process of its own; what it returns is the result."""

    target: Annotated[str, Meta(max_length=256, pattern=TARGET)]
    """`module:function`. The module may be dotted, the function may not."""
    kwargs: Raw | UnsetType = UNSET
    """A JSON object, kept byte for byte; its keys are Python identifiers."""


Run = Command | PythonCall
"""What a sidecar can be asked to run."""


class Retry(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """How long to wait after the n-th failure: base_ms * factor**(n-1), at most cap_ms."""

    base_ms: Annotated[int, Meta(ge=0, le=DAY_MS)] = 5_000
    factor: Annotated[float, Meta(ge=1, le=10)] = 2.0
    cap_ms: Annotated[int, Meta(ge=0, le=DAY_MS)] = 300_000


class TaskSpec(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """A task as given by its submitter."""

    description: Description
    """What a person or an agent reads."""
    run: Run | None = None
    """What the sidecar runs; without it the agent gets description and payload only."""
    payload: Raw | UnsetType = UNSET
    """Any JSON, kept byte for byte."""
    metadata: Raw | UnsetType = UNSET
    """A JSON object, kept byte for byte."""
    needs: Needs | None = None
    """Capabilities an agent must offer, all of them."""
    assign_to: AgentId | None = None
    """Pins the task to one agent."""
    priority: PriorityName | None = None
    """Without it, normal."""
    fairness_key: FairnessKey | None = None
    """Tasks of different keys share the agents evenly."""
    labels: Labels | None = None
    not_before: WallTime | None = None
    """Do not start earlier."""
    complete_by: WallTime | None = None
    """Do not start later: a task still queued then is a dead letter."""
    timeout_ms: AttemptTime | None = None
    """How long one attempt may run."""
    max_attempts: Attempts = USUAL_ATTEMPTS
    retry: Retry | None = None
    mission_id: MissionId | None = None
    """The mission it belongs to."""
