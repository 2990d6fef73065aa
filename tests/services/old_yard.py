"""A hub worked by hand with one agent of protocol 1: minutes pass at once."""

from types import SimpleNamespace
from typing import Any, cast

from msgspec import json

from hub.core.credentials import Principal
from hub.core.dialect import Dialect
from hub.core.old_terms import OLD_TERMS
from hub.core.task import Task
from hub.services.bundle import Services
from hub.services.metrics import Metrics
from hub.store.memory import MemoryStore
from hub.transport import old_commands
from schemas.from_agent import Identify
from schemas.scalars import Role
from schemas.work import TaskSpec
from tests.core.hand_hub import HandHub, Line

ADMIN = Principal("admin", Role.ADMIN, "main")
NAME = "oak"
OAK = Principal(NAME, Role.AGENT, "main")
STEP_MS = 500
"""Between two passes of the upkeep."""
SECOND = 1_000
MINUTE = 60_000


class OldLine(Line):
    """A connection of an old client, which hears its own words."""

    def __init__(self, hub_now: int) -> None:
        self.heard: list[dict[str, Any]] = []
        super().__init__(hub_now, lambda frame: self.heard.append(json.decode(frame)))
        self.session.patience_ms = OLD_TERMS.silence_ms
        self.speech = Dialect()
        self.dialect = self.speech

    def deliver(self, frame: bytes) -> None:
        """One of our frames, in its words."""
        said = self.speech.say(frame)
        if said is not None:
            self.deliver_as_is(said)

    def deliver_as_is(self, frame: bytes) -> None:
        """A frame as it stands."""
        super().deliver(frame)

    def take_large_frames(self) -> None:
        """Here they may always be large."""


class Yard:
    """A hub with one old client."""

    def __init__(self, hub: HandHub | None = None) -> None:
        self.hub = hub or HandHub(MemoryStore(), 1_000_000, 1)
        self.line = self.come()

    def come(self) -> OldLine:
        """The client identifies on a new connection."""
        self.line = OldLine(self.hub.clock.hub())
        self.hub.peers.enter(self.line)
        hello = Identify(NAME, protocol_version=1)
        self.hub.old_agents.greet(self.hub.org, OAK, self.line, hello)
        self.turn()
        return self.line

    def modern(self, slots: int) -> Line:
        """Corral's own sidecar comes under the same name."""
        line = Line(self.hub.clock.hub(), lambda _frame: None)
        self.hub.peers.enter(line)
        hello = Identify(NAME, protocol_version=2, slots=slots, in_flight=[])
        self.hub.greet(line, hello)
        self.turn()
        return line

    def vanish(self) -> None:
        """The connection is cut."""
        self.line.open = False
        self.hub.peers.leave(self.line)
        self.hub.greeting.farewell(self.hub.org, self.line, NAME, "gone")
        self.turn()

    def turn(self) -> None:
        """What waits for an agent is given out, and everything is committed."""
        while self.hub.loader.arrive():
            pass
        self.hub.end_turn()
        self.hub.journal.commit()

    def passes(self, ms: int, *, pings: bool = True) -> None:
        """Time goes by, with the pings of the client, if it is there."""
        for step in range(ms // STEP_MS):
            if pings and self.line.open and step * STEP_MS % (30 * SECOND) == 0:
                self.says("ping")
            self.hub.wait(STEP_MS)
            self.turn()

    def says(self, kind: str, text: bytes = b"", **fields: Any) -> None:
        """The client sends a frame, or a text that is none."""
        hub = self.hub
        services = SimpleNamespace(
            orgs={"main": hub.org},
            old_agents=hub.old_agents,
            greeting=hub.greeting,
            tasks=hub.tasks,
            clock=hub.clock,
            metrics=Metrics(lambda: 0.0),
        )
        data = text or json.encode({"type": kind, **fields, "protocol_version": 1})
        now = hub.clock.hub()
        old_commands.take(cast(Services, services), self.line, self.line.speech, data, now)
        self.turn()

    def submit(self, **fields: Any) -> str:
        """A task for whoever may have it."""
        (task,) = self.hub.tasks.submit(self.hub.org, ADMIN, [TaskSpec("work", **fields)])
        self.turn()
        return task.id

    def begun(self, **fields: Any) -> str:
        """A task that the client works on."""
        self.passes(2 * SECOND)
        task_id = self.submit(**fields)
        self.says("task_accepted", task_id=task_id)
        return task_id

    def task(self, task_id: str) -> Task:
        """Its record."""
        found = self.hub.org.tasks.get(task_id)
        assert found is not None
        return found

    def assigned(self) -> list[str]:
        """The tasks that came on this connection."""
        return [each["task_id"] for each in self.line.heard if each["type"] == "task_assign"]

    def restart(self) -> "Yard":
        """The hub dies and begins again; nobody is connected yet."""
        after = Yard.__new__(Yard)
        after.hub = self.hub.restart()
        after.line = OldLine(after.hub.clock.hub())
        after.line.open = False
        return after
