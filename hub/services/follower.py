"""A follower: one open page of the dashboard, as the hub sees it. It knows no socket.

A page is never waited for. What it does not take is dropped, and when it reads again it hears
that it needs a new snapshot; a page that is not seen hears of numbers only.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from hub.core.clock import Instant
from hub.core.credentials import Principal
from hub.core.session import Close
from hub.services.picture import encode
from schemas.dashboard import BEAT_MS, Beat, Ended, FromPage, Pace, Reset
from schemas.scalars import CloseCode

SILENT_MS: Final = 30_000
"""A page that says nothing for so long is gone, or might as well be."""
STUCK_MS: Final = 30_000
"""The same for one that takes nothing of what waits for it."""


class Line(Protocol):
    """The connection to a page. `hub/transport/page_socket.py` is the real one."""

    @property
    def unsent(self) -> int:
        """Bytes that wait until the page reads."""
        ...

    def deliver(self, text: bytes) -> None:
        """Send a text; without effect once the connection closes."""
        ...

    def close(self, close: Close) -> None:
        """End the connection, with a word."""
        ...

    def cut(self) -> None:
        """End it without one."""
        ...


class Batches(Protocol):
    """The batches that a page may have missed."""

    last: int

    def after(self, seq: int) -> Sequence[bytes] | None:
        """Those after this one; None when that is not enough, or would be too much."""
        ...


class Follower:
    """One page, and how far it is."""

    def __init__(self, principal: Principal, line: Line, batches: Batches, now: Instant) -> None:
        self.principal = principal
        self.hidden = False
        self.clogged = False
        """It does not read: what there is for it is dropped meanwhile."""
        self.seq = 0
        """The last batch that it was sent, or need not be sent."""
        self.told_from = 0
        """The batch that a snapshot for it has to hold: it hears of no earlier one."""
        self._line = line
        self._batches = batches
        self._heard_at = self._beat_at = now.hub
        self._taken_at = now.hub
        """When it last took something of what waits for it."""
        self._unsent = 0

    # To the page

    def begin(self, missed: Sequence[bytes] | None) -> None:
        """It is up to date after these batches; without any it needs a snapshot."""
        self.seq = self._batches.last
        if missed is None:
            self.told_from = self.seq
        for frame in missed or ():
            self._line.deliver(frame)

    def take(self, seq: int, frame: bytes) -> None:
        """Send the newest batch, and those before it that the page has not had.

        Nothing while it is hidden or clogged.
        """
        if self.hidden or self.clogged:
            return
        if seq == self.seq + 1:
            self.seq = seq
            self._line.deliver(frame)
        else:
            self._catch_up("too much at once")

    def take_numbers(self, frame: bytes) -> None:
        """Send the numbers of a hidden page."""
        if self.hidden and not self.clogged:
            self._line.deliver(frame)

    def take_step(self, frame: bytes) -> None:
        """Send the values of a step; a page that misses them asks for all."""
        if not self.hidden and not self.clogged:
            self._line.deliver(frame)

    def reset(self, reason: str) -> None:
        """Have it fetch a new snapshot."""
        self.seq = self.told_from = self._batches.last
        self._line.deliver(encode(Reset(self.seq, reason)))

    def end(self, reason: str) -> None:
        """Its person may not see this any more."""
        self._line.deliver(encode(Ended(reason)))
        self._line.close(Close(CloseCode.CREDENTIAL, reason, reconnect=False))

    def stop(self) -> None:
        """The hub stops."""
        self._line.close(Close(CloseCode.STOPPING, "the hub is stopping", reconnect=True))

    # From the page

    def hears(self, message: FromPage, now: Instant) -> None:
        """The page said something."""
        self._heard_at = now.hub
        if isinstance(message, Pace) and message.hidden is not self.hidden:
            self.hidden = message.hidden
            if not self.hidden and not self.clogged:
                self._catch_up("hidden for too long")

    def _catch_up(self, reason: str) -> None:
        missed = self._batches.after(self.seq)
        if missed is None:
            self.reset(reason)
        else:
            self.begin(missed)

    def clog(self, now: Instant) -> None:
        """Too much waits to be read."""
        self.clogged = True
        self._taken_at = now.hub
        self._unsent = self._line.unsent

    def unclog(self) -> None:
        """It reads again."""
        self.clogged = False
        self.reset("too slow")

    # From time to time

    def look(self, now: Instant) -> None:
        """See whether it is still there, and show that the hub is."""
        if self.clogged:
            unsent = self._line.unsent
            if unsent < self._unsent:
                self._unsent, self._taken_at = unsent, now.hub
            if now.hub - self._taken_at >= STUCK_MS:
                self._line.cut()
        elif now.hub - self._heard_at >= SILENT_MS:
            reason = "the page has said nothing for too long"
            self._line.close(Close(CloseCode.HEARTBEAT_MISSED, reason, reconnect=True))
        elif now.hub - self._beat_at >= BEAT_MS:
            self._beat_at = now.hub
            self._line.deliver(encode(Beat(now.wall, self.seq)))
