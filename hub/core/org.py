"""The live state of one org: one object, so that nothing can leak into another.

It holds what follows from the tasks' records (lanes, timers, counts, what each agent has) and
keeps it right whenever a record changes: `put` is the only way in. It decides nothing.
"""

from typing import Final

from hub.core.agent import Agent, AgentRecord, Attempt
from hub.core.alarms import Alarms
from hub.core.changes import Changes
from hub.core.dispatch import Dispatch
from hub.core.lanes import Share, place_of, seq_of
from hub.core.matching import Match, Matcher
from hub.core.pauses import PauseRecord
from hub.core.residents import Residents
from hub.core.task import HELD, WAITING, Task
from schemas.scalars import Priority, TaskState

SCHEDULED: Final = TaskState.SCHEDULED
QUEUED: Final = TaskState.QUEUED
ASSIGNED: Final = TaskState.ASSIGNED
"""By name: looking a member up costs more than what is done with it here."""


class Org:
    """One tenant's tasks, agents and queues."""

    def __init__(self, name: str, epoch: int) -> None:
        self.name = name
        self.epoch = epoch
        self.tasks = Residents()
        self.agents: dict[str, Agent] = {}
        self.pausing: set[str] = set()
        """Agents whose pause has an end."""
        self.matcher = Matcher()
        self.dispatch = Dispatch()
        self.position = 0
        """The journal position of the last change of a task."""
        self.counts = dict.fromkeys(TaskState, 0)
        """How many tasks are in each state, in memory or not."""
        self.queued = [0] * len(Priority)
        """How many queued tasks have each priority, likewise."""
        self.backing_off = Alarms()
        """Of tasks that back off, in hub time."""
        self.not_yet = Alarms()
        """Of tasks that wait for their `not_before`, in wall time."""
        self.expiring = Alarms()
        """Of waiting tasks with a `complete_by`, in wall time."""
        self.changes = Changes()

    # Tasks

    def put(self, before: Task | None, after: Task, position: int) -> None:
        """A task's record changed, with the unit at this journal position."""
        self.position = position
        self.changes.task(after)
        old = None if before is None else before.state
        if before is not None and old is QUEUED:
            self._leave_queue(before, after)
        self.tasks.keep(after)
        if old is not after.state:
            if old is not None:
                self.counts[old] -= 1
            self.counts[after.state] += 1
            if old in HELD and after.state not in HELD:
                self._release(after)
            if old is SCHEDULED and before is not None:
                self._unschedule(before)
            self._enter(after, position)
        elif before is not None and after.state in WAITING:
            if self.matcher.parked:
                self.matcher.look_at(before)
            self._follow_edit(before, after, position)
        spec = after.spec
        if spec.complete_by is not None or (before is not None and before.spec is not spec):
            self._set_expiry(before, after)

    def _leave_queue(self, before: Task, after: Task) -> None:
        self.queued[before.priority] -= 1
        if after.state is not QUEUED:
            if after.state is not ASSIGNED:
                self.matcher.remove(before)
            self.tasks.dispatched(before)

    def _follow_edit(self, before: Task, after: Task, position: int) -> None:
        """A task waits as before, perhaps in another place or for another time."""
        if after.state is QUEUED:
            if _place_in_line(after) == _place_in_line(before):
                self.queued[after.priority] += 1
                self.tasks.let_go(after, position)
                return
            self.matcher.remove(before)
            self.tasks.dispatched(before)
        elif _time_to_wait_for(after) == _time_to_wait_for(before):
            self.tasks.let_go(after, position)
            return
        else:
            self._unschedule(before)
        self._enter(after, position)

    def _set_expiry(self, before: Task | None, after: Task) -> None:
        waited = before is not None and before.state in WAITING
        old = before.spec.complete_by if before is not None and waited else None
        new = after.spec.complete_by if after.state in WAITING else None
        if old != new:
            if old is not None:
                self.expiring.remove(old, after.seq)
            if new is not None:
                self.expiring.add(new, after.seq)

    def _enter(self, task: Task, position: int) -> None:
        if task.state is QUEUED:
            self.queued[task.priority] += 1
            hot = self.tasks.stays_hot(task)
            place = place_of(task.queue_key, task.seq)
            self.matcher.add(task.requires, task.spec.fairness_key, place, hot=hot)
            if not hot:
                self.tasks.let_go(task, position)
        elif task.state is SCHEDULED:
            self.schedule(task.seq, task.due_at, task.spec.not_before or 0)
            self.tasks.let_go(task, position)
        elif task.ended:
            self.tasks.ended(task, position)

    def schedule(self, seq: int, due_at: int, not_before: int) -> None:
        """A task waits for a hub time (a backoff) or for a wall time."""
        if due_at:
            self.backing_off.add(due_at, seq)
        else:
            self.not_yet.add(not_before, seq)

    def _unschedule(self, task: Task) -> None:
        due_at, not_before = _time_to_wait_for(task)
        if due_at:
            self.backing_off.remove(due_at, task.seq)
        else:
            self.not_yet.remove(not_before, task.seq)

    def expire_at(self, complete_by: int, seq: int) -> None:
        """A task may not be started after this wall time."""
        self.expiring.add(complete_by, seq)

    def _release(self, task: Task) -> None:
        agent = self.agents.get(task.holder or "")
        attempt = None if agent is None else agent.held.pop(task.id, None)
        if agent is None or attempt is None:
            return
        self.matcher.ended(attempt.share)
        self.refresh(agent)

    # Attempts

    def next_match(self, hub_now: int) -> Match | None:
        """The next pair of a queued task and an agent."""
        return self.matcher.next(hub_now, self._name_at)

    def _name_at(self, place: int) -> str:
        task = self.tasks.at(seq_of(place))
        return "" if task is None else task.id

    def hold(self, match: Match, task: Task) -> Attempt:
        """The agent of the match has the task from now on."""
        self.matcher.take(match)
        return self._hold(match.agent, task, match.share)

    def hold_again(self, agent: Agent, task: Task) -> Attempt:
        """An agent has a task that did not come from a match: after a restart or a resume."""
        share = self.matcher.lane(task.requires).share(task.spec.fairness_key)
        share.running += 1
        share.lane.rank(share)
        agent.foreign.pop(task.id, None)
        return self._hold(agent, task, share)

    def _hold(self, agent: Agent, task: Task, share: Share) -> Attempt:
        attempt = Attempt(task.id, task.generation, share)
        agent.held[task.id] = attempt
        self.refresh(agent)
        return attempt

    def attempt_of(self, task: Task) -> Attempt | None:
        """The running terms of a task that an agent has."""
        agent = self.agents.get(task.assigned_to or "")
        return None if agent is None else agent.held.get(task.id)

    # Agents

    def refresh(self, agent: Agent) -> None:
        """What an agent has, or whether it is here, has changed."""
        self.matcher.refresh(agent)
        self.changes.agent(agent.record.id)

    def know(self, record: AgentRecord) -> Agent:
        """An agent is known by this record; its live state stays."""
        agent = self.agents.get(record.id)
        if agent is None:
            agent = self.agents[record.id] = Agent(record)
            self.matcher.enter(agent)
        else:
            old = agent.record
            same = (old.capabilities, old.executors) == (record.capabilities, record.executors)
            agent.becomes(record)
            if same:
                self.matcher.refresh(agent)
            else:
                self.matcher.enter(agent)
        if record.paused_until is not None:
            self.pausing.add(record.id)
        else:
            self.pausing.discard(record.id)
        self.changes.agent(record.id)
        return agent

    def forget(self, agent: Agent) -> None:
        """An agent that has nothing any more is not known any more."""
        self.matcher.leave(agent)
        self.changes.agent(agent.record.id)
        self.pausing.discard(agent.record.id)
        del self.agents[agent.record.id]

    # Pauses

    def park(self, match: Match, task: Task, pause: str) -> None:
        """The head that was matched may not be given out while this pause lasts.

        Its record may leave memory like that of any other that only waits.
        """
        self.matcher.park(match.share, pause)
        self.tasks.dispatched(task)
        self.tasks.let_go(task, self.position)

    def end_pause(self, pause: PauseRecord) -> None:
        """A pause is over: what it kept back is looked at again."""
        self.dispatch.end(pause)
        self.matcher.put_back(pause.id)

    @property
    def backlog(self) -> int:
        """How many tasks wait: for an agent, or for their time."""
        return self.counts[QUEUED] + self.counts[SCHEDULED]

    # Timers

    def due(self, hub_now: int, wall_now: int, limit: int) -> list[int]:
        """Take the seqs of scheduled tasks whose time has come, at most `limit`."""
        return [*self.backing_off.take(hub_now, limit), *self.not_yet.take(wall_now, limit)]

    def expired(self, wall_now: int, limit: int) -> list[int]:
        """Take the seqs of tasks whose `complete_by` has passed, at most `limit`."""
        return self.expiring.take(wall_now, limit)


def _place_in_line(task: Task) -> tuple[int, str, str | None]:
    """What decides where a queued task stands, and among which."""
    return task.queue_key, task.requires, task.spec.fairness_key


def _time_to_wait_for(task: Task) -> tuple[int, int]:
    """The end of a scheduled task's backoff or 0, and its `not_before` if that counts."""
    return task.due_at, 0 if task.due_at else task.spec.not_before or 0
