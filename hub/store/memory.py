"""The readable twin of the store on disk: the same contract, in dictionaries.

Tests and simulations run on it. It keeps what was committed apart from what was only written,
so `crash` can show what a hub would find after a restart.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec import Struct, field

from hub.core.agent import AgentRecord
from hub.core.credentials import Credential, InviteRecord
from hub.core.task import HELD, Task
from hub.store.contract import (
    Batch,
    EventRow,
    QueuedRow,
    Recovered,
    Rows,
    StoreError,
    TimedRow,
)
from schemas.scalars import TaskState

HISTORY: Final = "0123456789abcdef"
_CAN_EXPIRE: Final = frozenset({TaskState.SCHEDULED, TaskState.QUEUED})


class Content(Struct):
    """What is durable."""

    epoch: int = 1
    hub_time: int = 0
    tasks: dict[int, Task] = field(default_factory=dict)
    ids: dict[tuple[str, str], int] = field(default_factory=dict)
    events: dict[str, list[EventRow]] = field(default_factory=dict)
    agents: dict[tuple[str, str], AgentRecord] = field(default_factory=dict)
    credentials: dict[str, Credential] = field(default_factory=dict)
    invites: dict[str, InviteRecord] = field(default_factory=dict)


class MemoryStore:
    """Keeps `Store` without a disk.

    The commit number `fails_at` (from 1) raises StoreError; `kept` says whether its batch is
    there nevertheless after a restart, as may happen on a disk.
    """

    def __init__(
        self, content: Content | None = None, *, fails_at: int = 0, kept: bool = False
    ) -> None:
        self._content = Content() if content is None else content
        self._fails_at = fails_at
        self._kept = kept
        self._commits = 0
        self._open: Batch | None = None

    def crash(self) -> "MemoryStore":
        """What a new hub would open if this one died now."""
        content = self._content
        return MemoryStore(
            Content(
                epoch=content.epoch,
                hub_time=content.hub_time,
                tasks=dict(content.tasks),
                ids=dict(content.ids),
                events={org: list(rows) for org, rows in content.events.items()},
                agents=dict(content.agents),
                credentials=dict(content.credentials),
                invites=dict(content.invites),
            )
        )

    def recover(self) -> Recovered:
        """What was committed."""
        content = self._content
        tasks = content.tasks.values()
        return Recovered(
            epoch=content.epoch,
            history_id=HISTORY,
            hub_time=content.hub_time,
            task_seq=max(content.tasks, default=0),
            event_seq={org: rows[-1].seq for org, rows in content.events.items()},
            agents=list(content.agents.values()),
            credentials=list(content.credentials.values()),
            invites=[invite for invite in content.invites.values() if invite.used_at is None],
            held=[task for task in tasks if task.state in HELD],
            queued=_queued(task for task in tasks if task.state is TaskState.QUEUED),
            scheduled=[
                (task.org, TimedRow(task.seq, task.due_at, task.spec.not_before or 0))
                for task in tasks
                if task.state is TaskState.SCHEDULED
            ],
            expiring=[
                (task.org, task.spec.complete_by, task.seq)
                for task in tasks
                if task.spec.complete_by is not None and task.state in _CAN_EXPIRE
            ],
            counts=_counts(tasks),
        )

    def write(self, batch: Batch) -> None:
        """Take a batch; refuses what the database would refuse. Raises StoreError."""
        content = self._content
        if self._open is not None:
            raise StoreError("a batch is written already and waits for its commit")
        for task in batch.fresh.values():
            if task.seq in content.tasks or (task.org, task.id) in content.ids:
                raise StoreError(f"there is a task {task.seq} or {task.id} already")
        if missing := batch.changed.keys() - content.tasks.keys():
            raise StoreError(f"there are no tasks {sorted(missing)} to change")
        self._open = batch

    def commit(self) -> None:
        """Make it durable. Raises StoreError."""
        batch = self._open
        if batch is None:
            raise StoreError("nothing was written")
        self._commits += 1
        fails = self._commits == self._fails_at
        if not fails or self._kept:
            _apply(batch, self._content)
        if fails:
            raise StoreError("the disk failed, as was asked for")
        self._open = None

    def reader(self) -> "MemoryReader":
        """A new reader."""
        return MemoryReader(self._content)

    def decode(self, rows: Rows) -> list[Task]:
        """The tasks in what a reader returned: the same."""
        return list(rows)

    def upkeep(self) -> None:
        """There is nothing to keep up."""

    def close(self) -> None:
        """There is nothing to let go of."""


def _apply(batch: Batch, content: Content) -> None:
    content.hub_time = batch.hub_time
    content.tasks |= batch.fresh | batch.changed
    content.ids |= {(task.org, task.id): task.seq for task in batch.fresh.values()}
    content.agents |= batch.agents
    content.credentials |= batch.credentials
    content.invites |= batch.invites
    for org, seq, fact in batch.facts:
        row = EventRow(seq, fact.type, fact.entity, fact.actor, fact.at, fact.data)
        content.events.setdefault(org, []).append(row)


def _queued(tasks: Iterable[Task]) -> Iterator[tuple[str, QueuedRow]]:
    found = [
        (task.org, QueuedRow(task.requires, task.spec.fairness_key, task.queue_key, task.seq))
        for task in tasks
    ]
    return iter(sorted(found, key=_place))


def _place(found: tuple[str, QueuedRow]) -> tuple[str, str, str, int, int]:
    org, row = found
    return (org, row.requires, row.fairness_key or "", row.queue_key, row.seq)


def _counts(tasks: Iterable[Task]) -> dict[str, dict[TaskState, int]]:
    counts: defaultdict[str, Counter[TaskState]] = defaultdict(Counter)
    for task in tasks:
        counts[task.org][task.state] += 1
    return {org: dict(states) for org, states in counts.items()}


class MemoryReader:
    """Keeps `Reader` over what was committed."""

    def __init__(self, content: Content) -> None:
        self._content = content

    def by_seq(self, seqs: Sequence[int]) -> Rows:
        """The tasks with these seqs that exist, in no order."""
        tasks = self._content.tasks
        return [tasks[seq] for seq in set(seqs) if seq in tasks]

    def by_id(self, org: str, ids: Sequence[str]) -> Rows:
        """The tasks of the org with these ids that exist, in no order."""
        known = self._content.ids
        return self.by_seq([known[org, task_id] for task_id in ids if (org, task_id) in known])

    def page(self, org: str, before: int | None, limit: int, states: Sequence[TaskState]) -> Rows:
        """Tasks with a seq below `before`, newest first; in any state when none is named."""
        fitting = [
            task
            for seq, task in self._content.tasks.items()
            if task.org == org
            and (before is None or seq < before)
            and (not states or task.state in states)
        ]
        return sorted(fitting, key=lambda task: task.seq, reverse=True)[:limit]

    def events(self, org: str, after: int, limit: int) -> list[EventRow]:
        """Events of the org with a seq above `after`, in order."""
        rows = self._content.events.get(org, [])
        return [row for row in rows if row.seq > after][:limit]

    def close(self) -> None:
        """There is nothing to let go of."""
