"""The rows of the benchmark: what each asks for, and what it must reach.

A row over HTTP names its connections, all others are agents and a submitter on sockets.
"""

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from scripts.benchmark.bench import Bench, Say
from scripts.benchmark.figures import Settings
from scripts.benchmark.measure import repetition
from scripts.benchmark.queued import queued
from scripts.benchmark.results import Run
from scripts.benchmark.starts import starts


class Goal(Struct, frozen=True):
    """One number of a row, and what is expected of it, if anything is."""

    title: str
    """Its name among the numbers of a run."""
    unit: str
    floor: float | None = None
    aim: float | None = None
    more_is_better: bool = False


class RowPlan(Struct, frozen=True):
    """One row before it is measured."""

    name: str
    title: str
    settings: Settings
    goals: list[Goal]
    measure: Callable[[Bench, Settings, Say], Run] = repetition
    repeat: int = 3
    """How often it is measured when nothing else is asked for."""


def _rate(floor: float | None = None, aim: float | None = None) -> Goal:
    return Goal("tasks/s", "/s", floor, aim, more_is_better=True)


def _throughput(name: str, title: str, *, watched: bool, goal: Goal) -> RowPlan:
    settings = Settings(
        agents=100, slots=16, in_flight=1_000, seconds=10.0, warmup_seconds=1.0, watched=watched
    )
    return RowPlan(name=name, title=title, settings=settings, goals=[goal])


THROUGHPUT: Final = _throughput(
    "throughput",
    "Durable tasks end to end, as fast as the hub answers",
    watched=False,
    goal=_rate(10_000, 20_000),
)
WATCHED: Final = _throughput(
    "throughput-read",
    "The same beside two readers of pages and one of all events",
    watched=True,
    goal=_rate(),
)


def _latency(name: str, rate: int, *goals: Goal) -> RowPlan:
    settings = Settings(agents=100, slots=16, rate=rate, seconds=10.0, warmup_seconds=1.0)
    title = f"Submission to durable result at a steady {rate:,} tasks/s"
    return RowPlan(name=name, title=title, settings=settings, goals=list(goals))


LATENCY: Final = _latency("latency", 1_000, Goal("p50", " ms", 2, 1), Goal("p99", " ms", 10, 5))
LATENCIES: Final = (
    _latency("latency-100", 100, Goal("p50", " ms"), Goal("p99", " ms")),
    LATENCY,
    _latency("latency-4000", 4_000, Goal("p50", " ms"), Goal("p99", " ms")),
)


def _http(
    name: str, title: str, connections: int, goal: Goal, *, batch: int = 1, keys: bool = False
) -> RowPlan:
    settings = Settings(
        in_flight=connections,
        seconds=10.0,
        warmup_seconds=1.0,
        connections=connections,
        batch=batch,
        keys=keys,
    )
    return RowPlan(name=name, title=title, settings=settings, goals=[goal])


_ONE: Final = "Durable tasks over HTTP, one connection"
_MANY: Final = "Durable tasks over HTTP, 64 connections"
_KEYS: Final = "The same, each with an idempotency key of its own"
_BATCH: Final = "Durable tasks over HTTP, batches of 100"
HTTP: Final = (
    _http("http-one", _ONE, 1, _rate(600, 1_200)),
    _http("http-many", _MANY, 64, _rate(3_000, 5_000)),
    _http("http-keys", _KEYS, 64, _rate(), keys=True),
    _http("http-batch", _BATCH, 4, _rate(10_000, 20_000), batch=100),
)
# The window is shorter than a lease: the stored tasks that agents have stay with them.
LISTING: Final = RowPlan(
    name="listing",
    title="Pages of 50 out of 1,000,000 tasks, beside a steady 2,000 tasks/s",
    settings=Settings(
        agents=100,
        slots=16,
        rate=2_000,
        seconds=40.0,
        warmup_seconds=1.0,
        stored=1_000_000,
        pages=75,
    ),
    goals=[Goal("worst p99 of a page", " ms", 30, 15), _rate(1_980, 1_998)],
)
FLEETS: Final = RowPlan(
    name="old-clients",
    title="Half of the agents with protocol 1, tasks of 10 to 400 ms",
    settings=Settings(
        agents=200, slots=1, in_flight=400, seconds=10.0, warmup_seconds=3.0, old=True
    ),
    goals=[
        Goal("old slot / new alone", "", 0.9, 0.98, more_is_better=True),
        Goal("new slot / new alone", "", 0.9, 0.98, more_is_better=True),
    ],
)
CROWD: Final = RowPlan(
    name="agents-10000",
    title="10,000 connected agents at a steady 2,000 tasks/s",
    settings=Settings(
        agents=10_000, slots=16, rate=2_000, seconds=10.0, warmup_seconds=1.0, weighed=True
    ),
    goals=[Goal("memory of an agent", " KiB", 30, 16), Goal("p99", " ms", 20, 10)],
)
QUEUE: Final = RowPlan(
    name="queued-million",
    title="1,000,000 queued tasks, and urgent ones beside them",
    settings=Settings(
        agents=100,
        slots=16,
        rate=1_000,
        seconds=5.0,
        warmup_seconds=1.0,
        urgent=True,
        queued=1_000_000,
        crowd=10_000,
        rounds=3,
    ),
    goals=[
        Goal("memory", " MiB", 300e6 / 2**20, 150e6 / 2**20),
        Goal("on disk", " B", 600, 400),
        Goal("cold start", " s", 5, 1.5),
        Goal("p99 / empty hub", "", aim=1.2),
        Goal("p99 with crowd / empty hub", "", aim=1.2),
    ],
    measure=queued,
    repeat=1,
)
START: Final = RowPlan(
    name="start",
    title="Start of an empty hub, from its command to the first 200",
    settings=Settings(rounds=10),
    goals=[Goal("first 200", " s", 1, 0.5)],
    measure=starts,
    repeat=1,
)
_ALL: Final = (THROUGHPUT, WATCHED, *LATENCIES, *HTTP, LISTING, FLEETS, CROWD, QUEUE, START)
ROWS: Final = {plan.name: plan for plan in _ALL}
