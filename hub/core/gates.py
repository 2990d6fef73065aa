"""The gates: what each message has to pass once its session is open.

Per type: which roles may send it, what it costs of its tier, and what has to be looked at of
its opaque JSON. The order in which a frame passes them is in `hub/core/session.py`.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from msgspec import UNSET, Struct

from hub.core import opaque
from hub.core.credentials import SUBMIT, WORK, Scope
from schemas import from_agent as wire
from schemas.scalars import METADATA_BYTES, OPAQUE_BYTES, Role, Tier
from schemas.to_agent import Flaw
from schemas.work import PythonCall, TaskSpec

SCOPES: Final[dict[type[Struct], Scope]] = {
    wire.Identify: SUBMIT,
    wire.Ping: SUBMIT,
    wire.TaskAccepted: WORK,
    wire.TaskRejected: WORK,
    wire.TaskProgress: WORK,
    wire.TaskLog: WORK,
    wire.TaskComplete: WORK,
    wire.TaskFailed: WORK,
    wire.TaskCancelled: WORK,
    wire.TaskSubmit: SUBMIT,
    wire.TaskWatch: SUBMIT,
}
"""Who may send what. A type that is missing here may be sent by nobody."""

ALLOWED: Final = {
    role: frozenset(kind for kind, scope in SCOPES.items() if scope.allows(role)) for role in Role
}


def _report_flaws(message: Any) -> list[Flaw]:
    flaws: list[Flaw] = []
    if message.result is not UNSET:
        _note(flaws, "$.result", opaque.flaw(message.result, OPAQUE_BYTES))
    if type(message) is not wire.TaskCancelled and message.usage is not UNSET:
        text = opaque.flaw(message.usage, METADATA_BYTES, needs_object=True)
        _note(flaws, "$.usage", text)
    return flaws


def _note(flaws: list[Flaw], path: str, text: str | None) -> None:
    if text is not None:
        flaws.append(Flaw(path, text))


def spec_flaws(spec: TaskSpec, path: str) -> list[Flaw]:
    """What is wrong with the opaque parts of a task, each with its JSON path."""
    flaws: list[Flaw] = []
    if spec.payload is not UNSET:
        _note(flaws, f"{path}.payload", opaque.flaw(spec.payload, OPAQUE_BYTES))
    if spec.metadata is not UNSET:
        text = opaque.flaw(spec.metadata, METADATA_BYTES, needs_object=True)
        _note(flaws, f"{path}.metadata", text)
    run = spec.run
    if type(run) is PythonCall and run.kwargs is not UNSET:
        _note(flaws, f"{path}.run.kwargs", opaque.kwargs_flaw(run.kwargs))
    return flaws


def _submit_flaws(message: Any) -> list[Flaw]:
    flaws: list[Flaw] = []
    for index, spec in enumerate(message.tasks):
        flaws += spec_flaws(spec, f"$.tasks[{index}]")
    return flaws[:20]


OPAQUE: Final[dict[type[Struct], Any]] = {
    wire.TaskComplete: _report_flaws,
    wire.TaskFailed: _report_flaws,
    wire.TaskCancelled: _report_flaws,
    wire.TaskSubmit: _submit_flaws,
}


def _frame_cost(_message: Any) -> int:
    return 1


def _task_cost(message: Any) -> int:
    return len(message.tasks)


def _text_cost(message: Any) -> int:
    text: str = message.text
    return len(text) if text.isascii() else len(text.encode())


def _watch_cost(message: Any) -> int:
    return 1 + len(message.task_ids) // WATCHES_A_READ


class Gate(NamedTuple):
    """What a message has to pass once its session is open."""

    tier: Tier
    cost: Callable[[Any], int] | None
    """How much of its tier it takes; None for the free ones."""
    opaque: Callable[[Any], list[Flaw]] | None


WATCHES_A_READ: Final = 100
"""So many watched tasks cost as much as one read."""
COSTS: Final[dict[type[Struct], Callable[[Any], int]]] = {
    wire.Ping: _frame_cost,
    wire.TaskProgress: _frame_cost,
    wire.TaskLog: _text_cost,
    wire.TaskSubmit: _task_cost,
    wire.TaskWatch: _watch_cost,
}
"""What a message costs; a type that is missing here is free."""
GATES: Final = {
    role: {
        kind: Gate(kind.tier, COSTS.get(kind), OPAQUE.get(kind))  # type: ignore[attr-defined]
        for kind in allowed
        if kind is not wire.Identify
    }
    for role, allowed in ALLOWED.items()
}
"""What each role's messages have to pass."""
