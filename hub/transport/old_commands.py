"""The command table of protocol 1: what each message of an old sidecar calls.

Most of them mean one of our own messages, and call what that calls. Nothing that such a
sidecar sends ends its session: it would only come back, and lose what it had. What comes too
fast is passed over without a word.
"""

from typing import Any, Final

import msgspec
from loguru import logger
from msgspec import Struct

from hub.core.dialect import Dialect, Recovering, Working
from hub.core.old_frames import UNREADABLE
from hub.core.org import Org
from hub.core.session import Phase, Refusal
from hub.services.bundle import Services
from hub.services.peers import Peer, frame_of
from hub.transport import commands
from schemas import backbone as old
from schemas import from_agent as wire
from schemas.scalars import OLD_PROTOCOL, ErrorCode, Tier
from schemas.to_agent import Error

TIERS: Final[dict[type, Tier]] = {
    old.Ping: Tier.PINGS,
    wire.TaskProgress: Tier.PROGRESS,
    type(None): Tier.PROGRESS,
}
"""What each message costs; reports of what the agent has are free, as its slot bounds them."""


class _Version(Struct):
    """What tells the protocol of a greeting that is not taken."""

    protocol_version: Any = None


def refused_greeting(peer: Peer, refusal: Refusal, data: bytes) -> None:
    """An old sidecar whose greeting was refused would come back for ever, so it hears no more."""
    if peer.session.phase is not Phase.GREETING or refusal.message_type != "identify":
        return
    try:
        version = msgspec.json.decode(data, type=_Version).protocol_version
    except UNREADABLE:
        return
    if version in (None, OLD_PROTOCOL):
        peer.speak_old()
        peer.fall_silent()


def take(services: Services, peer: Peer, dialect: Dialect, data: bytes, hub_now: int) -> None:
    """One text frame of an old sidecar; without effect before and after its session."""
    session, principal = peer.session, peer.session.principal
    if session.phase is not Phase.OPEN or principal is None:
        return
    session.heard_at = hub_now
    try:
        message, ended = dialect.hear(data)
    except UNREADABLE as error:
        if not session.meter.bucket(Tier.CONTROL, hub_now).take(1, hub_now):
            _puzzled(services, peer, error)
        return
    org = services.orgs[principal.org]
    if dialect.reports_state:
        services.old_agents.note_newer(org, principal.id)
    if not _is_too_fast(peer, org, principal.id, message, hub_now):
        _act(services, peer, org, principal.id, message)
    if ended is not None:
        services.old_agents.ended(org, principal.id, ended)


def _is_too_fast(peer: Peer, org: Org, agent_id: str, message: Any, hub_now: int) -> bool:
    tier = TIERS.get(type(message), Tier.REPORTS)
    if tier is Tier.REPORTS:
        agent = org.agents.get(agent_id)
        if agent is not None and message.task_id in agent.held:
            return False
    return bool(peer.session.meter.bucket(tier, hub_now).take(1, hub_now))


def _act(services: Services, peer: Peer, org: Org, agent_id: str, message: Any) -> None:
    kind = type(message)
    if kind in _OWN:
        _OWN[kind](services, peer, org, agent_id, message)
    elif kind is wire.TaskProgress:
        commands.task_progress(services, peer, message)
    elif message is not None:
        # Its rate was looked at before, so it goes past the command that does that.
        services.tasks.hear(peer, org, agent_id, message)


def _puzzled(services: Services, peer: Peer, error: Exception) -> None:
    services.metrics.refused(ErrorCode.INVALID_JSON)
    logger.bind(session=peer.session.number, error=str(error)).info("old frame not understood")
    answer = Error(ErrorCode.INVALID_JSON, "this frame was not understood", retryable=False)
    peer.deliver(frame_of(answer))


def _ping(services: Services, peer: Peer, org: Org, agent_id: str, _message: old.Ping) -> None:
    running = services.old_agents.running(org, agent_id)
    commands.ping(services, peer, wire.Ping(running))


def _accepted(
    services: Services, peer: Peer, org: Org, agent_id: str, message: wire.TaskAccepted
) -> None:
    services.tasks.hear(peer, org, agent_id, message)
    services.old_agents.accepted(org, peer, agent_id, message)


def _rejected(
    services: Services, peer: Peer, org: Org, agent_id: str, message: wire.TaskRejected
) -> None:
    if services.old_agents.is_at_it(org, agent_id, message):
        accepted = wire.TaskAccepted(message.task_id, message.generation)
        services.tasks.hear(peer, org, agent_id, accepted)
        services.old_agents.goes_on(peer, message)
    else:
        services.tasks.hear(peer, org, agent_id, message)
        services.old_agents.rejected(org, peer, agent_id, message)


def _working(services: Services, peer: Peer, org: Org, agent_id: str, message: Working) -> None:
    services.old_agents.working(org, peer, agent_id, message)


def _recovering(
    services: Services, peer: Peer, org: Org, agent_id: str, message: Recovering
) -> None:
    services.old_agents.recovering(org, peer, agent_id, message)


_OWN: Final[dict[type[Struct] | type[tuple[Any, ...]], Any]] = {
    old.Ping: _ping,
    wire.TaskAccepted: _accepted,
    wire.TaskRejected: _rejected,
    Working: _working,
    Recovering: _recovering,
}
"""What is not the same as with our own agents."""
