"""What the hub asks the index, and what it is told."""

from typing import Final, NamedTuple, Protocol

from schemas.http.search import Kind
from schemas.scalars import TaskState


class Rest(NamedTuple):
    """How much of the index is left to look through: what lies below these numbers."""

    tasks: int
    agents: int

    @property
    def is_empty(self) -> bool:
        """Whether everything was looked through."""
        return not self.tasks and not self.agents


ALL: Final = Rest(1 << 62, 1 << 62)


class Question(NamedTuple):
    """What is looked for."""

    org: str
    words: list[str]
    """All of them have to be there; folded."""
    limit: int
    rest: Rest = ALL
    kind: Kind | None = None


class Hit(NamedTuple):
    """Something that has all the words."""

    kind: Kind
    number: int
    """Its place in the index."""
    id: str
    title: str
    at: int
    """When it was made."""
    state: TaskState | None
    """Of a task, as it is in the database."""
    field: str
    snippet: str
    marks: list[tuple[int, int]]


class Findings(NamedTuple):
    """What was found."""

    hits: list[Hit]
    """Newest first."""
    rest: Rest
    seen: int
    """The last event that the index knows of."""
    unseen_at: int | None
    """When the first event happened that it does not know of."""
    ready: bool
    """It holds everything up to there."""


class Finder(Protocol):
    """Answers questions, in one thread."""

    def find(self, question: Question, seconds: float) -> Findings:
        """Look, and say what was found in this time. Raises StoreError."""
        ...

    def close(self) -> None:
        """Let go of the databases."""
        ...
