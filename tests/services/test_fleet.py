"""What operators do with agents, with the services worked by hand."""

from typing import Any

import pytest
from msgspec import json

from hub.core.errors import Refused
from hub.services.fleet import Fleet, is_out_of_use
from hub.store.memory import MemoryStore
from schemas.events import EVENT_NAMES, EventType
from schemas.from_agent import Identify, TaskAccepted
from schemas.http.agents import AgentList, AgentsSynced, DeclaredAgent
from schemas.scalars import ErrorCode, Presence, TaskState
from schemas.work import TaskSpec
from tests.core.hand_hub import OPERATOR, HandHub, Line

NAME = "birch"


class Stable:
    """A hub worked by hand, with one agent that accepts what it is given."""

    def __init__(self, hub: HandHub | None = None) -> None:
        self.hub = hub or HandHub(MemoryStore(), 1_000_000, 1)
        self.given: list[str] = []
        self.accepts = True
        self.line = self.connect()

    def connect(self, **own: Any) -> Line:
        """The agent opens a session."""
        line = Line(self.hub.clock.hub(), self.hear)
        self.hub.greet(line, Identify(NAME, protocol_version=2, **({"slots": 2} | own)))
        self.hub.journal.commit()
        return line

    def hear(self, frame: bytes) -> None:
        """Accept what is given."""
        message = json.decode(frame)
        if message["type"] == "task_assign":
            self.given.append(message["task_id"])
            if self.accepts:
                report = TaskAccepted(message["task_id"], message["generation"])
                self.hub.tasks.hear(self.line, self.hub.org, NAME, report)

    def submit(self, **spec: Any) -> str:
        """A durable task, given out if anybody may have it."""
        wanted = [TaskSpec(description="work", **spec)]
        (task,) = self.hub.tasks.submit(self.hub.org, OPERATOR, wanted)
        self.turn()
        return task.id

    def turn(self) -> None:
        """A turn of the loop ends."""
        self.hub.end_turn()
        self.hub.journal.commit()
        self.hub.end_turn()
        self.hub.journal.commit()

    @property
    def fleet(self) -> Fleet:
        """The service."""
        return self.hub.fleet

    def is_open(self) -> bool:
        """Whether the agent's connection stands."""
        return self.line.open

    def status(self) -> Presence:
        """The agent's."""
        return self.hub.org.agents[NAME].status

    def state(self, task_id: str) -> TaskState:
        """Where a task stands."""
        return self.hub.durable_tasks()[task_id].state

    def told(self) -> list[str]:
        """The names of events about agents, but for sessions."""
        self.hub.journal.commit()
        rows = self.hub.store.reader().events("main", 0, 1_000).rows
        kinds = [EventType(row.type) for row in rows]
        sessions = (EventType.AGENT_ONLINE, EventType.AGENT_OFFLINE)
        return [EVENT_NAMES[kind] for kind in kinds if 20 <= kind < 30 and kind not in sessions]

    def sync(self, *agents: DeclaredAgent, **more: bool) -> AgentsSynced:
        """A list of agents comes."""
        return self.fleet.sync(self.hub.org, AgentList(list(agents), **more), "me")


def test_an_unknown_agent_is_told_before_an_end_that_makes_no_sense() -> None:
    """Whoever mistypes an id is not sent to look for another time."""
    stable = Stable()
    with pytest.raises(Refused) as refused:
        stable.fleet.pause(stable.hub.org, "brich", "me", until=1)
    assert refused.value.code is ErrorCode.NOT_FOUND


def test_a_paused_agent_goes_on_with_what_it_has() -> None:
    """And gets nothing new, until somebody resumes it."""
    stable = Stable()
    first = stable.submit()
    stable.fleet.pause(stable.hub.org, NAME, "me")
    second = stable.submit()
    assert (stable.given, stable.state(first)) == ([first], TaskState.RUNNING)
    assert stable.status() is Presence.WORKING
    stable.fleet.resume(stable.hub.org, NAME, "me")
    stable.turn()

    assert stable.given == [first, second]


def test_a_pause_ends_by_itself_also_over_a_restart() -> None:
    """At its end, and not before."""
    stable = Stable()
    stable.fleet.pause(stable.hub.org, NAME, "me", "disk", for_ms=1_500)
    stable.hub.journal.commit()
    again = Stable(stable.hub.restart())
    task = again.submit()
    again.hub.wait(900)
    again.turn()
    assert again.given == []
    assert again.hub.org.agents[NAME].record.pause_note == "disk"
    again.hub.wait(900)
    again.turn()

    assert again.given == [task]
    assert again.hub.org.pausing == set()


def test_a_drained_agent_says_so() -> None:
    """First it drains, then it is drained; only a person ends that."""
    stable = Stable()
    task = stable.submit()
    stable.fleet.drain(stable.hub.org, NAME, "me")
    assert stable.status() is Presence.DRAINING
    stable.hub.tasks.cancel(stable.hub.org, "me", stable.hub.org.tasks.by_id[task])
    stable.turn()
    for _ in range(3):
        stable.hub.wait(900)
    assert stable.status() is Presence.DRAINED
    waiting = stable.submit()
    assert waiting not in stable.given
    stable.fleet.resume(stable.hub.org, NAME, "me")
    stable.turn()

    assert stable.given == [task, waiting]


