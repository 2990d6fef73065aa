"""What a store must do, in the words of the domain, and what travels to it.

A `Unit` is what one command decided: the last image of every record it touched and the facts
that happened. Units join a `Batch`, and a batch is one commit: all of it is durable, or none.
`sqlite.py` and `memory.py` keep this contract; one suite of tests runs on both.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple, Protocol

from msgspec import Struct

from hub.core.agent import AgentRecord
from hub.core.browser_sessions import BrowserSession
from hub.core.credentials import Credential, InviteRecord
from hub.core.facts import Fact
from hub.core.filters import TaskFilter
from hub.core.jobs import JobRecord
from hub.core.pauses import PauseRecord
from hub.core.replays import Replay
from hub.core.task import Task
from schemas.scalars import Priority, TaskState

Release = Callable[[Any], None]

SEARCH_BUDGET: Final = 20_000
"""About how many rows and index entries a page may examine."""
COUNT_BUDGET: Final = 100_000
"""The same for a count."""
EVENT_BUDGET: Final = 20_000
"""The same for a page of events."""
REPLAYS_PRUNED: Final = 500
"""How many replays a batch deletes at most."""
REPLAYS_RECOVERED: Final = 1_000_000
"""How many replays a hub knows of after a start: the newest."""


class Unit(Struct, gc=False):
    """What one command decided. Immutable records, taken at decision time."""

    org: str
    """Whose records they are; empty for what belongs to nobody."""
    tasks: Sequence[Task] = ()
    fresh: bool = False
    """The tasks are new rows."""
    edited: bool = False
    """The tasks are older rows, edited or in another life after an end: write all of them."""
    facts: Sequence[Fact] = ()
    agents: Sequence[AgentRecord] = ()
    credentials: Sequence[Credential] = ()
    invites: Sequence[InviteRecord] = ()
    sessions: Sequence[BrowserSession] = ()
    replays: Sequence[Replay] = ()
    jobs: Sequence[JobRecord] = ()
    pauses: Sequence[PauseRecord] = ()
    gone_agents: Sequence[str] = ()
    """Ids of agents to delete."""
    gone_sessions: Sequence[str] = ()
    """Ids of browser sessions to delete."""
    old_replays: int | None = None
    """Delete replays created before this wall time: some of them, the oldest first."""
    joins: bool = False
    """It belongs to the unit written just before in the same turn, and shares its batch."""


Numbered = tuple[str, int, Fact]
"""A fact with its org and its place in that org's stream."""


class Batch(Struct, eq=False):
    """Whole units that are committed together, and what waits for them."""

    position: int = 0
    """The position of its last unit."""
    units: int = 0
    rows: int = 0
    hub_time: int = 0
    """Hub time at which it was taken to be committed, in milliseconds."""
    orgs: set[str] = set()
    """Whose units they are."""
    fresh: dict[int, Task] = {}
    """New tasks by seq, as they stand at the end of the batch."""
    changed: dict[int, Task] = {}
    """Older tasks by seq, likewise."""
    edited: set[int] = set()
    """The seqs of tasks whose every column may have changed; also of some fresh ones."""
    facts: list[Numbered] = []
    agents: dict[tuple[str, str], AgentRecord] = {}
    credentials: dict[str, Credential] = {}
    invites: dict[str, InviteRecord] = {}
    sessions: dict[str, BrowserSession] = {}
    replays: dict[tuple[str, str, str, str], Replay] = {}
    """By org, principal, route and key."""
    jobs: dict[tuple[str, str], JobRecord] = {}
    pauses: dict[tuple[str, str], PauseRecord] = {}
    gone_agents: set[tuple[str, str]] = set()
    """(org, id) of agents to delete; none of them is in `agents`."""
    gone_sessions: set[str] = set()
    """Ids of browser sessions to delete; none of them is in `sessions`."""
    old_replays: int | None = None
    promises: list[tuple[Release, Any]] = []
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


class ReplayMark(NamedTuple):
    """That a replay is kept."""

    created_at: int
    mark: int


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
    sessions: list[BrowserSession]
    """Those that were not ended; some may be over."""
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
    queued_unusual: dict[str, dict[Priority, int]]
    """How many queued tasks have each priority other than the normal one, by org."""
    pauses: list[PauseRecord]
    """Those that have not ended."""
    jobs: list[JobRecord]
    """Those that are not finished, oldest first."""
    replays: Iterator[ReplayMark]
    """The newest replays, newest first; see `REPLAYS_RECOVERED`."""


class EventRow(NamedTuple):
    """An event as it is stored."""

    seq: int
    type: int
    entity: str
    actor: str
    at: int
    data: bytes


class Found(NamedTuple):
    """A page of tasks."""

    rows: "Rows"
    """Newest first."""
    next_before: int | None
    """Where the next page begins; None after the last one."""


class Counted(NamedTuple):
    """How many tasks there are."""

    number: int
    more: bool
    """There are more, or there may be."""


class FoundEvents(NamedTuple):
    """A page of events."""

    rows: list[EventRow]
    scanned_to: int
    """Every event up to this seq was looked at: the next page comes after it."""


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

    def search(
        self,
        org: str,
        wanted: TaskFilter,
        before: int | None,
        limit: int,
        budget: int = SEARCH_BUDGET,
    ) -> Found:
        """Tasks that match, with a seq below `before`, newest first.

        It examines about `budget` rows at most. So a page may be short, or empty, and yet not
        be the last: that is said by `next_before`.
        """
        ...

    def skip(
        self, org: str, wanted: TaskFilter, before: int | None, count: int
    ) -> tuple[int, int | None]:
        """Leave out so many that match: (how many were, where to go on; None at the end)."""
        ...

    def count(self, org: str, wanted: TaskFilter, cap: int, budget: int = COUNT_BUDGET) -> Counted:
        """How many tasks match, up to a cap, as far as `budget` goes."""
        ...

    def events(
        self,
        org: str,
        after: int,
        limit: int,
        types: Sequence[int] = (),
        entity: str | None = None,
        budget: int = EVENT_BUDGET,
    ) -> FoundEvents:
        """Events of the org with a seq above `after`, in order.

        Of these types, or of any when none is named; about this entity, if one is named.
        """
        ...

    def oldest_event(self, org: str) -> int:
        """The lowest seq of an event of the org that is kept, or 0 when there is none."""
        ...

    def replay(self, org: str, principal: str, route: str, key: str) -> Replay | None:
        """The kept answer of an idempotent write. Decoded, unlike tasks: it is one row."""
        ...

    def job(self, org: str, job_id: str) -> JobRecord | None:
        """A bulk action."""
        ...

    def jobs(self, org: str, before: str | None, limit: int) -> list[JobRecord]:
        """Bulk actions with an id below `before`, newest first."""
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
