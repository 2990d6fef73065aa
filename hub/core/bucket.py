"""A token bucket: how much may come at once, and how fast it fills again.

What it does not do: it evens nothing out. Whoever waits until the bucket is full may spend the
burst and the refill of a minute within that minute. It lives in memory, so a hub that starts
again starts with full buckets.
"""

from typing import Final

from schemas.scalars import DAY_MS

MINUTE_MS: Final = 60_000
"""Levels are kept in 1/60,000 of a token: `per_minute` of these come back each millisecond."""


class Bucket:
    """One budget. Times are hub time in milliseconds; whole numbers only."""

    __slots__ = ("_at", "_full", "_warned", "burst", "level", "low", "per_minute")

    def __init__(self, per_minute: int, burst: int, now: int) -> None:
        self.per_minute = per_minute
        self.burst = burst
        self._full = burst * MINUTE_MS
        self.low = self._full // 5
        """Below this level it is time for a warning."""
        self.level = self._full
        """What is left, in 1/60,000 of a token; below zero it is a debt."""
        self._at = now
        self._warned = False

    def take(self, cost: int, now: int) -> int:
        """Take so many tokens. Returns 0, or the milliseconds after which they would be there.

        What costs more than the burst is taken from a full bucket, and leaves a debt. Nobody
        is told to stay away for longer than a day.
        """
        level = self._refilled(now)
        need = cost * MINUTE_MS
        enough = need if need < self._full else self._full
        if level < enough:
            self.level = level
            return min(-((level - enough) // self.per_minute), DAY_MS)
        self.level = level - need
        return 0

    def give(self, cost: int) -> None:
        """Put back what was taken for something that is now counted in another way."""
        self.level = min(self.level + cost * MINUTE_MS, self._full)

    def _refilled(self, now: int) -> int:
        if now > self._at:
            level = self.level + (now - self._at) * self.per_minute
            self._at = now
            if self._warned and level >= self._full // 2:
                self._warned = False
            return level if level < self._full else self._full
        return self.level

    def warns(self) -> bool:
        """Whether this is the moment to warn: below a fifth, for the first time since half."""
        if self.level >= self.low or self._warned:
            return False
        self._warned = True
        return True

    def remaining(self, now: int) -> int:
        """Whole tokens that are left; never below zero."""
        self.level = level = self._refilled(now)
        return max(level, 0) // MINUTE_MS

    def is_full(self, now: int) -> bool:
        """Whether nothing was taken, or all of it has come back."""
        return self.remaining(now) == self.burst
