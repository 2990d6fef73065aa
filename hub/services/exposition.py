"""The exposition: what Prometheus reads, gathered at the moment somebody asks."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from hub.core.org import Org
from hub.core.task import NAMES
from hub.services.limits import Limits
from hub.services.metrics import Metrics, Tally
from hub.services.peers import Peers
from hub.services.replays import Replays
from hub.store.contract import JournalPort


class Sources(NamedTuple):
    """Where the figures come from."""

    metrics: Metrics
    journal: JournalPort
    orgs: Iterable[Org]
    peers: Peers
    limits: Limits
    replays: Replays


class Figure(NamedTuple):
    """A number that is read when somebody asks."""

    name: str
    text: str
    read: Callable[[Sources], float]


COUNTERS: Final = (
    Figure(
        "corral_scheduler_attempts",
        "Passes of the scheduler, also those that found no free agent.",
        lambda hub: hub.metrics.scheduler_attempts,
    ),
    Figure(
        "corral_scheduler_matches",
        "Tasks given to agents.",
        lambda hub: hub.metrics.scheduler_matches,
    ),
    Figure(
        "corral_events_published",
        "Events that became durable since the start.",
        lambda hub: hub.metrics.events_published,
    ),
    Figure(
        "corral_page_batches",
        "Batches of news that were made for pages of the dashboard.",
        lambda hub: hub.metrics.page_batches,
    ),
    Figure(
        "corral_page_snapshots",
        "Snapshots that were made for pages of the dashboard.",
        lambda hub: hub.metrics.page_snapshots,
    ),
    Figure(
        "corral_replays_kept",
        "Idempotent writes whose answer was kept.",
        lambda hub: hub.replays.kept,
    ),
    Figure(
        "corral_replays_given",
        "Idempotent writes that were answered again.",
        lambda hub: hub.replays.given,
    ),
)
GAUGES: Final = (
    Figure(
        "corral_connections",
        "Open sockets, also of those that have not identified.",
        lambda hub: len(hub.peers.all),
    ),
    Figure("corral_sessions", "Identified connections.", lambda hub: hub.peers.identified),
    Figure(
        "corral_agents_free",
        "Agents that could be given work now.",
        lambda hub: sum(org.matcher.free_agents for org in hub.orgs),
    ),
    Figure(
        "corral_journal_waiting_rows",
        "Rows decided but not durable.",
        lambda hub: hub.journal.waiting_rows,
    ),
    Figure(
        "corral_journal_commit_age_seconds",
        "How long the present commit has been under way.",
        lambda hub: hub.journal.commit_age,
    ),
    Figure(
        "corral_event_readers", "Open streams of events.", lambda hub: hub.metrics.event_readers
    ),
    Figure("corral_pages", "Pages of the dashboard that follow.", lambda hub: hub.metrics.pages),
    Figure(
        "corral_events_in_memory",
        "Events that readers find without a look into the database.",
        lambda hub: hub.metrics.events_in_memory(),
    ),
    Figure(
        "corral_limits_meters",
        "Principals and addresses whose use is metered.",
        lambda hub: len(hub.limits),
    ),
    Figure(
        "corral_replays", "Idempotent writes that are remembered.", lambda hub: len(hub.replays)
    ),
)
TALLIES: Final[tuple[tuple[str, str, Callable[[Metrics], Tally]], ...]] = (
    (
        "corral_submit_seconds",
        "From taking a task to its being durable.",
        lambda metrics: metrics.submit_latency,
    ),
    (
        "corral_dispatch_seconds",
        "From a task's being ready to its assignment.",
        lambda metrics: metrics.dispatch_latency,
    ),
    (
        "corral_journal_commit_seconds",
        "From a batch's first statement to its commit.",
        lambda metrics: metrics.commit_seconds,
    ),
    ("corral_journal_batch_rows", "Rows in a batch.", lambda metrics: metrics.batch_rows),
    (
        "corral_loop_lag_seconds",
        "How late the upkeep pass came.",
        lambda metrics: metrics.loop_lag,
    ),
)


class Exposition(Collector):
    """Gathers the families when Prometheus asks."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def text(self) -> bytes:
        """The exposition in Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Every family, as it stands now."""
        hub = self._sources
        yield self._tasks()
        for figure in COUNTERS:
            yield CounterMetricFamily(figure.name, figure.text, value=figure.read(hub))
        for figure in GAUGES:
            yield GaugeMetricFamily(figure.name, figure.text, value=figure.read(hub))
        metrics = hub.metrics
        yield _by("corral_refusals", "Refusals by code.", "code", metrics.refusals)
        yield _by("corral_tasks_ended", "Tasks that ended, by state.", "state", metrics.ended)
        yield from self._requests()
        for name, text, read in TALLIES:
            tally = read(metrics)
            yield HistogramMetricFamily(name, text, buckets=tally.buckets, sum_value=tally.sum)

    def _tasks(self) -> Metric:
        family = GaugeMetricFamily("corral_tasks", "Tasks by state.", labels=["org", "state"])
        for org in self._sources.orgs:
            for state, count in org.counts.items():
                family.add_metric([org.name, NAMES[state]], count)
        return family

    def _requests(self) -> Iterator[Metric]:
        metrics = self._sources.metrics
        count = CounterMetricFamily(
            "corral_http_requests",
            "Requests over HTTP by method, template of the path, and status.",
            labels=["method", "route", "status"],
        )
        for (method, route, status), number in metrics.requests.items():
            count.add_metric([method, route, str(status)], number)
        yield count
        seconds = HistogramMetricFamily(
            "corral_http_request_seconds",
            "From the head of a request to its answer, by method and template of the path.",
            labels=["method", "route"],
        )
        for (method, route), tally in metrics.request_seconds.items():
            seconds.add_metric([method, route], buckets=tally.buckets, sum_value=tally.sum)
        yield seconds


def _by(name: str, text: str, label: str, counts: Mapping[str, int]) -> Metric:
    """A counter for each value of a label."""
    family = CounterMetricFamily(name, text, labels=[label])
    for value, count in counts.items():
        family.add_metric([value], count)
    return family
