"""Agents of protocol 1: the quiet after their greeting, and answers to what they ask.

They greet as idle, whatever they work on. The newer ones then say what they have; the older
ones say nothing after a mere cut. So nothing is given to them for a moment. What the hub still
holds for a newer one that did not name it has ended, and its result went with the connection.
An older one is asked by giving it another task, when one waits: it takes that only when it has
ended the first.
"""

from functools import partial
from typing import Final

from msgspec import structs

from hub.core import lifecycle
from hub.core.agent import Agent, Attempt, OldTraits
from hub.core.clock import Instant
from hub.core.credentials import Principal
from hub.core.dialect import Recovering, Working
from hub.core.old_terms import OLD_TERMS
from hub.core.org import Org
from hub.core.task import Task
from hub.services.agents import Agents
from hub.services.clock import Clock
from hub.services.greeting import Greeting
from hub.services.peers import Peer, Peers, frame_of
from hub.services.reconcile import Reconciler
from hub.services.scheduler import assign_frame
from hub.services.tasks import Tasks
from hub.store.contract import JournalPort
from schemas.attempts import Holding, Verdict
from schemas.backbone import TaskAck
from schemas.from_agent import Alive, Identify, InFlight, TaskAccepted, TaskRejected
from schemas.scalars import TaskState

SUPERSEDED: Final = 2
"""So often within a minute a new session may take the place of a standing one."""
LOST = "its result was lost with the connection"
NEVER_BEGUN = "the agent was restarted before it had begun"
DROPPED = "its agent forgot it at the late end of another one"
TAKEN_OVER = "an older program took the agent's place"


