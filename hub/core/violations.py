"""Violations: who keeps sending what no client of ours sends is kept out for a while."""

from typing import Final

WINDOW_MS: Final = 60_000
VIOLATIONS: Final = 10
"""So many within a window end the session."""
COOLDOWNS_MS: Final = (30_000, 60_000, 300_000)
"""How long nobody is let in: the first time, the second, and from the third on."""
FORGOTTEN_MS: Final = 600_000
"""After so long without a cooldown the next one is the first again."""


class Window:
    """Counts what happens within a minute of its first.

    Twice the bound less two can pass in a short time, half of it at the end of one window and
    half at the begin of the next; it takes two integers instead of a list of times.
    """

    __slots__ = ("_began", "_count")

    def __init__(self) -> None:
        self._began = 0
        self._count = 0

    def note(self, now: int) -> int:
        """It happened again. Returns how often within this window."""
        self._count = self.count(now) + 1
        if self._count == 1:
            self._began = now
        return self._count

    def count(self, now: int) -> int:
        """How often it happened within the present window."""
        return self._count if now < self._began + WINDOW_MS else 0

    def rest(self, now: int) -> int:
        """Milliseconds until the present window ends."""
        return max(self._began + WINDOW_MS - now, 0)


class Violations:
    """What one principal did wrong lately. Times are hub time in milliseconds."""

    __slots__ = ("_cooldowns", "_until", "_window")

    def __init__(self) -> None:
        self._window = Window()
        self._cooldowns = 0
        self._until = 0

    def note(self, now: int) -> int:
        """One more. Returns 0, or the cooldown in milliseconds that begins with it."""
        if self._window.note(now) < VIOLATIONS:
            return 0
        if self._forgotten(now):
            self._cooldowns = 0
        cooldown = COOLDOWNS_MS[min(self._cooldowns, len(COOLDOWNS_MS) - 1)]
        self._window = Window()
        self._cooldowns += 1
        self._until = now + cooldown
        return cooldown

    def cooling(self, now: int) -> int:
        """Milliseconds until the cooldown is over; 0 when there is none."""
        return max(self._until - now, 0)

    def _forgotten(self, now: int) -> bool:
        return now >= self._until + FORGOTTEN_MS

    def is_clean(self, now: int) -> bool:
        """Whether there is nothing to remember."""
        return not self._window.count(now) and (not self._cooldowns or self._forgotten(now))
