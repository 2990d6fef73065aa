"""Bulk actions: carries jobs out, a little each turn, beside everything else.

A turn reads what it needs, decides, and writes what it decided together with how far the job
has come: a hub that dies in between neither repeats nor skips anything. The next turn begins
when the one before is durable, so that a job never fills the journal. What a turn does is up
to `task_bulk.py` and `agent_bulk.py`.

A job acts in the name of the token that began it, so it goes no further than that is valid:
whoever revokes a token stops what it has begun. The end of a browser session stops nothing,
because people leave while their jobs go on.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import structs

from hub.core import bulk
from hub.core.errors import Refused
from hub.core.facts import HUB
from hub.core.ids import RANDOM_BYTES, ulid
from hub.core.jobs import JobRecord
from hub.core.org import Org
from hub.services.agent_bulk import AgentBulk
from hub.services.chance import Chance
from hub.services.clock import Clock
from hub.services.loader import Loader
from hub.services.task_bulk import TaskBulk
from hub.services.tasks import Tasks
from hub.services.tokens import Tokens
from hub.store.contract import JournalPort, Unit
from schemas.http.bulk import AgentBulkRequest, BulkRequest, BulkState, BulkSubject
from schemas.scalars import ErrorCode

AT_ONCE: Final = 4
"""Jobs of one org that go on by turns; the others wait for them."""
WAITING: Final = 100
"""Jobs of one org that are not finished, at most."""


class Bulk:
    """The jobs that are not finished, and what carries them on."""

    def __init__(
        self,
        journal: JournalPort,
        clock: Clock,
        chance: Chance,
        loader: Loader,
        tokens: Tokens,
        tasks: Tasks,
        of_tasks: TaskBulk,
        of_agents: AgentBulk,
        orgs: dict[str, Org],
        unfinished: Sequence[JobRecord],
    ) -> None:
        self.of_tasks = of_tasks
        self.of_agents = of_agents
        self._journal = journal
        self._clock = clock
        self._chance = chance
        self._loader = loader
        self._tokens = tokens
        self._tasks = tasks
        self._orgs = orgs
        self._jobs = {(job.org, job.id): job for job in unfinished}
        self._filled = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    # What people ask for

    async def create(
        self, org: Org, actor: str, request: BulkRequest | AgentBulkRequest, credential: str
    ) -> JobRecord:
        """Begin a job about the tasks or agents there are now, by this token. Raises Refused."""
        self._check_room(org)
        request = bulk.without_repeats(request)
        if isinstance(request, AgentBulkRequest):
            make = await self.of_agents.draft(org, request)
        else:
            make = await self.of_tasks.draft(org, request)
        self._check_room(org)
        wall = self._clock.now().wall
        job_id = "bulk-" + ulid(wall, self._chance.bytes(RANDOM_BYTES))
        job = structs.replace(make(job_id, actor, wall), credential=credential)
        self._jobs[org.name, job.id] = job
        self._journal.write(Unit(org.name, jobs=[job], facts=[bulk.created(job)]))
        self._filled.set()
        return job

    def _check_room(self, org: Org) -> None:
        if sum(name == org.name for name, _ in self._jobs) >= WAITING:
            text = f"{WAITING} bulk actions are not finished yet; try again later"
            raise Refused(ErrorCode.BUSY, text, retryable=True, retry_after_ms=1_000)

    def cancel(self, org: Org, actor: str, job: JobRecord) -> JobRecord:
        """Stop a job where it is. Raises Refused `invalid_state` when it has ended."""
        present = self._jobs.get((org.name, job.id))
        if present is None:
            raise Refused(ErrorCode.INVALID_STATE, f"the bulk action has ended: {job.state}")
        return self._finish(present, BulkState.CANCELLED, actor)

    async def find(self, org: Org, job_id: str) -> JobRecord | None:
        """A job, as it stands."""
        job = self._jobs.get((org.name, job_id))
        if job is None:
            await self._journal.settled()
            job = await self._loader.read(lambda reader: reader.job(org.name, job_id))
        return self._jobs.get((org.name, job_id), job)

    async def page(self, org: Org, before: str | None, limit: int) -> list[JobRecord]:
        """Jobs with an id below `before`, newest first."""
        await self._journal.settled()
        stored = await self._loader.read(lambda reader: reader.jobs(org.name, before, limit))
        return [self._jobs.get((org.name, job.id), job) for job in stored]

    # Carrying on

    def start(self, on_death: Callable[[str, BaseException], None]) -> None:
        """Begin to carry on; whoever must know of a crash is told."""

        def ended(task: "asyncio.Task[None]") -> None:
            error = None if task.cancelled() else task.exception()
            if error is not None:
                on_death("bulk", error)

        self._running = asyncio.create_task(self._run(), name="bulk")
        self._running.add_done_callback(ended)

    async def stop(self) -> None:
        """End; what is not finished goes on at the next start."""
        task, self._running = self._running, None
        if task is not None and not task.done():
            task.cancel()
            await asyncio.wait([task])

    async def _run(self) -> None:
        while True:
            if not self._jobs:
                self._filled.clear()
                await self._filled.wait()
            await self.run_once()

    async def run_once(self) -> None:
        """One turn of each job whose turn it is."""
        for org in self._orgs.values():
            self._end_without_token(org)
            going = [key for key in self._jobs if key[0] == org.name]
            for key in going[:AT_ONCE]:
                await self._journal.settled()
                if key in self._jobs:
                    await self._take_turn(org, self._jobs[key])

    def _end_without_token(self, org: Org) -> None:
        """End the jobs whose token has ended."""
        mine = [job for job in self._jobs.values() if job.org == org.name]
        for job in [each for each in mine if not self._may_go_on(each)]:
            self._stop_with_token(job)

    def _may_go_on(self, job: JobRecord) -> bool:
        """Whether the token that began it is valid; old records do not say which that was."""
        return not job.credential or self._tokens.valid(job.credential)

    def _stop_with_token(self, job: JobRecord) -> None:
        self._finish(job, BulkState.CANCELLED, HUB, why=bulk.CREDENTIAL_ENDED)

    async def _take_turn(self, org: Org, job: JobRecord) -> None:
        is_of_agents = bulk.about(job) is BulkSubject.AGENTS
        work = self.of_agents if is_of_agents else self.of_tasks
        act = await work.look(org, job)
        if (org.name, job.id) not in self._jobs:
            self.of_agents.forget(job)
            return
        if not self._may_go_on(job):
            self._stop_with_token(job)
            return
        # From here on nothing is awaited, so all of it is one commit.
        with self._tasks.together(org):
            turn = act()
        after = bulk.advance(job, turn)
        if after.cursor:
            self._jobs[org.name, job.id] = after
            self._journal.write(Unit(org.name, jobs=[after], joins=True))
        else:
            self._finish(bulk.complete(after), BulkState.COMPLETED, job.created_by, joins=True)

    def _finish(
        self,
        job: JobRecord,
        state: BulkState,
        actor: str,
        *,
        joins: bool = False,
        why: str | None = None,
    ) -> JobRecord:
        ended, fact = bulk.finish(job, state, actor, self._clock.now().wall, why)
        del self._jobs[job.org, job.id]
        self.of_agents.forget(job)
        self._journal.write(Unit(job.org, jobs=[ended], facts=[fact], joins=joins))
        return ended
