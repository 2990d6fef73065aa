"""The load of the row about old clients: agents that take their time, first all of them new.

A program of its own, so that it has a core of its own: `python -m scripts.benchmark.fleet_load`.
Every agent has one slot and works on each task for as long as its payload says. In the first
window all agents speak the present protocol. In the second, half of them have come back with
protocol 1. Both windows are as long, and the backlog is never empty.
"""

import argparse
import asyncio
import json
import resource
import sys
import time
from array import array
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from scripts.benchmark.ledger import NEVER

WORK_MS: Final = (10, 20, 50, 100, 200, 400)
"""How long tasks take, in turn."""
WAITING: Final = 2
"""Tasks in flight for each agent."""
PING_SECONDS: Final = 10.0
OLD_PING_SECONDS: Final = 30.0
PATIENCE_SECONDS: Final = 30.0


class Agent:
    """One connection that does one task at a time."""

    def __init__(self, name: str, token: str, done: Callable[["Agent"], None]) -> None:
        """Nothing is connected yet; `done` is called at the end of each task."""
        self.name = name
        self.token = token
        self.is_old = False
        self.assigned = 0
        self.acks = 0
        self._done = done
        self._socket: ClientConnection | None = None
        self._works: list[asyncio.Task[None]] = []
        self._working: set[asyncio.Task[None]] = set()

    async def come(self, port: int, *, is_old: bool) -> None:
        """Connect and identify."""
        self.is_old = is_old
        socket = self._socket = await connect(
            f"ws://127.0.0.1:{port}/ws", compression=None, ping_interval=None, proxy=None
        )
        said = {"type": "identify", "agent_id": self.name, "token": self.token}
        if is_old:
            said |= {"name": self.name, "status": "idle", "client_type": "sidecar"}
        version = 1 if is_old else 2
        await self._say(**said, capabilities=[], protocol_version=version)
        answer = json.loads(await socket.recv())
        if answer["type"] != "identified":
            raise SystemExit(f"the hub did not identify {self.name}: {answer}")
        self._works = [asyncio.create_task(work) for work in (self._hear(socket), self._ping())]

    async def leave(self) -> None:
        """Hang up."""
        for work in (*self._works, *self._working):
            work.cancel()
        if self._socket is not None:
            await self._socket.close()

    async def _say(self, **frame: Any) -> None:
        if self._socket is not None:
            await self._socket.send(json.dumps(frame))

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(OLD_PING_SECONDS if self.is_old else PING_SECONDS)
            await self._say(type="ping")

    async def _hear(self, socket: ClientConnection) -> None:
        async for data in socket:
            frame = json.loads(data)
            if frame["type"] == "task_assign":
                self.assigned += 1
                work = asyncio.create_task(self._work(frame))
                self._working.add(work)
                work.add_done_callback(self._working.discard)
            elif frame["type"] == "task_ack":
                self.acks += 1

    async def _work(self, frame: dict[str, Any]) -> None:
        named: dict[str, Any] = {"task_id": frame["task_id"]}
        fence = named | {"generation": frame["generation"]}
        await self._say(type="task_accepted", **(named if self.is_old else fence))
        await asyncio.sleep(frame["payload"]["ms"] / 1000)
        await self._say(type="task_complete", **fence, result={"status": "success"})
        self._done(self)


class Submitter:
    """Keeps tasks in flight, and notes when each was due, acknowledged and done."""

    def __init__(self, name: str, token: str) -> None:
        """Nothing is connected yet."""
        self.times = array("q")
        self.acknowledged = 0
        self.done = 0
        self.faults: Counter[str] = Counter()
        self.refusals: list[Any] = []
        self._name = name
        self._token = token
        self._wanted = 0
        self._numbers: dict[str, int] = {}
        self._room = asyncio.Event()
        self._idle = asyncio.Event()
        self._socket: ClientConnection | None = None
        self._works: list[asyncio.Task[None]] = []

    @property
    def submitted(self) -> int:
        """Tasks sent so far."""
        return len(self.times) // 3

    async def come(self, port: int) -> None:
        """Connect."""
        socket = self._socket = await connect(
            f"ws://127.0.0.1:{port}/ws", compression=None, ping_interval=None, proxy=None
        )
        said = {"type": "identify", "agent_id": self._name, "token": self._token, "slots": 0}
        await socket.send(json.dumps(said | {"protocol_version": 2}))
        await socket.recv()
        works = (self._hear(socket), self._submit(socket), self._ping(socket))
        self._works = [asyncio.create_task(work) for work in works]

    async def rest(self) -> None:
        """Submit nothing from now on, and wait until all has ended."""
        self._wanted = 0
        self._idle.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._idle.wait()

    def go_on(self, in_flight: int) -> None:
        """Keep so many tasks in flight from now on."""
        self._wanted = in_flight
        self._room.set()

    async def leave(self) -> None:
        """Stop; raises what went wrong meanwhile."""
        for work in self._works:
            work.cancel()
        for found in await asyncio.gather(*self._works, return_exceptions=True):
            if isinstance(found, Exception) and not isinstance(found, ConnectionClosed):
                raise found
        if self._socket is not None:
            await self._socket.close()

    async def _submit(self, socket: ClientConnection) -> None:
        while True:
            while self.submitted - self.done < self._wanted:
                number = self.submitted
                self.times.extend((time.monotonic_ns(), NEVER, NEVER))
                spec = {
                    "description": "a benchmark's task",
                    "payload": {"ms": WORK_MS[number % len(WORK_MS)]},
                }
                frame = {"type": "task_submit", "tasks": [spec], "watch": True, "ref": str(number)}
                await socket.send(json.dumps(frame))
            self._room.clear()
            await self._room.wait()

    async def _ping(self, socket: ClientConnection) -> None:
        while True:
            await asyncio.sleep(PING_SECONDS)
            await socket.send('{"type":"ping"}')

    async def _hear(self, socket: ClientConnection) -> None:
        async for data in socket:
            frame = json.loads(data)
            now = time.monotonic_ns()
            match frame["type"]:
                case "task_submitted":
                    self.acknowledged += 1
                    number = int(frame["ref"])
                    self.times[3 * number + 1] = now
                    self._numbers[frame["ids"][0]] = number
                case "task_result":
                    self._ended(frame, now)
                case "error":
                    self.faults["error_frames"] += 1
                    self.refusals.append(frame)
                case _:
                    pass

    def _ended(self, frame: dict[str, Any], now: int) -> None:
        number = self._numbers.pop(frame["task_id"], None)
        if number is None:
            self.faults["strange"] += 1
            return
        self.done += 1
        self.times[3 * number + 2] = now
        if frame["state"] != "completed":
            self.faults["not_completed"] += 1
            self.refusals.append(frame)
        self._room.set()
        if self.done == self.submitted:
            self._idle.set()


