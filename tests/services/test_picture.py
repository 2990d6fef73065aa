"""What a page shows, against the hub itself, while everything happens in any order."""

from collections import Counter
from collections.abc import Iterable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from hub.core.task import NAMES
from hub.services.fleet_picture import FleetChange, FleetPicture
from hub.store.memory import MemoryStore
from schemas.dashboard import Delta, Pace
from schemas.scalars import Presence, Priority, PriorityName, TaskState
from tests.core.hand_hub import HandHub
from tests.core.herd import WALL
from tests.core.making import record
from tests.core.test_model import Fleet
from tests.services.onlooker import Watcher, followed, join


class Watched(Fleet):
    """The same hub and agents, and two pages: one is always there, the other comes and goes."""

    def __init__(self) -> None:
        super().__init__()
        self.open()

    def open(self) -> None:
        """Pages of this hub."""
        self.following = followed(self.hub)
        self.pages = [Watcher(self.following, self.hub) for _ in range(2)]

    @rule(count=st.booleans())
    def tick(self, count: bool) -> None:
        """A batch is made, if there is news."""
        self.following.make(self.hub.clock.now(), count=count)

    @rule(hidden=st.booleans())
    def hide(self, hidden: bool) -> None:
        """A page is hidden, or seen again."""
        self.pages[1].follower.hears(Pace(hidden), self.hub.clock.now())

    @rule(clogged=st.booleans())
    def clog(self, clogged: bool) -> None:
        """A page does not read, or reads again."""
        follower = self.pages[1].follower
        if clogged and not follower.clogged:
            follower.clog(self.hub.clock.now())
        elif follower.clogged and not clogged:
            follower.unclog()

    @rule()
    def come_back(self) -> None:
        """A page that lost its connection goes on from where it was."""
        page = self.pages[1]
        self.following.leave(page.follower)
        page.look()
        page.follower, resumed = join(self.following, self.hub, page.line, page.view.seq)
        assert resumed

    @rule()
    def crash(self) -> None:
        """The hub dies, and its pages begin anew."""
        super().crash()
        self.open()

    @invariant()
    def nothing_is_shown_before_it_is_durable(self) -> None:
        """A page never has to take anything back."""
        durable = self.hub.durable_tasks()
        for page in self.pages:
            page.look()
            for row in page.view.tasks.values():
                assert durable[row.id].version >= row.version

    @rule()
    def compare(self) -> None:
        """After everything was told, the pages show what there is."""
        self.hide(hidden=False)
        self.clog(clogged=False)
        self.following.make(self.hub.clock.now(), count=True)
        self.hub.journal.commit()
        org = self.hub.org
        there = FleetPicture(org)
        there.refresh(org.agents)
        fleet = {
            row.id: (list(org.agents[row.id].record.capabilities), row.status, row.running)
            for row in there.rows.values()
        }
        for page in self.pages:
            page.look()
            shown = page.view
            assert fleet == {
                row.id: (offer, row.status, row.running) for row, offer in shown.fleet.values()
            }
            assert shown.counters.tasks == {NAMES[key]: n for key, n in org.counts.items()}
            statuses = Counter(agent.status.value for agent in org.agents.values())
            paused = sum(agent.record.paused for agent in org.agents.values())
            assert shown.counters.agents == {
                **{status.value: statuses[status.value] for status in Presence},
                "paused": paused,
            }
            assert (shown.counters.slots, shown.counters.busy) == (there.slots, there.busy)
            self.compare_tasks(page)

    def compare_tasks(self, page: Watcher) -> None:
        """Whatever changed since the page was opened was told, as it is now."""
        for task in self.records().values():
            row = page.view.tasks.get(task.id)
            if row is not None:
                assert (row.state, row.version) == (NAMES[task.state], task.version)
                assert (row.attempt, row.agent) == (task.attempt, task.assigned_to)
        queued = Counter(
            PriorityName[task.priority.name].value
            for task in self.records().values()
            if task.state is TaskState.QUEUED
        )
        names = [PriorityName[priority.name].value for priority in Priority]
        assert page.view.counters.queued == {name: queued[name] for name in names}

    def teardown(self) -> None:
        """In the end, too."""
        self.compare()


Watched.TestCase.settings = settings(max_examples=30, stateful_step_count=40)
TestWatched = Watched.TestCase


def test_a_batch_costs_by_what_changed() -> None:
    """Of 2,000 agents one is looked at when one agent changed."""
    hub = HandHub(MemoryStore(), WALL, 1)
    for number in range(2_000):
        hub.org.know(record(f"agent-{number}"))
    following = followed(hub)
    watcher = Watcher(following, hub)
    assert len(watcher.view.agents) == 2_000
    picture, looked_at = following.picture.fleet, list[str]()
    look = picture.refresh

    def noting(agent_ids: Iterable[str]) -> FleetChange:
        looked_at.extend(agent_ids)
        return look(agent_ids)

    picture.refresh = noting  # type: ignore[method-assign]
    hub.fleet.pause(hub.org, "agent-7", "me")
    following.make(hub.clock.now())
    hub.journal.commit()
    assert looked_at == ["agent-7"]
    (delta,) = watcher.line.take(Delta)
    assert [(row.id, row.paused) for row in delta.agents] == [("agent-7", True)]
