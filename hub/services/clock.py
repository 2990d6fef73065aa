"""The hub's clock: the only place where the two times are read."""

import time

from hub.core.clock import Instant


class Clock:
    """Hub time goes on from the last committed value; wall time is the machine's."""

    def __init__(self, hub_ms: int) -> None:
        self._offset = hub_ms - time.monotonic_ns() // 1_000_000 + 1
        self._instant = Instant(0, 0)

    def hub(self) -> int:
        """Hub time in milliseconds."""
        return time.monotonic_ns() // 1_000_000 + self._offset

    def now(self) -> Instant:
        """Both times; the same object within one millisecond."""
        hub = time.monotonic_ns() // 1_000_000 + self._offset
        if hub != self._instant.hub:
            self._instant = Instant(hub, time.time_ns() // 1_000_000)
        return self._instant
