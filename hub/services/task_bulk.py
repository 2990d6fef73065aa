"""Bulk actions on tasks: counts them, reads a few each turn, and decides on each.

A turn reads a page of tasks and decides on each as memory holds it at that moment.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from hub.core import task_bulk
from hub.core.bulk import Turn
from hub.core.errors import Refused
from hub.core.filters import TaskFilter
from hub.core.jobs import JobRecord
from hub.core.org import Org
from hub.core.task import Task
from hub.core.task_bulk import APPLIES_TO, Arguments
from hub.services.edits import Edits
from hub.services.loader import Loader
from hub.services.tasks import Tasks
from hub.store.contract import Counted, JournalPort, Rows
from schemas.http.bulk import BulkFailure, BulkRequest, TaskAction
from schemas.scalars import ErrorCode

TURN: Final = 100
"""Tasks in one turn: few enough that nobody waits noticeably behind them."""
COUNTED: Final = 10_000
"""Counting ends there."""
SAMPLE: Final = 10
"""Tasks shown in a preview."""


class TaskBulk:
    """What a job on tasks does."""

    def __init__(self, journal: JournalPort, loader: Loader, tasks: Tasks, edits: Edits) -> None:
        self._journal = journal
        self._loader = loader
        self._tasks = tasks
        self._edits = edits

    async def preview(self, org: Org, request: BulkRequest) -> tuple[Counted, list[Task]]:
        """How many tasks an action would be about, and some of them. Raises Refused."""
        wanted = task_bulk.check(request)
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

    async def draft(self, org: Org, request: BulkRequest) -> Callable[[str, str, int], JobRecord]:
        """Count the tasks; the job is then made of an id, an actor and the time. Raises Refused."""
        wanted = task_bulk.check(request)
        counted = Counted(len(request.ids or ()), more=False)
        if wanted is not None:
            await self._journal.settled()
            counted = await self._count(org, wanted)

        def make(job_id: str, actor: str, wall: int) -> JobRecord:
            return task_bulk.create(
                request,
                org=org.name,
                job_id=job_id,
                actor=actor,
                wall=wall,
                last_seq=self._tasks.last_seq,
                total=counted.number,
                more=counted.more,
            )

        return make

    async def _count(self, org: Org, wanted: TaskFilter) -> Counted:
        return await self._loader.read(lambda reader: reader.count(org.name, wanted, COUNTED))

    async def look(self, org: Org, job: JobRecord) -> Callable[[], Turn]:
        """Read what the next turn is about; what is returned decides, and awaits nothing."""
        target = task_bulk.target_of(job)
        if target.filter is None:
            left = max(job.cursor - TURN, 0)
            ids = target.ids[left : job.cursor]
            rows = await self._loader.read_again(lambda reader: reader.by_id(org.name, ids))
            return partial(self._act, org, job, rows, ids, left, None)
        wanted = task_bulk.narrowed(TaskAction(job.action), target.filter)
        rows, before = await self._loader.read_again(
            lambda reader: reader.search(org.name, wanted, job.cursor, TURN)
        )
        seen = [task.id for task in self._loader.decode(rows)]
        return partial(self._act, org, job, rows, seen, before or 0, wanted)

    def _act(
        self,
        org: Org,
        job: JobRecord,
        rows: Rows,
        ids: Sequence[str],
        cursor: int,
        wanted: TaskFilter | None,
    ) -> Turn:
        self._loader.keep(org, rows)
        arguments, turn = task_bulk.arguments_of(job), Turn(cursor)
        for task_id in ids:
            self._act_on(org, job, arguments, task_id, wanted, turn)
        return turn

    def _act_on(
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
            failure = BulkFailure(ErrorCode.NOT_FOUND, "there is no such task", task_id)
            turn.failures.append(failure)
            return
        if wanted is not None and not wanted.matches(task):
            turn.skipped += 1
            return
        try:
            after = self._do(org, job, arguments, task)
        except Refused as refused:
            turn.failures.append(BulkFailure(refused.code, refused.message, task_id))
            return
        if after is task:
            turn.skipped += 1
        else:
            turn.done += 1

    def _do(self, org: Org, job: JobRecord, arguments: Arguments, task: Task) -> Task:
        match TaskAction(job.action):
            case TaskAction.CANCEL:
                return self._tasks.cancel(org, job.created_by, task, arguments.reason)
            case TaskAction.RETRY:
                return self._edits.retry(org, job.created_by, task, arguments.reason)
            case TaskAction.EDIT:
                if arguments.edit is None:
                    raise RuntimeError(f"{job.id} is an edit without an edit")
                return self._edits.edit(org, job.created_by, task, arguments.edit)