class OldAgents:
    """What no other agent needs."""

    def __init__(
        self,
        journal: JournalPort,
        clock: Clock,
        peers: Peers,
        tasks: Tasks,
        agents: Agents,
        greeting: Greeting,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._peers = peers
        self._tasks = tasks
        self._greeting = greeting
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
        return _traits(agent).superseding.note(self._clock.hub()) <= SUPERSEDED

    def greet(self, org: Org, principal: Principal, peer: Peer, message: Identify) -> None:
        """Open a session: be quiet for a while, and doubt what is held until it is named.

        If the session before spoke the present protocol, another program has the agent's
        place now, and what was given to the first is not its.
        """
        known = org.agents.get(principal.id)
        was_new = known is not None and not known.is_old
        peer.take_large_frames()
        # It lists nothing: it names its task after the greeting, or never.
        plain = structs.replace(message, in_flight=None, executors=None)
        self._greeting.greet(org, principal, peer, plain)
        self._greeted(org, org.agents[principal.id], was_new=was_new)

    def _greeted(self, org: Org, agent: Agent, *, was_new: bool) -> None:
        now = self._clock.now()
        traits = _traits(agent)
        traits.is_newer, traits.showed_it = traits.showed_it, False
        traits.greeted_at = now.hub
        traits.quiet_until = traits.probe_at = now.hub + OLD_TERMS.quiet_ms
        self._unsettled[agent] = org
        agent.settling = True
        agent.slots = 1
        for attempt in agent.held.values():
            attempt.doubtful = True
        if was_new:
            self._give_up(org, list(agent.held.values()), TAKEN_OVER, now)
        org.matcher.refresh(agent)

    def settle(self, now: Instant) -> None:
        """End the quiet of those whose time is over, and resolve what is in doubt."""
        for agent, org in list(self._unsettled.items()):
            if not agent.is_old:
                del self._unsettled[agent]
            elif _traits(agent).quiet_until <= now.hub:
                self._settle(org, agent, now)

    def _settle(self, org: Org, agent: Agent, now: Instant) -> None:
        traits = _traits(agent)
        if agent.settling:
            agent.settling = False
            self._assign_again(org, agent, [each for each in _unknown(agent) if not each.accepted])
        reported = traits.greeted_at + OLD_TERMS.report_ms
        if traits.is_newer and agent.session and reported <= now.hub:
            self._give_up(org, _in_doubt(agent), LOST, now)
        if _in_doubt(agent):
            _probe(org, agent, now)
        else:
            agent.slots = 1
            del self._unsettled[agent]
        org.matcher.refresh(agent)

    def _assign_again(self, org: Org, agent: Agent, attempts: list[Attempt]) -> None:
        """The assignment or its answer was lost with the connection."""
        peer = self._peers.by_number.get(agent.session)
        for attempt in attempts:
            task = org.tasks.get(attempt.task_id)
            if peer is None or task is None or attempt.stop_reason is not None:
                continue
            if not attempt.accepted:
                attempt.accept_by = self._clock.hub() + OLD_TERMS.accept_ms
                agent.remind(attempt.accept_by)
            self._journal.promise(peer.deliver, assign_frame(task))

    def _give_up(self, org: Org, attempts: list[Attempt], why: str, now: Instant) -> None:
        for attempt in attempts:
            task = org.tasks.get(attempt.task_id)
            if task is None:
                continue
            if task.state is TaskState.ASSIGNED:
                change = lifecycle.unassign(task, "hub", why, now)
            else:
                change = lifecycle.lose(task, why, now)
            self._tasks.apply(org, task, change)

    def note_newer(self, org: Org, agent_id: str) -> None:
        """The agent sent what only those send that say what they work on."""
        agent = org.agents.get(agent_id)
        if agent is not None:
            traits = _traits(agent)
            traits.is_newer = traits.showed_it = True

    # Answers to assignments

    def accepted(self, org: Org, peer: Peer, agent_id: str, message: TaskAccepted) -> None:
        """The agent began a task: it has nothing else at work, as it does one at a time."""
        agent = org.agents.get(agent_id)
        begun = None if agent is None else agent.held.get(message.task_id)
        if agent is None or begun is None or not begun.accepted:
            return
        begun.doubtful = begun.assumed = False
        ack = TaskAck(message.task_id, message.generation, "accepted")
        self._journal.promise(peer.deliver_as_is, frame_of(ack))
        others = [each for each in agent.held.values() if each.accepted and each is not begun]
        self._give_up(org, others, LOST, self._clock.now())

    def is_at_it(self, org: Org, agent_id: str, message: TaskRejected) -> bool:
        """Whether a busy answer most likely means that the agent works on this very task.

        So it is after a cut that took the word of its acceptance with it, if it has nothing
        else. It stays in doubt, and is assigned once more when the agent ends something else.
        """
        agent = org.agents.get(agent_id)
        attempt = None if agent is None else agent.held.get(message.task_id)
        if agent is None or attempt is None or attempt.accepted or not attempt.doubtful:
            return False
        has_another = any(each.accepted for each in agent.held.values())
        if attempt.generation != message.generation or has_another:
            return False
        attempt.assumed = True
        return True

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
        _traits(agent).probe_at = self._clock.hub() + OLD_TERMS.probe_ms
        agent.slots = 1
        org.matcher.refresh(agent)
        frame = dialect.renumber(message.task_id, message.generation)
        self._journal.promise(peer.deliver_as_is, frame)

    def ended(self, org: Org, agent_id: str, task_id: str) -> None:
        """The agent told the end of a task: if it holds another, it does not work on that.

        Either it was busy with the first one when the other seemed to be accepted, or a late
        failure of the first made it forget the other.
        """
        agent = org.agents.get(agent_id)
        if agent is not None and any(each != task_id for each in agent.held):
            self._tasks.with_task(org, task_id, partial(self._dropped, org, agent))

    def _dropped(self, org: Org, agent: Agent, ended: Task | None) -> None:
        if ended is None:
            return
        others = [
            each for each in agent.held.values() if each.accepted and each.task_id != ended.id
        ]
        dropped = [each for each in others if not each.assumed]
        self._give_up(org, dropped, DROPPED, self._clock.now())
        self._assign_again(org, agent, [each for each in others if each.assumed])

    # Pings

    def running(self, org: Org, agent_id: str) -> list[Alive]:
        """What a ping speaks for: it lists nothing, so all of it."""
        agent = org.agents.get(agent_id)
        held = [] if agent is None else agent.held.values()
        return [Alive(each.task_id, each.generation) for each in held if each.accepted]

    # Questions

    def working(self, org: Org, peer: Peer, agent_id: str, asked: Working) -> None:
        """The agent works on a task, and goes on unless it is told to drop it."""
        judge = partial(self._judge, org, peer, agent_id, asked)
        self._tasks.with_task(org, asked.task_id, judge)

    def _judge(
        self, org: Org, peer: Peer, agent_id: str, asked: Working, task: Task | None
    ) -> None:
        agent, dialect = org.agents.get(agent_id), peer.dialect
        if agent is None or dialect is None:
            return
        generation = self._go_on(org, agent, task, asked.generation)
        if task is not None and generation is not None and asked.generation != generation:
            # It would report under its old number, which nobody takes any more.
            self._journal.promise(peer.deliver_as_is, dialect.go_on(task.id, generation))
        self._journal.promise(peer.deliver_as_is, dialect.judge(asked.task_id, generation))

    def recovering(self, org: Org, peer: Peer, agent_id: str, asked: Recovering) -> None:
        """The agent's process was restarted, and asks what to do with the task it had."""
        recover = partial(self._recover, org, peer, agent_id, asked)
        self._tasks.with_task(org, asked.task_id, recover)

    def _recover(
        self, org: Org, peer: Peer, agent_id: str, asked: Recovering, task: Task | None
    ) -> None:
        agent, dialect = org.agents.get(agent_id), peer.dialect
        if agent is None or dialect is None:
            return
        generation = None
        now = self._clock.now()
        # A process that was started anew has nothing but what it names.
        others = [each for each in _unknown(agent) if each.task_id != asked.task_id]
        self._give_up(org, others, LOST, now)
        has_another = any(each != asked.task_id for each in agent.held)
        if asked.has_begun and not has_another:
            generation = self._go_on(org, agent, task, None)
        elif task is not None and task.id in agent.held:
            self._give_up(org, [agent.held[task.id]], NEVER_BEGUN, now)
        answer = (
            dialect.let_go(asked.task_id)
            if generation is None
            else dialect.go_on(asked.task_id, generation)
        )
        self._journal.promise(peer.deliver_as_is, answer)

    def _go_on(self, org: Org, agent: Agent, task: Task | None, named: int | None) -> int | None:
        """The generation under which the agent goes on with a task; None when it may not."""
        if task is None:
            return None
        held = agent.held.get(task.id)
        if held is not None and held.stop_reason is not None:
            return None
        generation = task.generation if named is None or task.id in agent.held else named
        item = InFlight(task.id, generation, Holding.RUNNING)
        verdict = self._reconciler.judge(org, agent, item, self._clock.now())
        if verdict is not Verdict.CONTINUE:
            return None
        attempt = agent.held[task.id]
        attempt.doubtful = attempt.assumed = False
        return generation


def _traits(agent: Agent) -> OldTraits:
    if agent.old_traits is None:
        agent.old_traits = OldTraits()
    return agent.old_traits


def _unknown(agent: Agent) -> list[Attempt]:
    """The attempts that were there before its session, and were not named since."""
    return [each for each in agent.held.values() if each.doubtful]


def _in_doubt(agent: Agent) -> list[Attempt]:
    """Those of them that may have ended without a word."""
    return [each for each in _unknown(agent) if each.accepted]


def _probe(org: Org, agent: Agent, now: Instant) -> None:
    """Offer a slot more for the time until the next look, if work waits for one."""
    asks = org.matcher.waiting > 0 and _traits(agent).probe_at <= now.hub
    agent.slots = 2 if asks else 1
    if asks:
        agent.busy = False
