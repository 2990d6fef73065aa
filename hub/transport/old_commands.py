"""The command table of protocol 1: what each message of an old sidecar calls.

Most of them mean one of our own messages, and call what that calls. Nothing that such a
sidecar sends ends its session: it would only come back, and lose what it had.
"""

from typing import Any, Final

import msgspec
from loguru import logger
from msgspec import Struct

from hub.core.dialect import Dialect
from hub.core.org import Org
from hub.core.session import Phase
from hub.services.bundle import Services
from hub.services.peers import Peer, frame_of
from hub.transport import commands
from schemas import backbone as old
from schemas import from_agent as wire
from schemas.scalars import ErrorCode, Tier
from schemas.to_agent import Error

REPORTS: Final = frozenset(
    {wire.TaskAccepted, wire.TaskRejected, wire.TaskComplete, wire.TaskFailed}
)
"""What is never dropped for its rate; slots bound it."""


def take(services: Services, peer: Peer, dialect: Dialect, data: bytes, hub_now: int) -> None:
    """One text frame of an old sidecar; without effect before and after its session."""
    session, principal = peer.session, peer.session.principal
    if session.phase is not Phase.OPEN or principal is None:
        return
    session.heard_at = hub_now
    try:
        message: Any = dialect.hear(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        _puzzled(services, peer, error)
        return
    org = services.orgs[principal.org]
    if dialect.reports_state:
        services.old_agents.is_newer(org, principal.id)
    kind = type(message)
    if kind not in REPORTS and session.meter.bucket(Tier.PROGRESS, hub_now).take(1, hub_now):
        return
    if kind in _QUESTIONS:
        _QUESTIONS[kind](services, peer, org, principal.id, message)
    elif kind is wire.TaskRejected:
        _rejected(services, peer, org, principal.id, message)
    elif message is not None:
        commands.COMMANDS[kind](services, peer, message)
        if kind is wire.TaskAccepted:
            services.old_agents.accepted(org, principal.id, message.task_id)


def _rejected(
    services: Services, peer: Peer, org: Org, agent_id: str, message: wire.TaskRejected
) -> None:
    if services.old_agents.is_at_it(org, agent_id, message):
        accepted = wire.TaskAccepted(message.task_id, message.generation)
        commands.task_report(services, peer, accepted)
        services.old_agents.goes_on(peer, message)
    else:
        commands.task_report(services, peer, message)
        services.old_agents.rejected(org, peer, agent_id, message)


def _puzzled(services: Services, peer: Peer, error: Exception) -> None:
    services.metrics.refused(ErrorCode.INVALID_JSON)
    logger.bind(session=peer.session.number, error=str(error)).info("old frame not understood")
    answer = Error(ErrorCode.INVALID_JSON, "this frame was not understood", retryable=False)
    peer.deliver(frame_of(answer))


def _ping(services: Services, peer: Peer, org: Org, agent_id: str, _message: old.Ping) -> None:
    running = services.old_agents.running(org, agent_id)
    commands.ping(services, peer, wire.Ping(running))


def _state(
    services: Services, peer: Peer, org: Org, agent_id: str, message: old.StateReport
) -> None:
    services.old_agents.state_report(org, peer, agent_id, message)


def _recovering(
    services: Services, peer: Peer, org: Org, agent_id: str, message: old.TaskRecovering
) -> None:
    services.old_agents.recovering(org, peer, agent_id, message)


_QUESTIONS: Final[dict[type[Struct], Any]] = {
    old.Ping: _ping,
    old.StateReport: _state,
    old.TaskRecovering: _recovering,
}
