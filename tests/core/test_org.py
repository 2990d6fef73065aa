"""The state of an org that follows from its tasks, against working it out from scratch."""

from collections import Counter

from hypothesis import settings
from hypothesis.stateful import invariant

from hub.core import lifecycle, reports
from hub.core.lanes import Share, place_of, seq_of
from hub.core.org import Org
from hub.core.task import HELD
from schemas.attempts import FailureClass
from schemas.scalars import Priority, TaskState
from tests.core.making import NOW, assigned, later, queued, record, running
from tests.core.yard import Yard


class Derived(Yard):
    """Works everything out again after each step."""

    def shares(self) -> dict[tuple[str, str | None], Share]:
        """Every share, by lane and fairness key."""
        lanes = self.org.matcher.lanes.values()
        return {(lane.key, key): share for lane in lanes for key, share in lane.shares.items()}

    def parked(self, share: Share) -> list[int]:
        """The places of a share that pauses keep back."""
        kept = self.org.matcher.parked.by_pause.values()
        return [place for places in kept for place, its in places.items() if its is share]

    @invariant()
    def only_what_a_pause_names_is_parked(self) -> None:
        """Each parked task has the label of its pause, and the pause lasts."""
        by_seq = {task.seq: task for task in self.tasks.values()}
        for pause, places in self.org.matcher.parked.by_pause.items():
            key, value = self.org.dispatch.pauses[pause].label or ("", "")
            for place in places:
                assert (by_seq[seq_of(place)].spec.labels or {}).get(key) == value

    @invariant()
    def queues_hold_what_is_queued(self) -> None:
        """Each queued task stands once, in its lane and share, and nothing else does."""
        found = Counter(
            (name, place)
            for name, share in self.shares().items()
            for place in [*share.hot, *share.cold, *share.loading, *self.parked(share)]
            if place not in share.gone
        )
        queued = [task for task in self.tasks.values() if task.state is TaskState.QUEUED]
        assert found == Counter(
            ((task.requires, task.spec.fairness_key), place_of(task.queue_key, task.seq))
            for task in queued
        )
        assert self.org.matcher.waiting == len(queued)
        assert sum(share.size for share in self.shares().values()) == len(queued)

    @invariant()
    def states_are_counted(self) -> None:
        """The counts are those of the records."""
        counted = {state: number for state, number in self.org.counts.items() if number}
        assert counted == Counter(task.state for task in self.tasks.values())

    @invariant()
    def queued_tasks_are_counted_by_priority(self) -> None:
        """Also when an edit gives one another priority."""
        queued = (task for task in self.tasks.values() if task.state is TaskState.QUEUED)
        found = Counter(task.priority for task in queued)
        assert self.org.queued == [found[priority] for priority in Priority]

    @invariant()
    def each_held_task_has_one_holder(self) -> None:
        """Agents hold exactly the held tasks, each once, in its present generation."""
        held = sorted(
            (attempt.task_id, name, attempt.generation)
            for name, agent in self.org.agents.items()
            for attempt in agent.held.values()
        )
        assert held == sorted(
            (task.id, task.assigned_to or "", task.generation)
            for task in self.tasks.values()
            if task.state in HELD
        )

    @invariant()
    def running_attempts_are_counted(self) -> None:
        """Each share knows how many attempts taken from it have not ended."""
        attempts = [each for agent in self.org.agents.values() for each in agent.held.values()]
        taken = Counter(id(attempt.share) for attempt in attempts)
        shares = {id(share): share.running for share in self.shares().values() if share.running}
        assert shares == taken

    @invariant()
    def what_is_needed_is_in_memory(self) -> None:
        """Held tasks and hot places have their records there, the latest ones."""
        for task_id, task in self.org.tasks.by_id.items():
            assert self.tasks[task_id] == task
        for task in self.tasks.values():
            assert task.state not in HELD or self.org.tasks.get(task.id) is not None
        for share in self.shares().values():
            for place in share.hot:
                assert place in share.gone or self.org.tasks.at(seq_of(place)) is not None

    @invariant()
    def timers_cover_what_waits(self) -> None:
        """Each scheduled task has its timer, and each that may expire has one for that."""
        for task in self.tasks.values():
            if task.state is TaskState.SCHEDULED:
                when = task.due_at or task.spec.not_before or 0
                timers = self.org.backing_off if task.due_at else self.org.not_yet
                assert place_of(when, task.seq) in timers
            waits = task.state in (TaskState.SCHEDULED, TaskState.QUEUED)
            if waits and task.spec.complete_by is not None:
                assert place_of(task.spec.complete_by, task.seq) in self.org.expiring


