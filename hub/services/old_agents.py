"""Agents of protocol 1: the quiet after their greeting, and answers to what they ask.

They greet as idle, whatever they work on. The newer ones then say what they have; the older
ones say nothing after a mere cut. So nothing is given to them for a moment. What the hub still
holds for a newer one that did not name it has ended, and its result went with the connection.
"""

from functools import partial
from typing import Final

from hub.core import lifecycle
from hub.core.agent import Agent
from hub.core.clock import Instant
from hub.core.dialect import number_of
from hub.core.old_terms import OLD_TERMS
from hub.core.org import Org
from hub.core.task import HELD, Task
from hub.core.violations import Window
from hub.services.agents import Agents
from hub.services.clock import Clock
from hub.services.peers import Peer
from hub.services.reconcile import Reconciler
from hub.services.tasks import Tasks
from hub.store.contract import JournalPort
from schemas.backbone import StateReport, TaskRecovering
from schemas.from_agent import Alive, InFlight
from schemas.scalars import Holding, TaskState, Verdict

SUPERSEDED: Final = 2
"""So often within a minute a new session may take the place of a standing one."""
LOST = "its result was lost with the connection"
NEVER_BEGUN = "the agent was restarted before it had begun"


class OldAgents:
    """What no other agent needs."""

    def __init__(self, journal: JournalPort, clock: Clock, tasks: Tasks, agents: Agents) -> None:
        self._journal = journal
        self._clock = clock
        self._tasks = tasks
        self._reconciler = Reconciler(tasks.apply, agents.begin_again)
        self._settling: dict[tuple[str, str], tuple[int, Org, Agent]] = {}
        """Until which hub time nothing is given to whom."""
        self._spoken: dict[tuple[str, str], set[str]] = {}
        """What agents named since their session began."""
        self._newer: set[tuple[str, str]] = set()
        """Agents that say what they work on after a cut."""
        self._superseding: dict[tuple[str, str], Window] = {}
        """How often new sessions of agents took the place of standing ones."""

    def may_come_in(self, org: Org, agent_id: str) -> bool:
        """Whether another session may take the place of the standing one, if there is one.

        Two processes with one identity would throw each other out once a second, for ever.
        """
        agent = org.agents.get(agent_id)
        if agent is None or not agent.session:
            return True
        window = self._superseding.setdefault((org.name, agent_id), Window())
        return window.note(self._clock.hub()) <= SUPERSEDED

    def greeted(self, org: Org, agent: Agent) -> None:
        """A session began: be quiet for a while."""
        key = (org.name, agent.record.id)
        agent.settling = True
        self._settling[key] = (self._clock.hub() + OLD_TERMS.quiet_ms, org, agent)
        self._spoken[key] = set()
        org.matcher.refresh(agent)

    def settle(self, now: Instant) -> None:
        """End the quiet of those whose time is over, and give up what they did not name."""
        for key, (until, org, agent) in list(self._settling.items()):
            if until > now.hub:
                continue
            del self._settling[key]
            agent.settling = False
            if key in self._newer and agent.session:
                self._give_up(org, agent, self._spoken.get(key, set()), now)
            org.matcher.refresh(agent)

    def _give_up(self, org: Org, agent: Agent, spoken: set[str], now: Instant) -> None:
        for attempt in list(agent.held.values()):
            task = org.tasks.get(attempt.task_id)
            if attempt.accepted and attempt.task_id not in spoken and task is not None:
                self._tasks.apply(org, task, lifecycle.lose(task, LOST, now))

    def is_newer(self, org: Org, agent_id: str) -> None:
        """The agent sent what only those send that say what they work on."""
        self._newer.add((org.name, agent_id))

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
        if message.last_status == "working":
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
        self._spoken.setdefault((org.name, agent.record.id), set()).add(task.id)
        generation = task.generation if named is None or task.id in agent.held else named
        item = InFlight(task.id, generation, Holding.RUNNING)
        verdict = self._reconciler.judge(org, agent, item, self._clock.now())
        return generation if verdict is Verdict.CONTINUE else None

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
