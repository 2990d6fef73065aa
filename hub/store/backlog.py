"""The backlog at a start: read in order of seq, given out lane by lane.

Rows come along an index that serves lists too. Sorting a million rows in the database would
double the time of a start; here those of a lane are nearly in order already.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from operator import le
from typing import Any, Final

from hub.store.contract import QueuedRow

_SEQ_BITS: Final = 63
_SEQ_MASK: Final = (1 << _SEQ_BITS) - 1

Lane = tuple[str, str, str | None]
"""Org, requirements, fairness key."""


class Backlog:
    """Every queued task, in 16 bytes each."""

    def __init__(self, rows: Iterable[tuple[Any, ...]], names: Mapping[int, str]) -> None:
        """Take rows of (number of the org, requires, fairness key, queue key, seq)."""
        self.counts: Counter[str] = Counter()
        """How many there are in each org."""
        self._lanes: dict[Lane, tuple[array[int], array[int]]] = {}
        lanes: dict[tuple[Any, ...], tuple[array[int], array[int]]] = {}
        for *lane, queue_key, seq in rows:
            found = lanes.get(key := tuple(lane))
            if found is None:
                found = lanes[key] = (array("q"), array("q"))
            found[0].append(queue_key)
            found[1].append(seq)
        for (org, requires, fairness_key), places in lanes.items():
            self._lanes[names[org], requires, fairness_key] = places
            self.counts[names[org]] += len(places[1])

    def in_order(self) -> Iterator[tuple[str, QueuedRow]]:
        """(org, row) by lane, fairness key, queue key and seq."""
        for lane in sorted(self._lanes, key=_rank):
            org, requires, fairness_key = lane
            for queue_key, seq in _sorted(*self._lanes[lane]):
                yield org, QueuedRow(requires, fairness_key, queue_key, seq)


def _rank(lane: Lane) -> tuple[str, str, bool, str]:
    org, requires, fairness_key = lane
    return org, requires, fairness_key is not None, fairness_key or ""


def _sorted(queue_keys: "array[int]", seqs: "array[int]") -> Iterable[tuple[int, int]]:
    """Places in order; seqs rise already, so equal queue keys are in order too."""
    if all(map(le, queue_keys, islice(queue_keys, 1, None))):
        return zip(queue_keys, seqs, strict=True)
    places = [key << _SEQ_BITS | seq for key, seq in zip(queue_keys, seqs, strict=True)]
    places.sort()
    return ((place >> _SEQ_BITS, place & _SEQ_MASK) for place in places)
