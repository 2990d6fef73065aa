"""A plain agent: one process, one connection, some slots, `websockets` and msgspec.

It is what a worker library for Corral would be, without Corral's sidecar, which runs every task
in a process of its own. A task is accepted, run and completed, one after the other.
"""

import asyncio
from typing import Final

import msgspec
from websockets.asyncio.client import ClientConnection, connect

from schemas.from_agent import Identify, Ping, TaskAccepted, TaskComplete
from schemas.to_agent import Identified, TaskAssign, ToAgent
from scripts.benchmark.peers.programs import course

ENCODER: Final = msgspec.json.Encoder()
DECODER: Final = msgspec.json.Decoder(ToAgent)


class Payload(msgspec.Struct, frozen=True):
    """What a task of this benchmark carries."""

    number: int
    padding: str


PAYLOAD: Final = msgspec.json.Decoder(Payload)


async def connected(agent_id: str, token: str, slots: int) -> ClientConnection:
    """A connection whose `identify` the hub has answered."""
    socket = await connect(
        f"ws://127.0.0.1:{course.OPTIONS['port']}/ws",
        additional_headers={"Authorization": f"Bearer {token}"},
        compression=None,
        ping_interval=None,
        proxy=None,
        max_size=2**24,
        max_queue=None,
    )
    said = Identify(agent_id=agent_id, protocol_version=2, slots=slots)
    await socket.send(ENCODER.encode(said), text=True)
    answer = DECODER.decode(await socket.recv())
    if not isinstance(answer, Identified):
        raise SystemExit(f"the hub did not identify {agent_id}: {answer}")
    return socket


async def pinging(socket: ClientConnection) -> None:
    """Say every few seconds that this end lives; a task here is over in microseconds."""
    while True:
        await asyncio.sleep(5)
        await socket.send(ENCODER.encode(Ping()), text=True)


async def work() -> None:
    """Connect and run tasks until the process is ended."""
    slots = int(course.OPTIONS["slots"])
    socket = await connected(course.OPTIONS["agent"], course.OPTIONS["agent_token"], slots)
    alive = asyncio.create_task(pinging(socket))
    try:
        async for data in socket:
            frame = DECODER.decode(data)
            if isinstance(frame, TaskAssign):
                await run(socket, frame)
    finally:
        alive.cancel()


async def run(socket: ClientConnection, task: TaskAssign) -> None:
    """Accept one task, do it and report what it returned."""
    held = (task.task_id, task.generation)
    await socket.send(ENCODER.encode(TaskAccepted(*held)), text=True)
    asked = PAYLOAD.decode(task.payload or b"")
    result = ENCODER.encode(course.noop(asked.number, asked.padding))
    await socket.send(ENCODER.encode(TaskComplete(*held, msgspec.Raw(result))), text=True)
