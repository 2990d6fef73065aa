"""A hub worked by hand: the real core, services and store, without a loop, a socket or a clock.

Whoever drives it decides when time passes, when a read arrives, and when a commit begins and
ends, so that everything can happen between everything else.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from hub import recovery
from hub.core.clock import Instant
from hub.core.credentials import Principal
from hub.core.dialect import Dialect
from hub.core.filters import TaskFilter
from hub.core.org import Org
from hub.core.session import Close, Session
from hub.core.task import Task
from hub.services.agents import Agents
from hub.services.chance import Chance
from hub.services.clock import Clock
from hub.services.edits import Edits
from hub.services.fleet import Fleet
from hub.services.greeting import Greeting
from hub.services.loader import Loader
from hub.services.metrics import Metrics
from hub.services.old_agents import OldAgents
from hub.services.pauses import Pauses
from hub.services.peers import Peers
from hub.services.scheduler import Scheduler
from hub.services.settings import Settings
from hub.services.task_logs import TaskLogs
from hub.services.tasks import Tasks
from hub.services.terms import Terms
from hub.services.timers import Timers
from hub.services.tokens import Tokens
from hub.services.upkeep import Upkeep
from hub.services.watch import Watches
from hub.store.batcher import Batcher
from hub.store.contract import Batch, Reader, Release, Store, Unit
from hub.store.memory import MemoryStore
from hub.wiring import end_turn
from schemas.from_agent import Identify
from schemas.scalars import Role
from schemas.to_agent import LogOffsets

T = TypeVar("T")
SETTINGS = Settings(
    heartbeat_ms=1_000,
    lease_ms=3_000,
    accept_ms=2_000,
    cancel_grace_ms=1_000,
    stop_slack_ms=500,
    upkeep_ms=500,
)
OPERATOR = Principal("operator", Role.OPERATOR, "main")


class HandClock(Clock):
    """Time that passes when it is told to."""

    def __init__(self, hub_ms: int, wall_ms: int) -> None:
        super().__init__(hub_ms)
        self.instant = Instant(hub_ms + 1, wall_ms)

    def hub(self) -> int:
        """Hub time in milliseconds."""
        return self.instant.hub

    def now(self) -> Instant:
        """Both times."""
        return self.instant

    def wait(self, ms: int) -> None:
        """Let time pass."""
        self.instant = Instant(self.instant.hub + ms, self.instant.wall + ms)


class HandJournal:
    """The journal's promises over the real batcher, one step at a time."""

    failed = False
    commit_age = 0.0

    def __init__(self, store: Store, batcher: Batcher, hub_time: Callable[[], int]) -> None:
        self._store = store
        self._batcher = batcher
        self._hub_time = hub_time
        self._flying: Batch | None = None

    @property
    def durable(self) -> int:
        """The last durable position."""
        return self._batcher.durable

    @property
    def waiting_rows(self) -> int:
        """Rows decided but not durable."""
        return self._batcher.waiting_rows

    def write(self, unit: Unit) -> int:
        """Take what a command decided."""
        return self._batcher.add(unit)

    def promise(self, release: Release, argument: Any) -> None:
        """Release it once everything decided so far is durable."""
        if not self._batcher.promise(release, argument):
            release(argument)

    async def settled(self) -> None:
        """Commit everything."""
        self.commit()

    def wake(self) -> None:
        """Whoever drives the hub ends the turn."""

    def begin(self) -> None:
        """Begin the next commit, if none is under way."""
        if self._flying is None:
            self._flying = self._batcher.take(self._hub_time())
            if self._flying is not None:
                self._store.write(self._flying)

    def end(self) -> None:
        """End the commit under way."""
        if self._flying is not None:
            self._store.commit()
            self._flying = None
            for release, argument in self._batcher.committed():
                release(argument)

    def commit(self) -> None:
        """Commit all that waits."""
        while not self._batcher.idle:
            self.begin()
            self.end()

    async def close(self) -> None:
        """Commit everything."""
        self.commit()


