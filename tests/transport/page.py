"""A page of the dashboard as a test wants it: it follows, and keeps what it heard."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from schemas.dashboard import Beat, Counters, Delta, Hello, Snapshot, ToPage
from schemas.scalars import Role
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


class Page:
    """One connection. It answers beats, unless it is told not to."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[Struct] = []
        self.raw: list[str | bytes] = []
        self.news = asyncio.Condition()
        self.closed = False
        self.answers = True
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        try:
            async for data in self.socket:
                message = msgspec.json.decode(data, type=ToPage)
                async with self.news:
                    self.raw.append(data)
                    self.heard.append(message)
                    self.news.notify_all()
                if isinstance(message, Beat) and self.answers:
                    await self.say("beat", at=message.at)
        except ConnectionClosed:
            pass
        async with self.news:
            self.closed = True
            self.news.notify_all()

    async def say(self, kind: str, **fields: Any) -> None:
        """Say something."""
        await self.socket.send(json.dumps({"type": kind, **fields}))

    async def hears(self, kind: type[T], patience: float = PATIENCE) -> T:
        """Wait for the next message of a kind, and take everything up to it."""
        async with asyncio.timeout(patience), self.news:
            while True:
                for index, message in enumerate(self.heard):
                    if isinstance(message, kind):
                        del self.heard[: index + 1]
                        return message
                assert not self.closed, f"closed without {kind.__name__}"
                await self.news.wait()

    async def shows(self, view: View, fact: Any) -> None:
        """Apply what comes until this is true of the view."""
        async with asyncio.timeout(PATIENCE):
            while not fact(view):
                view.apply(await self.hears(Delta))

    async def bye(self) -> tuple[int, str]:
        """Wait until the hub closes: the code and the reason."""
        async with asyncio.timeout(PATIENCE):
            await self._listening
        assert self.socket.close_code is not None
        return self.socket.close_code, self.socket.close_reason or ""

    async def close(self) -> None:
        """Go."""
        await self.socket.close()
        await asyncio.gather(self._listening, return_exceptions=True)


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
    socket = await connect(
        url(hub, since),
        additional_headers=sent,
        compression=None,
        ping_interval=None,
        max_size=None,
        close_timeout=1,
        proxy=None,
    )
    page = Page(socket)
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
