"""Old clients in front of a real hub."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from tests.backbone.double import OldClient
from tests.backbone.script import SUCCEED, Deed, Frame, Version
from tests.backbone.stage import QUICK
from tests.transport.ranch import Hub
from tests.transport.wire import Door, Peer, new_name, until

PACE: Final = replace(QUICK, ping_every=0.5, pong_within=5.0)


@asynccontextmanager
async def old_client(
    door: Door, version: Version, work: Path, deed: Deed = SUCCEED
) -> AsyncIterator[OldClient]:
    """A client of this version, known to the hub and connected."""
    name = new_name()
    url, token = door.hub.socket_url, door.token(name)
    client = OldClient(version, url, name, token, work, PACE, otherwise=deed)
    async with client:
        await until(lambda: any(frame["type"] == "identified" for frame in client.heard))
        yield client


def ended(hub: Hub, task: str) -> Callable[[], Any]:
    """Whether a task has ended, and how."""

    def look() -> Any:
        found = hub.task(task)
        return found if found["state"] in ("completed", "dead_letter", "cancelled") else None

    return look


async def by_hand(door: Door, name: str) -> Peer:
    """A session of protocol 1 that says only what a test lets it say."""
    peer = await door.connect()
    await peer.say("identify", agent_id=name, token=door.token(name), status="idle")
    await peer.hears("identified")
    return peer


async def begins(peer: Peer, task: str) -> Frame:
    """Take a task as an old client does, which names no generation."""
    fence = await peer.given(task)
    await peer.say("task_accepted", task_id=task)
    await peer.hears("task_ack", task_id=task, status="accepted")
    return fence
