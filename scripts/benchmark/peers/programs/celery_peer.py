"""Celery with Redis as broker and result backend."""

from collections.abc import Callable

from celery import Celery
from celery.result import ResultSet

from scripts.benchmark.peers.programs import course

URL = course.OPTIONS.get("url", "redis://127.0.0.1")
app = Celery("peer", broker=f"{URL}/0", backend=f"{URL}/1")
app.conf.update(
    worker_prefetch_multiplier=course.OPTIONS.get("prefetch", 4),
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=False,
)


@app.task
def noop(number: int, padding: str) -> int:
    """The task."""
    return course.noop(number, padding)


class Client:
    """`delay` for each task, and all results through one subscription."""

    async def batch(self, count: int, submitted: Callable[[], None]) -> list[int]:
        """As `course.Client` says."""
        results = [noop.delay(number, course.PADDING) for number in range(count)]
        submitted()
        found: list[int] = ResultSet(results, app=app).join_native(
            timeout=course.PATIENCE_SECONDS, interval=0.001
        )
        return found

    async def one(self, number: int) -> int:
        """As `course.Client` says."""
        result = noop.delay(number, course.PADDING)
        return int(result.get(timeout=course.PATIENCE_SECONDS, interval=0.001))


async def drive() -> None:
    """Run the course."""
    await course.run(Client())
