"""The fleet service: what operators do with agents. Their sessions are in `agents.py`.

A paused or draining agent gets no new work and goes on with what it has. One that is deleted
or taken out of use loses its session, once that is durable.
"""

from collections.abc import Collection, Mapping
from typing import Any

from msgspec import structs

from hub.core import facts, lifecycle
from hub.core import standing as people
from hub.core.agent import Agent, AgentRecord
from hub.core.clock import Instant
from hub.core.credentials import Principal
from hub.core.errors import Refused
from hub.core.facts import Fact
from hub.core.org import Org
from hub.core.pauses import end_of
from hub.core.session import Close
from hub.core.task import HELD, Change
from hub.services.clock import Clock
from hub.services.peers import Peer, Peers
from hub.services.tasks import Tasks
from hub.services.tokens import Tokens
from hub.store.contract import JournalPort, Unit
from schemas import events
from schemas.events import EventType
from schemas.http.agents import AgentList, AgentsSynced, DeclaredAgent, ListError
from schemas.scalars import CloseCode, ErrorCode, Role, TaskState

DELETED = "the agent was deleted"
OUT_OF_USE = "the list of agents does not have this agent any more"


class Fleet:
    """Commands about agents."""

    def __init__(
        self,
        orgs: Collection[Org],
        journal: JournalPort,
        clock: Clock,
        peers: Peers,
        tasks: Tasks,
        tokens: Tokens,
    ) -> None:
        self._orgs = orgs
        self._journal = journal
        self._clock = clock
        self._peers = peers
        self._tasks = tasks
        self._tokens = tokens

    @staticmethod
    def find(org: Org, agent_id: str) -> Agent:
        """The agent. Raises Refused `not_found`."""
        agent = org.agents.get(agent_id)
        if agent is None:
            raise Refused(ErrorCode.NOT_FOUND, f"there is no agent {agent_id[:64]}")
        return agent

    def edit(
        self,
        org: Org,
        agent_id: str,
        changes: Mapping[str, Any],
        actor: str,
        version: int | None = None,
    ) -> Agent:
        """Change fields of an agent: see `standing.edited`.

        Raises Refused `not_found`, or `version_conflict` when another version was demanded.
        """
        agent = self.find(org, agent_id)
        before = agent.record
        if version not in (None, before.version):
            text = f"the agent has version {before.version}, not {version}"
            raise Refused(ErrorCode.VERSION_CONFLICT, text)
        after = people.edited(before, changes)
        if after is before:
            return agent
        return self._write(org, after, [_updated(before, after, actor, self._clock.now().wall)])

    # Pause and drain

    def pause(
        self,
        org: Org,
        agent_id: str,
        actor: str,
        note: str | None = None,
        until: int | None = None,
        for_ms: int | None = None,
    ) -> Agent:
        """Give an agent no new work; again with another note or end changes those.

        Raises Refused `not_found`, or `validation_failed` when the end makes no sense.
        """
        # An unknown agent is told before an end that makes no sense.
        self.find(org, agent_id)
        end = end_of(until, for_ms, self._clock.now().wall)
        return self.pause_until(org, agent_id, actor, note, end)

    def pause_until(
        self, org: Org, agent_id: str, actor: str, note: str | None, end: int | None
    ) -> Agent:
        """Pause an agent until a time that was checked when it was asked for.

        When that has passed since, the pause ends by itself at once. Raises Refused `not_found`.
        """
        record = self.find(org, agent_id).record
        return self._stand(org, record, people.paused(record, note, end), actor)

    def resume(self, org: Org, agent_id: str, actor: str) -> Agent:
        """End an agent's pause and its drain. Raises Refused `not_found`."""
        record = self.find(org, agent_id).record
        return self._stand(org, record, people.resumed(record), actor)

    def drain(self, org: Org, agent_id: str, actor: str) -> Agent:
        """Let an agent finish what it has. Raises Refused `not_found`."""
        record = self.find(org, agent_id).record
        return self._stand(org, record, people.draining(record), actor)

    def end_pauses(self, now: Instant) -> None:
        """Pauses whose time has come are over."""
        for org in self._orgs:
            for agent_id in list(org.pausing):
                record = org.agents[agent_id].record
                if record.paused_until is not None and record.paused_until <= now.wall:
                    self._stand(org, record, people.unpaused(record), "hub")

    def _stand(self, org: Org, before: AgentRecord, after: AgentRecord, actor: str) -> Agent:
        if after is before:
            return org.agents[before.id]
        return self._write(org, after, [_stands(before, after, actor, self._clock.now().wall)])

    def _write(self, org: Org, record: AgentRecord, told: list[Fact]) -> Agent:
        unit = Unit(org.name, facts=told, agents=[record], joins=self._tasks.joins)
        self._journal.write(unit)
        return org.know(record)

    # Delete

    def delete(self, org: Org, agent_id: str, actor: str, *, force: bool = False) -> None:
        """Forget an agent, with its tokens and its session.

        Its name may be used anew, by a token or a join code that is made for it.

        Raises Refused `not_found`, or `invalid_state` when it has work and `force` is not set.
        Forced, what it has goes back to the queue at once: started attempts count as lost.
        """
        agent = self.find(org, agent_id)
        if agent.held and not force:
            raise Refused(
                ErrorCode.INVALID_STATE,
                f"{agent_id} has {len(agent.held)} tasks; drain it first, or use force",
            )
        now = self._clock.now()
        self._take_everything(org, agent, now)
        gone = facts.of_agent(
            EventType.AGENT_DELETED,
            agent_id,
            actor,
            now.wall,
            events.AgentDeleted(reason="forced" if force else "requested"),
        )
        void = self._tokens.void(org.name, agent_id)
        unit = Unit(
            org.name,
            facts=[gone],
            credentials=void,
            gone_agents=[agent_id],
            joins=self._tasks.joins,
        )
        self._journal.write(unit)
        org.forget(agent)
        self._dismiss(agent, DELETED)

    def _take_everything(self, org: Org, agent: Agent, now: Instant) -> None:
        for attempt in list(agent.held.values()):
            attempt.revoked = True
            task = org.tasks.get(attempt.task_id)
            if task is None or task.state not in HELD:
                continue
            change: Change
            if task.state is TaskState.RUNNING:
                change = lifecycle.lose(task, DELETED, now)
            else:
                change = lifecycle.unassign(task, "hub", DELETED, now)
            self._tasks.apply(org, task, change)

    def _dismiss(self, agent: Agent, reason: str) -> None:
        """Its session ends once all that was decided is durable."""
        peer = self._peers.by_number.get(agent.session)
        if peer is not None:
            self._journal.promise(_close, (peer, reason))

    # The list of agents

    def sync(self, org: Org, wanted: AgentList, actor: str) -> AgentsSynced:
        """Bring the agents in line with a list, in one unit; each that changes has its event.

        An agent is never deleted: what an earlier list had and this one has not is taken out
        of use, until a later list has it again. A name that no agent gets is an error of its
        entry.
        """
        wall = self._clock.now().wall
        synced = _Sync(org, actor, wall, self._tokens.not_for_agents(org.name))
        for index, each in enumerate(wanted.agents):
            synced.take(index, each)
        if wanted.deactivate_missing:
            synced.deactivate_missing()
        report = synced.report
        if synced.records:
            counts = events.AdminAgentsSynced(report.created, report.updated, report.deactivated)
            kind = EventType.ADMIN_AGENTS_SYNCED
            told = facts.of_agent(kind, "agents", actor, wall, counts)
            records = list(synced.records.values())
            self._journal.write(Unit(org.name, facts=[*synced.facts, told], agents=records))
        for record in synced.records.values():
            agent = org.know(record)
            if not record.active:
                self._dismiss(agent, OUT_OF_USE)
        return report


