"""A hub and its agents, doing anything in any order, against what must never happen.

The agents are those of `herd.py`. The hub is the real one but for its loop, see
`hand_hub.py`. It dies at any moment and starts again from what was committed.
"""

from collections import Counter
from collections.abc import Callable
from functools import partial

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from msgspec import UNSET, Raw

from hub.core.agent import NEVER
from hub.core.errors import Refused
from hub.core.lanes import place_of
from hub.core.org import Org
from hub.core.task import HELD, Task
from schemas.from_agent import TaskComplete
from schemas.http.tasks import TaskEdit
from schemas.scalars import PriorityName, TaskState
from schemas.work import Retry, TaskSpec
from tests.core.hand_hub import OPERATOR, SETTINGS
from tests.core.herd import NAMES, SLOTS, WALL, Herd, Key

SPECS = st.builds(
    TaskSpec,
    description=st.just("a test"),
    assign_to=st.sampled_from([None, None, "ada"]),
    fairness_key=st.sampled_from([None, "k"]),
    labels=st.sampled_from([None, None, {"env": "a"}, {"env": "b"}]),
    not_before=st.sampled_from([None, None, None, WALL + 2_000]),
    complete_by=st.sampled_from([None, None, None, WALL + 9_000]),
    timeout_ms=st.sampled_from([None, None, 1_000]),
    max_attempts=st.integers(1, 3),
    retry=st.just(Retry(base_ms=800)),
)
LABELS = st.sampled_from([None, ("env", "a"), ("env", "b")])
WISHES = st.builds(
    TaskEdit,
    priority=st.sampled_from([UNSET, PriorityName.URGENT, None]),
    assign_to=st.sampled_from([UNSET, UNSET, None, "ada"]),
    labels=st.sampled_from([UNSET, UNSET, None, {"env": "a"}]),
    not_before=st.sampled_from([UNSET, UNSET, None, WALL + 3_000]),
    complete_by=st.sampled_from([UNSET, UNSET, None, WALL + 12_000]),
    max_attempts=st.sampled_from([UNSET, UNSET, 2, 4]),
)


