"""Bulk actions on agents: finds them, and decides on a few each turn.

A job is about the agents that were meant when it was made; what has changed by its turn so
that the job does not mean it any more is skipped.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple

from hub.core import agent_bulk
from hub.core.agent import Agent
from hub.core.agent_bulk import FILTER, Arguments, Target, concerns
from hub.core.agent_filter import Condition, meant_by
from hub.core.bulk import Turn
from hub.core.errors import Refused
from hub.core.jobs import JobRecord
from hub.core.org import Org
from hub.services.clock import Clock
from hub.services.fleet import Fleet
from hub.services.roll import call_roll
from schemas.http.bulk import AgentAction, AgentBulkRequest, BulkFailure

TURN: Final = 100
"""Agents in one turn: few enough that nobody waits noticeably behind them, and so many that the
ids, which are written anew with each turn, are no load."""
SAMPLE: Final = 10
"""Agents shown in a preview."""


class Preview(NamedTuple):
    """What an action would be about."""

    number: int
    already: int
    """Those meant that are so already."""
    unknown: int
    """Ids that no agent has."""
    sample: list[Agent]


class AgentBulk:
    """What a job on agents does."""

    def __init__(self, clock: Clock, fleet: Fleet) -> None:
        self._clock = clock
        self._fleet = fleet
        self._targets: dict[str, Target] = {}
        """What jobs are about: to read 10,000 names takes about as long as half a turn."""

    async def preview(self, org: Org, request: AgentBulkRequest) -> Preview:
        """How many agents an action would be about, and some of them. Raises Refused."""
        agent_bulk.check(request, self._clock.now().wall)
        ids = set(request.ids or ())
        if ids:
            meant = [org.agents[each] for each in ids if each in org.agents]
        else:
            meant = await call_roll(org, meant_by(request.filter, FILTER))
        concerned = [agent for agent in meant if concerns(request.action, agent.record)]
        concerned.sort(key=_id_of)
        unknown = len(ids) - len(meant) if ids else 0
        already = len(meant) - len(concerned)
        return Preview(len(concerned), already, unknown, concerned[:SAMPLE])

    async def draft(
        self, org: Org, request: AgentBulkRequest
    ) -> Callable[[str, str, int], JobRecord]:
        """Find the agents; the job is then made of an id, an actor and the time. Raises Refused."""
        arguments = agent_bulk.check(request, self._clock.now().wall)
        found: list[str] = []
        if request.ids is None:
            found = await self._find(org, request.action, meant_by(request.filter, FILTER))
        agent_bulk.check_number(request, len(request.ids or found))

        def make(job_id: str, actor: str, wall: int) -> JobRecord:
            return agent_bulk.create(
                request,
                arguments,
                org=org.name,
                job_id=job_id,
                actor=actor,
                wall=wall,
                found=found,
            )

        return make

    async def _find(self, org: Org, action: AgentAction, meant: Condition) -> list[str]:
        """The ids of the agents that are meant and not so already; a job begins at the end."""
        found = await call_roll(org, lambda agent: concerns(action, agent.record) and meant(agent))
        return sorted(map(_id_of, found), reverse=True)

    @property
    def jobs_in_memory(self) -> int:
        """Of how many jobs the ids are in memory."""
        return len(self._targets)

    def forget(self, job: JobRecord) -> None:
        """A job has ended."""
        self._targets.pop(job.id, None)

    async def look(self, org: Org, job: JobRecord) -> Callable[[], Turn]:
        """See what the next turn is about; what is returned decides, and awaits nothing."""
        target = self._targets.get(job.id)
        if target is None:
            target = self._targets[job.id] = agent_bulk.target_of(job)
        left = max(job.cursor - TURN, 0)
        ids = (target.ids or target.found)[left : job.cursor]
        meant = None if target.ids else meant_by(target.filter, FILTER)
        return partial(self._act, org, job, ids, meant, Turn(left))

    def _act(
        self, org: Org, job: JobRecord, ids: Sequence[str], meant: Condition | None, turn: Turn
    ) -> Turn:
        action, arguments = AgentAction(job.action), agent_bulk.arguments_of(job)
        for agent_id in ids:
            agent = org.agents.get(agent_id)
            if _is_left_alone(agent, action, meant):
                turn.skipped += 1
            else:
                self._try(org, job, arguments, agent_id, turn)
        return turn

    def _try(
        self, org: Org, job: JobRecord, arguments: Arguments, agent_id: str, turn: Turn
    ) -> None:
        try:
            self._do(org, job, arguments, agent_id)
        except Refused as refused:
            failure = BulkFailure(refused.code, refused.message, agent_id=agent_id)
            turn.failures.append(failure)
        else:
            turn.done += 1

    def _do(self, org: Org, job: JobRecord, arguments: Arguments, agent_id: str) -> None:
        fleet, actor = self._fleet, job.created_by
        match AgentAction(job.action):
            case AgentAction.PAUSE:
                fleet.pause_until(org, agent_id, actor, arguments.note, arguments.until)
            case AgentAction.RESUME:
                fleet.resume(org, agent_id, actor)
            case AgentAction.DRAIN:
                fleet.drain(org, agent_id, actor)
            case AgentAction.DELETE:
                fleet.delete(org, agent_id, actor, force=arguments.force)


def _is_left_alone(agent: Agent | None, action: AgentAction, meant: Condition | None) -> bool:
    """Whether it is so already, or has changed so that it is not meant any more.

    Without a condition it was named: then it is a failure that it is not there.
    """
    if agent is None:
        return meant is not None
    return not concerns(action, agent.record) or (meant is not None and not meant(agent))


def _id_of(agent: Agent) -> str:
    return agent.record.id
