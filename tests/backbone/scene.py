"""What a row of the scenario table does and asks: a real hub, and one old client."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

from tests.backbone.double import OldClient
from tests.backbone.fleet import begins, by_hand
from tests.backbone.script import HANG, SUCCEED, Deed, Frame
from tests.transport.ranch import PATIENCE, Hub
from tests.transport.wire import Door, Peer, until

NOWHERE: Final = "ws://127.0.0.1:1/ws"
"""An address at which nobody answers."""


class Scene:
    """A hub, the client that is looked at, and what a row does and asks."""

    def __init__(self, hub: Hub, door: Door, client: OldClient) -> None:
        """The client is not started yet."""
        self.hub = hub
        self.door = door
        self.client = client

    # What the hub knows

    async def task(self, task: str) -> Any:
        """How a task stands at the hub."""
        return await asyncio.to_thread(self.hub.task, task)

    async def submit(self, description: str = "first", **spec: Any) -> str:
        """A task for this client; for anybody who can do it if `needs` says what that is."""
        where = {} if "needs" in spec else {"assign_to": self.client.agent_id}
        give = partial(self.hub.submit, description=description, **where, **spec)
        return await asyncio.to_thread(give)

    async def reaches(self, task: str, state: str, **fields: Any) -> Any:
        """Wait until a task is in a state, with these fields."""
        return await self.door.reaches(task, state, **fields)

    async def ends(self, task: str, state: str, attempt: int, reclaims: int = 0) -> Any:
        """Wait until a task has ended, which has to be in this way; the task."""
        async with asyncio.timeout(PATIENCE):
            while True:
                found = await self.task(task)
                if found["state"] in ("completed", "dead_letter", "cancelled"):
                    break
                await asyncio.sleep(0.02)
        assert found["state"] == state, found
        assert (found["attempt"], found.get("reclaims", 0)) == (attempt, reclaims)
        return found

    async def cancel(self, task: str) -> None:
        """Ask for a cancel and wait until it is over."""
        await asyncio.to_thread(self.hub.cancel, task)
        await self.reaches(task, "cancelled")

    async def retry(self, task: str) -> None:
        """Let an operator begin a task again."""
        path = f"/api/v1/tasks/{task}/retry"
        reply = await asyncio.to_thread(self.hub.http, "POST", path, {})
        assert reply.status == 200, reply

    async def goes_elsewhere(self, task: str) -> None:
        """A task that waits is done by another agent; the client does not get it."""
        given = self.pushed(task)
        # The client may be in the quiet time of its session; it is over after two rounds.
        await self.hears("pong", len(self.told("pong")) + 5)
        other = await self.door.agent(capabilities=[self.only])
        fence = await other.accepts(task)
        await other.completes(fence, {"by": "another"})
        found = await self.reaches(task, "completed")
        assert found["result"] == {"by": "another"}
        assert self.pushed(task) == given

    @property
    def only(self) -> str:
        """What this client can do, and nobody else but whom the row brings."""
        return f"for-{self.client.agent_id}"

    # What the client does

    async def status(self, status: str, task: str) -> None:
        """Wait until the client has a task in this status, and the hub knows that it began."""
        client = self.client
        await until(lambda: client.working_on == task and client.status == status)
        await self.reaches(task, "running")

    async def begun(self, description: str = "first", deed: Deed = HANG, **spec: Any) -> str:
        """A task that the client works on."""
        self.client.deeds[description] = deed
        task = await self.submit(description, **spec)
        await self.status("working", task)
        return task

    async def idle(self) -> None:
        """Wait until the client has nothing at work."""
        await until(lambda: self.client.working_on is None)

    async def loses_result(self, task: str) -> None:
        """Let the agent end while there is no connection."""
        self.client.finish(task)
        await self.noted("lost: task_")
        await self.idle()
        assert not self.client.results.names()
        assert self.client.queue.read() == (None, None)

    async def noted(self, part: str) -> None:
        """Wait until the client has logged this."""
        await until(lambda: any(part in note for note in self.client.notes))

    async def says(self, kind: str, times: int = 1) -> Frame:
        """Wait until the client has said this so often; the last one."""
        await until(lambda: len(self.said(kind)) >= times)
        return self.said(kind)[-1]

    async def hears(self, kind: str, times: int = 1) -> Frame:
        """Wait until the client has heard this so often; the last one."""
        await until(lambda: len(self.told(kind)) >= times)
        return self.told(kind)[-1]

    def said(self, kind: str) -> list[Frame]:
        """What the client said of this kind."""
        return [frame for frame in self.client.sent if frame["type"] == kind]

    def told(self, kind: str) -> list[Frame]:
        """What the hub told it of this kind."""
        return [frame for frame in self.client.heard if frame["type"] == kind]

    def pushed(self, task: str) -> int:
        """How often the client was given a task."""
        return len([frame for frame in self.told("task_assign") if frame["task_id"] == task])

    def place(self, kind: str, task: str) -> int:
        """Where the first such frame about a task stands in what the client heard."""
        wanted = {"type": kind, "task_id": task}.items()
        return next(n for n, frame in enumerate(self.client.heard) if wanted <= frame.items())

    @property
    def is_newer(self) -> bool:
        """Whether the client is of the kind that says what it works on after a cut."""
        return self.client.version == "1.4"

    # What happens to them

    @property
    def sessions(self) -> int:
        """How many sessions the client had."""
        return len(self.told("identified"))

    async def identified(self, sessions: int) -> None:
        """Wait until the client has had so many sessions, and has one."""
        await until(lambda: self.sessions >= sessions and self.client.process.identified)

    async def cut(self) -> None:
        """Cut the connection and wait until the client is back."""
        before = self.sessions
        self.client.process.link.cut()
        await self.identified(before + 1)

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """Cut the connection and let no other be opened for a while; then it comes back."""
        link, before = self.client.process.link, self.sessions
        url, link.url = link.url, NOWHERE
        link.cut()
        yield
        link.url = url
        await self.identified(before + 1)

    async def killed(self) -> None:
        """Kill the client's process."""
        await self.client.kill()

    async def back(self) -> None:
        """Start the client's process again and wait until it has a session."""
        before = self.sessions
        self.client.start()
        await self.identified(before + 1)

    async def hub_killed(self) -> None:
        """Kill the hub and wait until the client has noticed."""
        await asyncio.to_thread(self.hub.kill)
        await until(lambda: not self.client.process.link.is_open)

    async def hub_back(self) -> None:
        """Start the hub again and wait until the client is back."""
        before = self.sessions
        await asyncio.to_thread(self.hub.start)
        await self.identified(before + 1)

    async def usurped(self, task: str) -> int:
        """While the client is away another process of its name gets its task: the new number.

        That process leaves without a word, after it has begun the task.
        """
        before = (await self.task(task))["generation"]
        other = await self.twin()
        await other.say("resource_report", agent_id=self.client.agent_id, cpu_percent=None)
        fence = await begins(other, task)
        await self.reaches(task, "running", generation=fence["generation"])
        other.vanish()
        assert fence["generation"] > before
        return int(fence["generation"])

    async def twin(self) -> Peer:
        """A session of protocol 1 under the client's name."""
        return await by_hand(self.door, self.client.agent_id)

    async def does_another(self) -> None:
        """The same client takes a next task and does it: nothing is left of the ones before."""
        client = self.client
        client.deeds["another"] = SUCCEED
        task = await self.submit("another")
        await self.ends(task, "completed", 1)
        await self.idle()
        assert client.queue.read() == (None, None)
