"""Terms: what happens when an attempt's acceptance, lease, time or grace runs out."""

from hub.core import lifecycle, reports
from hub.core.agent import NEVER, Agent, Attempt
from hub.core.clock import Instant
from hub.core.org import Org
from hub.core.task import HELD, Change, Task
from hub.services.agents import Agents
from hub.services.chance import Chance
from hub.services.tasks import Tasks
from schemas.attempts import CancelReason, FailureClass
from schemas.scalars import TaskState


class Terms:
    """Looks at the attempts whose terms have run out."""

    def __init__(self, tasks: Tasks, agents: Agents, chance: Chance) -> None:
        self._tasks = tasks
        self._agents = agents
        self._chance = chance

    def check(self, org: Org, now: Instant) -> None:
        """Act on every term that is over at this instant."""
        for agent in org.agents.values():
            if agent.earliest <= now.hub:
                self._check_agent(org, agent, now)

    def extend(self, org: Org, gap_ms: int) -> None:
        """The hub itself was stopped for so long: nobody else is to blame."""
        for agent in org.agents.values():
            for attempt in agent.held.values():
                attempt.extend(gap_ms)

    def _check_agent(self, org: Org, agent: Agent, now: Instant) -> None:
        for attempt in list(agent.held.values()):
            if attempt.earliest <= now.hub:
                task = org.tasks.get(attempt.task_id)
                if task is not None and task.state in HELD:
                    self._act(org, agent, attempt, task, now)
        agent.earliest = min((each.earliest for each in agent.held.values()), default=NEVER)

    def _act(self, org: Org, agent: Agent, attempt: Attempt, task: Task, now: Instant) -> None:
        if attempt.cancel_by <= now.hub:
            self._tasks.apply(org, task, self._give_up(attempt, task, now))
        elif attempt.lease_until <= now.hub:
            self._tasks.apply(org, task, lifecycle.lose(task, "the lease ended", now))
        elif attempt.accept_by <= now.hub and task.state is TaskState.ASSIGNED:
            agent.silent = True
            change = lifecycle.unassign(task, "hub", "not accepted in time", now)
            self._tasks.apply(org, task, change)
        elif attempt.times_out_at <= now.hub:
            if agent.is_old:
                kept = lifecycle.kept_from_old(task, agent.record.id, now)
                task = self._tasks.apply(org, task, Change(kept, ()))
            self._agents.ask_to_stop(org, task, attempt, CancelReason.TIMEOUT, now)

    def _give_up(self, attempt: Attempt, task: Task, now: Instant) -> Change:
        """Nobody confirmed a stop that was asked for."""
        if attempt.stop_reason == CancelReason.TIMEOUT and not task.cancel_requested:
            change = lifecycle.accept(task, now) if task.state is TaskState.ASSIGNED else None
            begun = change.task if change is not None else task
            failed = reports.fail(
                begun, "timed out", FailureClass.TIMEOUT, now, self._chance.fraction()
            )
            return failed if change is None else Change(failed.task, change.facts + failed.facts)
        return lifecycle.cancel(task, "hub", "unconfirmed", now, unconfirmed=True)
