"""Randomness: the only place where it is drawn."""

import os
import random


class Chance:
    """Random bytes for ids, bits for secrets, and fractions for jitter.

    They come from the operating system, a block at a time: one call each would cost more than
    the rest of making an id.
    """

    def __init__(self) -> None:
        self._block = b""
        self._used = 0
        self.fraction = random.Random().random
        """A number in [0, 1)."""

    def bits(self, count: int) -> int:
        """This many random bits (a multiple of 8), as a number."""
        return int.from_bytes(self.bytes(count // 8), "big")

    def bytes(self, size: int) -> bytes:
        """This many random bytes."""
        if self._used + size > len(self._block):
            self._block = os.urandom(max(4096, size))
            self._used = 0
        start, self._used = self._used, self._used + size
        return self._block[start : self._used]
