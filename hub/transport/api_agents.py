"""HTTP for agents."""

from heapq import nsmallest

from msgspec import UNSET, structs

from hub.core.agent import Agent, AgentRecord
from hub.core.agent_filter import meant_by
from hub.core.errors import Refused
from hub.services.roll import call_roll
from hub.transport.agent_view import agent_view
from hub.transport.call import Answer, Call
from hub.transport.cursors import make_cursor, read_cursor
from hub.transport.edge import if_match
from schemas.http.agents import (
    AgentEdit,
    AgentList,
    AgentPage,
    AgentPause,
    AgentQuery,
    DeleteQuery,
)
from schemas.scalars import ErrorCode
from schemas.to_agent import Flaw


async def list_agents(call: Call) -> Answer:
    """A page of agents, by id."""
    query: AgentQuery = call.query
    conditions = structs.replace(query, cursor=None, limit=1, count=False)
    after = "" if query.cursor is None else read_cursor(query.cursor, "agents", conditions)
    labels = [_label(text) for text in query.label or ()]
    passes = meant_by(query.filter, "query.filter")
    wanted = await call_roll(call.org, lambda agent: _fits(agent, query, labels) and passes(agent))
    rest = [agent for agent in wanted if agent.record.id > after]
    page = nsmallest(query.limit, rest, key=lambda agent: agent.record.id)
    last = page[-1].record.id if len(rest) > len(page) > 0 else None
    return Answer(
        200,
        AgentPage(
            [agent_view(agent) for agent in page],
            None if last is None else make_cursor(last, "agents", conditions),
            len(wanted) if query.count else None,
        ),
    )


def _label(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        flaw = Flaw("query.label", "a label is key=value")
        raise Refused(ErrorCode.VALIDATION_FAILED, flaw.message, flaws=[flaw])
    return key, value


def _fits(agent: Agent, query: AgentQuery, labels: list[tuple[str, str]]) -> bool:
    record = agent.record
    return (
        (query.status is None or agent.status is query.status)
        and (query.capability is None or query.capability in agent.capabilities)
        and all(label in record.labels for label in labels)
        and query.paused in (None, record.paused)
        and query.draining in (None, record.draining)
        and (query.text is None or _is_about(record, query.text.casefold()))
    )


def _is_about(record: AgentRecord, text: str) -> bool:
    return any(text in part.casefold() for part in (record.id, record.name, record.note or ""))


async def get_agent(call: Call) -> Answer:
    """One agent."""
    return _shown(call.services.fleet.find(call.org, call.path("agent_id")))


async def show_agent(call: Call, agent_id: str) -> Answer:
    """An agent again, after a write that was done before."""
    return _shown(call.services.fleet.find(call.org, agent_id))


def _shown(agent: Agent) -> Answer:
    version, name = agent.record.version, agent.record.id
    return Answer(200, agent_view(agent), version=version, entity=name)


async def edit_agent(call: Call) -> Answer:
    """Change what is known of an agent."""
    wish = call.take(AgentEdit)
    changes = {name: value for name, value in structs.asdict(wish).items() if value is not UNSET}
    fleet, agent_id, version = call.services.fleet, call.path("agent_id"), if_match(call)
    return _shown(fleet.edit(call.org, agent_id, changes, call.actor, version))


async def pause_agent(call: Call) -> Answer:
    """Give an agent no new work."""
    wish: AgentPause = call.take(AgentPause)
    fleet, agent_id = call.services.fleet, call.path("agent_id")
    return _shown(fleet.pause(call.org, agent_id, call.actor, wish.note, wish.until, wish.for_ms))


async def resume_agent(call: Call) -> Answer:
    """End an agent's pause and its drain."""
    return _shown(call.services.fleet.resume(call.org, call.path("agent_id"), call.actor))


async def drain_agent(call: Call) -> Answer:
    """Let an agent finish what it has, and give it nothing new."""
    return _shown(call.services.fleet.drain(call.org, call.path("agent_id"), call.actor))


async def delete_agent(call: Call) -> Answer:
    """Forget an agent, with its tokens and its session."""
    query: DeleteQuery = call.query
    agent_id = call.path("agent_id")
    call.services.fleet.delete(call.org, agent_id, call.actor, force=query.force)
    return Answer(204, entity=agent_id)


async def sync_agents(call: Call) -> Answer:
    """Bring the agents in line with a list."""
    wanted: AgentList = call.take(AgentList)
    return Answer(200, call.services.fleet.sync(call.org, wanted, call.actor))
