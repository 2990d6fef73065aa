"""Corral's client over the WebSocket: a frame for each task, sent without waiting for answers."""

import asyncio
from collections.abc import Callable

import msgspec
from websockets.asyncio.client import ClientConnection

from schemas.from_agent import TaskSubmit
from schemas.to_agent import Error, TaskResult, TaskSubmitted
from schemas.work import TaskSpec
from scripts.benchmark.peers.programs import course
from scripts.benchmark.peers.programs.corral_agent import (
    DECODER,
    ENCODER,
    Payload,
    connected,
    pinging,
)


class Client:
    """Submits with `watch`, so that the hub sends each result by itself."""

    def __init__(self, socket: ClientConnection) -> None:
        """Use this connection."""
        self._socket = socket
        self._numbers: dict[str, int] = {}
        """Which task of ours an id of the hub's is."""

    async def batch(self, count: int, submitted: Callable[[], None]) -> list[int]:
        """As `course.Client` says."""
        hearing = asyncio.create_task(self._heard(count, submitted))
        for number in range(count):
            await self._submit(number)
        return await hearing

    async def one(self, number: int) -> int:
        """As `course.Client` says."""
        await self._submit(number)
        return (await self._heard(1, lambda: None))[0]

    async def _submit(self, number: int) -> None:
        payload = msgspec.Raw(ENCODER.encode(Payload(number, course.PADDING)))
        spec = TaskSpec(description="a benchmark's task", payload=payload)
        frame = TaskSubmit(ref=str(number), tasks=[spec], watch=True)
        await self._socket.send(ENCODER.encode(frame), text=True)

    async def _heard(self, count: int, submitted: Callable[[], None]) -> list[int]:
        """Results until there are so many; one that belongs to another task counts as -1."""
        found: list[int] = []
        acknowledged = 0
        while len(found) < count:
            match DECODER.decode(await self._socket.recv()):
                case TaskSubmitted(ref=ref, ids=ids):
                    self._numbers[ids[0]] = int(ref)
                    acknowledged += 1
                    if acknowledged == count:
                        submitted()
                case TaskResult() as told:
                    result = msgspec.json.decode(told.result or b"-1", type=int)
                    right = self._numbers.pop(told.task_id) == result
                    found.append(result if right and told.state == "completed" else -1)
                case Error() as refusal:
                    raise SystemExit(f"the hub refused a task: {refusal.message}")
                case _:
                    pass
        return found


async def drive() -> None:
    """Connect and run the course."""
    socket = await connected("bench-submitter", course.OPTIONS["submitter_token"], 0)
    alive = asyncio.create_task(pinging(socket))
    await course.run(Client(socket))
    alive.cancel()
    await socket.close()
