"""arq: the worker (`work`) and its client (`drive`)."""

from collections.abc import Callable
from typing import Any, ClassVar

from arq import create_pool
from arq.connections import ArqRedis, RedisSettings
from arq.jobs import Job
from arq.worker import create_worker

from scripts.benchmark.peers.programs import course

SETTINGS = RedisSettings.from_dsn(course.OPTIONS.get("url", "redis://127.0.0.1") + "/0")
POLL_SECONDS = course.OPTIONS.get("poll", 0.5)


async def noop(context: dict[str, Any], number: int, padding: str) -> int:
    """The task."""
    del context
    return course.noop(number, padding)


class WorkerSettings:
    """What arq's worker reads."""

    functions: ClassVar = [noop]
    redis_settings = SETTINGS
    poll_delay = POLL_SECONDS
    max_jobs = course.OPTIONS.get("jobs", 10)


class Client:
    """`enqueue_job`, a few at once, and then the result of each by polling."""

    def __init__(self, redis: ArqRedis) -> None:
        """Use this pool of connections."""
        self._redis = redis

    async def batch(self, count: int, submitted: Callable[[], None]) -> list[int]:
        """As `course.Client` says."""
        jobs = await course.each(count, self._enqueued)
        submitted()
        return [await self._result(job) for job in jobs]

    async def one(self, number: int) -> int:
        """As `course.Client` says."""
        return await self._result(await self._enqueued(number))

    async def _enqueued(self, number: int) -> Job:
        job: Job | None = await self._redis.enqueue_job("noop", number, course.PADDING)
        if job is None:
            raise SystemExit("arq took a fresh job for one it has already")
        return job

    async def _result(self, job: Job) -> int:
        timeout = course.PATIENCE_SECONDS
        return int(await job.result(timeout=timeout, poll_delay=POLL_SECONDS))


async def drive() -> None:
    """Connect and run the course."""
    await course.run(Client(await create_pool(SETTINGS)))


async def work() -> None:
    """Be the worker until the process is ended."""
    await create_worker(WorkerSettings).async_run()
