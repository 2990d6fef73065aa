"""Expulsion: whoever is connected with a credential that ended has to leave.

Sessions, streams and pages hold the public id of the token they came with. When tokens end, those
that came with them are found and closed; once a minute all are looked at, for whatever came
in between, and because whatever lasts is a use of its token. A stream that came with a
browser session ends with that.
"""

from collections.abc import Callable
from typing import Final

from hub.core.browser_sessions import SENTENCES, BrowserSession, Ending
from hub.core.clock import Instant
from hub.core.credentials import Principal
from hub.core.session import Close
from hub.services.bus import Bus
from hub.services.live import Live
from hub.services.peers import Peer, Peers
from hub.services.tokens import Tokens
from schemas.scalars import CloseCode

ENDED: Final = "the token was revoked or has expired"
ROUND_MS: Final = 60_000
"""How often everybody is looked at, in milliseconds of hub time."""


class Expulsion:
    """Closes sessions, streams and pages."""

    def __init__(self, tokens: Tokens, peers: Peers, bus: Bus, live: Live) -> None:
        self._tokens = tokens
        self._peers = peers
        self._bus = bus
        self._live = live
        self._looked_at = 0

    def expel(self, ended: frozenset[str]) -> None:
        """These tokens ended, and that is durable."""
        for peer in list(self._peers.all):
            who = holder(peer)
            if who is not None and who.credential in ended:
                peer.close(Close(CloseCode.CREDENTIAL, ENDED, reconnect=False))
        self._dismiss(lambda reader: reader.credential in ended)

    def expel_browser(self, session: BrowserSession, ending: Ending) -> None:
        """A browser session ended, and that is durable."""
        self._dismiss(lambda reader: reader.session == session.id, SENTENCES[ending])

    def _dismiss(self, whom: Callable[[Principal], bool], reason: str = ENDED) -> None:
        self._bus.dismiss(whom)
        self._live.dismiss(whom, reason)

    def look_around(self, now: Instant) -> None:
        """Once in a while: note who is here, and see whether anybody should not be."""
        if now.hub < self._looked_at + ROUND_MS:
            return
        self._looked_at = now.hub
        holders = [holder(peer) for peer in self._peers.all]
        here = {who.credential for who in holders if who is not None}
        looking = self._bus.credentials() | self._live.credentials()
        self._tokens.touch(here | looking, now.wall)
        gone = frozenset(one for one in here if not self._tokens.valid(one))
        if gone:
            self.expel(gone)
        self._dismiss(lambda reader: not self._tokens.valid(reader.credential))


def holder(peer: Peer) -> Principal | None:
    """Whose credential a connection came with; None while it has shown none."""
    return peer.session.principal or peer.credential
