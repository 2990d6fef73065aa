"""What goes wrong on purpose while the tasks run: a kill, a cancel, a task nobody can run."""

from collections.abc import Callable
from typing import Final

from hub.demo.fleet import Fleet
from hub.demo.leftovers import pids_in, wait_until_gone
from hub.demo.plan import Plan
from hub.demo.watch import ENDED, Watch
from schemas.http.tasks import Explanation, TaskView
from schemas.scalars import StateName

WARM: Final = 10
"""How many tasks have to end before the first incident."""
CLEAN_UP_S: Final = 30.0
"""How long a sidecar that comes back may take to end what its predecessor left behind."""


class Drama:
    """The incidents of one run. Each happens once, as soon as its moment has come."""

    def __init__(self, fleet: Fleet, plan: Plan, watch: Watch, tell: Callable[[str], None]) -> None:
        """Nothing has happened yet; `tell` is called with a sentence for each incident."""
        self._fleet, self._plan, self._watch, self._tell = fleet, plan, watch, tell
        self.killed: str | None = None
        """The sidecar that was killed."""
        self.orphaned: set[str] = set()
        """The tasks that were running on it."""
        self.leftover_gone: bool | None = None
        self.explanation: Explanation | None = None
        self._cancelled = False

    def step(self) -> None:
        """Let happen whatever is due."""
        if len(self._watch.ended) < WARM:
            return
        if self.killed is None:
            self._kill()
        elif self.leftover_gone is None:
            self._revive()
        if not self._cancelled:
            self._cancel()
        if self.explanation is None:
            self._explain()

    @property
    def over(self) -> bool:
        """Whether everything that was to happen has happened."""
        return self.leftover_gone is not None and self._cancelled and self.explanation is not None

    def _kill(self) -> None:
        task = self._watch.task_of(self._plan.orphan)
        if task is None or not _in_place(task) or task.assigned_to is None:
            return
        name = task.assigned_to
        self._fleet.kill(name)
        self.killed = name
        # Asked after the kill: these are exactly the tasks it can no longer report on.
        self.orphaned = set(self._watch.client.agent(name).running)
        self._tell(f"killed sidecar {name} with {len(self.orphaned)} tasks running on it")

    def _revive(self) -> None:
        task = self._watch.task_of(self._plan.orphan)
        if self.killed is None or task is None or task.state not in ENDED:
            return
        self._tell(f"attempt {task.attempt} of the orphaned task ended on {task.assigned_to}")
        self._fleet.start(self.killed)
        notes = self._plan.notes / "orphan"
        self.leftover_gone = wait_until_gone(pids_in(notes)[0], notes, CLEAN_UP_S)
        became = "ended" if self.leftover_gone else "did not end"
        self._tell(f"sidecar {self.killed} is back and {became} the process it had left behind")

    def _cancel(self) -> None:
        task = self._watch.task_of(self._plan.unwanted)
        if task is not None and _in_place(task):
            self._watch.client.cancel(task.id)
            self._cancelled = True
            self._tell(f"cancelled a task while it runs on {task.assigned_to}")

    def _explain(self) -> None:
        task_id = self._watch.id_of(self._plan.impossible)
        self.explanation = self._watch.client.explain(task_id)
        reasons = "; ".join(reason.message for reason in self.explanation.reasons)
        self._tell(f"asked why a task does not run: {reasons}")
        self._watch.client.cancel(task_id)


def _in_place(task: TaskView) -> bool:
    return task.state is StateName.RUNNING and task.progress is not None