Derived.TestCase.settings = settings(max_examples=150, stateful_step_count=40)
TestDerived = Derived.TestCase


def test_timers_go_off_in_order_and_once() -> None:
    """What is due is taken, at most so many at a time; what is not yet due stays."""
    org = Org("main", 1)
    for seq, due in ((1, 30), (2, 10), (3, 20), (4, 31)):
        org.schedule(seq, due, 0)

    assert org.due(30, 0, 2) == [2, 3]
    assert org.due(30, 0, 9) == [1]
    assert org.due(30, 0, 9) == []


def test_wall_time_and_hub_time_are_not_mixed() -> None:
    """A `not_before` is a wall time, a backoff a hub time, and `complete_by` a wall time."""
    org = Org("main", 1)
    org.schedule(1, 0, 1_000)
    org.schedule(2, 1_000, 0)
    org.expire_at(1_000, 3)

    assert org.due(1_000, 999, 9) == [2]
    assert org.due(999, 1_000, 9) == [1]
    assert org.expired(999, 9) == []
    assert org.expired(1_000, 9) == [3]


def test_an_agent_known_again_keeps_what_it_has() -> None:
    """A new record replaces the old one, and with it what the agent is matched by."""
    org = Org("main", 1)
    agent = org.know(record("a", 1))
    agent.session = 1
    org.matcher.refresh(agent)
    again = org.know(record("a", 3, "x"))

    assert again is agent
    assert (agent.capabilities, agent.free) == (frozenset({"x"}), 3)


def test_what_an_agent_has_is_found_by_its_task() -> None:
    """The terms of an attempt are found while it is held, and not after."""
    org = Org("main", 1)
    agent = org.know(record("a", 1))
    agent.session = 1
    org.matcher.refresh(agent)
    task = queued()
    org.put(None, task, 1)
    match = org.next_match(NOW.hub)
    assert match is not None
    given = lifecycle.assign(task, "a", 1, NOW).task
    attempt = org.hold(match, given)
    org.put(task, given, 2)
    assert org.attempt_of(given) is attempt
    back = lifecycle.unassign(given, "hub", "x", later(1)).task
    org.put(given, back, 3)

    assert org.attempt_of(back) is None
    assert agent.held == {}


def test_a_late_failure_sets_its_own_timer() -> None:
    """An attempt given up backs off; when its holder reports the failure, from then on."""
    org = Org("main", 1)
    given_up = reports.fail(running(), "timed out", FailureClass.TIMEOUT, NOW, 0.0).task
    org.put(None, given_up, 1)
    late = reports.fail(given_up, "broke", FailureClass.AGENT, later(3_000), 0.0).task
    org.put(given_up, late, 2)
    assert org.due(given_up.due_at, 0, 9) == []

    assert late.due_at > given_up.due_at
    assert org.due(late.due_at, 0, 9) == [1]


def test_a_deadline_holds_for_later_attempts_too() -> None:
    """A task that comes back after `complete_by` passed expires instead of running again."""
    org = Org("main", 1)
    task = running(complete_by=NOW.wall + 10)
    org.put(None, queued(complete_by=NOW.wall + 10), 1)
    org.put(assigned(complete_by=NOW.wall + 10), task, 2)
    assert org.expired(NOW.wall + 10, 9) == [1]
    org.put(task, reports.fail(task, "x", FailureClass.AGENT, later(20), 0.0).task, 3)

    assert org.expired(NOW.wall + 20, 9) == [1]
