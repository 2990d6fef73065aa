"""The agent service: sessions, heartbeats, leases, and what the hub asks of agents."""

from msgspec import structs

from hub.core import facts, lifecycle
from hub.core.agent import NEVER, Agent, AgentRecord, Attempt
from hub.core.clock import Instant
from hub.core.credentials import Principal
from hub.core.old_terms import OLD_TERMS, time_left
from hub.core.org import Org
from hub.core.session import Close
from hub.core.standing import introduced
from hub.core.task import Task
from hub.services.clock import Clock
from hub.services.peers import Peer, Peers, frame_of
from hub.services.settings import Settings
from hub.store.contract import JournalPort, Unit
from schemas import events
from schemas.attempts import CancelReason
from schemas.events import EventType
from schemas.from_agent import Alive, Identify
from schemas.scalars import CloseCode, TaskState
from schemas.to_agent import TaskCancel


class Agents:
    """What happens to agents and their sessions."""

    def __init__(
        self, journal: JournalPort, clock: Clock, peers: Peers, settings: Settings
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._peers = peers
        self._settings = settings

    # Sessions

    def welcome(
        self, org: Org, principal: Principal, peer: Peer, message: Identify, now: Instant
    ) -> Agent:
        """An agent identified: it has this session from now on, and no other."""
        old = org.agents.get(principal.id)
        if old is not None and old.session:
            self._supersede(org, old)
        known = None if old is None else old.record
        record = introduced(known, org.name, message, now.wall)
        agent = org.know(record)
        number = peer.session.number
        agent.session = number
        agent.busy = agent.silent = agent.clogged = agent.settling = False
        agent.foreign = {}
        found = [self._fact_of(old, record, now)] if old is None or _differ(old, record) else []
        online = facts.of_agent(
            EventType.AGENT_ONLINE,
            record.id,
            record.id,
            now.wall,
            events.AgentOnline(session=number),
        )
        self._journal.write(Unit(org.name, facts=[*found, online], agents=[record]))
        return agent

    def ready(self, org: Org, agent: Agent) -> None:
        """The agent's greeting is over: it may be given work."""
        org.matcher.refresh(agent)

    def _supersede(self, org: Org, agent: Agent) -> None:
        peer = self._peers.by_number.get(agent.session)
        if peer is not None:
            reason = "another session of this agent began"
            peer.close(Close(CloseCode.SUPERSEDED, reason, reconnect=False))
        agent.session = 0
        org.refresh(agent)

    @staticmethod
    def _fact_of(old: Agent | None, record: AgentRecord, now: Instant) -> facts.Fact:
        offer = (list(record.capabilities), record.slots)
        if old is None:
            kind, payload = EventType.AGENT_CREATED, events.AgentCreated(*offer)
            return facts.of_agent(kind, record.id, record.id, now.wall, payload)
        changed = events.AgentUpdated(*offer)
        return facts.of_agent(EventType.AGENT_UPDATED, record.id, record.id, now.wall, changed)

    def clog(self, org: Org, agent_id: str, *, clogged: bool) -> None:
        """The agent stopped reading what it is sent, or reads again."""
        agent = org.agents.get(agent_id)
        if agent is not None:
            agent.clogged = clogged
            org.matcher.refresh(agent)
            self._journal.wake()

    def left(self, org: Org, peer: Peer, agent_id: str, reason: str) -> list[Attempt]:
        """A session ended. Returns the attempts it never accepted: they go back at once.

        A session that was superseded changes nothing: the agent has another one.
        """
        agent = org.agents.get(agent_id)
        if agent is None or agent.session != peer.session.number:
            return []
        now = self._clock.now()
        agent.session = 0
        agent.foreign = {}
        org.refresh(agent)
        agent.record = structs.replace(agent.record, last_seen_at=now.wall)
        offline = facts.of_agent(
            EventType.AGENT_OFFLINE,
            agent_id,
            "hub",
            now.wall,
            events.AgentOffline(session=peer.session.number, reason=reason),
        )
        self._journal.write(Unit(org.name, facts=[offline], agents=[agent.record]))
        return [attempt for attempt in agent.held.values() if not attempt.accepted]

    # Attempts

    def begin(self, agent: Agent, attempt: Attempt, task: Task, now: Instant) -> None:
        """An attempt is accepted: its lease runs, and its time."""
        attempt.accepted = True
        attempt.accept_by = NEVER
        terms = OLD_TERMS if agent.is_old else self._settings
        attempt.lease_until = now.hub + terms.lease_ms
        agent.remind(attempt.lease_until)
        time_ms = task.spec.timeout_ms
        if agent.is_old:
            gone = 0 if task.started_at is None else now.wall - task.started_at
            time_ms = time_left(time_ms, gone)
        if time_ms is not None and attempt.times_out_at == NEVER:
            attempt.times_out_at = now.hub + time_ms + self._settings.stop_slack_ms
            agent.remind(attempt.times_out_at)

    def begin_again(self, agent: Agent, task: Task, now: Instant) -> None:
        """The same for an attempt that goes on in a new session."""
        attempt = agent.held.get(task.id)
        if attempt is not None:
            self.begin(agent, attempt, task, now)

    def ask_to_stop(
        self, org: Org, task: Task, attempt: Attempt, reason: CancelReason, now: Instant
    ) -> None:
        """Ask the agent to stop an attempt; after the grace it counts as stopped."""
        grace = self._settings.cancel_grace_ms
        attempt.stop_reason = reason
        attempt.times_out_at = NEVER
        attempt.cancel_by = now.hub + grace + self._settings.stop_slack_ms
        agent = org.agents.get(task.assigned_to or "")
        if agent is None:
            return
        agent.remind(attempt.cancel_by)
        peer = self._peers.by_number.get(agent.session)
        if peer is not None:
            frame = frame_of(TaskCancel(task.id, task.generation, reason, grace))
            self._journal.promise(peer.deliver, frame)

    def heard_of(self, org: Org, agent_id: str, task_id: str, still_busy: bool) -> None:
        """An agent sent a frame about a task: it is alive, and may have room again."""
        agent = org.agents.get(agent_id)
        if agent is None:
            return
        waiting = agent.silent or agent.busy
        agent.silent = False
        if not still_busy:
            agent.busy = False
        if agent.foreign.pop(task_id, None) is not None or waiting:
            org.matcher.refresh(agent)

    # Heartbeats

    def ping(self, org: Org, agent_id: str, running: list[Alive]) -> list[Task]:
        """Renew exactly the leases of what is listed.

        Returns listed tasks that the hub had given up and nobody else has: see `resume`.
        """
        agent = org.agents.get(agent_id)
        if agent is None:
            return []
        terms = OLD_TERMS if agent.is_old else self._settings
        until = self._clock.hub() + terms.lease_ms
        foreign: dict[str, int] = {}
        lost: list[Task] = []
        for item in {each.task_id: each for each in running}.values():
            attempt = agent.held.get(item.task_id)
            if attempt is not None and attempt.generation == item.generation:
                if attempt.accepted:
                    attempt.lease_until = until
                attempt.silent_ms = item.output_age_ms
                continue
            task = org.tasks.get(item.task_id)
            if task is not None and may_resume(task, agent_id, item.generation):
                lost.append(task)
            else:
                foreign[item.task_id] = item.generation
                known = agent.foreign.get(item.task_id) == item.generation
                if task is not None and not known:
                    self._stop_stale(agent, item)
        if agent.is_old and agent.silent:
            # It may have been deaf; a minute without an answer has passed already.
            agent.silent = False
            org.matcher.refresh(agent)
        if foreign != agent.foreign or agent.busy:
            agent.foreign = foreign
            agent.busy = agent.busy and agent.free <= 0
            org.matcher.refresh(agent)
        return lost

    def _stop_stale(self, agent: Agent, item: Alive) -> None:
        """The agent works on something that is not its any more: say so, once."""
        peer = self._peers.by_number.get(agent.session)
        if peer is not None:
            grace = self._settings.cancel_grace_ms
            stop = TaskCancel(item.task_id, item.generation, CancelReason.STALE, grace)
            self._journal.promise(peer.deliver, frame_of(stop))


def may_resume(task: Task, agent_id: str, generation: int) -> bool:
    """Whether an attempt that was given up can simply go on."""
    return (
        task.state is TaskState.QUEUED
        and task.generation == generation
        and task.holder == agent_id
        and task.report is None
        and not lifecycle.ran_too_long(task)
    )


def _differ(old: Agent, record: AgentRecord) -> bool:
    same = structs.replace(record, last_seen_at=old.record.last_seen_at, host=old.record.host)
    return same != old.record
