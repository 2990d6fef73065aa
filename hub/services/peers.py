"""Peers: who is connected, as the services see it."""

from collections.abc import Callable
from typing import Protocol

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


class Peers:
    """All connections that passed their greeting, and those that have not."""

    def __init__(self) -> None:
        self.all: set[Peer] = set()
        self.by_number: dict[int, Peer] = {}
        """Identified peers by the number of their session."""
        self._last = 0

    def next_number(self) -> int:
        """The number of the next session."""
        self._last += 1
        return self._last

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
