"""Agents of protocol 1: the quiet after their greeting, and answers to what they ask.

They greet as idle, whatever they work on. The newer ones then say what they have; the older
ones say nothing after a mere cut. So nothing is given to them for a moment. What the hub still
holds for a newer one that did not name it has ended, and its result went with the connection.
An older one is asked by giving it another task, when one waits: it takes that only when it has
ended the first.
"""

from functools import partial
from typing import Final

from hub.core import lifecycle
from hub.core.agent import Agent, Attempt, Visitor
from hub.core.clock import Instant
from hub.core.dialect import number_of
from hub.core.old_terms import OLD_TERMS
from hub.core.org import Org
from hub.core.task import HELD, Task
from hub.services.agents import Agents
from hub.services.clock import Clock
from hub.services.peers import Peer, Peers
from hub.services.reconcile import Reconciler
from hub.services.scheduler import assign_frame
from hub.services.tasks import Tasks
from hub.store.contract import JournalPort
from schemas.backbone import StateReport, TaskRecovering
from schemas.from_agent import Alive, InFlight, TaskRejected
from schemas.scalars import Holding, TaskState, Verdict

SUPERSEDED: Final = 2
"""So often within a minute a new session may take the place of a standing one."""
LOST = "its result was lost with the connection"
NEVER_BEGUN = "the agent was restarted before it had begun"


