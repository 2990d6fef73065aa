"""A yard: one org to which everything possible happens, in any order.

`test_matching.py` and `test_org.py` each look at it in their own way.
"""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from msgspec import UNSET, structs

from hub.core import edits, lifecycle, reports
from hub.core.agent import AgentRecord
from hub.core.clock import Instant
from hub.core.lanes import place_of, seq_of
from hub.core.matching import Match
from hub.core.org import Org
from hub.core.pauses import PauseRecord
from hub.core.task import HELD, Change, Task
from schemas.attempts import FailureClass, Rejection
from schemas.http.tasks import TaskEdit
from schemas.scalars import Executor, PriorityName, TaskState
from schemas.work import TaskSpec
from tests.core.making import RUN

AGENTS = ("ada", "bob", "cyd")
WISHES = st.builds(
    TaskEdit,
    labels=st.sampled_from([UNSET, {"a": "b"}]),
    needs=st.sampled_from([UNSET, None, ["x"]]),
    assign_to=st.sampled_from([UNSET, None, "ada"]),
    fairness_key=st.sampled_from([UNSET, None, "k"]),
    priority=st.sampled_from([UNSET, *PriorityName]),
    not_before=st.sampled_from([UNSET, None, 40_000, 80_000]),
    complete_by=st.sampled_from([UNSET, None, 60_000, 90_000]),
)
CAPABILITIES = st.lists(st.sampled_from(["x", "y"]), unique=True)
LABELS = st.sampled_from([None, None, {"env": "a"}, {"env": "b", "x": "y"}])
SPECS = st.builds(
    TaskSpec,
    description=st.just("a test"),
    run=st.sampled_from([None, RUN]),
    needs=CAPABILITIES,
    assign_to=st.sampled_from([None, None, None, *AGENTS]),
    fairness_key=st.sampled_from([None, "k", "l"]),
    labels=LABELS,
    priority=st.sampled_from([None, *PriorityName]),
    not_before=st.sampled_from([None, None, None, 40_000]),
    complete_by=st.sampled_from([None, None, None, 60_000]),
    max_attempts=st.integers(1, 3),
)


