"""The turnstile: how many agents and submitters may be connected, and how many unknown ones.

A connection is unknown until its credential was checked. Whoever has none could otherwise
take all the places there are.
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final, Protocol

from hub.services.limits import client_of

UNKNOWN_PER_ADDRESS: Final = 20
UNKNOWN_PER_LOOPBACK: Final = 2_000
"""The programs of the hub's own machine are many at one address, and no strangers."""
UNKNOWN: Final = 200
"""Unknown connections from other machines, all together."""
SILENT: Final = 1_000
"""Connections that are left open and not heard any more, because they would only come back."""
AGAIN_SECONDS: Final = 5
"""When a place may be free: an unknown connection has about so long to identify."""


Client = tuple[str, bool]
"""Whom an address stands for, and whether that is this machine."""


class Guest(Hashable, Protocol):
    """One connection."""

    @property
    def is_known(self) -> bool:
        """Whether its credential was checked."""
        ...

    def cut(self) -> None:
        """End the connection without a word."""
        ...


class Turnstile:
    """Counts who is in."""

    def __init__(self, places: int) -> None:
        """`places` is the most connections there may be."""
        self.places = places
        self._most_silent = min(SILENT, places // 4)
        self._inside: set[Guest] = set()
        self._unknown: dict[Client, set[Guest]] = {}
        self._silent: OrderedDict[Guest, None] = OrderedDict()
        self._far = 0
        """How many unknown ones of other machines were let in, and are perhaps known by now."""

    def enter(self, guest: Guest, address: str) -> str | None:
        """Let a connection in, or say why it has to come again later."""
        if len(self._inside) >= self.places:
            return "the hub has no free place for another connection"
        if not guest.is_known:
            client = client_of(address)
            near = client[1]
            most = UNKNOWN_PER_LOOPBACK if near else UNKNOWN_PER_ADDRESS
            if len(self._unknown.get(client, ())) >= most:
                self._forget_known()
            if len(self._unknown.get(client, ())) >= most:
                return "too many connections of this address have not identified"
            if not near and self._far >= UNKNOWN:
                self._forget_known()
            if not near and self._far >= UNKNOWN:
                return "too many connections have not identified"
            self._unknown.setdefault(client, set()).add(guest)
            self._far += not near
        self._inside.add(guest)
        return None

    def leave(self, guest: Guest, address: str) -> None:
        """A connection is gone."""
        self._inside.discard(guest)
        self._silent.pop(guest, None)
        self._no_longer_unknown(guest, address)

    def hush(self, guest: Guest, address: str) -> Guest | None:
        """A connection stays open without a purpose. Returns another one that has to end for it."""
        self._no_longer_unknown(guest, address)
        self._silent[guest] = None
        return (
            self._silent.popitem(last=False)[0] if len(self._silent) > self._most_silent else None
        )

    def _no_longer_unknown(self, guest: Guest, address: str) -> None:
        client = client_of(address)
        if guest in self._unknown.get(client, ()):
            self._drop(client, {guest})

    def _forget_known(self) -> None:
        for client, guests in list(self._unknown.items()):
            self._drop(client, {guest for guest in guests if guest.is_known})

    def _drop(self, client: Client, known: set[Guest]) -> None:
        self._unknown[client] -= known
        if not client[1]:
            self._far -= len(known)
        if not self._unknown[client]:
            del self._unknown[client]
