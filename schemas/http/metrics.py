"""What HTTP says about the last hour: series of numbers, a value every ten seconds."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from schemas.scalars import Count, WallTime

STEP_MS: Final = 10_000
POINTS: Final = 360
"""One hour."""

Value = float | int | None

_P: Final = ("p50", "p95", "p99")
UNITS: Final[dict[str, str]] = {
    **dict.fromkeys(
        ("submitted_per_s", "finished_per_s", "failed_per_s", "cancelled_per_s"), "per_s"
    ),
    **{f"{what}_{part}": "ms" for what in ("wait", "run", "total") for part in _P},
    **dict.fromkeys(("queued_urgent", "queued_high", "queued_normal", "queued_low"), "count"),
    "running": "count",
    "agents_connected": "count",
    "utilisation": "ratio",
    "loop_lag_ms": "ms",
    "commit_ms": "ms",
}
"""Every series with its unit. `finished` are completed tasks, `failed` dead letters. Of the tasks
that ended in a step and had an agent, `wait` is the time in the queue, `run` that of the last
attempt, `total` that from submission to the end. The last two are the worst of the step."""


class Series(Struct, frozen=True):
    """One number over time, oldest first; null where it was not known."""

    name: str
    unit: str
    """`per_s`, `ms`, `count` or `ratio`."""
    values: list[Value]


class MetricsPage(Struct, frozen=True):
    """The series of one org; all have the same times."""

    step_ms: Count
    since: WallTime
    """The end of the first value's step; value n is `n * step_ms` later."""
    at: WallTime
    series: list[Series]


class MetricsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which values."""

    points: Annotated[int, Meta(ge=1, le=POINTS)] = POINTS
    """How many at most, counted back from now."""
    series: Annotated[str, Meta(max_length=512)] | None = None
    """Names, separated by commas; without it all of them: see `UNITS`."""
