"""The rows of the benchmark: what each asks for, and what it must reach.

A new row of the same kind is a new entry in `ROWS`; one of another kind needs its own load.
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
ROWS: Final = {plan.name: plan for plan in (THROUGHPUT, LATENCY)}