def is_out_of_use(org: Org, agent_id: str) -> bool:
    """Whether the agent is known and may not connect."""
    agent = org.agents.get(agent_id)
    return agent is not None and not agent.record.active


def refuse_out_of_use(org: Org, principal: Principal) -> None:
    """Raises Refused `forbidden` for an agent that is out of use, whatever it wants."""
    if principal.role is Role.AGENT and is_out_of_use(org, principal.id):
        raise Refused(ErrorCode.FORBIDDEN, OUT_OF_USE)


class _Sync:
    """One list, entry by entry: the records that change, and the facts."""

    def __init__(self, org: Org, actor: str, wall: int, taken: frozenset[str]) -> None:
        self._org = org
        self._actor = actor
        self._wall = wall
        self._taken = taken
        self._seen: set[str] = set()
        self.records: dict[str, AgentRecord] = {}
        self.facts: list[Fact] = []
        self.report = AgentsSynced(0, 0, 0, 0, [])

    def take(self, index: int, wanted: DeclaredAgent) -> None:
        """An entry of the list; the first of two with the same id counts."""
        if wanted.id in self._seen:
            self.report.errors.append(ListError(index, wanted.id, "the list has it twice"))
            return
        self._seen.add(wanted.id)
        if wanted.id in self._taken:
            text = "this is the name of a person's token or of the hub"
            self.report.errors.append(ListError(index, wanted.id, text))
            return
        known = self._org.agents.get(wanted.id)
        before = None if known is None else known.record
        given = structs.asdict(wanted)
        del given["id"]
        changes = {name: value for name, value in given.items() if value is not None}
        after = people.declared(before, self._org.name, wanted.id, changes, self._wall)
        if after is before:
            self._count("unchanged")
            return
        self.records[after.id] = after
        if before is None:
            self._count("created")
            self.facts.append(_created(after, self._actor, self._wall))
        else:
            self._count("updated")
            self._tell(before, after)

    def _tell(self, before: AgentRecord, after: AgentRecord) -> None:
        if people.standing(before) is not people.standing(after):
            self.facts.append(_stands(before, after, self._actor, self._wall))
        if before.source != after.source or people.changed_fields(before, after):
            self.facts.append(_updated(before, after, self._actor, self._wall))

    def deactivate_missing(self) -> None:
        """What came from a list and is not in this one is taken out of use."""
        for agent_id, agent in self._org.agents.items():
            before = agent.record
            if before.source != people.FROM_FILE or agent_id in self._seen or not before.active:
                continue
            after = self.records[agent_id] = people.deactivated(before)
            self.facts.append(_stands(before, after, self._actor, self._wall))
            self._count("deactivated")

    def _count(self, what: str) -> None:
        more = {what: getattr(self.report, what) + 1}
        self.report = structs.replace(self.report, **more)


def _close(what: tuple[Peer, str]) -> None:
    peer, reason = what
    peer.close(Close(CloseCode.DISABLED, reason, reconnect=False))


def _created(record: AgentRecord, actor: str, wall: int) -> Fact:
    payload = events.AgentCreated(list(record.capabilities), record.slots)
    return facts.of_agent(EventType.AGENT_CREATED, record.id, actor, wall, payload)


def _updated(before: AgentRecord, after: AgentRecord, actor: str, wall: int) -> Fact:
    fields = people.changed_fields(before, after)
    if before.source != after.source:
        fields.append("source")
    payload = events.AgentUpdated(list(after.capabilities), after.slots, fields)
    return facts.of_agent(EventType.AGENT_UPDATED, after.id, actor, wall, payload)


def _stands(before: AgentRecord, after: AgentRecord, actor: str, wall: int) -> Fact:
    payload = events.AgentStatusChanged(
        people.standing(before), people.standing(after), after.pause_note, after.paused_until
    )
    return facts.of_agent(EventType.AGENT_STATUS_CHANGED, after.id, actor, wall, payload)