def test_each_change_is_one_event_and_nothing_else_is() -> None:
    """Saying the same again changes nothing."""
    stable = Stable()
    fleet, org = stable.fleet, stable.hub.org
    for _ in range(2):
        fleet.pause(org, NAME, "me", "disk")
    fleet.pause(org, NAME, "me", "other disk")
    for _ in range(2):
        fleet.drain(org, NAME, "me")
    for _ in range(2):
        fleet.resume(org, NAME, "me")
    for _ in range(2):
        fleet.edit(org, NAME, {"note": "rack 4"}, "me")

    assert stable.told() == [
        "agent.created",
        *["agent.status.changed"] * 4,
        "agent.updated",
    ]


def test_an_edit_can_demand_a_version() -> None:
    """Of two that saw the same one, one is told."""
    stable = Stable()
    org = stable.hub.org
    assert stable.fleet.edit(org, NAME, {"slots": 5}, "me", 1).record.version == 2
    with pytest.raises(Refused) as caught:
        stable.fleet.edit(org, NAME, {"slots": 6}, "me", 1)

    assert caught.value.code is ErrorCode.VERSION_CONFLICT
    assert org.agents[NAME].record.slots == 5


def test_what_is_fixed_holds_for_matching_at_once_and_after_a_login() -> None:
    """An agent that is given a capability gets the work; its own words do not take it away."""
    stable = Stable()
    task = stable.submit(needs=["gpu"])
    assert stable.given == []
    stable.fleet.edit(stable.hub.org, NAME, {"capabilities": ["gpu"], "slots": 3}, "me")
    stable.turn()
    assert stable.given == [task]
    stable.connect(slots=1, capabilities=["other"])

    record = stable.hub.org.agents[NAME].record
    assert (record.capabilities, record.slots) == (("gpu",), 3)


def test_an_agent_with_work_is_deleted_by_force_only() -> None:
    """Then what it has goes back at once, and its session ends when that is durable."""
    stable = Stable()
    running = stable.submit()
    stable.accepts = False
    assigned = stable.submit()
    with pytest.raises(Refused) as caught:
        stable.fleet.delete(stable.hub.org, NAME, "me")
    assert caught.value.code is ErrorCode.INVALID_STATE
    stable.fleet.delete(stable.hub.org, NAME, "me", force=True)
    assert stable.is_open()
    stable.hub.journal.commit()

    tasks = stable.hub.durable_tasks()
    assert not stable.is_open()
    assert (tasks[running].state, tasks[running].reclaims) == (TaskState.QUEUED, 1)
    assert (tasks[assigned].state, tasks[assigned].attempt) == (TaskState.QUEUED, 0)
    assert stable.hub.store.recover().agents == []
    assert stable.told() == ["agent.created", "agent.deleted"]
    with pytest.raises(Refused):
        stable.fleet.delete(stable.hub.org, NAME, "me")


def test_a_deleted_agent_can_still_talk_until_it_hears_of_it() -> None:
    """Nothing it says does any harm, and its name may be used anew."""
    stable = Stable()
    task = stable.submit()
    generation = stable.hub.durable_tasks()[task].generation
    stable.fleet.delete(stable.hub.org, NAME, "me", force=True)
    report = TaskAccepted(task, generation)
    stable.hub.tasks.hear(stable.line, stable.hub.org, NAME, report)
    stable.hub.greeting.hear_ping(stable.hub.org, NAME, [])
    stable.hub.journal.commit()
    stable.line = stable.connect()
    stable.turn()

    assert stable.given == [task, task]


def test_a_list_brings_the_agents_in_line() -> None:
    """Created, updated and taken out of use; the second time nothing changes."""
    stable = Stable()
    oak = DeclaredAgent("oak", slots=4, labels={"zone": "a"})
    first = stable.sync(oak, DeclaredAgent(NAME, note="mine"), DeclaredAgent("oak"))
    assert first == AgentsSynced(1, 1, 0, 0, first.errors)
    assert [(error.index, error.id) for error in first.errors] == [(2, "oak")]
    assert stable.sync(oak, DeclaredAgent(NAME, note="mine")) == AgentsSynced(0, 0, 0, 2, [])
    assert stable.sync(DeclaredAgent(NAME)) == AgentsSynced(0, 0, 1, 1, [])
    stable.hub.journal.commit()

    again = {record.id: record for record in stable.hub.store.recover().agents}
    assert (again["oak"].active, again[NAME].active) == (False, True)
    assert (again["oak"].slots, again["oak"].labels) == (4, (("zone", "a"),))
    assert stable.told() == [
        "agent.created",
        "agent.created",
        "agent.updated",
        "agent.status.changed",
    ]


def test_a_list_takes_no_reserved_name() -> None:
    """Such an entry is an error; the others count."""
    stable = Stable()
    names = ("hub", "oak", "nobody")
    report = stable.sync(*(DeclaredAgent(name) for name in names))

    assert [(error.index, error.id) for error in report.errors] == [(0, "hub"), (2, "nobody")]
    assert report.created == 1
    assert not {"hub", "nobody"} & set(stable.hub.org.agents)


def test_an_agent_out_of_use_loses_its_session() -> None:
    """It may come back when a list has it again; one that no list had is left alone."""
    stable = Stable()
    stable.sync(DeclaredAgent(NAME))
    stable.sync(DeclaredAgent("oak"), deactivate_missing=False)
    assert not is_out_of_use(stable.hub.org, NAME)
    stable.sync(DeclaredAgent("oak"))
    assert is_out_of_use(stable.hub.org, NAME)
    stable.hub.journal.commit()
    assert not stable.is_open()
    stable.sync(DeclaredAgent("oak"), DeclaredAgent(NAME))

    assert not is_out_of_use(stable.hub.org, NAME)
