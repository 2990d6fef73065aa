"""Upkeep: one pass does all expiry, so no two timers can disagree.

If much more time passed since the last pass than should have, the hub itself was stopped or
stalled. Then the gap is added to every term first, and nothing expires in that pass: what
waits in the sockets is heard before anybody is declared dead.
"""

from collections.abc import Callable

from hub.core.clock import Instant
from hub.core.org import Org
from hub.core.session import Close, Phase, Session
from hub.services.clock import Clock
from hub.services.metrics import Metrics
from hub.services.peers import Peer, Peers
from hub.services.settings import Settings
from hub.services.terms import Terms
from hub.services.timers import Timers
from hub.store.contract import JournalPort
from schemas.scalars import CloseCode

GAP_MS = 2_000
"""A pass later than this (beyond its period) means that the hub stood still."""


class Upkeep:
    """The one pass over sessions, terms and timers."""

    def __init__(
        self,
        journal: JournalPort,
        clock: Clock,
        peers: Peers,
        terms: Terms,
        timers: Timers,
        settings: Settings,
        metrics: Metrics,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._peers = peers
        self._terms = terms
        self._timers = timers
        self._settings = settings
        self._metrics = metrics
        self.orgs: list[Org] = []
        self.chores: list[Callable[[Instant], None]] = []
        """What else is looked at in each pass; each does a little and returns."""
        self.floor: Callable[[int], int] = lambda durable: durable
        """Up to which position records may leave memory, given the durable one."""
        self._last = clock.hub()

    def run_once(self) -> None:
        """Do one pass."""
        now = self._clock.now()
        late = now.hub - self._last - self._settings.upkeep_ms
        self._last = now.hub
        self._metrics.lagged(max(late, 0) / 1000)
        if late > GAP_MS:
            self._forgive(late)
            return
        for peer in self._peers.due(now.hub):
            self._check_peer(peer, now)
        floor = self.floor(self._journal.durable)
        for org in self.orgs:
            # Trimmed first: what terms and timers are about to act on must stay in memory.
            org.tasks.trim(floor)
            self._terms.check(org, now)
            self._timers.check(org, now)
            org.matcher.look_again()
            org.matcher.sweep()
        for chore in self.chores:
            chore(now)
        self._journal.wake()

    def trim_ended(self) -> None:
        """Let ended tasks go that are too many; each turn, so that no turn has thousands.

        What waits and was only looked at stays until the next pass: somebody may be about to
        act on it.
        """
        floor = self.floor(self._journal.durable)
        for org in self.orgs:
            org.tasks.trim_ended(floor)

    def _forgive(self, gap_ms: int) -> None:
        for org in self.orgs:
            self._terms.extend(org, gap_ms)
        for peer in self._peers.all:
            peer.session.heard_at += gap_ms
            peer.session.opened_at += gap_ms

    def _check_peer(self, peer: Peer, now: Instant) -> None:
        session = peer.session
        if session.phase is Phase.GREETING:
            end = session.opened_at + self._settings.identify_ms
            code, reason = CloseCode.IDENTIFY_TIMEOUT, "no identify in time"
        elif peer.clogged:
            # It is not read meanwhile, so its silence says nothing.
            end = now.hub + self._settings.stall_ms - peer.stalled_ms
            code, reason = CloseCode.SLOW_CONSUMER, "nothing was read for too long"
        else:
            end = session.heard_at + self._patience_with(session)
            code, reason = CloseCode.HEARTBEAT_MISSED, "two heartbeats were missed"
        # A clogged peer's progress shows only while it is looked at.
        self._peers.look_at(peer, 0 if peer.clogged else end)
        if end <= now.hub:
            peer.close(Close(code, reason, reconnect=True))

    def _patience_with(self, session: Session) -> int:
        if session.patience_ms is not None:
            return session.patience_ms
        return 2 * self._settings.heartbeat_ms
