"""NATS JetStream: the worker (`work`) and its client (`drive`).

Tasks stand in a work-queue stream and results in a second stream, both in files. The worker
publishes a result, waits until the server has it, and only then acknowledges the task.
"""

import asyncio
import json
from collections.abc import Callable

import nats
from nats.aio.msg import Msg
from nats.errors import TimeoutError as NothingCame
from nats.js import JetStreamContext
from nats.js.api import RetentionPolicy, StorageType

from scripts.benchmark.peers.programs import course

URL = course.OPTIONS.get("url", "")
FETCH = 64
"""Tasks that the worker asks for at once, and results that the client asks for."""


class Client:
    """Asynchronous publishes, and results from a pull consumer of their stream."""

    def __init__(self, stream: JetStreamContext, results: JetStreamContext.PullSubscription):
        """Publish to one and fetch from the other."""
        self._stream = stream
        self._results = results

    async def batch(self, count: int, submitted: Callable[[], None]) -> list[int]:
        """As `course.Client` says."""
        waiting = asyncio.create_task(self._fetched(count))
        acks = [
            await self._stream.publish_async("tasks", payload(number)) for number in range(count)
        ]
        await asyncio.gather(*acks)
        submitted()
        return await waiting

    async def one(self, number: int) -> int:
        """As `course.Client` says."""
        waiting = asyncio.create_task(self._fetched(1))
        await self._stream.publish("tasks", payload(number))
        return (await waiting)[0]

    async def _fetched(self, count: int) -> list[int]:
        found: list[int] = []
        while len(found) < count:
            wanted = min(FETCH, count - len(found))
            for message in await patient_fetch(self._results, wanted):
                found.append(int(json.loads(message.data)["result"]))
                await message.ack()
        return found


def payload(number: int) -> bytes:
    """A task as it is published."""
    return json.dumps({"number": number, "padding": course.PADDING}).encode()


async def patient_fetch(source: JetStreamContext.PullSubscription, wanted: int) -> list[Msg]:
    """At least one message and at most `wanted`, however long it takes."""
    while True:
        try:
            came: list[Msg] = await source.fetch(wanted, timeout=1)
        except NothingCame:
            continue
        return came


async def streams(connection: nats.NATS) -> JetStreamContext:
    """Both streams, made by whoever comes first."""
    context = connection.jetstream(publish_async_max_pending=4000)
    for name in ("tasks", "results"):
        await context.add_stream(
            name=name,
            subjects=[name],
            retention=RetentionPolicy.WORK_QUEUE,
            storage=StorageType.FILE,
        )
    return context


async def drive() -> None:
    """Connect, subscribe to results and run the course."""
    connection = await nats.connect(URL, max_reconnect_attempts=1)
    stream = await streams(connection)
    results = await stream.pull_subscribe("results", durable="client")
    await course.run(Client(stream, results))
    await connection.close()


async def work() -> None:
    """Connect and run tasks until the process is ended."""
    connection = await nats.connect(URL, max_reconnect_attempts=1)
    stream = await streams(connection)
    tasks = await stream.pull_subscribe("tasks", durable="worker")
    while True:
        messages = await patient_fetch(tasks, FETCH)
        if course.OPTIONS["at_once"]:
            saved = [await stream.publish_async("results", answer(each)) for each in messages]
            await asyncio.gather(*saved)
            for message in messages:
                await message.ack()
        else:
            for message in messages:
                await stream.publish("results", answer(message))
                await message.ack()


def answer(message: Msg) -> bytes:
    """Run a task; its result as it is published."""
    asked = json.loads(message.data)
    return json.dumps({"result": course.noop(asked["number"], asked["padding"])}).encode()
