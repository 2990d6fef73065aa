"""HTTP for agents and how they join."""

from hub.core.errors import Refused
from hub.transport.call import Answer, Call
from hub.transport.views import agent_view, cursor_of, key_in
from schemas.http.access import Invite, InviteRequest, Me, Register, Registered
from schemas.http.agents import AgentPage, AgentQuery
from schemas.scalars import ErrorCode


async def list_agents(call: Call) -> Answer:
    """A page of agents, by id."""
    query: AgentQuery = call.query
    limit = query.limit
    after = "" if query.cursor is None else key_in(query.cursor)
    agents = sorted(
        (agent for agent in call.org.agents.values() if agent.record.id > after),
        key=lambda agent: agent.record.id,
    )
    views = [agent_view(agent) for agent in agents[:limit]]
    more = len(agents) > limit
    return Answer(200, AgentPage(views, cursor_of(views[-1].id) if more else None))


async def get_agent(call: Call) -> Answer:
    """One agent."""
    agent = call.org.agents.get(call.path("agent_id"))
    if agent is None:
        raise Refused(ErrorCode.NOT_FOUND, f"there is no agent {call.path('agent_id')[:64]}")
    return Answer(200, agent_view(agent))


async def create_invite(call: Call) -> Answer:
    """Make a join code."""
    wish = call.take(InviteRequest)
    code, record = call.services.tokens.invite(call.caller, wish.agent_id, wish.ttl_ms)
    return Answer(201, Invite(code, record.expires_at), entity=record.public_id)


async def register(call: Call) -> Answer:
    """Turn a join code into an agent's token."""
    wish = call.take(Register)
    token = call.services.tokens.register(wish.code, wish.agent_id)
    return Answer(201, Registered(wish.agent_id, token))


async def me(call: Call) -> Answer:
    """Who the credential speaks for."""
    caller = call.caller
    return Answer(200, Me(caller.id, caller.role, caller.org))
