"""Agents that do anything in any order, over a hub worked by hand.

They are simple: they keep what they were given, say what they like about it, forget it, and
come back. `test_model.py` looks at what becomes of it.
"""

from typing import Any

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from msgspec import Raw

from hub.core.task import Task
from hub.store.memory import MemoryStore
from schemas.attempts import AckStatus, Holding, Rejection
from schemas.from_agent import (
    Alive,
    Identify,
    InFlight,
    TaskAccepted,
    TaskCancelled,
    TaskComplete,
    TaskFailed,
    TaskRejected,
)
from schemas.scalars import PROTOCOL_VERSION
from schemas.to_agent import TaskAck, TaskAssign, ToAgent
from tests.core.hand_hub import HandHub, Line

NAMES = ("ada", "bob")
SLOTS = 2
WALL = 1_700_000_000_000
Key = tuple[str, int]
Report = TaskComplete | TaskFailed | TaskCancelled


class Herd(RuleBasedStateMachine):
    """One hub, two agents, one submitter, and what each of them knows."""

    def __init__(self) -> None:
        super().__init__()
        self.hub = HandHub(MemoryStore(), WALL, 1)
        self.lines: dict[str, Line] = {}
        self.work: dict[str, dict[Key, Report | None]] = {name: {} for name in NAMES}
        """What each agent has, with its report once it made one."""
        self.old: list[tuple[str, Report]] = []
        """Reports made so far, to be repeated."""
        self.given: dict[Key, str] = {}
        self.submitted: set[str] = set()
        """Acknowledged to the submitter."""
        self.completed: dict[str, bytes] = {}
        """Acknowledged to an agent as complete, with the result."""
        self.last: dict[str, Task] = {}
        """The durable records as they were after the step before."""

    # What the agents hear

    def hear(self, name: str, frame: bytes) -> None:
        """A frame of the hub arrives at an agent."""
        message: Any = msgspec.json.decode(frame, type=ToAgent)
        if isinstance(message, TaskAssign):
            key = (message.task_id, message.generation)
            assert key not in self.given, "a generation was handed out twice"
            self.given[key] = name
            self.work[name][key] = None
        elif isinstance(message, TaskAck):
            self.hear_ack(name, message)

    def hear_ack(self, name: str, ack: TaskAck) -> None:
        """A report is durable: at most one result of a task ever is."""
        assert self.given[ack.task_id, ack.generation] == name, "another's report was taken"
        self.work[name].pop((ack.task_id, ack.generation), None)
        if ack.status is AckStatus.COMPLETE:
            result = self.hub.durable_tasks()[ack.task_id].result
            assert result is not None
            assert self.completed.setdefault(ack.task_id, result) == result

    # What agents do

    def online(self, number: int) -> str | None:
        """One of the agents with a session."""
        names = sorted(self.lines)
        return names[number % len(names)] if names else None

    def pick(self, name: str, number: int) -> Key | None:
        """Something that an agent has not reported on."""
        keys = [key for key, report in self.work[name].items() if report is None]
        return keys[number % len(keys)] if keys else None

    def busy(self) -> bool:
        """Whether an agent with a connection has something to do."""
        return any(self.pick(name, 0) for name in self.lines)

    def say(self, name: str, report: Any) -> None:
        """An agent says something about a task."""
        if self.lines[name].open:
            self.hub.tasks.hear(self.lines[name], self.hub.org, name, report)

    @rule(name=st.sampled_from(NAMES), forgets=st.booleans())
    def connect(self, name: str, forgets: bool) -> None:
        """An agent comes, perhaps with nothing left of what it had."""
        if forgets:
            self.work[name].clear()
        holds = [
            InFlight(*key, Holding.RUNNING if report is None else Holding.REPORTED)
            for key, report in self.work[name].items()
        ]
        self.leave(name)
        line = Line(self.hub.clock.hub(), lambda frame: self.hear(name, frame))
        self.lines[name] = line
        hello = Identify(name, PROTOCOL_VERSION, slots=SLOTS, in_flight=holds)
        self.hub.greet(line, hello)

    @rule(name=st.sampled_from(NAMES))
    def leave(self, name: str) -> None:
        """A connection breaks."""
        line = self.lines.pop(name, None)
        if line is not None:
            line.open = False
            self.hub.peers.leave(line)
            self.hub.greeting.farewell(self.hub.org, line, name, "lost")

    @precondition(lambda self: self.busy())
    @rule(number=st.integers(0, 9))
    def accept(self, number: int) -> None:
        """An agent begins."""
        for name in self.lines:
            key = self.pick(name, number)
            if key is not None:
                self.say(name, TaskAccepted(*key))

    @precondition(lambda self: self.busy())
    @rule(number=st.integers(0, 9), reason=st.sampled_from(Rejection))
    def reject(self, number: int, reason: Rejection) -> None:
        """An agent gives a task back."""
        name = self.online(number)
        key = None if name is None else self.pick(name, number)
        if name is not None and key is not None:
            del self.work[name][key]
            self.say(name, TaskRejected(*key, reason))

    @precondition(lambda self: self.busy())
    @rule(number=st.integers(0, 9), how=st.sampled_from(["good", "good", "bad", "stopped"]))
    def report(self, number: int, how: str) -> None:
        """An attempt ends, and its agent says so, when it has a connection."""
        name = NAMES[number % 2]
        key = self.pick(name, number)
        if key is None:
            return
        result = Raw(msgspec.json.encode(f"{name} {number}"))
        made: dict[str, Report] = {
            "good": TaskComplete(*key, result),
            "bad": TaskFailed(*key, error="broke"),
            "stopped": TaskCancelled(*key),
        }
        self.work[name][key] = made[how]
        self.old.append((name, made[how]))
        if name in self.lines:
            self.say(name, made[how])

    @precondition(lambda self: self.old)
    @rule(number=st.integers(0, 99))
    def repeat(self, number: int) -> None:
        """An agent sends a report again: its answer may have been lost."""
        name, report = self.old[number % len(self.old)]
        if name in self.lines:
            self.say(name, report)

    @precondition(lambda self: self.old)
    @rule(
        number=st.integers(0, 99), liar=st.sampled_from(NAMES), offset=st.sampled_from([-1, 0, 1])
    )
    def lie(self, number: int, liar: str, offset: int) -> None:
        """A report with another result, of another generation, or of another's task."""
        report = self.old[number % len(self.old)][1]
        if liar in self.lines:
            generation = report.generation + offset
            self.say(liar, TaskComplete(report.task_id, generation, Raw(b'"lie"')))

    @rule(number=st.integers(0, 9), lists=st.booleans())
    def ping(self, number: int, lists: bool) -> None:
        """A heartbeat, with all that runs or with nothing."""
        name = self.online(number)
        if name is not None and self.lines[name].open:
            running = [Alive(*key) for key, report in self.work[name].items() if report is None]
            self.hub.greeting.hear_ping(self.hub.org, name, running if lists else [])
