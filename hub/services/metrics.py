"""Metrics: what Prometheus reads, and nothing else knows of.

Counts that change with every task are plain integers and tallies, gathered when somebody
asks: observing them one by one would cost more than some of what they count.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from hub.core.org import Org
from hub.core.task import NAMES, Task
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

    def family(self, name: str, text: str) -> HistogramMetricFamily:
        """The histogram as Prometheus wants it."""
        total = 0
        buckets: list[tuple[str, float]] = []
        for bound, count in zip((*self._bounds, "+Inf"), self._counts, strict=True):
            total += count
            buckets.append((str(bound), total))
        return HistogramMetricFamily(name, text, buckets=buckets, sum_value=self._sum)


class Metrics:
    """Everything that is counted."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self.scheduler_attempts = 0
        self.scheduler_matches = 0
        self.events_published = 0
        self.event_readers = 0
        self.events_in_memory: Callable[[], int] = int
        self.refusals: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        self.submit_latency = Tally(SECONDS)
        self.dispatch_latency = Tally(SECONDS)
        self.commit_seconds = Tally(SECONDS)
        self.batch_rows = Tally(ROWS)
        self.loop_lag = Tally(SECONDS)
        self.requests: Counter[tuple[str, str, int]] = Counter()
        self.request_seconds: dict[tuple[str, str], Tally] = {}

    def submitted(self, journal: JournalPort, tasks: int) -> None:
        """Tasks were taken; their latency ends when they are durable."""
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

    def finished(self, task: Task) -> None:
        """A task ended."""
        self.ended[NAMES[task.state]] += 1

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


class Exposition(Collector):
    """Gathers the families when Prometheus asks."""

    def __init__(
        self,
        metrics: Metrics,
        journal: JournalPort,
        orgs: Sequence[Org],
        sessions: Callable[[], int],
    ) -> None:
        self._metrics = metrics
        self._journal = journal
        self._orgs = orgs
        self._sessions = sessions
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def text(self) -> bytes:
        """The exposition in Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Every family, as it stands now."""
        yield from self._tasks()
        yield from self._counters()
        yield from self._gauges()
        metrics = self._metrics
        yield metrics.submit_latency.family(
            "corral_submit_seconds", "From taking a task to its being durable."
        )
        yield metrics.dispatch_latency.family(
            "corral_dispatch_seconds", "From a task's being ready to its assignment."
        )
        yield metrics.commit_seconds.family(
            "corral_journal_commit_seconds", "From a batch's first statement to its commit."
        )
        yield metrics.batch_rows.family("corral_journal_batch_rows", "Rows in a batch.")
        yield metrics.loop_lag.family("corral_loop_lag_seconds", "How late the upkeep pass came.")

    def _tasks(self) -> Iterator[Metric]:
        family = GaugeMetricFamily("corral_tasks", "Tasks by state.", labels=["org", "state"])
        for org in self._orgs:
            for state, count in org.counts.items():
                family.add_metric([org.name, NAMES[state]], count)
        yield family

    def _counters(self) -> Iterator[Metric]:
        metrics = self._metrics
        yield CounterMetricFamily(
            "corral_scheduler_attempts",
            "Passes of the scheduler, also those that found no free agent.",
            value=metrics.scheduler_attempts,
        )
        yield CounterMetricFamily(
            "corral_scheduler_matches", "Tasks given to agents.", value=metrics.scheduler_matches
        )
        refusals = CounterMetricFamily(
            "corral_refusals", "Refused frames and requests by code.", labels=["code"]
        )
        for code, count in metrics.refusals.items():
            refusals.add_metric([code], count)
        yield refusals
        ended = CounterMetricFamily(
            "corral_tasks_ended", "Tasks that ended, by state.", labels=["state"]
        )
        for state, count in metrics.ended.items():
            ended.add_metric([state], count)
        yield ended
        yield CounterMetricFamily(
            "corral_events_published",
            "Events that became durable since the start.",
            value=metrics.events_published,
        )

    def _gauges(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "corral_sessions", "Identified connections.", value=self._sessions()
        )
        yield GaugeMetricFamily(
            "corral_event_readers",
            "Open streams of events.",
            value=self._metrics.event_readers,
        )
        yield GaugeMetricFamily(
            "corral_events_in_memory",
            "Events that readers find without a look into the database.",
            value=self._metrics.events_in_memory(),
        )
        yield GaugeMetricFamily(
            "corral_agents_free",
            "Agents that could be given work now.",
            value=sum(org.matcher.free_agents for org in self._orgs),
        )
        yield GaugeMetricFamily(
            "corral_journal_waiting_rows",
            "Rows decided but not durable.",
            value=self._journal.waiting_rows,
        )
        yield GaugeMetricFamily(
            "corral_journal_commit_age_seconds",
            "How long the present commit has been under way.",
            value=self._journal.commit_age,
        )
