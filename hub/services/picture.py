"""The picture of one org that its pages have: what changed since the last batch makes the next.

It is read from memory when a batch is made, so a row is as new as can be; whoever sends a
batch waits until what was decided before it is durable. Making one costs by what changed.
"""

from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from msgspec import Raw, json

from hub.core.changes import Changes
from hub.core.clock import Instant
from hub.core.org import Org
from hub.core.task import NAMES, Task
from hub.services.fleet_picture import FleetChange, FleetPicture
from hub.services.statistics import Statistics
from hub.store.contract import Numbered
from schemas.dashboard import MOST_EVENTS, Counters, Delta, EventRow, TaskRow
from schemas.events import EVENT_NAMES
from schemas.scalars import Priority, PriorityName, TaskState

MOST_AGENTS: Final = 1_000
"""So many agents are looked at for one batch; the others are in the next."""
COUNTERS_MS: Final = 200
"""The numbers are told at most this often."""
AGE_MS: Final = 1_000
"""The age of the oldest task is told in steps of this length: it changes without news."""
_QUEUED: Final = tuple(PriorityName[priority.name].value for priority in Priority)
encode: Final = json.Encoder().encode


class Picture:
    """One org as of its last batch."""

    def __init__(self, org: Org, statistics: Statistics) -> None:
        self.org = org
        self.fleet = FleetPicture(org)
        self.seq = 0
        """The number of the last batch that was made."""
        self.counters: Counters | None = None
        """The numbers as they were told last."""
        self.oldest_at: int | None = None
        """Since when the oldest queued task waits, as far as anybody looked."""
        self._changes: Changes = org.changes
        self._statistics = statistics
        self._unseen: list[str] = []
        """Agents that have no row yet."""
        self._events: deque[Numbered] = deque(maxlen=MOST_EVENTS)
        self._told = 0
        """How many events there were since the last batch."""
        self._counted_at = 0

    def begin(self) -> None:
        """Somebody follows from now on: take notice of what changes."""
        self._changes.begin()
        self._unseen = list(self.org.agents)

    def end(self) -> None:
        """Nobody follows any more: forget everything, and let nobody go on from here."""
        self._changes.end()
        self.fleet = FleetPicture(self.org)
        self.counters = self.oldest_at = None
        self._unseen = []
        self._events.clear()
        self._told = 0
        self.seq += 1

    def tell(self, events: Sequence[Numbered]) -> None:
        """These events are durable."""
        self._told += len(events)
        self._events.extend(events[-MOST_EVENTS:])

    def next(self, now: Instant, lag_ms: int, readers: int, *, count: bool = False) -> bytes | None:
        """The next batch, encoded; None when there is no news, or the rows are still made.

        Each call makes some of the first rows. `count` tells the numbers although it is soon.
        """
        if self._unseen:
            some, self._unseen = self._unseen[:MOST_AGENTS], self._unseen[MOST_AGENTS:]
            self.fleet.refresh(some)
            return None
        fleet = self.fleet.refresh(self._changes.take_agents(MOST_AGENTS))
        tasks, more = self._changes.take_tasks()
        counters = None
        if count or now.hub >= self._counted_at + COUNTERS_MS:
            self._counted_at = now.hub
            counters = self._count(now, lag_ms, readers)
        if counters == self.counters:
            counters = None
        if not (fleet.rows or fleet.gone or tasks or more or self._told or counters):
            return None
        self.counters = counters or self.counters
        self.seq += 1
        return encode(self._delta(now, fleet, tasks, counters, more=more))

    def _delta(
        self,
        now: Instant,
        fleet: FleetChange,
        tasks: list[Task],
        counters: Counters | None,
        *,
        more: bool,
    ) -> Delta:
        events, self._events = self._events, deque(maxlen=MOST_EVENTS)
        told, self._told = self._told, 0
        return Delta(
            seq=self.seq,
            at=now.wall,
            counters=counters,
            offers=fleet.offers,
            agents=fleet.rows,
            gone=fleet.gone,
            tasks=[self._task_row(task, now.wall) for task in tasks],
            events=[_event_row(event) for event in events],
            more=more or told > len(events),
        )

    def _task_row(self, task: Task, wall: int) -> TaskRow:
        percent = None
        if task.state is TaskState.RUNNING:
            attempt = self.org.attempt_of(task)
            if attempt is not None and attempt.progress is not None:
                percent = attempt.progress[0]
        state, agent = NAMES[task.state], task.assigned_to
        return TaskRow(task.id, state, task.version, task.attempt, agent, percent, wall)

    def _count(self, now: Instant, lag_ms: int, readers: int) -> Counters:
        org, fleet = self.org, self.fleet
        finished, failed = self._statistics.lately(now.wall)
        oldest = None
        if org.counts[TaskState.QUEUED] and self.oldest_at is not None:
            oldest = max(now.wall - self.oldest_at, 0) // AGE_MS * AGE_MS
        return Counters(
            tasks={NAMES[state].value: number for state, number in org.counts.items()},
            agents=fleet.counts,
            queued=dict(zip(_QUEUED, org.queued, strict=True)),
            finished_per_s=finished,
            failed_per_s=failed,
            slots=fleet.slots,
            busy=fleet.busy,
            oldest_queued_ms=oldest,
            loop_lag_ms=lag_ms,
            dispatch_paused=org.dispatch.whole is not None,
            readers=readers,
        )


def _event_row(event: Numbered) -> EventRow:
    _, seq, fact = event
    # It is JSON already, and goes out as it is.
    data: Any = Raw(fact.data)
    return EventRow(seq, EVENT_NAMES[fact.type], fact.entity, fact.actor, fact.at, data)
