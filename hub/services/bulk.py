"""Bulk actions: carries jobs out, a few tasks a turn, beside everything else.

A turn reads a page of tasks, decides on each as memory holds it at that moment, and writes
what it decided together with how far the job has come: a hub that dies in between neither
repeats nor skips a task. The next turn begins when the one before is durable, so that a job
never fills the journal.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from hub.core import bulk
from hub.core.bulk import APPLIES_TO, Arguments, Target, Turn
from hub.core.errors import Refused
from hub.core.filters import TaskFilter
from hub.core.ids import RANDOM_BYTES, ulid
from hub.core.jobs import JobRecord
from hub.core.org import Org
from hub.core.task import Task
from hub.services.chance import Chance
from hub.services.clock import Clock
from hub.services.edits import Edits
from hub.services.loader import Loader
from hub.services.tasks import Tasks
from hub.store.contract import Counted, JournalPort, Rows, Unit
from schemas.http.bulk import BulkAction, BulkFailure, BulkRequest, BulkState
from schemas.scalars import ErrorCode

TURN: Final = 100
"""Tasks in one turn: few enough that nobody waits noticeably behind them."""
AT_ONCE: Final = 4
"""Jobs of one org that go on by turns; the others wait for them."""
WAITING: Final = 100
"""Jobs of one org that are not finished, at most."""
COUNTED: Final = 10_000
"""Counting ends there."""
SAMPLE: Final = 10
"""Tasks shown in a preview."""


class Bulk:
    """The jobs that are not finished, and what carries them on."""

    def __init__(
        self,
        journal: JournalPort,
        clock: Clock,
        chance: Chance,
        loader: Loader,
        tasks: Tasks,
        edits: Edits,
        orgs: dict[str, Org],
        unfinished: Sequence[JobRecord],
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._chance = chance
        self._loader = loader
        self._tasks = tasks
        self._edits = edits
        self._orgs = orgs
        self._jobs = {(job.org, job.id): job for job in unfinished}
        self._filled = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    # What people ask for

    async def preview(self, org: Org, request: BulkRequest) -> tuple[Counted, list[Task]]:
        """How many tasks an action would be about, and some of them. Raises Refused."""
        wanted = bulk.check(request)
        await self._journal.settled()
        if wanted is None:
            return await self._preview_named(org, request)
        counted = await self._count(org, wanted)
        found = await self._loader.read(
            lambda reader: reader.search(org.name, wanted, None, SAMPLE)
        )
        return counted, self._loader.decode(found.rows)

    async def _preview_named(self, org: Org, request: BulkRequest) -> tuple[Counted, list[Task]]:
        ids = request.ids or []
        rows = await self._loader.read(lambda reader: reader.by_id(org.name, ids))
        known = self._loader.decode(rows)
        fitting = [task for task in known if task.state in APPLIES_TO[request.action]]
        fitting.sort(key=lambda task: task.seq, reverse=True)
        return Counted(len(fitting), more=False), fitting[:SAMPLE]

    async def create(self, org: Org, actor: str, request: BulkRequest) -> JobRecord:
        """Begin a job about the tasks there are now. Raises Refused."""
        wanted = bulk.check(request)
        self._check_room(org)
        counted = Counted(len(request.ids or ()), more=False)
        if wanted is not None:
            await self._journal.settled()
            counted = await self._count(org, wanted)
        self._check_room(org)
        wall = self._clock.now().wall
        job = bulk.create(
            request,
            org=org.name,
            job_id="bulk-" + ulid(wall, self._chance.bytes(RANDOM_BYTES)),
            actor=actor,
            wall=wall,
            last_seq=self._tasks.last_seq,
            total=counted.number,
            more=counted.more,
        )
        self._jobs[org.name, job.id] = job
        self._journal.write(Unit(org.name, jobs=[job], facts=[bulk.created(job)]))
        self._filled.set()
        return job

    def _check_room(self, org: Org) -> None:
        if sum(name == org.name for name, _ in self._jobs) >= WAITING:
            text = f"{WAITING} bulk actions are not finished yet; try again later"
            raise Refused(ErrorCode.BUSY, text, retryable=True, retry_after_ms=1_000)

    async def _count(self, org: Org, wanted: TaskFilter) -> Counted:
        return await self._loader.read(lambda reader: reader.count(org.name, wanted, COUNTED))

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
            mine = [key for key in self._jobs if key[0] == org.name]
            for key in mine[:AT_ONCE]:
                await self._journal.settled()
                if key in self._jobs:
                    await self._take_turn(org, self._jobs[key])

    async def _take_turn(self, org: Org, job: JobRecord) -> None:
        target = bulk.target_of(job)
        if target.filter is None:
            await self._take_named(org, job, target)
            return
        wanted = bulk.narrowed(BulkAction(job.action), target.filter)
        rows, before = await self._loader.read(
            lambda reader: reader.search(org.name, wanted, job.cursor, TURN)
        )
        seen = [task.id for task in self._loader.decode(rows)]
        self._carry_on(org, job, rows, seen, before or 0, wanted)

    async def _take_named(self, org: Org, job: JobRecord, target: Target) -> None:
        """The cursor counts how many of the ids are left."""
        left = max(job.cursor - TURN, 0)
        ids = target.ids[left : job.cursor]
        rows = await self._loader.read(lambda reader: reader.by_id(org.name, ids))
        self._carry_on(org, job, rows, ids, left, None)

    def _carry_on(
        self,
        org: Org,
        job: JobRecord,
        rows: Rows,
        ids: Sequence[str],
        cursor: int,
        wanted: TaskFilter | None,
    ) -> None:
        """Decide on these tasks; nothing is awaited, so all of it is one commit."""
        if (org.name, job.id) not in self._jobs:
            return
        self._loader.keep(org, rows)
        arguments, turn = bulk.arguments_of(job), Turn()
        with self._tasks.together(org):
            for task_id in ids:
                self._act(org, job, arguments, task_id, wanted, turn)
        after = bulk.advance(job, turn, cursor)
        if cursor:
            self._jobs[org.name, job.id] = after
            self._journal.write(Unit(org.name, jobs=[after], joins=True))
        else:
            self._finish(after, BulkState.COMPLETED, job.created_by, joins=True)

    def _act(
        self,
        org: Org,
        job: JobRecord,
        arguments: Arguments,
        task_id: str,
        wanted: TaskFilter | None,
        turn: Turn,
    ) -> None:
        task = org.tasks.get(task_id)
        if task is None:
            failure = BulkFailure(task_id, ErrorCode.NOT_FOUND, "there is no such task")
            turn.failures.append(failure)
            return
        if wanted is not None and not wanted.matches(task):
            turn.skipped += 1
            return
        try:
            after = self._do(org, job, arguments, task)
        except Refused as refused:
            turn.failures.append(BulkFailure(task_id, refused.code, refused.message))
            return
        if after is task:
            turn.skipped += 1
        else:
            turn.done += 1

    def _do(self, org: Org, job: JobRecord, arguments: Arguments, task: Task) -> Task:
        match BulkAction(job.action):
            case BulkAction.CANCEL:
                return self._tasks.cancel(org, job.created_by, task, arguments.reason)
            case BulkAction.RETRY:
                return self._edits.retry(org, job.created_by, task, arguments.reason)
            case BulkAction.EDIT:
                if arguments.edit is None:
                    raise RuntimeError(f"{job.id} is an edit without an edit")
                return self._edits.edit(org, job.created_by, task, arguments.edit)

    def _finish(
        self, job: JobRecord, state: BulkState, actor: str, *, joins: bool = False
    ) -> JobRecord:
        ended, fact = bulk.finish(job, state, actor, self._clock.now().wall)
        del self._jobs[job.org, job.id]
        self._journal.write(Unit(job.org, jobs=[ended], facts=[fact], joins=joins))
        return ended