class HandLoader(Loader):
    """Reads at once what is committed; what was read arrives when it is told to."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._reader = store.reader()
        self._on_the_way: list[Callable[[], None]] = []
        self._began = {}

    async def read(self, question: Callable[[Reader], T]) -> T:
        """Ask the reader."""
        return question(self._reader)

    def by_id(self, org: Org, task_id: str, then: Callable[[], None]) -> None:
        """Have the task in memory, if it exists, and go on."""
        self._bring(org, self._reader.by_id(org.name, [task_id]), then)

    def by_seq(self, org: Org, seqs: Sequence[int], then: Callable[[], None]) -> None:
        """Have these tasks in memory, those that exist, and go on."""
        self._bring(org, self._reader.by_seq(seqs), then)

    def _bring(self, org: Org, rows: Any, then: Callable[[], None]) -> None:
        def arrive() -> None:
            self.keep(org, rows)
            then()

        self._on_the_way.append(arrive)

    def arrive(self) -> bool:
        """Everything read so far arrives. Returns whether there was anything."""
        arriving, self._on_the_way = self._on_the_way, []
        for each in arriving:
            each()
        return bool(arriving)


class Dice(Chance):
    """Chance without surprise."""

    def __init__(self, first: int) -> None:
        super().__init__()
        self._next = first
        self.fraction = lambda: 0.5

    def bytes(self, size: int) -> bytes:
        """Bytes not drawn before, also when only the low half of each counts."""
        self._next += 1
        return bytes(self._next >> 4 * place & 15 for place in reversed(range(size)))


class Line:
    """One connection: what the hub sent on it."""

    address = ""
    clogged = False
    stalled_ms = 0
    dialect: Dialect | None = None

    def __init__(self, hub_now: int, hear: Callable[[bytes], None]) -> None:
        self.session = Session(hub_now)
        self.credential: Principal | None = None
        self.watched: set[str] = set()
        self._hear = hear
        self.open = True

    def deliver(self, frame: bytes) -> None:
        """A frame arrives at the other end."""
        if self.open:
            self._hear(frame)

    def deliver_as_is(self, frame: bytes) -> None:
        """The same: there are no old sidecars here."""
        self.deliver(frame)

    def speak_old(self) -> None:
        """Nobody does."""
        raise AssertionError("an old sidecar, here?")

    def take_large_frames(self) -> None:
        """Nobody does."""
        raise AssertionError("an old sidecar, here?")

    def fall_silent(self) -> None:
        """Nobody does."""
        raise AssertionError("an old sidecar, here?")

    def close(self, _close: Close) -> None:
        """The hub ends the connection."""
        self.open = False


class _NoOutput:
    """No task wrote anything."""

    async def offsets(self, _attempts: Sequence[tuple[str, int]]) -> dict[str, LogOffsets]:
        """The ends of the streams."""
        return {}


class HandHub:
    """All services that decide about tasks, over a store in memory."""

    def __init__(self, store: MemoryStore, wall_ms: int, lives: int) -> None:
        self.store = store
        past = store.recover()
        self.clock = clock = HandClock(past.hub_time, wall_ms)
        self.loader = loader = HandLoader(store)
        self.journal = journal = HandJournal(store, Batcher(past.event_seq, 8), clock.hub)
        self.peers = peers = Peers()
        metrics, dice = Metrics(lambda: 0.0), Dice(lives << 40)
        orgs = recovery.recover_orgs(past)
        self.org = orgs[recovery.MAIN]
        self.agents = agents = Agents(journal, clock, peers, SETTINGS)
        watches = Watches(journal)
        self.tasks = tasks = Tasks(
            journal, clock, dice, loader, watches, agents, SETTINGS, metrics, past.task_seq
        )
        self.edits = Edits(tasks, clock)
        logs = cast(TaskLogs, _NoOutput())
        self.greeting = Greeting(journal, clock, loader, peers, agents, tasks, logs, SETTINGS)
        self.scheduler = Scheduler(journal, clock, loader, peers, SETTINGS, metrics)
        self.scheduler.orgs = list(orgs.values())
        recovery.resume_held(orgs, past, agents, SETTINGS, clock.now())
        terms, timers = Terms(tasks, agents, dice), Timers(tasks, loader, clock)
        self.upkeep = Upkeep(journal, clock, peers, terms, timers, SETTINGS, metrics)
        self.upkeep.orgs = self.scheduler.orgs
        tokens = self.tokens = Tokens(journal, clock, dice, b"pepper", past.credentials)
        self.fleet = Fleet(orgs.values(), journal, clock, peers, tasks, tokens)
        self.pauses = Pauses(orgs.values(), journal, clock, dice)
        self.old_agents = OldAgents(journal, clock, peers, tasks, agents, self.greeting)
        self.upkeep.chores = [
            self.fleet.end_pauses,
            self.pauses.end_pauses,
            self.old_agents.settle,
        ]

    def restart(self) -> "HandHub":
        """What comes after this hub died now, with all that was not committed lost."""
        lives = self.store.recover().task_seq + 1
        return HandHub(self.store.crash(), self.clock.instant.wall + 1, lives + self._life())

    def _life(self) -> int:
        return self.clock.instant.hub

    def greet(self, line: Line, message: Identify) -> None:
        """An agent identifies on a new connection."""
        principal = Principal(message.agent_id, Role.AGENT, "main")

        async def welcome() -> None:
            self.greeting.greet(self.org, principal, line, message)
            while line.session.principal is None:  # noqa: ASYNC110 - a step of the loop is enough
                await asyncio.sleep(0)

        asyncio.run(welcome())

    def end_turn(self) -> None:
        """What the hub does at the end of each turn."""
        end_turn(self.scheduler, self.upkeep)

    def wait(self, ms: int) -> None:
        """Time passes, and upkeep runs."""
        self.clock.wait(ms)
        self.upkeep.run_once()

    def durable_tasks(self) -> dict[str, Task]:
        """Every task as a new hub would find it."""
        found = self.store.reader().search("main", TaskFilter(), None, 10_000, 10_001)
        return {task.id: task for task in found.rows}
