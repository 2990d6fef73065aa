"""Agents that only act: they connect, accept what they are given, and end it when it is time."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct
from websockets.asyncio.client import ClientConnection, connect

from schemas.from_agent import (
    Alive,
    Identify,
    Ping,
    TaskAccepted,
    TaskCancelled,
    TaskComplete,
    TaskFailed,
    TaskProgress,
)
from schemas.to_agent import Identified, TaskAssign, TaskCancel, ToAgent

PROGRESS: Final = 4
"""How often a task says how far it is."""
_decode = msgspec.json.Decoder(ToAgent).decode


class Role(Struct, frozen=True):
    """Who an agent is."""

    id: str
    token: str
    host: str
    capabilities: list[str]
    slots: int


class Wish(Struct, frozen=True):
    """What the payload of a task asks of an agent that only acts."""

    seconds: float = 20.0
    fails: bool = False


class Actor:
    """One agent, as long as its connection lasts."""

    def __init__(self, role: Role, url: str) -> None:
        """Nothing is connected yet."""
        self.role = role
        self._url = url.replace("http", "ws", 1) + "/ws"
        self._work: dict[tuple[str, int], asyncio.Task[None]] = {}

    async def play(self) -> None:
        """Connect, and do what is asked until the connection or the task ends."""
        bearer = {"Authorization": f"Bearer {self.role.token}"}
        async with connect(self._url, additional_headers=bearer, proxy=None) as socket:
            role = self.role
            hello = Identify(
                role.id,
                protocol_version=2,
                capabilities=role.capabilities,
                slots=role.slots,
                host=role.host,
            )
            await _say(socket, hello)
            async with asyncio.TaskGroup() as group:
                async for frame in socket:
                    message = _decode(frame)
                    if isinstance(message, Identified):
                        group.create_task(self._beat(socket, message.heartbeat_ms / 1000))
                    elif isinstance(message, TaskAssign):
                        key = (message.task_id, message.generation)
                        self._work[key] = group.create_task(self._do(socket, message))
                    elif isinstance(message, TaskCancel):
                        await self._stop(socket, message)

    async def _beat(self, socket: ClientConnection, seconds: float) -> None:
        while True:
            await _say(socket, Ping([Alive(*key) for key in self._work]))
            await asyncio.sleep(seconds)

    async def _do(self, socket: ClientConnection, task: TaskAssign) -> None:
        key = (task.task_id, task.generation)
        wish = msgspec.json.decode(task.payload or b"{}", type=Wish)
        await _say(socket, TaskAccepted(*key))
        for part in range(1, PROGRESS):
            await asyncio.sleep(wish.seconds / PROGRESS)
            await _say(socket, TaskProgress(*key, progress=part * 100 // PROGRESS))
        await asyncio.sleep(wish.seconds / PROGRESS)
        if wish.fails:
            text = "the tests fail: 3 failed, 214 passed"
            await _say(socket, TaskFailed(*key, error=text, retryable=False))
        else:
            await _say(socket, TaskComplete(*key, result=msgspec.Raw(b'{"summary": "done"}')))
        del self._work[key]

    async def _stop(self, socket: ClientConnection, cancel: TaskCancel) -> None:
        work = self._work.pop((cancel.task_id, cancel.generation), None)
        if work is not None:
            work.cancel()
            await _say(socket, TaskCancelled(cancel.task_id, cancel.generation))


async def _say(socket: ClientConnection, message: Any) -> None:
    await socket.send(msgspec.json.encode(message).decode())


async def play(roles: Sequence[Role], url: str) -> None:
    """All of them at once, until this is cancelled."""
    await asyncio.gather(*(Actor(role, url).play() for role in roles))
