"""The pace of output: all attempts together slow down when the hub refuses some for its rate.

Each attempt bounds what it has under way, but the hub's rate is one for the whole agent. So
after a refusal the pieces of all attempts go one by one with a gap between them, which
doubles with each further refusal and shrinks with each piece that was taken.
"""

from typing import Final

FIRST_GAP: Final = 0.05
LONGEST_GAP: Final = 5.0
SHORTEST_GAP: Final = 0.005
"""Below it there is no gap at all. All in seconds."""
SHRINK: Final = 0.9


class Pace:
    """When the next piece of output may go. Times are monotonic seconds."""

    def __init__(self) -> None:
        self.gap = 0.0
        self.next_at = 0.0
        """Nothing goes before."""

    def allows(self, now: float) -> bool:
        """Whether a piece may go now."""
        return now >= self.next_at

    def sent(self, now: float) -> None:
        """A piece went."""
        if self.gap:
            self.next_at = now + self.gap

    def refused(self, now: float, again: float) -> None:
        """A piece came too fast; the hub names the time to come back.

        What was under way is refused with it: that is the same refusal.
        """
        if self.allows(now):
            self.gap = min(max(2 * self.gap, FIRST_GAP), LONGEST_GAP)
        self.next_at = max(self.next_at, again)

    def taken(self) -> None:
        """The hub took a piece."""
        self.gap *= SHRINK
        if self.gap < SHORTEST_GAP:
            self.gap = 0.0
