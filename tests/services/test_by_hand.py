"""Moments that a real hub passes too quickly, held still: the services worked by hand."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec import json

from hub.core.credentials import Principal
from hub.services import loader
from hub.store.memory import MemoryStore
from schemas.attempts import FailureClass, Holding
from schemas.from_agent import Alive, Identify, InFlight, TaskAccepted
from schemas.scalars import Executor, Role, TaskState
from schemas.to_agent import LogOffsets
from schemas.work import TaskSpec
from tests.core.hand_hub import HandHub, Line
from tests.services.test_loader import Scratched

ADMIN = Principal("admin", Role.ADMIN, "main")


class Yard:
    """A hub worked by hand, with one agent."""

    def __init__(self) -> None:
        self.hub = HandHub(MemoryStore(), 1_000_000, 1)
        self.heard: list[dict[str, Any]] = []
        self.line = Line(self.hub.clock.hub(), lambda frame: self.heard.append(json.decode(frame)))
        greeting = Identify("birch", protocol_version=2, slots=4, executors=[Executor.COMMAND])
        self.hub.greet(self.line, greeting)
        self.hub.journal.commit()

    def submit(self, **fields: Any) -> str:
        """A task that is durable."""
        spec = TaskSpec(description="work", **fields)
        (task,) = self.hub.tasks.submit(self.hub.org, ADMIN, [spec])
        self.hub.journal.commit()
        return task.id

    def state(self, task_id: str) -> TaskState:
        """Where the task stands."""
        task = self.hub.org.tasks.get(task_id)
        assert task is not None
        return task.state

    def says(self, message: TaskAccepted) -> None:
        """The agent reports."""
        self.hub.tasks.hear(self.line, self.hub.org, "birch", message)

    def runs(self, task_id: str) -> int:
        """The task is given out and accepted; its generation."""
        self.hub.end_turn()
        self.hub.journal.commit()
        task = self.hub.org.tasks.get(task_id)
        assert task is not None
        self.says(TaskAccepted(task_id, task.generation))
        self.hub.journal.commit()
        return task.generation


def test_a_guessed_generation_counts_for_nothing() -> None:
    """Nobody knows the number of an assignment whose frame has not left."""
    yard = Yard()
    task_id = yard.submit()
    yard.hub.end_turn()
    task = yard.hub.org.tasks.get(task_id)
    assert task is not None

    yard.says(TaskAccepted(task_id, task.generation))
    assert yard.state(task_id) is TaskState.ASSIGNED
    yard.hub.journal.commit()

    assert [frame["error"] for frame in yard.heard if frame["type"] == "error"] == [
        "stale_generation"
    ]
    yard.says(TaskAccepted(task_id, task.generation))
    assert yard.state(task_id) is TaskState.RUNNING


def test_a_lost_attempt_resumes_once_however_often_it_is_listed() -> None:
    """A ping that repeats itself does not count its task twice."""
    yard = Yard()
    task_id = yard.submit()
    generation = yard.runs(task_id)
    org = yard.hub.org
    for _ in range(100):
        if yard.state(task_id) is TaskState.QUEUED:
            break
        yard.line.session.heard_at = yard.hub.clock.hub()
        yard.hub.wait(1_000)
    assert yard.state(task_id) is TaskState.QUEUED

    yard.hub.greeting.hear_ping(org, "birch", [Alive(task_id, generation)] * 5)

    assert yard.state(task_id) is TaskState.RUNNING
    assert (org.counts[TaskState.QUEUED], org.counts[TaskState.RUNNING]) == (0, 1)
    assert org.matcher.waiting == 0


def timed_out(yard: Yard) -> tuple[str, int]:
    """A task whose attempt took too long, and that waits again: its id and generation."""
    task_id = yard.submit(timeout_ms=1_000)
    generation = yard.runs(task_id)
    for _ in range(100):
        yard.line.session.heard_at = yard.hub.clock.hub()
        yard.hub.greeting.hear_ping(yard.hub.org, "birch", [Alive(task_id, generation)])
        yard.hub.wait(1_000)
        while yard.hub.loader.arrive():
            pass
        yard.hub.journal.commit()
        task = yard.hub.durable_tasks()[task_id]
        if task.state is TaskState.QUEUED:
            break
    assert task.failure_class is FailureClass.TIMEOUT
    return task_id, generation


@pytest.mark.parametrize("greets", [False, True])
def test_an_attempt_that_took_too_long_gets_no_more_time(greets: bool) -> None:
    """Neither by a ping nor by a greeting that lists it."""
    yard = Yard()
    task_id, generation = timed_out(yard)
    if greets:
        item = InFlight(task_id, generation, Holding.RUNNING)
        yard.hub.greet(yard.line, Identify("birch", protocol_version=2, in_flight=[item]))
    else:
        yard.hub.greeting.hear_ping(yard.hub.org, "birch", [Alive(task_id, generation)])
    assert yard.state(task_id) is TaskState.QUEUED


def test_the_attempt_after_one_that_took_too_long_may_go_on() -> None:
    """That its assignment was not accepted in time says nothing of its own time."""
    yard = Yard()
    task_id, generation = timed_out(yard)
    yard.hub.greeting.hear_ping(yard.hub.org, "birch", [])
    yard.hub.end_turn()
    yard.hub.journal.commit()
    task = yard.hub.org.tasks.get(task_id)
    assert task is not None
    assert (task.state, task.generation > generation) == (TaskState.ASSIGNED, True)
    for _ in range(3):
        yard.line.session.heard_at = yard.hub.clock.hub()
        yard.hub.wait(1_000)
    assert yard.state(task_id) is TaskState.QUEUED

    yard.hub.greeting.hear_ping(yard.hub.org, "birch", [Alive(task_id, task.generation)])

    assert yard.state(task_id) is TaskState.RUNNING


def test_the_reason_of_a_cancel_is_kept() -> None:
    """What the operator wrote stands in the event."""
    yard = Yard()
    task_id = yard.submit()
    task = yard.hub.org.tasks.get(task_id)
    assert task is not None

    yard.hub.tasks.cancel(yard.hub.org, ADMIN.id, task, "not needed any more")
    yard.hub.journal.commit()

    events = yard.hub.store.reader().events("main", 0, 100).rows
    assert json.decode(events[-1].data)["reason"] == "not needed any more"


class Forgetful:
    """Knows of no output, and takes so long to say so that memory is trimmed meanwhile."""

    def __init__(self, hub: HandHub) -> None:
        self._hub = hub

    async def offsets(self, attempts: Sequence[tuple[str, int]]) -> dict[str, LogOffsets]:
        """A pass of the upkeep goes by."""
        assert attempts
        self._hub.org.tasks.trim(self._hub.journal.durable)
        return {}


def test_work_goes_on_whatever_left_memory_during_a_greeting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An agent that comes back with a task that waits again keeps it."""
    yard = Yard()
    task_id = yard.submit()
    generation = yard.runs(task_id)
    while yard.state(task_id) is not TaskState.QUEUED:
        yard.line.session.heard_at = yard.hub.clock.hub()
        yard.hub.wait(1_000)
    yard.hub.journal.commit()
    again = yard.hub.restart()
    assert again.org.tasks.get(task_id) is None
    monkeypatch.setattr(again.greeting, "_logs", Forgetful(again))
    heard: list[dict[str, Any]] = []
    line = Line(again.clock.hub(), lambda frame: heard.append(json.decode(frame)))
    item = InFlight(task_id, generation, Holding.RUNNING)
    again.greet(line, Identify("birch", protocol_version=2, slots=4, in_flight=[item]))
    again.journal.commit()

    (answer,) = [frame for frame in heard if frame["type"] == "identified"]
    assert [verdict["verdict"] for verdict in answer["verdicts"]] == ["continue"]


async def test_a_failed_read_stops_no_greeting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor the hub, for which an error in a greeting is one too many."""
    monkeypatch.setattr(loader, "AGAIN_S", (0.0,) * 3)
    errors: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, what: errors.append(what))
    disk, heard = Scratched(3), list[dict[str, Any]]()
    hub = HandHub(disk, 1_000_000, 1)
    line = Line(hub.clock.hub(), lambda frame: heard.append(json.decode(frame)))
    item = InFlight("task-unknown", 1, Holding.RUNNING)
    message = Identify("birch", protocol_version=2, in_flight=[item])
    hub.greeting.greet(hub.org, Principal("birch", Role.AGENT, "main"), line, message)
    async with asyncio.timeout(5):
        while line.session.principal is None and not errors:  # noqa: ASYNC110 - a step is enough
            await asyncio.sleep(0)
    hub.journal.commit()

    assert (disk.failures, errors) == (0, [])
    assert [frame["type"] for frame in heard] == ["identified"]
