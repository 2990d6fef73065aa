"""Peers: who is connected, as the services see it."""

from collections import defaultdict
from collections.abc import Callable
from typing import Final, Protocol

from msgspec import Struct, json

from hub.core.credentials import Principal
from hub.core.dialect import Dialect
from hub.core.session import Close, Session

frame_of: Callable[[Struct], bytes] = json.Encoder().encode
"""A message as the text of a frame."""


class Peer(Protocol):
    """One connection. `hub/transport/agent_socket.py` is the real one."""

    session: Session
    credential: Principal | None
    """Who its token belongs to, of the upgrade request or of `identify`; None before that."""
    address: str
    """Where it calls from; empty when that has no address."""
    dialect: Dialect | None
    """How it speaks, if it speaks protocol 1."""
    watched: set[str]
    """The tasks whose end it wants to hear of."""

    @property
    def clogged(self) -> bool:
        """Whether it does not read what it is sent."""
        ...

    @property
    def stalled_ms(self) -> int:
        """For how long it has read nothing although something waits for it."""
        ...

    def deliver(self, frame: bytes) -> None:
        """Send a frame of ours now, in the peer's protocol; without effect once it closes."""
        ...

    def deliver_as_is(self, frame: bytes) -> None:
        """Send a frame as it stands; without effect on a closed connection."""
        ...

    def speak_old(self) -> None:
        """The peer speaks protocol 1 from here on."""
        ...

    def take_large_frames(self) -> None:
        """The peer may send a whole result in one frame."""
        ...

    def fall_silent(self) -> None:
        """Leave the connection open, and take and answer nothing on it any more."""
        ...

    def close(self, close: Close) -> None:
        """Say `bye` and end the connection."""
        ...


LOOK_MS: Final = 1_000
"""Looks at peers are kept by slots of this length."""


class Peers:
    """All connections that passed their greeting, and those that have not.

    Each is looked at when its silence may have lasted too long, and not before: to look at
    10,000 of them in each pass would stop everything else for 12 ms.
    """

    def __init__(self) -> None:
        self.all: dict[Peer, int] = {}
        """Every connection, with the slot in which it is looked at next."""
        self._looks: defaultdict[int, set[Peer]] = defaultdict(set)
        self.by_number: dict[int, Peer] = {}
        """Identified peers by the number of their session."""
        self._last = 0

    def next_number(self) -> int:
        """The number of the next session."""
        self._last += 1
        return self._last

    def enter(self, peer: Peer) -> None:
        """A connection is made; it is looked at in the next pass."""
        self.all[peer] = 0
        self._looks[0].add(peer)

    def gone(self, peer: Peer) -> None:
        """A connection is over. Idempotent."""
        slot = self.all.pop(peer, None)
        if slot is not None:
            self._drop(slot, peer)

    def look_at(self, peer: Peer, hub_time: int) -> None:
        """Have a peer looked at in the first pass from this time on, or up to a slot before."""
        old, slot = self.all.get(peer), hub_time // LOOK_MS
        if old is not None:
            self._drop(old, peer)
            self.all[peer] = slot
            self._looks[slot].add(peer)

    def _drop(self, slot: int, peer: Peer) -> None:
        peers = self._looks[slot]
        peers.discard(peer)
        if not peers:
            del self._looks[slot]

    def due(self, hub_now: int) -> list[Peer]:
        """The peers that are to be looked at now."""
        last = hub_now // LOOK_MS
        return [peer for slot in self._looks if slot <= last for peer in self._looks[slot]]

    def leave(self, peer: Peer) -> bool:
        """The peer's session is over. Returns whether it had one."""
        if self.by_number.get(peer.session.number) is not peer:
            return False
        del self.by_number[peer.session.number]
        return True

    @property
    def identified(self) -> int:
        """How many sessions there are."""
        return len(self.by_number)
