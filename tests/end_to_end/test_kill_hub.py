"""A hub that is killed again and again under load, against a client's own ledger."""

import asyncio
import json
import random
from typing import Any, Final

import apsw
from websockets.exceptions import ConnectionClosed, WebSocketException

from schemas.scalars import Role, TaskState
from tests.transport.conftest import StartHub
from tests.transport.ranch import Hub
from tests.transport.wire import Door, Frame, Peer, open_door, until

KILLS: Final = 6
RATE: Final = 400
"""Tasks submitted in a second."""
LOST = (ConnectionClosed, WebSocketException, OSError, EOFError)


class Ledger:
    """What the hub acknowledged, as its clients heard it."""

    def __init__(self) -> None:
        """Empty."""
        self.submitted: dict[str, str] = {}
        """Task id by the text it was submitted with."""
        self.acked: dict[str, list[Frame]] = {}
        """Acknowledged results by task."""
        self.given: dict[tuple[str, int], int] = {}
        """How often each generation of a task was handed out."""


class Submitter:
    """Submits at a steady rate, over as many connections as it takes."""

    def __init__(self, door: Door, ledger: Ledger) -> None:
        """Writes into this ledger."""
        self.door, self.ledger = door, ledger
        self.stop = asyncio.Event()
        self.number = 0

    async def run(self) -> None:
        """Submit until told to stop."""
        while not self.stop.is_set():
            try:
                await self._session()
            except LOST:
                await asyncio.sleep(0.05)

    async def _session(self) -> None:
        peer = await self.door.connect(self.door.hub.tokens[Role.ADMIN])
        await peer.say("identify", agent_id="admin", protocol_version=2, slots=0)
        while not self.stop.is_set() and not peer.closed:
            self.number += 1
            text = f"number {self.number}"
            await peer.say("task_submit", ref=text, tasks=[{"description": text}])
            await asyncio.sleep(1 / RATE)
            self._note(peer)
        await asyncio.sleep(0.1)
        self._note(peer)

    def _note(self, peer: Peer) -> None:
        for frame in peer.frames:
            if frame["type"] == "task_submitted":
                self.ledger.submitted[frame["ref"]] = frame["ids"][0]
        peer.frames.clear()


class Worker:
    """Completes what it is given, and says everything again until it is acknowledged."""

    def __init__(self, door: Door, name: str, ledger: Ledger) -> None:
        """An agent of this name."""
        self.door, self.name, self.ledger = door, name, ledger
        self.token = door.token(name)
        self.held: dict[tuple[str, int], Any] = {}
        """Results that are not acknowledged yet."""

    async def run(self) -> None:
        """Work over as many connections as it takes."""
        while True:
            try:
                await self._session()
            except LOST:
                await asyncio.sleep(0.05)

    async def _session(self) -> None:
        peer = await self.door.connect(self.token)
        held = [
            {"task_id": task, "generation": generation, "state": "reported"}
            for task, generation in self.held
        ]
        await peer.say("identify", agent_id=self.name, protocol_version=2, slots=16, in_flight=held)
        while not peer.closed:
            frames, peer.frames = peer.frames, []
            for frame in frames:
                await self._hear(peer, frame)
            await asyncio.sleep(0.005)

    async def _hear(self, peer: Peer, frame: Frame) -> None:
        key = (frame.get("task_id", ""), frame.get("generation", 0))
        match frame["type"]:
            case "identified":
                for each in list(self.held):
                    await self._report(peer, each)
            case "task_assign":
                self.ledger.given[key] = self.ledger.given.get(key, 0) + 1
                self.held[key] = {"text": frame["description"], "by": [self.name, *key]}
                await self._report(peer, key)
            case "task_ack":
                self.ledger.acked.setdefault(key[0], []).append(self.held.pop(key))
            case "error":
                assert frame["error"] == "stale_generation", frame
                self.held.pop(key, None)
            case _:
                pass

    async def _report(self, peer: Peer, key: tuple[str, int]) -> None:
        task, generation = key
        await peer.say("task_complete", task_id=task, generation=generation, result=self.held[key])


async def test_kill_9_under_load_loses_nothing(own_hub: StartHub) -> None:
    """What was acknowledged is there, nothing is accepted twice, and all of it ends."""
    hub = own_hub()
    ledger = Ledger()
    async with open_door(hub) as door:
        workers = [Worker(door, f"agent-{n}", ledger) for n in range(3)]
        submitter = Submitter(door, ledger)
        running = [asyncio.create_task(each.run()) for each in workers]
        submitting = asyncio.create_task(submitter.run())
        for _ in range(KILLS):
            await asyncio.sleep(random.uniform(0.4, 1.0))
            await asyncio.to_thread(hub.restart)
        before = len(ledger.submitted)
        await until(lambda: len(ledger.submitted) > before)
        submitter.stop.set()
        await submitting
        await _settled(hub)
        for each in running:
            each.cancel()
        results = await asyncio.gather(*running, return_exceptions=True)
        assert all(isinstance(each, asyncio.CancelledError) for each in results), results
    hub.kill()
    print(f"{len(ledger.submitted)} acknowledged submissions over {KILLS} kills")
    _check(hub, ledger)


async def _settled(hub: Hub) -> None:
    async with asyncio.timeout(30):
        while True:
            page = await asyncio.to_thread(
                hub.get, "/tasks?limit=1&state=queued,assigned,running,scheduled"
            )
            if not page["items"]:
                return
            await asyncio.sleep(0.1)


def _check(hub: Hub, ledger: Ledger) -> None:
    database = apsw.Connection(str(hub.data / "hub.db"))
    rows = {task: row for task, *row in database.execute("SELECT id, state, result FROM task")}
    events, last = database.execute("SELECT count(*), max(seq) FROM event").get
    database.close()
    assert len(ledger.submitted) > 200
    lost = [text for text, task in ledger.submitted.items() if task not in rows]
    assert not lost, "acknowledged and lost"
    for task, told in ledger.acked.items():
        assert all(each == told[0] for each in told), f"two results acknowledged: {task}"
        assert json.loads(rows[task][1]) == told[0]
    assert {state for state, _ in rows.values()} == {TaskState.COMPLETED}
    assert set(ledger.given.values()) == {1}, "a generation was handed out twice"
    assert events == last, "the events have a gap"