class Fleet:
    """All agents, and how many tasks each group ended."""

    def __init__(self, peers: list[tuple[str, str]]) -> None:
        """The second half becomes old later."""
        self.ended: Counter[bool] = Counter()
        """By whether the agent was old."""
        self.agents = [Agent(name, token, self._count) for name, token in peers]
        self.half = len(self.agents) // 2

    def _count(self, agent: Agent) -> None:
        self.ended[agent.is_old] += 1

    async def rates(self, seconds: float) -> dict[bool, float]:
        """Tasks a second and slot that each group ends within so many seconds."""
        before, began = self.ended.copy(), time.monotonic()
        await asyncio.sleep(seconds)
        took = time.monotonic() - began
        slots = Counter(agent.is_old for agent in self.agents)
        return {old: (self.ended[old] - before[old]) / took / slots[old] for old in slots}


async def run(
    port: int,
    peers: list[tuple[str, str]],
    warmup_s: float,
    window_s: float,
    say: Callable[[str], None],
) -> tuple["array[int]", dict[str, Any]]:
    """Both windows: the ledger, counted from the beginning of the second, and the report."""
    *agents, submitter = peers
    fleet = Fleet(agents)
    load = Submitter(*submitter)
    for agent in fleet.agents:
        await agent.come(port, is_old=False)
    await load.come(port)
    load.go_on(WAITING * len(agents))
    await asyncio.sleep(warmup_s)
    alone = (await fleet.rates(window_s))[False]
    await load.rest()
    for agent in fleet.agents[fleet.half :]:
        await agent.leave()
        await agent.come(port, is_old=True)
    load.go_on(WAITING * len(agents))
    await asyncio.sleep(warmup_s)
    begin, done, used = time.monotonic_ns(), load.done, _cpu()
    say("begin")
    mixed = await fleet.rates(window_s)
    say("end")
    end, window_done, cpu_s = time.monotonic_ns(), load.done - done, _cpu() - used
    await load.rest()
    await load.leave()
    for agent in fleet.agents:
        await agent.leave()
    ledger = array("q", (each - begin if each != NEVER else each for each in load.times))
    return ledger, {
        "window_s": (end - begin) / 1e9,
        "cpu_s": cpu_s,
        "late_ms": 0.0,
        "submitted": load.submitted,
        "acknowledged": load.acknowledged,
        "done": load.done,
        "window_done": window_done,
        "assigned": sum(agent.assigned for agent in fleet.agents),
        "task_acks": sum(agent.acks for agent in fleet.agents),
        "faults": dict(load.faults) | {"unfinished": load.submitted - load.done},
        "refusals": load.refusals[:5],
        "slot_rates": {"alone": alone, "new": mixed[False], "old": mixed[True]},
    }


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Put the load on a hub; a line "ID TOKEN" for each peer comes on the standard input."""
    parser = argparse.ArgumentParser()
    for name in ("port", "agents", "warmup-ms", "window-ms"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("ledger", type=Path)
    asked = parser.parse_args()
    lines = (sys.stdin.readline().split() for _ in range(asked.agents + 1))
    peers = [(name, token) for name, token in lines]

    def say(word: str) -> None:
        print(word, file=sys.stderr, flush=True)

    work = run(asked.port, peers, asked.warmup_ms / 1000, asked.window_ms / 1000, say)
    ledger, report = asyncio.run(work)
    asked.ledger.write_bytes(ledger.tobytes())
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
