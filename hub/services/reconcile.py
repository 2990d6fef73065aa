"""Reconciling: what an agent says it still holds, against what the hub knows.

An agent that identifies lists its attempts. What the hub holds for it but it does not list
was never started (then it returns at once) or died (then it is lost at once).
"""

from collections.abc import Callable, Sequence

from hub.core import lifecycle, reports
from hub.core.agent import Agent
from hub.core.clock import Instant
from hub.core.errors import Refused
from hub.core.org import Org
from hub.core.task import HELD, Change, Task
from schemas.attempts import Holding, Verdict
from schemas.from_agent import InFlight
from schemas.scalars import TaskState

Apply = Callable[[Org, Task, Change], Task]
Begin = Callable[[Agent, Task, Instant], None]


class Reconciler:
    """Gives a verdict on each listed attempt, and takes back what is not listed."""

    def __init__(self, apply: Apply, begin: Begin) -> None:
        self._apply = apply
        self._begin = begin

    def judge(self, org: Org, agent: Agent, item: InFlight, now: Instant) -> Verdict:
        """What becomes of one listed attempt."""
        task = org.tasks.get(item.task_id)
        if task is None:
            return Verdict.STOP
        try:
            reports.fence(task, agent.record.id, item.generation)
        except Refused:
            return Verdict.STOP
        decided = task.report is not None or task.ended
        if item.state is Holding.REPORTED:
            if not decided:
                # Its work is done: nobody else may begin it while the report is on its way.
                self._take_up(org, agent, task, now)
            return Verdict.RESEND
        return Verdict.STOP if decided else self._go_on(org, agent, task, now)

    def _go_on(self, org: Org, agent: Agent, task: Task, now: Instant) -> Verdict:
        if task.state is TaskState.RUNNING:
            self._begin(agent, task, now)
            return Verdict.CONTINUE
        if task.state is TaskState.QUEUED and lifecycle.ran_too_long(task):
            return Verdict.STOP
        known = self._take_up(org, agent, task, now)
        return Verdict.CONTINUE if known else Verdict.STOP

    def _take_up(self, org: Org, agent: Agent, task: Task, now: Instant) -> bool:
        """An attempt that was not known to run has a lease from now on; False if it cannot."""
        if task.state is TaskState.ASSIGNED:
            after = self._apply(org, task, lifecycle.accept(task, now))
        elif task.state is TaskState.QUEUED:
            after = self._apply(org, task, lifecycle.resume(task, now))
            org.hold_again(agent, after)
        else:
            return False
        self._begin(agent, after, now)
        return True

    def take_back(self, org: Org, agent: Agent, listed: Sequence[InFlight], now: Instant) -> None:
        """Return or give up what the hub holds for the agent and it does not list."""
        kept = {(item.task_id, item.generation) for item in listed}
        for attempt in list(agent.held.values()):
            if (attempt.task_id, attempt.generation) in kept:
                continue
            task = org.tasks.get(attempt.task_id)
            if task is None or task.state not in HELD:
                continue
            if task.state is TaskState.ASSIGNED:
                change = lifecycle.unassign(task, "hub", "unknown to the agent", now)
            else:
                change = lifecycle.lose(task, "unknown to the agent", now)
            self._apply(org, task, change)
