"""What HTTP says about the last hour: series of numbers, a value every ten seconds."""

from enum import StrEnum
from typing import Annotated, Final

from msgspec import Meta, Struct

from schemas.scalars import Count, WallTime

STEP_MS: Final = 10_000
POINTS: Final = 360
"""One hour."""

Number = float | int
"""A value that is known."""
Value = Number | None


class SeriesName(StrEnum):
    """Every series."""

    SUBMITTED_PER_S = "submitted_per_s"
    FINISHED_PER_S = "finished_per_s"
    """Completed tasks."""
    FAILED_PER_S = "failed_per_s"
    """Dead letters."""
    CANCELLED_PER_S = "cancelled_per_s"
    WAIT_P50 = "wait_p50"
    """How long tasks waited in the queue that ended in the step and had an agent."""
    WAIT_P95 = "wait_p95"
    WAIT_P99 = "wait_p99"
    RUN_P50 = "run_p50"
    """How long their last attempt ran."""
    RUN_P95 = "run_p95"
    RUN_P99 = "run_p99"
    TOTAL_P50 = "total_p50"
    """How long it took from their submission to their end."""
    TOTAL_P95 = "total_p95"
    TOTAL_P99 = "total_p99"
    QUEUED_URGENT = "queued_urgent"
    QUEUED_HIGH = "queued_high"
    QUEUED_NORMAL = "queued_normal"
    QUEUED_LOW = "queued_low"
    RUNNING = "running"
    AGENTS_CONNECTED = "agents_connected"
    UTILISATION = "utilisation"
    """Which part of the slots of connected agents has work; null without a slot."""
    LOOP_LAG_MS = "loop_lag_ms"
    """The worst of the step: how late the hub was..."""
    COMMIT_MS = "commit_ms"
    """...and how long a commit took."""


_SUFFIXES: Final = {"per_s": "per_s", "ms": "ms", "p50": "ms", "p95": "ms", "p99": "ms"}
UNITS: Final = {
    name: next((unit for end, unit in _SUFFIXES.items() if name.endswith(f"_{end}")), "count")
    for name in SeriesName
} | {SeriesName.UTILISATION: "ratio"}
"""The unit of each."""


class Series(Struct, frozen=True):
    """One number over time, oldest first; null where it was not known."""

    name: SeriesName
    unit: str
    """`per_s`, `ms`, `count` or `ratio`."""
    values: list[Value]


class MetricsPage(Struct, frozen=True):
    """The series of one org; all have the same times."""

    step_ms: Count
    since: WallTime
    """The end of the first value's step; value n is `n * step_ms` later. Never after `at`."""
    at: WallTime
    series: list[Series]


class MetricsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which values."""

    points: Annotated[int, Meta(ge=1, le=POINTS)] = POINTS
    """How many at most, counted back from now."""
    series: Annotated[list[SeriesName], Meta(max_length=len(SeriesName))] | None = None
    """Which ones; without it all of them."""
