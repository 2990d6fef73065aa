"""Where a row of the scenario table is played: a real hub, and one old client of either version."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import pytest

from tests.backbone.double import OldClient
from tests.backbone.fleet import begins, by_hand
from tests.backbone.script import HANG, SUCCEED, VERSIONS, Deed, Frame, Pace, Setup, Version
from tests.backbone.stage import QUICK
from tests.transport.ranch import CALM, HASTY, PATIENCE, Hub
from tests.transport.wire import Door, Peer, new_name, open_door, until

PACE: Final = replace(QUICK, ping_every=0.3, confirm_within=8.0, pong_within=8.0)
"""Short delays; those that no row waits for are long enough for a busy machine."""
SAID_BY_HUB: Final = frozenset(
    {"identified", "pong", "task_assign", "task_ack", "task_continue", "task_reassign"}
    | {"task_cancelled", "state_report_ack", "error", "bye"}
)
"""The hub never sends anything else; above all no `restart_sidecar`, and nothing for a shell."""
ASSIGNED: Final = frozenset(
    {"type", "task_id", "description", "metadata", "payload", "generation", "assigned_at"}
)
"""What an assignment has: no routing, no verification steps, nothing that a client would run."""


class Hubs(NamedTuple):
    """The hubs that rows share."""

    calm: Hub
    hasty: Hub


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
        """A cancelled task is begun again: another agent gets it, the client does not."""
        given = self.pushed(task)
        await self.retry(task)
        # It is free, and its quiet time is over: it would have the task at once.
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


Play = Callable[[Scene], Awaitable[None]]


@dataclass
class Row:
    """A row: what is done, and, in the play itself, what has to be true in the end."""

    letter: str
    of: str
    """The short name of the row of the measured table that it is about."""
    play: Play
    variant: str = ""
    """Which case of that row, where there are several."""
    newer_only: bool = False
    deed: Deed = SUCCEED
    pace: dict[str, Any] = field(default_factory=dict)
    setup: Setup = field(default_factory=Setup)
    hub: Literal["calm", "hasty", "own", "own hasty"] = "calm"
    errors: frozenset[str] = frozenset()
    """The codes of the errors that the hub may answer."""
    comes_in: bool = True
    """Whether the hub takes the client at once."""
    goes_on: bool = True
    """Whether the client does a next task afterwards."""

    @property
    def name(self) -> str:
        """How it is called in a run."""
        return " - ".join(part for part in (f"{self.letter} {self.of}", self.variant) if part)

    @property
    def versions(self) -> tuple[Version, ...]:
        """The versions it is played by."""
        return ("1.4",) if self.newer_only else VERSIONS


@asynccontextmanager
async def hub_of(row: Row, work: Path, hubs: Hubs) -> AsyncIterator[Hub]:
    """The hub of a row: one for all of its kind, or its own."""
    if row.hub in ("calm", "hasty"):
        yield hubs.calm if row.hub == "calm" else hubs.hasty
        return
    hub = Hub(work / "data", **(HASTY if row.hub == "own hasty" else CALM))
    try:
        await asyncio.to_thread(hub.start)
        yield hub
        broken = [line for line in hub.log_lines() if line["level"] in ("ERROR", "CRITICAL")]
        assert not broken, broken
    finally:
        await asyncio.to_thread(hub.kill)


@asynccontextmanager
async def scene(row: Row, version: Version, work: Path, hubs: Hubs) -> AsyncIterator[Scene]:
    """A client of this version, which is started, in front of the row's hub."""
    async with hub_of(row, work, hubs) as hub, open_door(hub) as door:
        name = new_name()
        token = await asyncio.to_thread(door.token, name)
        setup = replace(
            row.setup,
            capabilities=(f"for-{name}",),
            hub_api_url=f"http://127.0.0.1:{hub.port}",
        )
        pace: Pace = replace(PACE, **row.pace)
        client = OldClient(version, hub.socket_url, name, token, work, pace, setup, row.deed)
        yield Scene(hub, door, client)
        await client.close()


def audit(on: Scene, row: Row) -> None:
    """What holds for everything that the hub said to the client, in every row."""
    heard = on.client.heard
    assert {frame["type"] for frame in heard} <= SAID_BY_HUB
    assert {frame["error"] for frame in on.told("error")} <= row.errors
    assert all(type(frame["generation"]) is int for frame in on.told("task_continue"))
    for frame in on.told("task_assign"):
        assert set(frame) == ASSIGNED
        assert type(frame["generation"]) is int
    asked = {frame["task_id"] for frame in on.said("task_recovering")}
    assert {frame["task_id"] for frame in on.told("task_reassign")} <= asked
    for question, answers in (
        ("state_report", ("state_report_ack",)),
        ("task_recovering", ("task_continue", "task_reassign")),
    ):
        answered = {frame["task_id"] for kind in answers for frame in on.told(kind)}
        assert {frame["task_id"] for frame in on.said(question)} <= answered


async def perform(row: Row, version: Version, work: Path, hubs: Hubs) -> None:
    """Play a row, let the client do a next task, and look at all that it was told."""
    async with scene(row, version, work, hubs) as on:
        try:
            on.client.start()
            if row.comes_in:
                await on.identified(1)
            await row.play(on)
            if row.goes_on:
                await on.does_another()
            audit(on, row)
        finally:
            if on.client.is_running:
                await on.client.kill()


Acted = Callable[[Row, Version], Awaitable[None]]
"""Waits until a row was played; raises what was wrong with it."""


def each_version(rows: list[Row]) -> list[Any]:
    """The parameters of the table test: every row for every version that it concerns."""
    return [
        pytest.param(row, version, id=f"{row.name} ({version})")
        for row in rows
        for version in row.versions
    ]
