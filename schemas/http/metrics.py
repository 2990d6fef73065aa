"""What HTTP says about the last hour: series of numbers, a value every ten seconds."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from schemas.scalars import Count, WallTime

STEP_MS: Final = 10_000
POINTS: Final = 360
"""One hour."""

Value = float | int | None


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
    """The time of the first value; value n is `n * step_ms` later."""
    at: WallTime
    series: list[Series]


class MetricsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which values."""

    points: Annotated[int, Meta(ge=1, le=POINTS)] = POINTS
    """How many at most, counted back from now."""
    series: Annotated[str, Meta(max_length=512)] | None = None
    """Names, separated by commas; without it all of them."""
