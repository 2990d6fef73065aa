"""What the demo knows about its tasks while they run, always as the hub shows them."""

from typing import Final

from hub.cli.client import Client
from hub.cli.paging import collect
from hub.demo.plan import Job, Plan
from schemas.http.tasks import TaskPage, TaskView
from schemas.scalars import StateName

ENDED: Final = frozenset({StateName.COMPLETED, StateName.DEAD_LETTER, StateName.CANCELLED})
MOST: Final = 10_000
"""More tasks than the demo submits, so that every one is seen."""


class Watch:
    """The jobs by task, and the last look at each task."""

    def __init__(self, client: Client, plan: Plan) -> None:
        """Submit every job in one request: all of them or none."""
        self.client = client
        created = client.submit_all([job.spec for job in plan.jobs])
        self.jobs: dict[str, Job] = dict(zip((task.id for task in created), plan.jobs, strict=True))
        self.tasks: dict[str, TaskView] = {}
        self.extra: set[str] = set()
        """Tasks that the hub has and nobody submitted."""
        self._ids = {id(job): task_id for task_id, job in self.jobs.items()}

    def look(self) -> None:
        """Read all tasks again."""
        found, _ = collect(self.client, "/tasks", TaskPage, {}, MOST)
        self.tasks |= {task.id: task for task in found}
        self.extra = set(self.tasks) - set(self.jobs)

    def id_of(self, job: Job) -> str:
        """The task that was made of a job."""
        return self._ids[id(job)]

    def task_of(self, job: Job) -> TaskView | None:
        """The last look at a job's task, once there was one."""
        return self.tasks.get(self.id_of(job))

    @property
    def ended(self) -> list[TaskView]:
        """The tasks that have ended."""
        return [task for task in self.tasks.values() if task.state in ENDED]

    @property
    def all_ended(self) -> bool:
        """Whether nothing is left to wait for."""
        return len(self.ended) >= len(self.jobs)
