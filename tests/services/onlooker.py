"""A page worked by hand: what it was sent, and what it shows."""

import asyncio
from typing import Any

import msgspec
from msgspec import Struct

from hub.core.credentials import Principal
from hub.core.session import Close
from hub.services.follower import Follower
from hub.services.following import Following
from hub.services.metrics import Metrics
from hub.services.snapshots import About
from schemas.dashboard import Delta, Reset, Snapshot, ToPage
from schemas.scalars import Role
from tests.core.hand_hub import HandHub
from tests.transport.page import View

VIEWER = Principal("viewer", Role.VIEWER, "main")


class Onlooker:
    """The connection of a page that reads everything, until it is told otherwise."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.frames: list[bytes] = []
        self.unsent = 0
        self.closed: Close | None = None
        self.was_cut = False

    def deliver(self, text: bytes) -> None:
        """The hub says something."""
        self.frames.append(text)
        self.heard.append(msgspec.json.decode(text, type=ToPage))

    def close(self, close: Close) -> None:
        """The hub ends the connection."""
        self.closed = close

    def cut(self) -> None:
        """The hub breaks it."""
        self.was_cut = True

    def take(self, kind: type[Struct]) -> list[Any]:
        """What it heard of this kind; everything is forgotten."""
        heard, self.heard = self.heard, []
        return [message for message in heard if isinstance(message, kind)]


def followed(hub: HandHub) -> Following:
    """Nobody follows this org yet."""
    about = About("epoch", "1", None)
    following = Following(hub.org, Metrics(lambda: 0.0), hub.journal, hub.clock, about)
    following.snapshots.pace_s = 0.0
    return following


def join(
    following: Following, hub: HandHub, line: Onlooker, since: int | None = None
) -> tuple[Follower, bool]:
    """A page follows; whether it could go on from where it was."""
    follower = Follower(VIEWER, line, following.ring, hub.clock.now())
    missed = following.enter(follower, since)
    follower.begin(missed)
    return follower, missed is not None


def snapshot(following: Following, *, agents: bool = True) -> Snapshot:
    """What a page would be told that asks now."""
    shot = asyncio.run(following.snapshot(agents=agents))
    return msgspec.json.decode(shot.body, type=Snapshot)


class Watcher:
    """A page that does what a browser does: a snapshot, batches, another one after a reset."""

    def __init__(self, following: Following, hub: HandHub) -> None:
        self._following = following
        self._hub = hub
        self.line = Onlooker()
        self.view = View(snapshot(following))
        hub.journal.commit()
        self.follower, self.resumed = join(following, hub, self.line, self.view.seq)

    def look(self) -> None:
        """Show what came."""
        for message in self.line.take(Struct):
            if isinstance(message, Delta) and message.seq:
                self.view.apply(message)
            elif isinstance(message, Reset):
                start = snapshot(self._following)
                self._hub.journal.commit()
                assert start.seq >= message.seq
                self.view = View(start)
