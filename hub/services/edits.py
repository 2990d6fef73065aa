"""Edits and retries: what operators change about tasks that are there."""

from hub.core import edits, lifecycle
from hub.core.errors import Refused
from hub.core.org import Org
from hub.core.task import NAMES, Change, Task
from hub.services.clock import Clock
from hub.services.tasks import Tasks
from schemas.attempts import FailureClass
from schemas.http.tasks import TaskEdit
from schemas.scalars import ErrorCode, TaskState
from schemas.to_agent import Flaw

REVIVED = (TaskState.DEAD_LETTER, TaskState.CANCELLED)


class Edits:
    """Commands about tasks that were submitted before. The task is the one in memory."""

    def __init__(self, tasks: Tasks, clock: Clock) -> None:
        self._tasks = tasks
        self._clock = clock

    def edit(
        self, org: Org, actor: str, task: Task, wish: TaskEdit, version: int | None = None
    ) -> Task:
        """Change what is wished for; with a version, only if that is the present one.

        Raises Refused `version_conflict`, `invalid_state` or `too_many_lanes`.
        """
        if version is not None and version != task.version:
            text = f"the task has version {task.version} now, not {version}"
            flaws = [Flaw("version", str(task.version))]
            raise Refused(ErrorCode.VERSION_CONFLICT, text, flaws=flaws)
        change = edits.edit(task, wish, actor, self._clock.now())
        if not change.facts:
            return task
        if change.task.requires != task.requires:
            _check_lanes(org, change.task)
        return self._tasks.apply(org, task, change)

    def retry(self, org: Org, actor: str, task: Task, reason: str | None = None) -> Task:
        """Put a dead letter or a cancelled task back into the queue, as if it were new.

        Raises Refused `invalid_state` or `too_many_lanes`.
        """
        if task.state not in REVIVED:
            text = f"only dead letters and cancelled tasks are retried; it is {NAMES[task.state]}"
            raise Refused(ErrorCode.INVALID_STATE, text)
        now = self._clock.now()
        change = lifecycle.revive(task, actor, now, reason)
        agent = org.agents.get(task.assigned_to or "")
        was_stopped = task.cancel_requested or task.failure_class is FailureClass.TIMEOUT
        if agent is not None and agent.is_old and was_stopped:
            # It was asked to stop, which does not stop what it has begun.
            kept = lifecycle.kept_from_old(change.task, agent.record.id, now)
            change = Change(kept, change.facts)
        _check_lanes(org, change.task)
        return self._tasks.apply(org, task, change)


def _check_lanes(org: Org, task: Task) -> None:
    if not org.matcher.has_room({task.requires}):
        raise Refused(
            ErrorCode.TOO_MANY_LANES,
            "too many different requirements are waiting; reuse needs and assign_to",
        )
