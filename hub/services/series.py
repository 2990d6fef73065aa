"""Time series: the last hour of each org in numbers, one every ten seconds.

The pass of the upkeep closes a step when its time is over. What was not watched over a whole
step, because the hub was stopped or stood still, is not known: nothing is made up for it.
"""

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isnan, nan
from typing import Final

from msgspec import json

from hub.core.clock import Instant
from hub.core.org import Org
from hub.services.clock import Clock
from hub.services.metrics import Metrics
from hub.services.statistics import Step, percentiles
from schemas.http.metrics import (
    POINTS,
    STEP_MS,
    UNITS,
    MetricsPage,
    Number,
    Series,
    SeriesName,
    Value,
)
from schemas.scalars import Priority, TaskState

PARTS: Final = (50, 95, 99)
ENDS: Final = {
    "finished_per_s": TaskState.COMPLETED,
    "failed_per_s": TaskState.DEAD_LETTER,
    "cancelled_per_s": TaskState.CANCELLED,
}
KEPT_PAGES: Final = 64
"""So many encoded pages are kept until the step is over."""
_encode: Final = json.Encoder().encode

Values = dict[SeriesName, Number]
"""What is known of one step."""
OnStep = Callable[[int, Callable[[str], Values]], None]
"""Hears of a step that is over: when it ended, and how to get its values for an org."""


class Past:
    """The last hour of one org."""

    def __init__(self) -> None:
        self._values = {name: array("f", [nan]) * POINTS for name in UNITS}

    def put(self, step: int, values: Mapping[str, float]) -> None:
        """What was seen in a step; a series without a value has a gap there."""
        for name, kept in self._values.items():
            kept[step % POINTS] = values.get(name, nan)

    def series(self, name: SeriesName, steps: Iterable[int]) -> Series:
        """These steps of a series."""
        kept = self._values[name]
        return Series(name, UNITS[name], [_shown(kept[step % POINTS]) for step in steps])

    def known(self, step: int) -> Values:
        """What is known of a step."""
        shown = ((name, _shown(kept[step % POINTS])) for name, kept in self._values.items())
        return {name: value for name, value in shown if value is not None}

    @property
    def size(self) -> int:
        """How many bytes the values take."""
        return sum(kept.itemsize * len(kept) for kept in self._values.values())


class TimeSeries:
    """The last hour of every org."""

    def __init__(self, orgs: Mapping[str, Org], metrics: Metrics, clock: Clock) -> None:
        self._orgs = orgs
        self._metrics = metrics
        self._clock = clock
        self.on_step: OnStep = lambda _at, _values: None
        """Hears of every step once it is over."""
        self._pages: dict[tuple[str, int, tuple[SeriesName, ...]], bytes] = {}
        self._begin(clock.now())

    def _begin(self, now: Instant) -> None:
        """From the next whole step on."""
        self._step = now.wall // STEP_MS
        """The step under way; steps are parts of wall time."""
        self._since = self._step + 1
        self._looked_at = now.hub
        self._pasts: dict[str, Past] = {}
        self._pages.clear()

    def look(self, now: Instant) -> None:
        """Close the step whose time is over."""
        step = now.wall // STEP_MS
        if step in (self._step, self._step - 1):
            return
        if step < self._step:
            # Somebody set the clock back: times that were shown would come again.
            self._begin(now)
            return
        for name, org in self._orgs.items():
            seen = self._seen(org, now.hub - self._looked_at)
            past = self._pasts.setdefault(name, Past())
            past.put(self._step, seen if step == self._step + 1 else {})
            for missed in range(max(self._step + 1, step - POINTS), step):
                past.put(missed, {})
        self._metrics.worst_lag = self._metrics.worst_commit = 0.0
        self._step, self._looked_at = step, now.hub
        self._pages.clear()
        if step > self._since:
            self.on_step(step * STEP_MS, lambda org: self._pasts[org].known(step - 1))

    def _seen(self, org: Org, passed_ms: int) -> dict[str, float]:
        step = self._metrics.statistics[org.name].take_step()
        metrics = self._metrics
        return {
            **_rates(step, passed_ms / 1000),
            **_times(step),
            **{f"queued_{each.name.lower()}": float(org.queued[each]) for each in Priority},
            **_fleet(org),
            "loop_lag_ms": metrics.worst_lag * 1000,
            "commit_ms": metrics.worst_commit * 1000,
        }

    def page(self, org: str, points: int, names: Sequence[SeriesName]) -> bytes:
        """The last values of some series, or of all, as a `MetricsPage`; made once a step."""
        key = (org, points, tuple(dict.fromkeys(names or UNITS)))
        page = self._pages.get(key)
        if page is None:
            if len(self._pages) >= KEPT_PAGES:
                self._pages.clear()
            page = self._pages[key] = _encode(self._page(*key))
        return page

    def _page(self, org: str, points: int, names: Sequence[SeriesName]) -> MetricsPage:
        first = max(self._since, self._step - points)
        past = self._pasts.get(org) or Past()
        series = [past.series(name, range(first, self._step)) for name in names]
        # The first value may be yet to come, and the clock may have been set back a little.
        since = min(first + 1, self._step) * STEP_MS
        return MetricsPage(STEP_MS, since, max(since, self._clock.now().wall), series)


def _rates(step: Step, seconds: float) -> dict[str, float]:
    counts = {"submitted_per_s": step.submitted}
    counts |= {name: step.ends[state] for name, state in ENDS.items()}
    return {name: float(f"{count / seconds:.3g}") for name, count in counts.items()}


def _times(step: Step) -> dict[str, float]:
    found: dict[str, float] = {}
    for what, counts in (("wait", step.waits), ("run", step.runs), ("total", step.totals)):
        for part, value in zip(PARTS, percentiles(counts, PARTS) or (), strict=False):
            found[f"{what}_p{part}"] = value
    return found


def _fleet(org: Org) -> dict[str, float]:
    connected = [agent for agent in org.agents.values() if agent.session]
    slots = sum(agent.slots for agent in connected)
    found = {
        "running": float(org.counts[TaskState.RUNNING]),
        "agents_connected": float(len(connected)),
    }
    if slots:
        busy = sum(len(agent.held) for agent in connected)
        found["utilisation"] = round(min(busy / slots, 1.0), 3)
    return found


def _shown(value: float) -> Value:
    """As short as it can be told without a loss that anybody sees."""
    if isnan(value):
        return None
    rounded = float(f"{value:.5g}")
    return int(rounded) if rounded.is_integer() else round(rounded, 3)
