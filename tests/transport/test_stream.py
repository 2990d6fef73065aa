"""Server-sent events at a real socket: nothing missed, nothing twice, nobody waited for."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from schemas.scalars import Role
from tests.transport.conftest import StartHub
from tests.transport.ranch import Hub
from tests.transport.sse import Reader, Sent
from tests.transport.wire import until

READERS = "corral_event_readers"


async def submit(hub: Hub, count: int, **spec: Any) -> None:
    """Submit so many tasks at once, each of which is an event."""
    tasks = [{"description": str(n), "needs": ["nobody"], **spec} for n in range(count)]
    reply = await asyncio.to_thread(hub.http, "POST", "/api/v1/tasks", {"tasks": tasks})
    assert reply.status == 201, reply


@asynccontextmanager
async def reading(hub: Hub, *arguments: Any, **query: Any) -> AsyncIterator[Reader]:
    """A reader that is gone afterwards."""
    reader = await Reader.open(hub, *arguments, **query)
    assert reader.status == 200
    try:
        yield reader
    finally:
        reader.vanish()


async def test_a_stream_begins_now(untold_hub: StartHub) -> None:
    """With where it stands; then it tells what happens, in envelopes, as it happens."""
    hub = untold_hub()
    await submit(hub, 3)
    async with reading(hub) as reader:
        assert reader.headers["content-type"].startswith("text/event-stream")
        assert reader.headers["cache-control"] == "no-store"
        first = await reader.block()
        assert first == b"retry: 2000"
        assert await reader.next() == Sent("1:3", "heartbeat", {"cursor": "1:3"})
        task = await asyncio.to_thread(hub.submit, needs=["nobody"])
        sent = await reader.happens()
        assert (sent.id, sent.event, sent.data["seq"]) == ("1:4", "task.created", 4)
        assert sent.data["target"] == sent.data["meta"]["correlation_id"] == task
        assert sent.data["meta"]["actor_type"] == "admin"
        assert sent.data["payload"] == {"state": "queued"}


async def test_the_header_wins(untold_hub: StartHub) -> None:
    """A browser that reconnects sends its last id, and the old URL."""
    hub = untold_hub()
    await submit(hub, 5)
    for last, query, first in (
        (None, {"after": "1:1"}, 2),
        ("1:3", {"after": "1:1"}, 4),
        ("1:3", {}, 4),
        ("", {"after": "1:4"}, 5),
    ):
        async with reading(hub, last, **query) as reader:
            assert (await reader.happens()).seq == first


async def test_readers_that_come_back_at_random(untold_hub: StartHub) -> None:
    """Each sees the stream from its first to its last event, whenever it was cut off."""
    hub = untold_hub()
    total, dice = 1_500, random.Random(7)

    async def read(number: int) -> list[int]:
        seen: list[int] = []
        last: str | None = None
        while len(seen) < total:
            async with reading(hub, last or "1:0") as reader:
                for _ in range(dice.randint(1, 60 * number)):
                    sent = await reader.happens()
                    seen.append(sent.seq)
                    last = sent.id
                    if len(seen) == total:
                        break
        return seen

    async def write() -> None:
        for _ in range(total // 30):
            await submit(hub, 30)

    *seen, _ = await asyncio.gather(*(read(number) for number in range(1, 7)), write())
    assert all(each == list(range(1, total + 1)) for each in seen)
    await until(lambda: hub.metric(READERS) == 0)


async def test_a_filtered_stream_gets_on(untold_hub: StartHub) -> None:
    """Its heartbeats carry the cursor past what is not for it."""
    hub = untold_hub(event_heartbeat_ms=100)
    async with reading(hub, type="agent.*") as reader:
        await submit(hub, 40)
        while (sent := await reader.next()) is not None and sent.id != "1:40":
            assert sent.event == "heartbeat"
        await asyncio.to_thread(hub.http, "POST", "/api/v1/invites", {})
    async with reading(hub, sent.id if sent else None, type="agent.*,auth.invited") as reader:
        assert (await reader.happens()).event == "auth.invited"


async def test_a_stream_of_one_task(untold_hub: StartHub) -> None:
    """Only what happens to it is sent."""
    hub = untold_hub()
    task = hub.submit(needs=["nobody"])
    async with reading(hub, entity=task, after="1:0") as reader:
        assert (await reader.happens()).seq == 1
        await submit(hub, 20)
        await asyncio.to_thread(hub.cancel, task)
        sent = await reader.happens()
        assert (sent.seq, sent.event) == (22, "task.status.changed")


@pytest.mark.parametrize("size", [10, 700])
async def test_a_killed_hub_leaves_no_gap(untold_hub: StartHub, size: int) -> None:
    """The reader goes on at the next start; what was acknowledged is there."""
    hub = untold_hub()
    await submit(hub, size)
    async with reading(hub, "1:0") as reader:
        for seq in range(1, size // 2):
            sent = await reader.happens()
            assert sent.seq == seq
        hub.kill()
        assert await reader.is_cut()
    hub.start()
    await submit(hub, 5)
    async with reading(hub, sent.id) as reader:
        for seq in range(size // 2, size + 6):
            assert (await reader.happens()).seq == seq


async def test_a_stop_ends_streams_in_order(untold_hub: StartHub) -> None:
    """With the cursor as their last words, and without delay."""
    hub = untold_hub()
    await submit(hub, 2)
    async with reading(hub, "1:0") as reader:
        assert [(await reader.happens()).seq for _ in range(2)] == [1, 2]
        began = time.monotonic()
        stopping = asyncio.create_task(asyncio.to_thread(hub.stop))
        words = [sent async for sent in rest(reader)]
        assert words[-1] == Sent("1:2", "heartbeat", {"cursor": "1:2"})
        assert await stopping == 0
        assert time.monotonic() - began < 5


async def rest(reader: Reader) -> AsyncIterator[Sent]:
    """Everything up to the end of the stream."""
    while (sent := await reader.next()) is not None:
        yield sent


async def test_a_reader_that_takes_nothing_is_cut(untold_hub: StartHub) -> None:
    """Others do not wait for it, and it goes on by its cursor."""
    hub = untold_hub(stall_ms=600)
    async with reading(hub) as stuck, reading(hub) as other:
        await stuck.next()
        stuck.hold_back()
        for turn in range(20):
            began = time.monotonic()
            await submit(hub, 1_000)
            while (await other.happens()).seq < 1_000 * (turn + 1):
                pass
            assert time.monotonic() - began < 5
        await until(lambda: hub.metric(READERS) == 1)
        assert await stuck.is_cut()


async def test_a_stuck_reader_does_not_hold_up_a_stop(untold_hub: StartHub) -> None:
    """It has a second for its last words."""
    hub = untold_hub(stall_ms=60_000)
    async with reading(hub) as stuck:
        stuck.hold_back()
        for _ in range(20):
            await submit(hub, 1_000)
        began = time.monotonic()
        assert await asyncio.to_thread(hub.stop) == 0
        assert time.monotonic() - began < 6


async def test_a_reader_that_left_is_forgotten_at_once(untold_hub: StartHub) -> None:
    """Not only when there is something to tell it."""
    hub = untold_hub()
    readers = [await Reader.open(hub) for _ in range(5)]
    await until(lambda: hub.metric(READERS) == 5)
    for reader in readers:
        reader.vanish()
    await until(lambda: hub.metric(READERS) == 0)


async def test_a_stream_ends_with_its_token(untold_hub: StartHub) -> None:
    """Within a second of its being revoked, and no other stream does."""
    hub = untold_hub()
    made = hub.http("POST", "/api/v1/tokens", {"role": "viewer", "name": "guest"}).json
    async with reading(hub, None, made["token"]) as guest, reading(hub) as other:
        reply = await asyncio.to_thread(hub.http, "DELETE", f"/api/v1/tokens/{made['id']}")
        assert reply.status == 204
        async with asyncio.timeout(3):
            words = [sent async for sent in rest(guest)]
        assert words[-1].event == "heartbeat"
        await submit(hub, 1)
        assert (await other.happens()).event == "token.deleted"
        assert (await other.happens()).event == "task.created"


async def test_one_reader_too_many(untold_hub: StartHub) -> None:
    """It is told when to come back, before any stream begins."""
    hub = untold_hub(event_readers=1)
    async with reading(hub):
        reply = hub.http("GET", "/api/v1/events/stream")
        assert (reply.status, reply.code) == (503, "busy")
        assert int(reply.headers["retry-after"]) >= 1
    await until(lambda: hub.metric(READERS) == 0)
    async with reading(hub):
        pass


async def test_who_may_read(untold_hub: StartHub) -> None:
    """Every role, agents too; nobody without a credential."""
    hub = untold_hub()
    for token in (*hub.tokens.values(), hub.join("agent-1")):
        async with reading(hub, None, token):
            pass
    assert hub.http("GET", "/api/v1/events/stream", role=None).status == 401


async def test_a_look_at_the_head_only(untold_hub: StartHub) -> None:
    """`HEAD` is answered and holds no place."""
    hub = untold_hub()
    assert hub.http("HEAD", "/api/v1/events/stream", role=Role.VIEWER).status == 200
    assert hub.metric(READERS) == 0
