"""Huey on a SQLite file."""

from collections.abc import Callable
from typing import Any

from huey import SqliteHuey

from scripts.benchmark.peers.programs import course

DELAY_SECONDS = 0.001
huey = SqliteHuey(
    filename=course.OPTIONS.get("file", "huey.db"), fsync=course.OPTIONS.get("fsync"), timeout=30
)


@huey.task()
def noop(number: int, padding: str) -> int:
    """The task."""
    return course.noop(number, padding)


def result_of(result: Any) -> int:
    """Poll the file until a task has its result."""
    patience = course.PATIENCE_SECONDS
    return int(result.get(blocking=True, timeout=patience, backoff=1, max_delay=DELAY_SECONDS))


class Client:
    """A call for each task, and then the result of each by polling."""

    async def batch(self, count: int, submitted: Callable[[], None]) -> list[int]:
        """As `course.Client` says."""
        results = [noop(number, course.PADDING) for number in range(count)]
        submitted()
        return [result_of(result) for result in results]

    async def one(self, number: int) -> int:
        """As `course.Client` says."""
        return result_of(noop(number, course.PADDING))


async def drive() -> None:
    """Run the course."""
    await course.run(Client())
