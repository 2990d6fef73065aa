"""taskiq with a Redis stream as broker and Redis for results."""

from collections.abc import Callable
from typing import Any

from taskiq_redis import RedisAsyncResultBackend, RedisStreamBroker

from scripts.benchmark.peers.programs import course

URL = course.OPTIONS.get("url", "redis://127.0.0.1")
POLL_SECONDS = 0.002
broker = RedisStreamBroker(url=f"{URL}/0", consumer_id="0").with_result_backend(
    RedisAsyncResultBackend(redis_url=f"{URL}/1", result_ex_time=3600)
)


@broker.task
async def noop(number: int, padding: str) -> int:
    """The task."""
    return course.noop(number, padding)


class Client:
    """`kiq`, a few at once, and then the result of each by polling."""

    async def batch(self, count: int, submitted: Callable[[], None]) -> list[int]:
        """As `course.Client` says."""
        tasks = await course.each(count, lambda number: noop.kiq(number, course.PADDING))
        submitted()
        return [await self._result(task) for task in tasks]

    async def one(self, number: int) -> int:
        """As `course.Client` says."""
        return await self._result(await noop.kiq(number, course.PADDING))

    async def _result(self, task: Any) -> int:
        patience = course.PATIENCE_SECONDS
        found = await task.wait_result(check_interval=POLL_SECONDS, timeout=patience)
        return int(found.return_value)


async def drive() -> None:
    """Connect and run the course."""
    await broker.startup()
    await course.run(Client())
    await broker.shutdown()
