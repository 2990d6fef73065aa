"""Alarms: which tasks something happens to at a certain time.

An alarm is a place, `time << 40 | seq`, so a million of them fit in memory. One that is
taken back stays in the heap and is only noted as gone; when half of the heap is gone, it is
made anew. So what was taken back long before its time takes no room.
"""

from heapq import heapify, heappop, heappush
from typing import Final

from hub.core.lanes import place_of, seq_of

SLACK: Final = 1_000
"""So many that are gone may stay, whatever their part."""


class Alarms:
    """Alarms in the order of their times."""

    __slots__ = ("_gone", "_heap", "_passed")

    def __init__(self) -> None:
        self._heap: list[int] = []
        self._gone: set[int] = set()
        """Alarms in the heap that were taken back."""
        self._passed = -1
        """The last that went off. What is not later may have no place in the heap any more."""

    def add(self, at: int, seq: int) -> None:
        """Something happens to this task at that time."""
        place = place_of(at, seq)
        if place in self._gone:
            self._gone.discard(place)
        else:
            heappush(self._heap, place)

    def remove(self, at: int, seq: int) -> None:
        """It does not, after all. What was added is removed at most once."""
        place = place_of(at, seq)
        if place <= self._passed:
            return
        self._gone.add(place)
        if len(self._gone) > SLACK and 2 * len(self._gone) > len(self._heap):
            self._heap = [each for each in self._heap if each not in self._gone]
            heapify(self._heap)
            self._gone.clear()

    def take(self, now: int, limit: int) -> list[int]:
        """Take away the seqs whose time has come, at most so many, the earliest first."""
        seqs: list[int] = []
        end = place_of(now + 1, 0)
        while self._heap and self._heap[0] < end and len(seqs) < limit:
            place = heappop(self._heap)
            self._passed = max(self._passed, place)
            if place in self._gone:
                self._gone.discard(place)
            else:
                seqs.append(seq_of(place))
        return seqs

    def __contains__(self, place: int) -> bool:
        """Whether an alarm will go off."""
        return place in self._heap and place not in self._gone

    def __len__(self) -> int:
        return len(self._heap) - len(self._gone)
