"""A peer of the hub that speaks the wire: an agent or a submitter, as a test wants it."""

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from schemas.scalars import Role
from tests.transport.line import Line, dial
from tests.transport.ranch import PATIENCE, Hub

Frame = dict[str, Any]
_numbers = itertools.count(1)


def new_name(word: str = "agent") -> str:
    """A name that no other test uses."""
    return f"{word}-{next(_numbers)}"


class Peer(Line[Frame]):
    """An agent or a submitter; what it sent stays sent."""

    def __init__(self, socket: ClientConnection) -> None:
        """Listen from now on."""
        super().__init__(socket)
        self._beating: asyncio.Task[None] | None = None
        self.running: list[Frame] = []
        """What its heartbeats list."""

    def decode(self, data: str | bytes) -> Frame:
        """The frame as the wire has it."""
        frame: Frame = json.loads(data)
        return frame

    async def raw(self, text: str | bytes, **options: Any) -> None:
        """Send a frame as it is."""
        await self.socket.send(text, **options)

    async def hears(self, kind: str, **wanted: Any) -> Frame:
        """Wait for the next frame of this kind, with these fields, and take it."""
        return await self._take({"type": kind, **wanted})

    async def _take(self, *any_of: Frame) -> Frame:
        """Wait for the next frame that has all fields of one of these, and take it."""

        def fits(frame: Frame) -> bool:
            return any(all(frame.get(k) == v for k, v in each.items()) for each in any_of)

        return self.frames.pop(await self.find(fits, f"{any_of}"))

    async def everything(self) -> list[Frame]:
        """What was to come up to now, without pongs.

        Two questions, because what the hub decides after the first is released before the
        answer to the second; a ping would not do, its answer may overtake.
        """
        for _ in range(2):
            ref = new_name("ref")
            await self.say("task_watch", task_ids=["task-nobody"], ref=ref)
            await self.hears("error", ref=ref)
        return [frame for frame in self.frames if frame["type"] != "pong"]

    async def pings(self) -> None:
        """Send a heartbeat and wait until it was heard."""
        await self.say("ping", running=self.running)
        await self.hears("pong")

    async def bye(self) -> tuple[int, Frame]:
        """Wait until the hub closes the connection: the close code, and its last frame."""
        return await self.ended(), self.frames[-1] if self.frames else {}

    # As an agent

    async def identify(self, agent_id: str, **fields: Any) -> Frame:
        """Identify and return the answer."""
        offers = {"protocol_version": 2, "slots": 1, "executors": ["command"]}
        await self.say("identify", **{"agent_id": agent_id, **offers, **fields})
        return await self.hears("identified")

    def beat(self, every: float) -> None:
        """Send heartbeats from now on."""

        async def beats() -> None:
            while not self.closed:
                try:
                    await self.say("ping", running=self.running)
                except ConnectionClosed:
                    return
                await asyncio.sleep(every)

        self._beating = asyncio.create_task(beats())

    def still(self) -> None:
        """Send no more heartbeats."""
        if self._beating is not None:
            self._beating.cancel()

    async def given(self, task_id: str) -> Frame:
        """Wait for a task; what a report about it has to name."""
        frame = await self.hears("task_assign", task_id=task_id)
        return {"task_id": task_id, "generation": frame["generation"]}

    async def accepts(self, task_id: str) -> Frame:
        """Wait for a task and accept it."""
        fence = await self.given(task_id)
        await self.say("task_accepted", **fence)
        self.running.append(fence)
        return fence

    async def reports(self, kind: str, fence: Frame, **fields: Any) -> Frame:
        """Report the end of an attempt and wait for the hub's answer to it."""
        if fence in self.running:
            self.running.remove(fence)
        await self.say(kind, **fence, **fields)
        return await self._take({"type": "task_ack", **fence}, {"type": "error", **fence})

    async def answer(self, ref: str) -> Frame:
        """Wait for what a question under this reference leads to, also a refusal."""
        return await self._take({"ref": ref})

    async def completes(self, fence: Frame, result: Any = None) -> Frame:
        """Report a result."""
        return await self.reports("task_complete", fence, result=result)

    # The connection

    def vanish(self) -> None:
        """Cut the connection without a word."""
        self.still()
        self.socket.transport.abort()

    async def close(self) -> None:
        """End it."""
        self.still()
        await super().close()


class Door:
    """Where peers of one hub come in; all of them leave at the end of the test."""

    def __init__(self, hub: Hub) -> None:
        """Peers of this hub."""
        self.hub = hub
        self.peers: list[Peer] = []
        self._tokens: dict[str, str] = {}

    async def connect(self, token: str | None = None) -> Peer:
        """A connection that has not identified."""
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        peer = Peer(await dial(self.hub.socket_url, headers))
        self.peers.append(peer)
        return peer

    def token(self, agent_id: str) -> str:
        """The agent's token; it joins the first time."""
        if agent_id not in self._tokens:
            self._tokens[agent_id] = self.hub.join(agent_id)
        return self._tokens[agent_id]

    async def agent(self, agent_id: str | None = None, **fields: Any) -> Peer:
        """An agent that has identified and sends heartbeats."""
        name = agent_id or new_name()
        peer = await self.connect(self.token(name))
        running = [item for item in fields.get("in_flight", []) if item["state"] == "running"]
        peer.running = [
            {"task_id": item["task_id"], "generation": item["generation"]} for item in running
        ]
        await peer.identify(name, **fields)
        peer.beat(self.hub.settings["heartbeat_ms"] / 3000)
        return peer

    async def submitter(self, role: Role = Role.OPERATOR) -> Peer:
        """An operator's session, which offers nothing."""
        peer = await self.connect(self.hub.tokens[role])
        await peer.identify("operator", slots=0)
        peer.beat(self.hub.settings["heartbeat_ms"] / 3000)
        return peer

    async def reaches(self, task_id: str, state: str, **fields: Any) -> Frame:
        """Wait until a task is in a state, with these fields; the task."""
        wanted = {"state": state, **fields}
        async with asyncio.timeout(PATIENCE):
            while True:
                task: Frame = await asyncio.to_thread(self.hub.task, task_id)
                if all(task.get(key) == value for key, value in wanted.items()):
                    return task
                await asyncio.sleep(0.02)


@asynccontextmanager
async def open_door(hub: Hub) -> AsyncIterator[Door]:
    """A door for the time of a test."""
    door = Door(hub)
    try:
        yield door
    finally:
        for peer in door.peers:
            await peer.close()


async def until(fact: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Wait until `fact()` is true and return it, while peers go on listening."""
    give_up = time.monotonic() + patience
    while not (found := fact()):
        assert time.monotonic() < give_up, f"never true: {fact}"
        await asyncio.sleep(0.02)
    return found
