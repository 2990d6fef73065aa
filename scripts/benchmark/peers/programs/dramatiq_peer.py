"""Dramatiq with Redis as broker and result backend."""

from collections.abc import Callable
from typing import Any

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.results import Results
from dramatiq.results.backends import RedisBackend

from scripts.benchmark.peers.programs import course

URL = course.OPTIONS.get("url", "redis://127.0.0.1")
broker = RedisBroker(url=f"{URL}/0")
broker.add_middleware(Results(backend=RedisBackend(url=f"{URL}/1")))
dramatiq.set_broker(broker)


@dramatiq.actor(store_results=True)
def noop(number: int, padding: str) -> int:
    """The task."""
    return course.noop(number, padding)


def result_of(message: Any) -> int:
    """Block until a message has its result."""
    return int(message.get_result(block=True, timeout=int(course.PATIENCE_SECONDS * 1000)))


class Client:
    """`send` for each task, and a blocking read for each result."""

    async def batch(self, count: int, submitted: Callable[[], None]) -> list[int]:
        """As `course.Client` says."""
        messages = [noop.send(number, course.PADDING) for number in range(count)]
        submitted()
        return [result_of(message) for message in messages]

    async def one(self, number: int) -> int:
        """As `course.Client` says."""
        return result_of(noop.send(number, course.PADDING))


async def drive() -> None:
    """Run the course."""
    await course.run(Client())
