"""The readable twin of the store on disk: the same contract, in dictionaries.

Tests and simulations run on it. It keeps what was committed apart from what was only written,
so `crash` can show what a hub would find after a restart.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from msgspec import Struct, field

from hub.core.agent import AgentRecord
from hub.core.browser_sessions import BrowserSession
from hub.core.credentials import Credential, InviteRecord
from hub.core.filters import TaskFilter
from hub.core.jobs import JobRecord
from hub.core.pauses import PauseRecord
from hub.core.replays import Replay
from hub.core.task import HELD, Task
from hub.store.contract import (
    COUNT_BUDGET,
    EVENT_BUDGET,
    REPLAYS_PRUNED,
    REPLAYS_RECOVERED,
    SEARCH_BUDGET,
    Batch,
    Counted,
    EventRow,
    Found,
    FoundEvents,
    QueuedRow,
    Recovered,
    ReplayMark,
    Rows,
    StoreError,
    TimedRow,
)
from schemas.scalars import Priority, TaskState

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
    sessions: dict[str, BrowserSession] = field(default_factory=dict)
    replays: dict[tuple[str, str, str, str], Replay] = field(default_factory=dict)
    jobs: dict[tuple[str, str], JobRecord] = field(default_factory=dict)
    pauses: dict[tuple[str, str], PauseRecord] = field(default_factory=dict)


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
                sessions=dict(content.sessions),
                replays=dict(content.replays),
                jobs=dict(content.jobs),
                pauses=dict(content.pauses),
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
            sessions=list(content.sessions.values()),
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
            queued_unusual=_unusual(tasks),
            pauses=[pause for pause in content.pauses.values() if pause.ended_at is None],
            jobs=sorted(
                (job for job in content.jobs.values() if job.finished_at is None),
                key=lambda job: job.id,
            ),
            replays=_marks(content.replays.values()),
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
    content.sessions |= batch.sessions
    content.replays |= batch.replays
    content.jobs |= batch.jobs
    content.pauses |= batch.pauses
    for gone in batch.gone_agents:
        content.agents.pop(gone, None)
    for ended in batch.gone_sessions:
        content.sessions.pop(ended, None)
    if batch.old_replays is not None:
        _prune(content.replays, batch.old_replays)
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


def _prune(replays: dict[tuple[str, str, str, str], Replay], before: int) -> None:
    old = [(one.created_at, place) for place, one in replays.items() if one.created_at < before]
    for _, place in sorted(old)[:REPLAYS_PRUNED]:
        del replays[place]


def _marks(replays: Iterable[Replay]) -> Iterator[ReplayMark]:
    found = [ReplayMark(replay.created_at, replay.mark) for replay in replays]
    return iter(sorted(found, reverse=True)[:REPLAYS_RECOVERED])


def _counts(tasks: Iterable[Task]) -> dict[str, dict[TaskState, int]]:
    counts: defaultdict[str, Counter[TaskState]] = defaultdict(Counter)
    for task in tasks:
        counts[task.org][task.state] += 1
    return {org: dict(states) for org, states in counts.items()}


def _unusual(tasks: Iterable[Task]) -> dict[str, dict[Priority, int]]:
    counts: defaultdict[str, Counter[Priority]] = defaultdict(Counter)
    for task in tasks:
        if task.state is TaskState.QUEUED and task.priority is not Priority.NORMAL:
            counts[task.org][task.priority] += 1
    return {org: dict(priorities) for org, priorities in counts.items()}


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

    def search(
        self,
        org: str,
        wanted: TaskFilter,
        before: int | None,
        limit: int,
        budget: int = SEARCH_BUDGET,
    ) -> Found:
        """Tasks that match, with a seq below `before`, newest first."""
        found: list[Task] = []
        for examined, task in enumerate(self._newest_first(org, before)):
            if len(found) == limit or examined == budget:
                return Found(found, task.seq + 1)
            if wanted.matches(task):
                found.append(task)
        return Found(found, None)

    def _newest_first(self, org: str, before: int | None) -> list[Task]:
        tasks = self._content.tasks.values()
        mine = [t for t in tasks if t.org == org and (before is None or t.seq < before)]
        return sorted(mine, key=lambda task: task.seq, reverse=True)

    def skip(
        self, org: str, wanted: TaskFilter, before: int | None, count: int
    ) -> tuple[int, int | None]:
        """Leave out so many tasks that match."""
        passed = 0
        for task in self._newest_first(org, before):
            if passed == count:
                return passed, task.seq + 1
            passed += wanted.matches(task)
        return passed, None

    def count(self, org: str, wanted: TaskFilter, cap: int, budget: int = COUNT_BUDGET) -> Counted:
        """How many tasks match, up to a cap, as far as `budget` goes."""
        rows, more = self.search(org, wanted, None, cap + 1, budget)
        return Counted(min(len(rows), cap), len(rows) > cap or more is not None)

    def events(
        self,
        org: str,
        after: int,
        limit: int,
        types: Sequence[int] = (),
        entity: str | None = None,
        budget: int = EVENT_BUDGET,
    ) -> FoundEvents:
        """Events of the org with a seq above `after`, in order."""
        found: list[EventRow] = []
        scanned_to = after
        later = (row for row in self._content.events.get(org, []) if row.seq > after)
        for row in islice(later, budget):
            if len(found) == limit:
                break
            scanned_to = row.seq
            if (not types or row.type in types) and entity in (None, row.entity):
                found.append(row)
        return FoundEvents(found, scanned_to)

    def oldest_event(self, org: str) -> int:
        """The lowest seq of an event of the org that is kept, or 0 when there is none."""
        return next((row.seq for row in self._content.events.get(org, ())), 0)

    def replay(self, org: str, principal: str, route: str, key: str) -> Replay | None:
        """The kept answer of an idempotent write."""
        return self._content.replays.get((org, principal, route, key))

    def job(self, org: str, job_id: str) -> JobRecord | None:
        """A bulk action."""
        return self._content.jobs.get((org, job_id))

    def jobs(self, org: str, before: str | None, limit: int) -> list[JobRecord]:
        """Bulk actions with an id below `before`, newest first."""
        jobs = self._content.jobs.values()
        mine = [job for job in jobs if job.org == org and (before is None or job.id < before)]
        return sorted(mine, key=lambda job: job.id, reverse=True)[:limit]

    def close(self) -> None:
        """There is nothing to let go of."""
