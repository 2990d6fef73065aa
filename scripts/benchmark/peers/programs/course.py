"""What every client does: warm up, one batch as fast as it can, then one task after the other.

The clock runs from the first submission of the batch to its last result. A task is given a
number and the padding, and returns the number; every result is checked.
"""

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, Protocol, TypeVar

OPTIONS: Final[dict[str, Any]] = json.loads(os.environ.get("PEER_OPTIONS", "{}"))
"""What the benchmark tells a program: where the server is, how much to do, its settings."""
PADDING: Final = "x" * 200
"""The payload of every task, beside its number."""
FIRST: Final = 0
"""The number of the task that shows that the worker is there."""
PATIENCE_SECONDS: Final = 60.0
"""How long a client waits for one result before it gives up."""
AT_ONCE: Final = 32
"""Requests that an asynchronous client keeps under way, where its library sends one each."""

Result = TypeVar("Result")


class Client(Protocol):
    """One contestant's way to submit tasks and fetch results."""

    async def batch(self, count: int, submitted: Callable[[], None]) -> list[int]:
        """Submit so many, call `submitted` when the server has all, and fetch every result."""

    async def one(self, number: int) -> int:
        """Submit one task and wait for its result."""


def noop(number: int, padding: str) -> int:
    """The task: nothing but its number."""
    del padding
    return number


def loop_runner() -> Callable[[Coroutine[Any, Any, Result]], Result]:
    """`uvloop.run` where there is uvloop, else `asyncio.run`."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run
    return uvloop.run


async def each(count: int, call: Callable[[int], Awaitable[Result]]) -> list[Result]:
    """`call` for every number below `count`, a few at once; what it returns, in order."""
    found: dict[int, Result] = {}
    numbers = iter(range(count))

    async def lane() -> None:
        for number in numbers:
            found[number] = await call(number)

    await asyncio.gather(*(lane() for _ in range(AT_ONCE)))
    return [found[number] for number in range(count)]


def say(event: str, **facts: Any) -> None:
    """One line to the benchmark."""
    print(json.dumps({"event": event} | facts), flush=True)


async def run(client: Client) -> None:
    """The whole course; what was measured is said in the last line."""
    tasks, sequential = int(OPTIONS["tasks"]), int(OPTIONS["sequential"])
    await client.one(FIRST)
    await client.batch(int(OPTIONS["warmup"]), lambda: None)
    marks: list[float] = []
    say("begin")
    began = time.perf_counter()
    results = await client.batch(tasks, lambda: marks.append(time.perf_counter()))
    ended = time.perf_counter()
    say("end")
    wrong = sum(found != number for number, found in enumerate(sorted(results)))
    latencies = []
    for number in range(sequential):
        sent = time.perf_counter()
        wrong += await client.one(number) != number
        latencies.append((time.perf_counter() - sent) * 1000)
    say(
        "done",
        tasks=len(results),
        seconds=ended - began,
        submit_seconds=marks[0] - began,
        latencies_ms=latencies,
        wrong=wrong + abs(tasks - len(results)),
    )
