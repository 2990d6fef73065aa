"""The load generator's record of every task, and what it says about latency."""

from array import array
from typing import Final

NEVER: Final = -(2**63)
"""How the ledger says that something did not happen."""


class Ledger:
    """The generator's record of every task: due, acknowledged, done, in ns of the window."""

    def __init__(self, raw: bytes, window_s: float) -> None:
        """Take what the generator wrote: three native int64 a task.

        Raises ValueError when a record is cut short.
        """
        times = array("q")
        times.frombytes(raw)
        if len(times) % 3:
            raise ValueError("the ledger ends within a task")
        self.window_ns = int(window_s * 1e9)
        self.tasks = list(zip(times[0::3], times[1::3], times[2::3], strict=True))

    def result_latencies(self) -> list[int]:
        """Due to done, for the tasks that were due within the window and ended."""
        return [done - due for due, _, done in self.tasks if self._within(due) and done != NEVER]

    def acknowledged_latencies(self) -> list[int]:
        """Due to acknowledged, for the tasks that were due within the window."""
        return [ack - due for due, ack, _ in self.tasks if self._within(due) and ack != NEVER]

    def each_second(self) -> list[int]:
        """How many results came in each whole second of the window."""
        counts = [0] * (self.window_ns // 1_000_000_000)
        for _, _, done in self.tasks:
            second = done // 1_000_000_000
            if 0 <= second < len(counts):
                counts[second] += 1
        return counts

    def _within(self, moment: int) -> bool:
        return 0 <= moment < self.window_ns
