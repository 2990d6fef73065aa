"""The rows of the benchmark: what each asks for, and what it must reach.

A row over HTTP names its connections, all others are agents and a submitter on sockets.
"""

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from scripts.benchmark.figures import Run, Settings


class Goal(Struct, frozen=True):
    """One number of a row, and what is expected of it."""

    title: str
    value: Callable[[Run], float]
    floor: float
    aim: float
    more_is_better: bool
    unit: str


class RowPlan(Struct, frozen=True):
    """One row before it is measured."""

    name: str
    title: str
    settings: Settings
    goals: list[Goal]


THROUGHPUT: Final = RowPlan(
    name="throughput",
    title="Durable tasks end to end, as fast as the hub answers",
    settings=Settings(
        agents=100, slots=16, in_flight=1_000, rate=0, seconds=10.0, warmup_seconds=1.0
    ),
    goals=[
        Goal("tasks/s", lambda run: run.tasks_per_s, 10_000, 20_000, True, "/s"),
    ],
)
LATENCY: Final = RowPlan(
    name="latency",
    title="Submission to durable result at a steady 1,000 tasks/s",
    settings=Settings(
        agents=100, slots=16, in_flight=0, rate=1_000, seconds=10.0, warmup_seconds=1.0
    ),
    goals=[
        Goal("p50", lambda run: run.result_ms.p50, 2, 1, False, " ms"),
        Goal("p99", lambda run: run.result_ms.p99, 10, 5, False, " ms"),
    ],
)


def _http(name: str, title: str, connections: int, batch: int, floor: int, aim: int) -> RowPlan:
    settings = Settings(
        agents=0,
        slots=0,
        in_flight=connections,
        rate=0,
        seconds=10.0,
        warmup_seconds=1.0,
        connections=connections,
        batch=batch,
    )
    goal = Goal("tasks/s", lambda run: run.tasks_per_s, floor, aim, True, "/s")
    return RowPlan(name=name, title=title, settings=settings, goals=[goal])


HTTP: Final = (
    _http("http-one", "Durable tasks over HTTP, one connection", 1, 1, 600, 1_200),
    _http("http-many", "Durable tasks over HTTP, 64 connections", 64, 1, 3_000, 5_000),
    _http("http-batch", "Durable tasks over HTTP, batches of 100", 4, 100, 10_000, 20_000),
)
# The window is shorter than a lease: the stored tasks that agents have stay with them.
LISTING: Final = RowPlan(
    name="listing",
    title="Pages of 50 out of 1,000,000 tasks, beside a steady 2,000 tasks/s",
    settings=Settings(
        agents=100,
        slots=16,
        in_flight=0,
        rate=2_000,
        seconds=40.0,
        warmup_seconds=1.0,
        stored=1_000_000,
        pages=75,
    ),
    goals=[
        Goal("worst p99 of a page", lambda run: run.worst_page_ms, 30, 15, False, " ms"),
        Goal("tasks/s", lambda run: run.tasks_per_s, 1_980, 1_998, True, "/s"),
    ],
)
FLEETS: Final = RowPlan(
    name="old-clients",
    title="Half of the agents with protocol 1, tasks of 10 to 400 ms",
    settings=Settings(
        agents=200, slots=1, in_flight=400, rate=0, seconds=10.0, warmup_seconds=3.0, old=True
    ),
    goals=[
        Goal("old slot / new alone", lambda run: run.old_share, 0.9, 0.98, True, ""),
        Goal("new slot / new alone", lambda run: run.new_share, 0.9, 0.98, True, ""),
    ],
)
ROWS: Final = {plan.name: plan for plan in (THROUGHPUT, LATENCY, *HTTP, LISTING, FLEETS)}
