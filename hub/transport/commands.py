"""The command table: what each message of a peer calls.

The law of this page: a command translates, it does not decide. It takes a message apart,
calls one service, and hands the answer on.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from loguru import logger
from msgspec import Struct

from hub.core.credentials import Principal
from hub.core.errors import Refused
from hub.core.org import Org
from hub.core.session import Close, Phase, cooled_down
from hub.services import cooldowns
from hub.services.bundle import Services
from hub.services.fleet import OUT_OF_USE, is_out_of_use
from hub.services.peers import Peer, frame_of
from hub.services.watch import result_frame
from hub.transport import replies
from schemas import from_agent as wire
from schemas.scalars import OLD_PROTOCOL, CloseCode, ErrorCode, Role, Tier
from schemas.to_agent import Error, Pong, TaskSubmitted

Command = Callable[[Services, Peer, Any], None]


def _who(services: Services, peer: Peer) -> tuple[Org, Principal]:
    principal = peer.session.principal
    if principal is None:
        raise RuntimeError("a command from a peer that is not identified")
    return services.orgs[principal.org], principal


def identify(services: Services, peer: Peer, message: wire.Identify) -> None:
    """Check the credential, then open the session."""
    is_old = (message.protocol_version or OLD_PROTOCOL) == OLD_PROTOCOL
    if is_old:
        peer.speak_old()
    try:
        principal = peer.credential or _log_in(services, peer, message.token or "")
    except Refused as refused:
        replies.refused(services, peer, message, refused)
        code, wait = CloseCode.RATE_LIMITED, refused.retry_after_ms
        _end(peer, Close(code, "too many failed logins", reconnect=True, retry_after_ms=wait))
        return
    if principal is None:
        _turn_away(peer, ErrorCode.INVALID_TOKEN, "the token is not valid")
    elif cooldown := services.limits.cooling(principal):
        _end(peer, cooled_down(cooldown))
    elif (refusal := _refusal(services, principal, message, is_old=is_old)) is not None:
        _turn_away(peer, *refusal)
    else:
        _open(services, peer, principal, message, is_old=is_old)


def _refusal(
    services: Services, principal: Principal, message: wire.Identify, *, is_old: bool
) -> tuple[ErrorCode, str, CloseCode] | None:
    """Why somebody with a good credential may not come in."""
    org = services.orgs[principal.org]
    if is_old and principal.role is not Role.AGENT:
        return ErrorCode.FORBIDDEN, "protocol 1 is for agents only", CloseCode.VERSION
    if principal.role is Role.VIEWER:
        return ErrorCode.FORBIDDEN, "a viewer's token opens no session", CloseCode.CREDENTIAL
    if principal.role is Role.AGENT and principal.id != message.agent_id:
        text = f"the token belongs to another agent than {message.agent_id}"
        return ErrorCode.TOKEN_AGENT_MISMATCH, text, CloseCode.CREDENTIAL
    if is_out_of_use(org, message.agent_id):
        return ErrorCode.FORBIDDEN, OUT_OF_USE, CloseCode.DISABLED
    if is_old and not services.old_agents.may_come_in(org, principal.id):
        return ErrorCode.CONFLICT, "another session of this agent stands", CloseCode.SUPERSEDED
    return None


def _open(
    services: Services, peer: Peer, principal: Principal, message: wire.Identify, *, is_old: bool
) -> None:
    org = services.orgs[principal.org]
    peer.credential = principal
    peer.session.meter = services.limits.meter(principal)
    if is_old:
        services.old_agents.greet(org, principal, peer, message)
    else:
        services.greeting.greet(org, principal, peer, message)
    logger.bind(agent=principal.id, role=principal.role.name).info("session opened")


def _log_in(services: Services, peer: Peer, token: str) -> Principal | None:
    services.limits.may_log_in(peer.address, token)
    principal = services.tokens.check(token)
    if principal is None:
        services.limits.login_failed(peer.address, token)
    return principal


def _turn_away(
    peer: Peer, code: ErrorCode, text: str, close: CloseCode = CloseCode.CREDENTIAL
) -> None:
    peer.deliver(frame_of(Error(code, text, retryable=False, message_type="identify")))
    _end(peer, Close(close, text, reconnect=False))


def _end(peer: Peer, close: Close) -> None:
    """Close; but an old sidecar would be back after a second: it gets no answer any more.

    It leaves by itself when its next ping is not answered, and comes again later.
    """
    if peer.dialect is None:
        peer.close(close)
    else:
        peer.fall_silent()


def ping(services: Services, peer: Peer, message: wire.Ping) -> None:
    """Renew leases; the answer may overtake everything."""
    org, principal = _who(services, peer)
    if principal.role is Role.AGENT:
        services.greeting.hear_ping(org, principal.id, message.running or [])
    peer.deliver(frame_of(Pong(services.clock.now().wall)))


def task_report(services: Services, peer: Peer, message: Any) -> None:
    """An agent says what became of a task: accepted, rejected, complete, failed, cancelled.

    About a task that it has it may say everything at any time.
    """
    org, principal = _who(services, peer)
    agent = org.agents.get(principal.id)
    if agent is None or message.task_id not in agent.held:
        try:
            peer.session.meter.take(Tier.REPORTS, 1, services.clock.hub())
        except Refused as refused:
            replies.refused(services, peer, message, refused, message.task_id)
            return
    services.tasks.hear(peer, org, principal.id, message)


def task_progress(services: Services, peer: Peer, message: wire.TaskProgress) -> None:
    """How far an attempt is."""
    org, principal = _who(services, peer)
    services.tasks.progress(org, principal.id, message)


def task_log(services: Services, peer: Peer, message: wire.TaskLog) -> None:
    """A piece of output."""
    org, principal = _who(services, peer)
    services.logs.take(peer, org, principal.id, message)


def task_submit(services: Services, peer: Peer, message: wire.TaskSubmit) -> None:
    """New tasks; under a key that was used before, the ids of the first time."""
    org, principal = _who(services, peer)
    key = message.idempotency_key
    if key is not None:
        taken = partial(_taken, services, peer, org, message)
        services.submissions.submit(org, principal, message.tasks, key, taken)
        return
    try:
        tasks = services.tasks.submit(org, principal, message.tasks)
    except Refused as refused:
        replies.refused(services, peer, message, refused)
    else:
        _taken(services, peer, org, message, [task.id for task in tasks])


def _taken(
    services: Services, peer: Peer, org: Org, message: wire.TaskSubmit, ids: list[str] | Refused
) -> None:
    if isinstance(ids, Refused):
        replies.refused(services, peer, message, ids)
        return
    services.journal.promise(peer.deliver, frame_of(TaskSubmitted(message.ref, ids)))
    if message.watch and peer.session.phase is not Phase.CLOSED:
        services.loader.by_ids(org, ids, partial(_watch, services, peer, org))


def _watch(services: Services, peer: Peer, org: Org, task_id: str) -> None:
    task = org.tasks.get(task_id)
    if task is not None and task.ended:
        services.journal.promise(peer.deliver, result_frame(task))
    elif task is not None:
        services.watches.watch(peer, task_id)


def task_watch(services: Services, peer: Peer, message: wire.TaskWatch) -> None:
    """Tell the ends of these tasks, at once for those that have ended.

    An agent hears only of what it submitted.
    """
    org, principal = _who(services, peer)

    def look(task_id: str) -> None:
        if peer.session.phase is Phase.CLOSED:
            return
        task = org.tasks.get(task_id)
        if task is None:
            unknown = Refused(ErrorCode.NOT_FOUND, f"there is no task {task_id}")
            replies.refused(services, peer, message, unknown, task_id)
        elif principal.role is Role.AGENT and task.submitted_by != principal.id:
            foreign = Refused(ErrorCode.FORBIDDEN, "an agent may watch only tasks it submitted")
            replies.refused(services, peer, message, foreign, task_id)
        else:
            _watch(services, peer, org, task_id)

    services.loader.by_ids(org, message.task_ids, look)


COMMANDS: Final[dict[type[Struct], Command]] = {
    wire.Identify: identify,
    wire.Ping: ping,
    wire.TaskAccepted: task_report,
    wire.TaskRejected: task_report,
    wire.TaskProgress: task_progress,
    wire.TaskLog: task_log,
    wire.TaskComplete: task_report,
    wire.TaskFailed: task_report,
    wire.TaskCancelled: task_report,
    wire.TaskSubmit: task_submit,
    wire.TaskWatch: task_watch,
}


def cut(services: Services, peer: Peer, close: Close) -> None:
    """The session found that it has to end; a cooldown is told in the stream of events."""
    principal = peer.session.principal
    peer.close(close)
    if close.code is CloseCode.COOLDOWN and principal is not None:
        wait = close.retry_after_ms or 0
        cooldowns.tell(services.journal, services.clock, principal, peer.address, wait)


def lost(services: Services, peer: Peer, reason: str = "connection lost") -> None:
    """A connection ended, or is about to."""
    principal = peer.session.principal
    if principal is not None and services.peers.leave(peer):
        services.watches.left(peer)
        if principal.role is Role.AGENT:
            services.greeting.farewell(services.orgs[principal.org], peer, principal.id, reason)
        logger.bind(agent=principal.id, reason=reason).info("session ended")
    peer.session.closed()
    services.greeting.forget(peer)


def clogged(services: Services, peer: Peer, *, clogged: bool) -> None:
    """A peer stopped reading, or reads again: it is given no work meanwhile."""
    services.peers.look_at(peer, 0)
    principal = peer.session.principal
    if principal is not None and principal.role is Role.AGENT:
        services.agents.clog(services.orgs[principal.org], principal.id, clogged=clogged)
