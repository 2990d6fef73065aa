"""A page of the dashboard as a test wants it: it follows, and keeps what it heard."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from websockets.asyncio.client import ClientConnection

from schemas.dashboard import Beat, Counters, Delta, Hello, Snapshot, ToPage
from schemas.scalars import Role
from tests.transport.line import Line, dial
from tests.transport.ranch import PATIENCE, Hub, Reply

T = TypeVar("T", bound=Struct)
SNAPSHOT = "/api/v1/dashboard/snapshot"


def snapshot_of(reply: Reply) -> Snapshot:
    """The snapshot in an answer."""
    assert reply.status == 200, reply
    return msgspec.json.decode(reply.text, type=Snapshot)


def snapshot(hub: Hub, scope: str = "agents") -> Snapshot:
    """What the hub shows now."""
    return snapshot_of(hub.http("GET", f"{SNAPSHOT}?scope={scope}"))


class View:
    """What a page shows: a snapshot, and the batches after it, one by one."""

    def __init__(self, start: Snapshot) -> None:
        self.seq = start.seq
        self.counters: Counters = start.counters
        self.offers = dict(enumerate(start.offers))
        self.agents = {row.id: row for row in start.agents}
        self.tasks: dict[str, Any] = {}
        self.events: list[Any] = []

    def apply(self, delta: Delta) -> None:
        """Take the next batch; there is never a gap."""
        if delta.seq <= self.seq:
            return
        assert delta.seq == self.seq + 1
        self.seq = delta.seq
        self.counters = delta.counters or self.counters
        self.offers |= {int(number): offer for number, offer in delta.offers.items()}
        self.agents |= {row.id: row for row in delta.agents}
        for gone in delta.gone:
            del self.agents[gone]
        self.tasks |= {row.id: row for row in delta.tasks}
        self.events += delta.events

    @property
    def fleet(self) -> dict[str, Any]:
        """Each agent's row and capabilities, without their number, which may differ."""
        return {
            row.id: (msgspec.structs.replace(row, offer=0), self.offers[row.offer])
            for row in self.agents.values()
        }


class Page(Line[Struct]):
    """One connection. It answers beats, unless it is told not to."""

    def __init__(self, socket: ClientConnection) -> None:
        self.raw: list[str | bytes] = []
        self.answers = True
        super().__init__(socket)

    def decode(self, data: str | bytes) -> Struct:
        """The message, which is also kept as it came."""
        self.raw.append(data)
        message: Struct = msgspec.json.decode(data, type=ToPage)
        return message

    async def respond(self, frame: Struct) -> None:
        """Beat back."""
        if isinstance(frame, Beat) and self.answers:
            await self.say("beat", at=frame.at)

    async def hears(self, kind: type[T], patience: float = PATIENCE) -> T:
        """Wait for the next message of a kind, and take everything up to it."""
        place = await self.find(lambda each: isinstance(each, kind), kind.__name__, patience)
        message = self.frames[place]
        del self.frames[: place + 1]
        assert isinstance(message, kind)
        return message

    async def shows(self, view: View, fact: Any) -> None:
        """Apply what comes until this is true of the view."""
        async with asyncio.timeout(PATIENCE):
            while not fact(view):
                view.apply(await self.hears(Delta))

    async def bye(self) -> tuple[int, str]:
        """Wait until the hub closes: the code and the reason."""
        return await self.ended(), self.socket.close_reason or ""


def url(hub: Hub, since: tuple[str, int] | None = None) -> str:
    """Where a page connects."""
    query = "" if since is None else f"?epoch={since[0]}&since={since[1]}"
    return f"ws://127.0.0.1:{hub.port}/ws/dashboard{query}"


@asynccontextmanager
async def opened(
    hub: Hub,
    since: tuple[str, int] | None = None,
    *,
    role: Role = Role.VIEWER,
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[Page]:
    """A page for the time of a test."""
    sent = {"Authorization": f"Bearer {hub.tokens[role]}"} if headers is None else dict(headers)
    page = Page(await dial(url(hub, since), sent))
    try:
        yield page
    finally:
        await page.close()


@asynccontextmanager
async def following(hub: Hub) -> AsyncIterator[tuple[Page, View]]:
    """A page that begins with a snapshot and goes on from there, as a browser does."""
    start = await asyncio.to_thread(snapshot, hub)
    async with opened(hub, (start.epoch, start.seq)) as page:
        hello = await page.hears(Hello)
        assert hello.resumed
        yield page, View(start)
