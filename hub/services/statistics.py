"""Statistics: how many tasks end, and how long they wait and run.

Counted where tasks end, in fixed tables: a task costs a few additions and no memory. What lies
further back than the tables reach is forgotten; all of it begins anew when the hub starts.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final

from hub.core.task import Task
from schemas.http.tasks import Spread, Throughput
from schemas.scalars import TaskState

SLOT_MS: Final = 5_000
"""How long one count of ends lasts."""
SLOTS: Final = 181
"""As many as reach back over 15 minutes, and the one under way."""
MINUTES: Final = (1, 5, 15)
HOUR_PARTS: Final = 12
PART_MS: Final = 300_000
"""The last hour is kept in parts of five minutes."""
FINE: Final = 8
"""Steps from one power of two to the next: a step is at most an eighth of its values."""
BOUNDS: Final = 64 * FINE
"""Steps in all: enough for any number of 63 bits."""


def step_of(ms: int) -> int:
    """The step in which a duration is counted."""
    if ms < 2 * FINE:
        return max(ms, 0)
    shift = ms.bit_length() - 4
    return (shift << 3) + (ms >> shift)


def middle_of(step: int) -> int:
    """The duration in the middle of a step."""
    if step < 2 * FINE:
        return step
    shift = (step >> 3) - 1
    return ((step - (shift << 3)) << shift) + (1 << shift >> 1)


class _Part:
    """Five minutes of waiting and running times."""

    __slots__ = ("runs", "waits")

    def __init__(self) -> None:
        self.waits = [0] * BOUNDS
        self.runs = [0] * BOUNDS


class Step:
    """What happened since it was looked at last: see `series.py`."""

    __slots__ = ("ends", "runs", "submitted", "totals", "waits")

    def __init__(self) -> None:
        self.submitted = 0
        self.ends = [0] * (max(TaskState) + 1)
        self.waits = [0] * BOUNDS
        self.runs = [0] * BOUNDS
        self.totals = [0] * BOUNDS


class Statistics:
    """What ended lately in one org. Times are wall times in milliseconds."""

    def __init__(self) -> None:
        self.step = Step()
        self._slots: deque[tuple[int, list[int]]] = deque(maxlen=SLOTS)
        """(number of the slot, ends by state), oldest first."""
        self._parts: deque[tuple[int, _Part]] = deque(maxlen=HOUR_PARTS)
        self._until = 0
        """When the slot under way is over."""
        self._ends: list[int] = []
        self._part = _Part()

    def ended(self, task: Task) -> None:
        """Count a task that ended just now."""
        at = task.finished_at or 0
        if at >= self._until:
            self._turn(at)
        self._ends[task.state] += 1
        now = self.step
        now.ends[task.state] += 1
        assigned = task.assigned_at
        if assigned is not None:
            part = self._part
            wait = step_of(assigned - (task.queued_at or assigned))
            part.waits[wait] += 1
            now.waits[wait] += 1
            now.totals[step_of(at - task.created_at)] += 1
            if task.started_at is not None:
                run = step_of(at - task.started_at)
                part.runs[run] += 1
                now.runs[run] += 1

    def take_step(self) -> Step:
        """What happened since this was asked last."""
        step, self.step = self.step, Step()
        return step

    def _turn(self, at: int) -> None:
        number = at // SLOT_MS
        self._until = (number + 1) * SLOT_MS
        self._ends = [0] * (max(TaskState) + 1)
        self._slots.append((number, self._ends))
        part = at // PART_MS
        if not self._parts or self._parts[-1][0] != part:
            self._part = _Part()
            self._parts.append((part, self._part))

    def throughput(self, wall: int) -> list[Throughput]:
        """How many tasks ended in the last minutes."""
        return [self._over(minutes, wall) for minutes in MINUTES]

    def _over(self, minutes: int, wall: int) -> Throughput:
        since = (wall - minutes * 60_000) // SLOT_MS
        slots = [ends for number, ends in self._slots if number > since]
        completed, dead, cancelled = (
            sum(ends[state] for ends in slots)
            for state in (TaskState.COMPLETED, TaskState.DEAD_LETTER, TaskState.CANCELLED)
        )
        return Throughput(minutes, completed, dead, cancelled, round(completed / (minutes * 60), 3))

    def lately(self, wall: int) -> tuple[float, float]:
        """How many tasks a second completed, and failed for good, in the last ten seconds.

        Of the count that began before them as large a part is taken as lies within them.
        """
        present = wall // SLOT_MS
        parts = {present: 1.0, present - 1: 1.0, present - 2: 1 - wall % SLOT_MS / SLOT_MS}
        completed = failed = 0.0
        for number, ends in self._slots:
            part = parts.get(number, 0.0)
            completed += part * ends[TaskState.COMPLETED]
            failed += part * ends[TaskState.DEAD_LETTER]
        return round(completed * 1000 / (2 * SLOT_MS), 1), round(failed * 1000 / (2 * SLOT_MS), 1)

    def waits(self, wall: int) -> Spread:
        """How long the tasks that ended in the last hour had waited for an agent."""
        return _spread([part.waits for part in self._last_hour(wall)])

    def runs(self, wall: int) -> Spread:
        """How long the last attempts of those tasks ran."""
        return _spread([part.runs for part in self._last_hour(wall)])

    def _last_hour(self, wall: int) -> list[_Part]:
        since = wall // PART_MS - HOUR_PARTS
        return [part for number, part in self._parts if number > since]


def _spread(tables: list[list[int]]) -> Spread:
    counts = [sum(column) for column in zip(*tables, strict=True)]
    total = sum(counts)
    if not total:
        return Spread(0)
    return Spread(total, *(_quantile(counts, -(-total * part // 100)) for part in (50, 90, 99)))


def percentiles(counts: list[int], parts: Sequence[int]) -> list[int] | None:
    """The values that so many of a hundred do not exceed; None of nothing."""
    total = sum(counts)
    if not total:
        return None
    return [_quantile(counts, -(-total * part // 100)) for part in parts]


def _quantile(counts: list[int], rank: int) -> int:
    """The value of the item with this rank, counted from 1."""
    seen = 0
    for step, count in enumerate(counts):
        seen += count
        if seen >= rank:
            return middle_of(step)
    raise ValueError(f"there are only {seen} items, not {rank}")
