"""Moments that a real hub passes too quickly, held still: the services worked by hand."""

from typing import Any

from msgspec import json

from hub.core.credentials import Principal
from hub.store.memory import MemoryStore
from schemas.from_agent import Alive, Identify, TaskAccepted
from schemas.scalars import Executor, Role, TaskState
from schemas.work import TaskSpec
from tests.core.hand_hub import HandHub, Line

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

    def submit(self) -> str:
        """A task that is durable."""
        (task,) = self.hub.tasks.submit(self.hub.org, ADMIN, [TaskSpec(description="work")])
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
        self.hub.scheduler.run_once()
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
    yard.hub.scheduler.run_once()
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