class OldAgents:
    """What no other agent needs."""

    def __init__(
        self, journal: JournalPort, clock: Clock, peers: Peers, tasks: Tasks, agents: Agents
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._peers = peers
        self._tasks = tasks
        self._reconciler = Reconciler(tasks.apply, agents.begin_again)
        self._unsettled: dict[Agent, Org] = {}
        """Those that are in their quiet, or have a doubtful attempt."""

    # Sessions

    def may_come_in(self, org: Org, agent_id: str) -> bool:
        """Whether another session may take the place of the standing one, if there is one.

        Two processes with one identity would throw each other out once a second, for ever.
        """
        agent = org.agents.get(agent_id)
        if agent is None or not agent.session:
            return True
        return _visitor(agent).superseding.note(self._clock.hub()) <= SUPERSEDED

    def greeted(self, org: Org, agent: Agent) -> None:
        """A session began: be quiet for a while, and doubt what is held until it is named."""
        visitor = _visitor(agent)
        visitor.is_newer, visitor.showed_it = visitor.showed_it, False
        visitor.quiet_until = visitor.probe_at = self._clock.hub() + OLD_TERMS.quiet_ms
        self._unsettled[agent] = org
        agent.settling = True
        agent.slots = 1
        for attempt in agent.held.values():
            attempt.doubtful = True
        org.matcher.refresh(agent)

    def settle(self, now: Instant) -> None:
        """End the quiet of those whose time is over, and resolve what is in doubt."""
        for agent, org in list(self._unsettled.items()):
            visitor = _visitor(agent)
            if visitor.quiet_until > now.hub:
                continue
            if agent.settling:
                agent.settling = False
                self._assign_again(org, agent)
            if visitor.is_newer and agent.session:
                self._give_up(org, _in_doubt(agent), now)
            if _in_doubt(agent):
                _probe(org, agent, now)
            else:
                agent.slots = 1
                del self._unsettled[agent]
            org.matcher.refresh(agent)

    def _assign_again(self, org: Org, agent: Agent) -> None:
        """What was not accepted: the assignment or the answer was lost with the connection."""
        peer = self._peers.by_number.get(agent.session)
        for attempt in agent.held.values():
            task = org.tasks.get(attempt.task_id)
            lost = attempt.doubtful and not attempt.accepted and attempt.stop_reason is None
            if peer is None or task is None or not lost:
                continue
            attempt.accept_by = self._clock.hub() + OLD_TERMS.accept_ms
            agent.remind(attempt.accept_by)
            self._journal.promise(peer.deliver, assign_frame(task))

    def _give_up(self, org: Org, attempts: list[Attempt], now: Instant) -> None:
        for attempt in attempts:
            task = org.tasks.get(attempt.task_id)
            if task is not None:
                self._tasks.apply(org, task, lifecycle.lose(task, LOST, now))

    def is_newer(self, org: Org, agent_id: str) -> None:
        """The agent sent what only those send that say what they work on."""
        agent = org.agents.get(agent_id)
        if agent is not None:
            visitor = _visitor(agent)
            visitor.is_newer = visitor.showed_it = True

    # Answers to assignments

    def accepted(self, org: Org, agent_id: str, task_id: str) -> None:
        """The agent began a task: it has nothing else at work, as it does one at a time."""
        agent = org.agents.get(agent_id)
        begun = None if agent is None else agent.held.get(task_id)
        if agent is None or begun is None or not begun.accepted:
            return
        begun.doubtful = False
        others = [each for each in agent.held.values() if each.accepted and each is not begun]
        self._give_up(org, others, self._clock.now())

    def is_at_it(self, org: Org, agent_id: str, message: TaskRejected) -> bool:
        """Whether a busy answer means that the agent works on this very task.

        So it is after a cut that took the word of its acceptance with it.
        """
        agent = org.agents.get(agent_id)
        attempt = None if agent is None else agent.held.get(message.task_id)
        return attempt is not None and attempt.doubtful and attempt.generation == message.generation

    def goes_on(self, peer: Peer, message: TaskRejected) -> None:
        """The agent is at work on this very task: its result is to bear the number that counts.

        It may have begun under an earlier one.
        """
        if peer.dialect is not None:
            frame = peer.dialect.go_on(message.task_id, message.generation)
            self._journal.promise(peer.deliver_as_is, frame)

    def rejected(self, org: Org, peer: Peer, agent_id: str, message: TaskRejected) -> None:
        """The agent is at work, perhaps on an earlier generation of this very task.

        Then its result is to bear the number that counts; of another task it takes no notice.
        """
        agent, dialect = org.agents.get(agent_id), peer.dialect
        if agent is None or dialect is None:
            return
        _visitor(agent).probe_at = self._clock.hub() + OLD_TERMS.probe_ms
        agent.slots = 1
        org.matcher.refresh(agent)
        frame = dialect.renumber(message.task_id, message.generation)
        self._journal.promise(peer.deliver_as_is, frame)

    # Pings

    def running(self, org: Org, agent_id: str) -> list[Alive]:
        """What a ping speaks for: it lists nothing, so all of it."""
        agent = org.agents.get(agent_id)
        held = [] if agent is None else agent.held.values()
        return [Alive(each.task_id, each.generation) for each in held if each.accepted]

    # Questions

    def state_report(self, org: Org, peer: Peer, agent_id: str, message: StateReport) -> None:
        """The agent works on a task, and goes on unless it is told to drop it."""
        judge = partial(self._judge, org, peer, agent_id, message)
        self._tasks.with_task(org, message.task_id, judge)

    def _judge(
        self, org: Org, peer: Peer, agent_id: str, message: StateReport, task: Task | None
    ) -> None:
        agent, dialect = org.agents.get(agent_id), peer.dialect
        if agent is None or dialect is None:
            return
        named = number_of(message.generation)
        generation = self._go_on(org, agent, task, named)
        if task is not None and generation is not None and named not in (None, generation):
            # It would report under its old number, which nobody takes any more.
            self._journal.promise(peer.deliver_as_is, dialect.go_on(task.id, generation))
        self._journal.promise(peer.deliver_as_is, dialect.judge(message.task_id, generation))

    def recovering(self, org: Org, peer: Peer, agent_id: str, message: TaskRecovering) -> None:
        """The agent's process was restarted, and asks what to do with the task it had."""
        recover = partial(self._recover, org, peer, agent_id, message)
        self._tasks.with_task(org, message.task_id, recover)

    def _recover(
        self, org: Org, peer: Peer, agent_id: str, message: TaskRecovering, task: Task | None
    ) -> None:
        agent, dialect = org.agents.get(agent_id), peer.dialect
        if agent is None or dialect is None:
            return
        generation = None
        now = self._clock.now()
        # A process that was started anew has nothing but what it names.
        self._give_up(org, [e for e in _in_doubt(agent) if e.task_id != message.task_id], now)
        has_another = any(each != message.task_id for each in agent.held)
        if message.last_status == "working" and not has_another:
            generation = self._go_on(org, agent, task, None)
        elif task is not None and task.id in agent.held:
            self._take_back(org, task)
        answer = (
            dialect.let_go(message.task_id)
            if generation is None
            else dialect.go_on(message.task_id, generation)
        )
        self._journal.promise(peer.deliver_as_is, answer)

    def _go_on(self, org: Org, agent: Agent, task: Task | None, named: int | None) -> int | None:
        """The generation under which the agent goes on with a task; None when it may not."""
        if task is None:
            return None
        generation = task.generation if named is None or task.id in agent.held else named
        item = InFlight(task.id, generation, Holding.RUNNING)
        verdict = self._reconciler.judge(org, agent, item, self._clock.now())
        if verdict is not Verdict.CONTINUE:
            return None
        agent.held[task.id].doubtful = False
        return generation

    def _take_back(self, org: Org, task: Task) -> None:
        """It is not woken again by itself: so it goes back, and is given out anew."""
        now = self._clock.now()
        if task.state is TaskState.ASSIGNED:
            change = lifecycle.unassign(task, "hub", NEVER_BEGUN, now)
        elif task.state in HELD:
            change = lifecycle.lose(task, NEVER_BEGUN, now)
        else:
            return
        self._tasks.apply(org, task, change)


def _visitor(agent: Agent) -> Visitor:
    if agent.visitor is None:
        agent.visitor = Visitor()
    return agent.visitor


def _in_doubt(agent: Agent) -> list[Attempt]:
    """The attempts that may have ended without a word."""
    return [each for each in agent.held.values() if each.doubtful and each.accepted]


def _probe(org: Org, agent: Agent, now: Instant) -> None:
    """Offer a slot more for the time until the next look, if work waits for one."""
    asks = org.matcher.waiting > 0 and _visitor(agent).probe_at <= now.hub
    agent.slots = 2 if asks else 1
    if asks:
        agent.busy = False
