"""An agent that is given one task after the other and ends none: its number in the table grows.

So every task shows as a number of its own, and it is known to the millisecond when each was
due. It is driven from a thread, so that nothing the browser does can delay it.
"""

import asyncio
import json
import random
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Final, Self

from websockets.asyncio.client import ClientConnection, connect

from scripts.benchmark.faults import NO_LOAD, BenchmarkError

A_SECOND: Final = 20
EVENTS_EACH: Final = 3
"""Created, assigned, running."""
SLOTS: Final = 1_000
PING_SECONDS: Final = 10.0
PATIENCE_SECONDS: Final = 30.0


class Probe:
    """The agent and who submits to it, connected for the time of a `with`."""

    def __init__(self, port: int, agent: tuple[str, str], submitter: tuple[str, str]) -> None:
        """Nothing is connected yet; both have a name and a token."""
        self.due_ms: list[float] = []
        """When each task was due, by `time.monotonic`."""
        self.answered_ms: dict[int, float] = {}
        """When the hub had made each durable, by its place among them."""
        self.faults: list[str] = []
        self._address = f"ws://127.0.0.1:{port}/ws"
        self._agent, self._submitter = agent, submitter
        self._ready, self._begun, self._over, self._left = (threading.Event() for _ in range(4))
        self._pool = ThreadPoolExecutor(1, "probe")
        self._running: Future[None] | None = None

    def __enter__(self) -> Self:
        """Connect both. Raises BenchmarkError when the hub refuses."""
        self._running = self._pool.submit(lambda: asyncio.run(self._run()))
        if not self._ready.wait(PATIENCE_SECONDS) or self._running.done():
            self._release()
            self._pool.shutdown()
            raise BenchmarkError(NO_LOAD, f"the probe is not connected: {self.faults}")
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Leave; raises what went wrong meanwhile."""
        self._release()
        self._pool.shutdown()
        if error is None and self._running is not None:
            self._running.result()

    def begin(self) -> None:
        """Submit from now on, at random times."""
        self._begun.set()

    def end(self) -> None:
        """Submit nothing more; both stay connected."""
        self._over.set()

    def answers_ms(self) -> list[float]:
        """How long after each was due the hub had made it durable."""
        return [at - self.due_ms[place] for place, at in self.answered_ms.items()]

    def _release(self) -> None:
        for each in (self._over, self._begun, self._left):
            each.set()

    async def _run(self) -> None:
        try:
            agent = await self._come(self._agent, slots=SLOTS)
            submitter = await self._come(self._submitter, slots=0)
            self._ready.set()
            hearing = [
                asyncio.create_task(work)
                for work in (self._work(agent), self._hear(submitter), _ping(agent, submitter))
            ]
            await asyncio.to_thread(self._begun.wait)
            await self._submit(submitter)
            await asyncio.to_thread(self._left.wait)
            for each in hearing:
                each.cancel()
            await asyncio.gather(*hearing, return_exceptions=True)
            for socket in (agent, submitter):
                await socket.close()
        finally:
            self._ready.set()

    async def _come(self, who: tuple[str, str], slots: int) -> ClientConnection:
        socket = await connect(self._address, compression=None, ping_interval=None, proxy=None)
        name, token = who
        said = {"type": "identify", "agent_id": name, "token": token, "protocol_version": 2}
        # Without an executor it gets none of the load's tasks, which are commands.
        offered: dict[str, Any] = {"capabilities": [], "executors": []} if slots else {}
        await socket.send(json.dumps(said | {"slots": slots} | offered))
        answer = json.loads(await socket.recv())
        if answer["type"] != "identified":
            self.faults.append(f"{name} was not identified: {answer}")
            raise BenchmarkError(NO_LOAD, self.faults[-1])
        return socket

    async def _submit(self, socket: ClientConnection) -> None:
        chance = random.Random(A_SECOND)
        due = time.monotonic()
        while not self._over.is_set() and len(self.due_ms) < SLOTS:
            due += chance.expovariate(A_SECOND)
            await asyncio.sleep(max(due - time.monotonic(), 0))
            task = {"description": "a probe", "assign_to": self._agent[0]}
            frame = {"type": "task_submit", "ref": str(len(self.due_ms)), "tasks": [task]}
            self.due_ms.append(due * 1000)
            await socket.send(json.dumps(frame))

    async def _work(self, socket: ClientConnection) -> None:
        async for data in socket:
            frame: dict[str, Any] = json.loads(data)
            if frame["type"] == "task_assign":
                fence = {key: frame[key] for key in ("task_id", "generation")}
                await socket.send(json.dumps({"type": "task_accepted", **fence}))

    async def _hear(self, socket: ClientConnection) -> None:
        async for data in socket:
            frame: dict[str, Any] = json.loads(data)
            if frame["type"] == "task_submitted":
                self.answered_ms[int(frame["ref"])] = time.monotonic() * 1000
            elif frame["type"] == "error":
                self.faults.append(f"a probe was refused: {frame['message']}")


async def _ping(*sockets: ClientConnection) -> None:
    while True:
        await asyncio.sleep(PING_SECONDS)
        for socket in sockets:
            await socket.send('{"type":"ping"}')