class Yard(RuleBasedStateMachine):
    """The org, and every task's last record in a plain dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.org = Org("main", 1)
        self.tasks: dict[str, Task] = {}
        self.now = Instant(1, 1)
        self.settled = False
        """Matching has looked at everything since the last change."""
        self.changes = 0

    # How things are done

    def put(self, before: Task | None, change: Change) -> Task:
        """A change takes effect."""
        self.settled = False
        self.changes += 1
        self.org.put(before, change.task, self.changes)
        self.tasks[change.task.id] = change.task
        return change.task

    def choose(self, number: int, *states: TaskState) -> Task | None:
        """One of the tasks in these states."""
        fitting = [task for task in self.tasks.values() if task.state in states]
        return fitting[number % len(fitting)] if fitting else None

    def settle(self) -> None:
        """Read what is cold, and make matches until there are none."""
        for _ in range(1_000):
            match = self.org.next_match(self.now.hub)
            if match is None and not self.org.matcher.cold:
                self.settled = True
                return
            if match is None:
                self._read()
            else:
                self.make(match)
        raise AssertionError("matching does not come to an end")

    def _read(self) -> None:
        shares = list(self.org.matcher.cold.values())
        self.org.matcher.cold.clear()
        for share in shares:
            for place in share.start_loading():
                self.org.tasks.visit(self.at(place))
                self.org.tasks.pin(seq_of(place))
            self.org.matcher.loaded(share)

    def at(self, place: int) -> Task:
        """The task at a place in the queue."""
        (task,) = [task for task in self.tasks.values() if task.seq == seq_of(place)]
        return task

    def make(self, match: Match) -> None:
        """The scheduler makes a match."""
        task = self.at(match.place)
        assert place_of(task.queue_key, task.seq) == match.place
        pause = self.org.dispatch.label_pause_of(task)
        if pause is not None:
            self.org.park(match, task, pause.id)
            return
        self.look_at(match, task)
        change = lifecycle.assign(task, match.agent.record.id, 1, self.now)
        self.org.hold(match, change.task)
        self.put(task, change)

    def look_at(self, match: Match, task: Task) -> None:
        """What a test wants to know of a match before it is made."""

    # What happens

    @rule(specs=st.lists(SPECS, min_size=1, max_size=4))
    def submit(self, specs: list[TaskSpec]) -> None:
        """New tasks come."""
        for spec in specs:
            seq = len(self.tasks) + 1
            made = lifecycle.create(seq, f"task-{seq}", "main", 1, spec, "me", self.now)
            self.put(None, made)

    @rule(
        name=st.sampled_from(AGENTS),
        capabilities=CAPABILITIES,
        executors=st.sampled_from([(), (Executor.COMMAND,)]),
        slots=st.integers(0, 3),
    )
    def identify(self, name: str, capabilities: list[str], executors: Any, slots: int) -> None:
        """An agent comes, perhaps with other things to offer."""
        found = AgentRecord("main", name, name, tuple(sorted(capabilities)), executors, slots, 0)
        agent = self.org.know(found)
        agent.session = 1
        agent.busy = agent.silent = agent.clogged = False
        agent.foreign = {}
        self.org.matcher.refresh(agent)
        self.settled = False

    @rule(
        name=st.sampled_from(AGENTS),
        how=st.sampled_from(["gone", "busy", "silent", "clogged", "paused"]),
    )
    def turn_away(self, name: str, how: str) -> None:
        """An agent can take no work for a while."""
        agent = self.org.agents.get(name)
        if agent is not None:
            if how == "gone":
                agent.session = 0
            elif how == "paused":
                self.org.know(structs.replace(agent.record, paused=True))
            else:
                setattr(agent, how, True)
            self.org.matcher.refresh(agent)

    @rule(value=st.sampled_from(["a", "b"]))
    def pause_or_resume(self, value: str) -> None:
        """Tasks with a label are kept back, or given out again."""
        label = ("env", value)
        lasting = self.org.dispatch.of_label(label)
        if lasting is None:
            self.org.dispatch.begin(PauseRecord("main", value, label, None, None, 0, "me"))
        else:
            self.org.end_pause(lasting)
        self.settled = False

    @rule(number=st.integers(0, 99), labels=LABELS)
    def relabel(self, number: int, labels: dict[str, str] | None) -> None:
        """A waiting task gets other labels."""
        task = self.choose(number, TaskState.QUEUED)
        if task is not None:
            spec = structs.replace(task.spec, labels=labels)
            self.put(task, Change(structs.replace(task, spec=spec), ()))

    @rule(number=st.integers(0, 99))
    def still_runs(self, number: int) -> None:
        """An agent says it runs an older attempt of some task."""
        task = self.choose(number, TaskState.QUEUED)
        agent = self.org.agents.get(AGENTS[number % 3])
        if task is not None and agent is not None:
            agent.foreign = {task.id: 1}
            self.org.matcher.refresh(agent)

    @rule(number=st.integers(0, 99))
    def accept(self, number: int) -> None:
        """An agent begins."""
        task = self.choose(number, TaskState.ASSIGNED)
        if task is not None:
            self.put(task, lifecycle.accept(task, self.now))

    @rule(number=st.integers(0, 99), reason=st.sampled_from(Rejection))
    def reject(self, number: int, reason: Rejection) -> None:
        """An agent gives a task back."""
        task = self.choose(number, TaskState.ASSIGNED)
        if task is not None:
            self.put(task, lifecycle.reject(task, reason, self.now))

    @rule(number=st.integers(0, 99))
    def unassign(self, number: int) -> None:
        """A task comes back unaccepted."""
        task = self.choose(number, TaskState.ASSIGNED)
        if task is not None:
            self.put(task, lifecycle.unassign(task, "hub", "x", self.now))

    @rule(number=st.integers(0, 99))
    def lose(self, number: int) -> None:
        """A lease ends."""
        task = self.choose(number, TaskState.RUNNING)
        if task is not None:
            self.put(task, lifecycle.lose(task, "x", self.now))

    @rule(number=st.integers(0, 99))
    def fail(self, number: int) -> None:
        """An attempt fails, perhaps one that was given up."""
        task = self.choose(number, TaskState.RUNNING, TaskState.SCHEDULED)
        if task is not None and task.holder is not None:
            self.put(task, reports.fail(task, "x", FailureClass.INFRA, self.now, 0.0))

    @rule(number=st.integers(0, 99))
    def resume(self, number: int) -> None:
        """A lost attempt goes on."""
        task = self.choose(number, TaskState.QUEUED)
        if task is not None and task.holder is not None:
            resumed = self.put(task, lifecycle.resume(task, self.now))
            self.org.hold_again(self.org.agents[task.holder], resumed)

    @rule(number=st.integers(0, 99))
    def cancel(self, number: int) -> None:
        """Somebody cancels a task, and its agent obeys at once."""
        task = self.choose(number, TaskState.QUEUED, TaskState.SCHEDULED, *HELD)
        if task is not None:
            self.put(task, lifecycle.cancel(task, "me", "requested", self.now))

    @rule(number=st.integers(0, 99), wish=WISHES)
    def edit(self, number: int, wish: TaskEdit) -> None:
        """Somebody edits a task."""
        waiting = self.choose(number, TaskState.QUEUED, TaskState.SCHEDULED)
        if waiting is not None:
            self.put(waiting, edits.edit(waiting, wish, "me", self.now))

    @rule(number=st.integers(0, 99))
    def revive(self, number: int) -> None:
        """An operator retries a task."""
        task = self.choose(number, TaskState.DEAD_LETTER, TaskState.CANCELLED)
        if task is not None:
            self.put(task, lifecycle.revive(task, "me", self.now))

    @rule(ms=st.integers(1, 40_000))
    def wait(self, ms: int) -> None:
        """Time passes, and timers go off."""
        self.now = Instant(self.now.hub + ms, self.now.wall + ms)
        for seq in self.org.due(self.now.hub, self.now.wall, 1_000):
            task = self.tasks[f"task-{seq}"]
            if task.state is TaskState.SCHEDULED and task.due_at <= self.now.hub:
                self.put(task, lifecycle.make_ready(task, self.now))
        for seq in self.org.expired(self.now.wall, 1_000):
            task = self.tasks[f"task-{seq}"]
            if task.state in (TaskState.QUEUED, TaskState.SCHEDULED):
                self.put(task, lifecycle.expire(task, self.now))
        self.org.matcher.look_again()
        self.settled = False

    @rule()
    def tidy(self) -> None:
        """Records leave memory; empty lanes are forgotten."""
        self.org.tasks.trim(self.changes)
        for key, lane in list(self.org.matcher.lanes.items()):
            lane.prune()
            if not lane.shares:
                self.org.matcher._forget(key, lane)

    @rule(number=st.integers(0, 99))
    def grow_cold(self, number: int) -> None:
        """A waiting task is dropped from memory, as after a restart."""
        task = self.choose(number, TaskState.QUEUED)
        if task is not None:
            share = self.org.matcher.lanes[task.requires].shares[task.spec.fairness_key]
            place = place_of(task.queue_key, task.seq)
            if place in share.hot:
                share.hot.remove(place)
                share.hot.sort()
                share.cold.append(place)
                share.cold.sort()
                self.org.tasks.dispatched(task)
                self.org.tasks.let_go(task, self.changes)
                self.org.tasks.trim(self.changes)

    @precondition(lambda self: not self.settled)
    @rule()
    def match(self) -> None:
        """The scheduler runs."""
        self.settle()
