"""What the core refuses, and why.

CoreError
├── Refused            a caller may hear it: it has a code
└── IllegalMove        a defect: the state table has no such move
"""

from schemas.scalars import ErrorCode
from schemas.to_agent import Flaw


class CoreError(Exception):
    """Anything the core raises."""


class Refused(CoreError):
    """A command cannot be carried out; nothing was changed."""

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        *,
        retryable: bool = False,
        retry_after_ms: int | None = None,
        flaws: list[Flaw] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retryable = retryable
        self.retry_after_ms = retry_after_ms
        self.flaws = flaws or []


class IllegalMove(CoreError):
    """A task was to make a move that its state does not have."""

    def __init__(self, task_id: str, state: str, move: str) -> None:
        super().__init__(f"task {task_id}: no move '{move}' from state '{state}'")
        self.task_id = task_id
        self.state = state
        self.move = move
