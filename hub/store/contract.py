"""What a store must do, in the words of the domain, and what travels to it.

A `Unit` is what one command decided: the last image of every record it touched and the facts
that happened. Units join a `Batch`, and a batch is one commit: all of it is durable, or none.
`sqlite.py` and `memory.py` keep this contract; one suite of tests runs on both.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from msgspec import Struct

from hub.core.agent import AgentRecord
from hub.core.credentials import Credential, InviteRecord
from hub.core.facts import Fact
from hub.core.task import Task
from schemas.scalars import TaskState

Release = Callable[[Any], None]


class Unit(Struct):
    """What one command decided. Immutable records, taken at decision time."""

    org: str
    tasks: Sequence[Task] = ()
    fresh: bool = False
    """The tasks are new rows."""
    facts: Sequence[Fact] = ()
    agents: Sequence[AgentRecord] = ()
    credentials: Sequence[Credential] = ()
    invites: Sequence[InviteRecord] = ()


Numbered = tuple[str, int, Fact]
"""A fact with its org and its place in that org's stream."""


class Batch:
    """Whole units that are committed together, and what waits for them."""

    __slots__ = (
        "agents",
        "changed",
        "credentials",
        "facts",
        "fresh",
        "hub_time",
        "invites",
        "position",
        "promises",
        "rows",
        "units",
    )

    def __init__(self) -> None:
        self.position = 0
        """The position of its last unit."""
        self.units = 0
        self.rows = 0
        self.hub_time = 0
        """Hub time at which it was taken to be committed, in milliseconds."""
        self.fresh: dict[int, Task] = {}
        """New tasks by seq, as they stand at the end of the batch."""
        self.changed: dict[int, Task] = {}
        """Older tasks by seq, likewise."""
        self.facts: list[Numbered] = []
        self.agents: dict[tuple[str, str], AgentRecord] = {}
        self.credentials: dict[str, Credential] = {}
        self.invites: dict[str, InviteRecord] = {}
        self.promises: list[tuple[Release, Any]] = []
        """What to call, with what, once the batch is durable; in order."""


class QueuedRow(NamedTuple):
    """A queued task as the ready queue needs it after a start."""

    requires: str
    fairness_key: str | None
    queue_key: int
    seq: int


class TimedRow(NamedTuple):
    """A task that something happens to at a certain time."""

    seq: int
    due_at: int
    """Hub time at which a backoff is over, or 0."""
    not_before: int
    """Wall time before which it may not start, or 0."""


class Recovered(Struct):
    """What a hub needs to know of its past before it serves."""

    epoch: int
    history_id: str
    hub_time: int
    """The last committed hub time, in milliseconds."""
    task_seq: int
    """The highest seq of any task, or 0."""
    event_seq: dict[str, int]
    """The highest event seq by org."""
    agents: list[AgentRecord]
    credentials: list[Credential]
    invites: list[InviteRecord]
    """Those that are not used yet."""
    held: list[Task]
    """Assigned and running tasks, in full."""
    queued: Iterator[tuple[str, QueuedRow]]
    """(org, row) of every queued task, ordered by lane, fairness key and queue key."""
    scheduled: list[tuple[str, TimedRow]]
    """(org, row) of every scheduled task."""
    expiring: list[tuple[str, int, int]]
    """(org, complete_by, seq) of every task that is queued or scheduled and can expire."""
    counts: dict[str, dict[TaskState, int]]
    """How many tasks are in each state, by org."""


class EventRow(NamedTuple):
    """An event as it is stored."""

    seq: int
    type: int
    entity: str
    actor: str
    at: int
    data: bytes


class StoreError(Exception):
    """The database refused or broke; the driver's error is the cause."""


class NewerDatabase(StoreError):
    """The database was written by a newer version of the hub."""


class Locked(StoreError):
    """Another hub has this data directory open."""


Rows = Sequence[Any]


class Reader(Protocol):
    """Reads committed state. Each method runs in a reader thread and must not decode.

    What it returns goes to `Store.decode` on the event loop.
    """

    def by_seq(self, seqs: Sequence[int]) -> Rows:
        """The tasks with these seqs that exist, in no order."""
        ...

    def by_id(self, org: str, ids: Sequence[str]) -> Rows:
        """The tasks of the org with these ids that exist, in no order."""
        ...

    def page(self, org: str, before: int | None, limit: int, states: Sequence[TaskState]) -> Rows:
        """Tasks with a seq below `before`, newest first; in any state when none is named."""
        ...

    def events(self, org: str, after: int, limit: int) -> list[EventRow]:
        """Events of the org with a seq above `after`, in order."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...


class Store(Protocol):
    """The one writer. Calls never overlap: nothing else while a commit is under way."""

    def recover(self) -> Recovered:
        """What the database holds. Raises StoreError."""
        ...

    def write(self, batch: Batch) -> None:
        """Put a batch into an open transaction. Raises StoreError; then nothing is sure."""
        ...

    def commit(self) -> None:
        """Make it durable; blocks, runs in the commit thread. Raises StoreError."""
        ...

    def reader(self) -> Reader:
        """A new reader, for one thread."""
        ...

    def decode(self, rows: Rows) -> list[Task]:
        """The tasks in what a reader returned."""
        ...

    def upkeep(self) -> None:
        """Between commits: checkpoint when it is due."""
        ...

    def close(self) -> None:
        """Let go of the database. Idempotent."""
        ...


class JournalPort(Protocol):
    """What the services may ask of the journal. `journal.py` has the real one."""

    @property
    def durable(self) -> int:
        """The last durable position."""
        ...

    @property
    def waiting_rows(self) -> int:
        """Rows decided but not durable."""
        ...

    @property
    def commit_age(self) -> float:
        """For how many seconds the present commit has been under way; 0 when there is none."""
        ...

    def write(self, unit: Unit) -> int:
        """Take what a command decided, and return its position."""
        ...

    def promise(self, release: Release, argument: Any) -> None:
        """Call `release(argument)` once everything decided so far is durable: perhaps now."""
        ...

    async def settled(self) -> None:
        """Wait until everything decided so far is durable."""
        ...

    def wake(self) -> None:
        """Have the end of the loop turn run soon."""
        ...

    async def close(self) -> None:
        """Commit what waits, and end."""
        ...


class LogStore(Protocol):
    """Keeps the output of tasks, outside the database of record: bulk, with less durability."""

    async def append(
        self, task_id: str, generation: int, stream: str, offset: int, text: str
    ) -> int:
        """Take output at a byte offset; the new end of the stream, in bytes of UTF-8.

        What the stream has already is ignored. Output beyond its end is not taken: then the
        answer is the present end, from which the agent goes on.
        """
        ...

    async def read(
        self, task_id: str, generation: int | None, stream: str, offset: int, limit: int
    ) -> tuple[int, str, int]:
        """(generation, text, next offset) from `offset` on, at most `limit` bytes.

        Of the latest generation that wrote anything, when none is named.
        """
        ...

    async def offsets(self, attempts: Sequence[tuple[str, int]]) -> dict[str, dict[str, int]]:
        """The end of each stream of these (task id, generation), by task id and name."""
        ...

    async def prune(self, wall_now: int) -> None:
        """Drop what is too old or too much."""
        ...

    async def close(self) -> None:
        """Write what waits and let go of the file."""
        ...
