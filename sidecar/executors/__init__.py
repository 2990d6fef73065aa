"""What kinds of work a sidecar can run. An executor turns an assignment into a plan or a refusal.

It decides only; `runner.py` does the running.
"""

from msgspec import Struct

from schemas.attempts import Rejection
from schemas.to_agent import TaskAssign


class Refusal(Struct, frozen=True):
    """Why a task cannot run here."""

    reason: Rejection
    message: str
    """A sentence that says what would have to change."""


def task_variables(assign: TaskAssign) -> dict[str, str]:
    """What every program is told about its task."""
    return {"CORRAL_TASK_ID": assign.task_id, "CORRAL_ATTEMPT": str(assign.attempt)}
