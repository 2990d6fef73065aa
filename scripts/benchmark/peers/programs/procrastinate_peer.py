"""Procrastinate on PostgreSQL: the worker (`work`) and its client (`drive`).

Procrastinate keeps no return values, so what the client waits for and checks is the status.
"""

import asyncio
from collections.abc import Callable

from procrastinate import App, PsycopgConnector
from procrastinate.jobs import Status

from scripts.benchmark.peers.programs import course

CHUNK = 1000
"""Jobs that are deferred by one call."""
POLL_SECONDS = 0.002
LOST = frozenset({Status.FAILED, Status.CANCELLED, Status.ABORTED})
"""How a job ends that has no result."""
app = App(connector=PsycopgConnector(conninfo=course.OPTIONS.get("url", ""), max_size=12))


@app.task(name="noop")
async def noop(number: int, padding: str) -> None:
    """The task."""
    course.noop(number, padding)


class Client:
    """`batch_defer_async`, and then the status of each job by polling."""

    async def batch(self, count: int, submitted: Callable[[], None]) -> list[int]:
        """As `course.Client` says."""
        jobs: list[int] = []
        for start in range(0, count, CHUNK):
            numbers = range(start, min(start + CHUNK, count))
            wishes = [{"number": number, "padding": course.PADDING} for number in numbers]
            jobs += await noop.batch_defer_async(*wishes)
        submitted()
        await self._ended(jobs[-1])
        number_of = {job: number for number, job in enumerate(jobs)}
        while True:
            ended = await app.job_manager.list_jobs_async(task="noop", status="succeeded")
            found = {int(job.id or 0) for job in ended} & number_of.keys()
            if len(found) == count:
                return [number_of[job] for job in found]
            await asyncio.sleep(POLL_SECONDS)

    async def one(self, number: int) -> int:
        """As `course.Client` says."""
        await self._ended(await noop.defer_async(number=number, padding=course.PADDING))
        return number

    async def _ended(self, job: int) -> None:
        while True:
            status = await app.job_manager.get_job_status_async(job)
            if status == Status.SUCCEEDED:
                return
            if status in LOST:
                raise SystemExit(f"job {job} ended as {status}")
            await asyncio.sleep(POLL_SECONDS)


async def tables_made() -> None:
    """Wait until the worker has made the tables."""
    for _ in range(int(course.PATIENCE_SECONDS / POLL_SECONDS)):
        if await app.check_connection_async():
            return
        await asyncio.sleep(POLL_SECONDS)
    raise SystemExit("the worker made no tables")


async def drive() -> None:
    """Wait for the tables, which the worker makes, and run the course."""
    async with app.open_async():
        await tables_made()
        await course.run(Client())


async def work() -> None:
    """Make the tables and be the worker until a signal comes."""
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        await app.run_worker_async(concurrency=10)