class Fleet(Herd):
    """One hub, two agents, people who have a say, and what must hold."""

    # What people do

    @initialize(specs=st.lists(SPECS, min_size=2, max_size=4))
    def begin(self, specs: list[TaskSpec]) -> None:
        """Agents are there, and there is work for them."""
        for name in NAMES:
            self.connect(name, forgets=False)
        self.submit(specs)
        self.turn()

    @rule(specs=st.lists(SPECS, min_size=1, max_size=2))
    def submit(self, specs: list[TaskSpec]) -> None:
        """New tasks; they count once they were acknowledged."""
        tasks = self.hub.tasks.submit(self.hub.org, OPERATOR, specs)
        self.hub.journal.promise(self.submitted.update, [task.id for task in tasks])

    @rule(number=st.integers(0, 99))
    def cancel(self, number: int) -> None:
        """A cancel; refused when the task has ended."""
        known = sorted(self.submitted)
        if known:
            self.hub.tasks.with_task(self.hub.org, known[number % len(known)], self._cancel)

    def _cancel(self, task: Task | None) -> None:
        assert task is not None
        try:
            self.hub.tasks.cancel(self.hub.org, OPERATOR.id, task)
        except Refused:
            assert task.ended

    @rule(number=st.integers(0, 99), wish=WISHES)
    def edit(self, number: int, wish: TaskEdit) -> None:
        """An edit; refused when the task has ended or an agent was told what is to change."""
        self._change(number, lambda org, task: self.hub.edits.edit(org, "me", task, wish))

    @rule(number=st.integers(0, 99))
    def retry(self, number: int) -> None:
        """A retry; refused unless the task ended without success."""
        self._change(number, lambda org, task: self.hub.edits.retry(org, "me", task))

    def _change(self, number: int, change: Callable[[Org, Task], Task]) -> None:
        known = sorted(self.submitted)
        if known:
            with_task = partial(self._try, change)
            self.hub.tasks.with_task(self.hub.org, known[number % len(known)], with_task)

    def _try(self, change: Callable[[Org, Task], Task], task: Task | None) -> None:
        assert task is not None
        try:
            after = change(self.hub.org, task)
        except Refused:
            assert self.hub.org.tasks.get(task.id) is task
        else:
            assert after.version == task.version + (after is not task)

    @rule(label=LABELS, for_ms=st.sampled_from([None, 1_000]))
    def pause_dispatch(self, label: tuple[str, str] | None, for_ms: int | None) -> None:
        """Nothing is given out for a while, or nothing with a label."""
        self.hub.pauses.pause(self.hub.org, label, "me", for_ms=for_ms)

    @rule(label=LABELS)
    def resume_dispatch(self, label: tuple[str, str] | None) -> None:
        """It goes on."""
        self.hub.pauses.resume(self.hub.org, None, label, "me")

    @rule(name=st.sampled_from(NAMES), how=st.sampled_from(["pause", "drain", "resume", "delete"]))
    def handle_agent(self, name: str, how: str) -> None:
        """An operator has a say about an agent; a deleted one may come back under its name."""
        fleet, org = self.hub.fleet, self.hub.org
        if name not in org.agents:
            return
        if how == "pause":
            fleet.pause(org, name, "me", for_ms=2_000)
        elif how == "drain":
            fleet.drain(org, name, "me")
        elif how == "resume":
            fleet.resume(org, name, "me")
        else:
            fleet.delete(org, name, "me", force=True)

    # What the world does

    @rule(ms=st.sampled_from([10, 900, 2_400]))
    def wait(self, ms: int) -> None:
        """Time passes."""
        self.hub.wait(ms)

    @rule(ms=st.integers(3_000, 60_000))
    def stall(self, ms: int) -> None:
        """The hub itself stands still for so long: nobody loses a lease by that."""
        before = self.terms()
        self.hub.wait(ms)
        after = self.terms()
        assert after.keys() == before.keys()
        assert all(after[key] >= left - SETTINGS.upkeep_ms for key, left in before.items())

    def terms(self) -> dict[Key, int]:
        """How long each held attempt has until its next term ends."""
        now = self.hub.clock.hub()
        return {
            (attempt.task_id, attempt.generation): attempt.earliest - now
            for agent in self.hub.org.agents.values()
            for attempt in agent.held.values()
            if attempt.earliest != NEVER
        }

    @rule()
    def turn(self) -> None:
        """A turn of the loop ends: matches are made, what was read arrives, all is committed."""
        self.schedule()
        while self.hub.loader.arrive():
            self.schedule()
        self.hub.journal.commit()

    def schedule(self) -> None:
        """Matches are made; nothing is given out that is kept back, and nobody who is paused."""
        org = self.hub.org
        before = {each: name for name, agent in org.agents.items() for each in agent.held.values()}
        self.hub.end_turn()
        for agent in org.agents.values():
            for attempt in agent.held.values():
                if attempt not in before:
                    task = org.tasks.get(attempt.task_id)
                    assert task is not None
                    assert org.dispatch.pause_of(task) is None
                    assert not agent.barred

    @rule(part=st.sampled_from(["schedule", "arrive", "begin", "end"]))
    def half_turn(self, part: str) -> None:
        """Something of a turn happens, and what comes next comes in between."""
        steps: dict[str, Callable[[], object]] = {
            "schedule": self.schedule,
            "arrive": self.hub.loader.arrive,
            "begin": self.hub.journal.begin,
            "end": self.hub.journal.end,
        }
        steps[part]()

    @rule()
    def crash(self) -> None:
        """The hub dies and starts again; agents lose their connections."""
        for line in self.lines.values():
            line.open = False
        self.lines.clear()
        self.hub = self.hub.restart()

    # What must hold

    def records(self) -> dict[str, Task]:
        """The last record of every task, wherever it is."""
        return self.hub.durable_tasks() | self.hub.org.tasks.by_id

    @invariant()
    def history_only_goes_on(self) -> None:
        """Durably, a completed task never changes, and no generation goes down."""
        now = self.hub.durable_tasks()
        for name, before in self.last.items():
            assert now[name].generation >= before.generation
            assert before.state is not TaskState.COMPLETED or now[name] == before
        self.last = now

    @invariant()
    def what_was_acknowledged_is_there(self) -> None:
        """Every acknowledged task and result would survive a crash at this moment."""
        durable = self.hub.durable_tasks()
        assert self.submitted <= durable.keys()
        for name, result in self.completed.items():
            assert (durable[name].state, durable[name].result) == (TaskState.COMPLETED, result)

    @invariant()
    def attempts_stay_in_their_bounds(self) -> None:
        """Failures never exceed what is allowed, nor losses and rejections their limits."""
        for task in self.records().values():
            assert 0 <= task.attempt - task.reclaims <= task.spec.max_attempts
            assert 0 <= task.reclaims <= 5
            assert task.rejections <= 10

    @invariant()
    def each_task_is_in_one_place(self) -> None:
        """Queued ones in their lane, held ones with their agent, and the counts are right."""
        records = self.records().values()
        org = self.hub.org
        shares = [each for lane in org.matcher.lanes.values() for each in lane.shares.values()]
        waiting = Counter(
            place
            for share in shares
            for place in [*share.hot, *share.cold, *share.loading]
            if place not in share.gone
        )
        waiting.update(place for places in org.matcher.parked.by_pause.values() for place in places)
        assert org.matcher.waiting == waiting.total()
        assert waiting == Counter(
            place_of(task.queue_key, task.seq) for task in records if task.state is TaskState.QUEUED
        )
        held = Counter(
            (name, each.task_id, each.generation)
            for name, agent in org.agents.items()
            for each in agent.held.values()
        )
        assert held == Counter(
            (task.assigned_to, task.id, task.generation) for task in records if task.state in HELD
        )
        counts = {state: number for state, number in org.counts.items() if number}
        assert counts == Counter(task.state for task in records)

    @invariant()
    def nobody_has_more_than_it_can_do(self) -> None:
        """Beyond its slots an agent only has what it brought along itself.

        What it was just given may still be on its way while it brings something along.
        """
        for name, agent in self.hub.org.agents.items():
            attempts = agent.held.values()
            fresh = {(each.task_id, each.generation) for each in attempts if not each.accepted}
            assert len(fresh) <= SLOTS
            assert not fresh or len(agent.held) <= max(SLOTS, len(fresh | self.work[name].keys()))

    def teardown(self) -> None:
        """In the end, with agents that do their work, every task ends that anybody may have."""
        for pause in list(self.hub.org.dispatch.pauses):
            self.hub.pauses.resume(self.hub.org, pause, None, "me")
        for name in NAMES:
            self.connect(name, forgets=False)
            self.handle_agent(name, "resume")
        for step in range(150):
            for name in NAMES:
                self.work_off(name)
            self.turn()
            self.wait(2_400)
            if step > 40 and all(task.ended for task in self.records().values()):
                break
        left = [task for task in self.records().values() if not task.ended]
        assert all("without" in task.requires for task in left)

    def work_off(self, name: str) -> None:
        """An agent completes what it has, and sends again what was not answered."""
        for key, report in list(self.work[name].items()):
            if report is None:
                self.work[name][key] = TaskComplete(*key, Raw(b'"done"'))
            self.say(name, self.work[name][key])
        self.hub.greeting.hear_ping(self.hub.org, name, [])


Fleet.TestCase.settings = settings(max_examples=300, stateful_step_count=50)
TestFleet = Fleet.TestCase
