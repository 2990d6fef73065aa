"""Recovery: from what the store remembers to the live state, before anything is served."""

from collections.abc import Mapping

from hub.core.agent import Agent, AgentRecord
from hub.core.clock import Instant
from hub.core.lanes import place_of
from hub.core.old_terms import OLD_TERMS
from hub.core.org import Org
from hub.core.task import Task
from hub.services.agents import Agents
from hub.services.settings import Settings
from hub.store.contract import Recovered
from schemas.scalars import Priority, TaskState

MAIN = "main"


def recover_orgs(past: Recovered) -> dict[str, Org]:
    """The live state of every org, with its backlog cold and its timers set."""
    names = {MAIN, *past.counts, *(agent.org for agent in past.agents)}
    names |= {pause.org for pause in past.pauses}
    orgs = {name: Org(name, past.epoch) for name in sorted(names)}
    for record in past.agents:
        orgs[record.org].know(record)
    for pause in past.pauses:
        orgs[pause.org].dispatch.begin(pause)
    for name, counts in past.counts.items():
        orgs[name].counts.update(counts)
        _count_queued(orgs[name], past.queued_unusual.get(name, {}))
    for name, row in past.queued:
        place = place_of(row.queue_key, row.seq)
        orgs[name].matcher.add(row.requires, row.fairness_key, place, hot=False)
    for name, timed in past.scheduled:
        orgs[name].schedule(timed.seq, timed.due_at, timed.not_before)
    for name, complete_by, seq in past.expiring:
        orgs[name].expire_at(complete_by, seq)
    return orgs


def _count_queued(org: Org, unusual: Mapping[Priority, int]) -> None:
    """What has no other priority has the normal one."""
    for priority, number in unusual.items():
        org.queued[priority] = number
    org.queued[Priority.NORMAL] = org.counts[TaskState.QUEUED] - sum(unusual.values())


def resume_held(
    orgs: dict[str, Org], past: Recovered, agents: Agents, settings: Settings, now: Instant
) -> None:
    """Assigned and running tasks keep holder and generation, with a fresh full term."""
    for task in past.held:
        org = orgs[task.org]
        org.tasks.keep(task)
        agent = org.agents.get(task.holder or "") or _unknown(org, task)
        attempt = org.hold_again(agent, task)
        if task.state is TaskState.RUNNING:
            agents.begin(agent, attempt, task, now)
        else:
            terms = OLD_TERMS if agent.is_old else settings
            attempt.accept_by = now.hub + terms.lease_ms
            agent.remind(attempt.accept_by)
        if task.cancel_requested:
            attempt.cancel_by = now.hub + settings.cancel_grace_ms + settings.stop_slack_ms
            agent.remind(attempt.cancel_by)


def _unknown(org: Org, task: Task) -> Agent:
    """A holder without a record of its own: it gets an empty one, so that its terms run."""
    record = AgentRecord(
        org=org.name,
        id=task.holder or "",
        name=task.holder or "",
        capabilities=(),
        executors=(),
        slots=0,
        created_at=task.created_at,
    )
    return org.know(record)
