"""Agents and pauses of dispatch as readers over HTTP see them."""

from hub.core.agent import Agent
from hub.core.pauses import PauseRecord
from schemas.http.agents import AgentView
from schemas.http.dispatch import DispatchPause, LabelPair


def agent_view(agent: Agent) -> AgentView:
    """An agent, with what it runs and what people said about it."""
    record = agent.record
    return AgentView(
        id=record.id,
        org=record.org,
        name=record.name,
        status=agent.status,
        capabilities=list(record.capabilities),
        executors=list(record.executors),
        slots=record.slots,
        running=list(agent.held),
        host=record.host,
        created_at=record.created_at,
        last_seen_at=record.last_seen_at,
        protocol_version=record.protocol_version,
        version=record.version,
        labels=dict(record.labels),
        note=record.note,
        paused=record.paused,
        pause_note=record.pause_note,
        paused_until=record.paused_until,
        draining=record.draining,
        active=record.active,
        source=record.source,
        fixed=list(record.fixed),
    )


def pause_view(pause: PauseRecord) -> DispatchPause:
    """A pause that lasts."""
    return DispatchPause(
        id=pause.id,
        label=None if pause.label is None else LabelPair(*pause.label),
        note=pause.note,
        until=pause.until,
        created_at=pause.created_at,
        created_by=pause.created_by,
    )
