"""Metrics: what is counted while the hub works. How it is shown: see `exposition.py`.

Counts that change with every task are plain integers and tallies, gathered when somebody
asks: observing them one by one would cost more than some of what they count.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Final

from hub.core.task import NAMES, Task
from hub.services.statistics import Statistics
from hub.store.contract import JournalPort
from schemas.scalars import ErrorCode

SECONDS: Final = (
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0,
)  # fmt: skip
ROWS: Final = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1_000.0, 3_000.0, 10_000.0)


class Tally:
    """A histogram: how many values fell below each bound."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float, times: int = 1) -> None:
        """Count a value, so many times."""
        self._counts[bisect_left(self._bounds, value)] += times
        self._sum += value * times

    @property
    def buckets(self) -> list[tuple[str, float]]:
        """Each bound and how many values are not above it; the last has all."""
        total = 0
        found: list[tuple[str, float]] = []
        for bound, count in zip((*self._bounds, "+Inf"), self._counts, strict=True):
            total += count
            found.append((str(bound), total))
        return found

    @property
    def sum(self) -> float:
        """All values together."""
        return self._sum


class Metrics:
    """Everything that is counted."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self.scheduler_attempts = 0
        self.scheduler_matches = 0
        self.events_published = 0
        self.event_readers = 0
        self.pages = 0
        """How many pages of the dashboard follow."""
        self.page_batches = 0
        self.page_snapshots = 0
        self.events_in_memory: Callable[[], int] = int
        self.refusals: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        self.statistics: defaultdict[str, Statistics] = defaultdict(Statistics)
        """What ended lately, by org."""
        self.worst_lag = self.worst_commit = 0.0
        """The longest since somebody set them back, in seconds."""
        self.submit_latency = Tally(SECONDS)
        self.dispatch_latency = Tally(SECONDS)
        self.commit_seconds = Tally(SECONDS)
        self.batch_rows = Tally(ROWS)
        self.loop_lag = Tally(SECONDS)
        self.requests: Counter[tuple[str, str, int]] = Counter()
        self.request_seconds: dict[tuple[str, str], Tally] = {}

    def submitted(self, journal: JournalPort, org: str, tasks: int) -> None:
        """Tasks were taken; their latency ends when they are durable."""
        self.statistics[org].step.submitted += tasks
        began = self._seconds()
        journal.promise(self._durable, (began, tasks))

    def _durable(self, what: tuple[float, int]) -> None:
        began, tasks = what
        self.submit_latency.observe(self._seconds() - began, tasks)

    def dispatched(self, waited_ms: int) -> None:
        """A task was given to an agent after so long in the queue."""
        self.scheduler_matches += 1
        self.dispatch_latency.observe(waited_ms / 1000)

    def committed(self, rows: int, units: int, seconds: float) -> None:
        """A batch became durable."""
        self.batch_rows.observe(rows)
        self.commit_seconds.observe(seconds)
        self.worst_commit = max(self.worst_commit, seconds)

    def lagged(self, seconds: float) -> None:
        """A pass of the upkeep came so late."""
        self.loop_lag.observe(seconds)
        self.worst_lag = max(self.worst_lag, seconds)

    def finished(self, task: Task) -> None:
        """A task ended."""
        self.ended[NAMES[task.state]] += 1
        self.statistics[task.org].ended(task)

    def requested(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request over HTTP was answered; `route` is the template of its path."""
        self.requests[method, route, status] += 1
        tally = self.request_seconds.get((method, route))
        if tally is None:
            tally = self.request_seconds[method, route] = Tally(SECONDS)
        tally.observe(seconds)

    def refused(self, code: ErrorCode) -> None:
        """A frame or request was refused."""
        self.refusals[code] += 1
