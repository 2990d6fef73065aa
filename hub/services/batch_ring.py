"""The latest batches of one org, for pages that missed a few of them."""

from collections import deque
from itertools import islice
from typing import Final

from schemas.scalars import KIB, MIB

MOST_BATCHES: Final = 600
"""Half a minute of them, when something happens all the time."""
MOST_BYTES: Final = 8 * MIB
CATCH_UP_BYTES: Final = 512 * KIB
"""Of more than that a page learns sooner by a snapshot."""


class BatchRing:
    """Batches that are durable, without a gap."""

    def __init__(self) -> None:
        self.last = 0
        """The number of the last one, also when it is not held any more."""
        self._frames: deque[bytes] = deque()
        self._bytes = 0

    def add(self, seq: int, frame: bytes) -> bool:
        """Take the next batch; one from before `clear` is not the next, and is passed over."""
        if seq != self.last + 1:
            return False
        self.last = seq
        self._frames.append(frame)
        self._bytes += len(frame)
        while len(self._frames) > MOST_BATCHES or self._bytes > MOST_BYTES:
            self._bytes -= len(self._frames.popleft())
        return True

    def after(self, seq: int) -> list[bytes] | None:
        """The batches after this one; None when that is not enough, or would be too much."""
        if not self.last - len(self._frames) <= seq <= self.last:
            return None
        missed = list(islice(self._frames, len(self._frames) - (self.last - seq), None))
        return missed if sum(map(len, missed)) <= CATCH_UP_BYTES else None

    def clear(self, seq: int) -> None:
        """Begin anew after a batch that nobody got: whoever has an earlier one is too late."""
        self.last = seq
        self._frames.clear()
        self._bytes = 0
