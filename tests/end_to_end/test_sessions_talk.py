"""The hub's and the sidecar's halves of the conversation, with a line between them that fails.

The line keeps the order of frames while it stands. When it breaks, what was under way is lost,
in both directions; but what the sidecar had sent may still reach the hub after the next line
stands, as with a connection whose end only one side has noticed.
"""

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import pytest
from msgspec import Raw

from hub import recovery
from hub.config import Config
from hub.core.credentials import Principal
from hub.core.dialect import Dialect
from hub.core.session import Close, Refusal, Session
from hub.services.bundle import Services
from hub.services.log_level import LogLevel
from hub.services.settings import Settings
from hub.store.opening import open_data
from hub.transport import commands, replies
from hub.wiring import wire
from schemas.from_agent import Alive, Identify, TaskCancelled, TaskComplete, TaskFailed
from schemas.scalars import Role, TaskState
from schemas.to_agent import Bye
from schemas.work import Retry, TaskSpec
from sidecar.session import Phase as SidecarPhase
from sidecar.session import Session as SidecarSession
from sidecar.session import encode
from sidecar.steps import Ending, Keep, Key, Replace, Send, Settle, Start, Step, Stop

TASKS: Final = 150
CHAOS_SECONDS: Final = 2.0
TERMS: Final = Settings(
    heartbeat_ms=150, lease_ms=600, accept_ms=300, cancel_grace_ms=200, stop_slack_ms=100,
    identify_ms=300, upkeep_ms=20,
)  # fmt: skip


class Line:
    """One connection, as the hub sees it: frames under way in both directions."""

    address = ""
    clogged = False
    stalled_ms = 0
    dialect: Dialect | None = None

    def __init__(self, services: Services, principal: Principal) -> None:
        """A line that was just opened with a token."""
        self.services = services
        self.session = Session(services.clock.hub())
        self.session.trusted = True
        self.credential: Principal | None = principal
        self.watched: set[str] = set()
        self.to_hub: deque[bytes] = deque()
        self.to_sidecar: deque[bytes] = deque()
        self.stands = True
        services.peers.enter(self)

    def deliver(self, frame: bytes) -> None:
        """The hub says something."""
        if self.stands:
            self.to_sidecar.append(frame)

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

    def close(self, close: Close) -> None:
        """The hub ends the connection."""
        self.deliver(encode(Bye(int(close.code), close.reason, close.reconnect)))
        self.end()

    def end(self) -> None:
        """The hub notices the end."""
        if self.stands:
            self.stands = False
            commands.lost(self.services, self)
            self.services.peers.gone(self)

    def arrive(self) -> None:
        """One frame of the sidecar arrives at the hub."""
        frame = self.to_hub.popleft()
        if not self.stands:
            return
        taken = self.session.receive(frame, self.services.clock.hub())
        if isinstance(taken, Refusal):
            replies.refuse(self.services, self, taken, frame)
        elif isinstance(taken, Close):
            self.close(taken)
        else:
            commands.COMMANDS[type(taken)](self.services, self, taken)


class Sidecar:
    """The sidecar's session with processes that only a dice knows of."""

    def __init__(self, name: str, connect: Callable[[], Line], dice: random.Random) -> None:
        """Opens lines with `connect`."""
        self.session = SidecarSession(Identify(agent_id=name, protocol_version=2, slots=4))
        self.name, self.dice, self._connect = name, dice, connect
        self.line: Line | None = None
        self.ghosts: list[Line] = []
        """Lines that only the hub still believes in."""
        self.running: set[Key] = set()
        self.fresh: set[Key] = set()
        """Started and not accepted yet."""
        self.settled: dict[Key, bytes] = {}
        """Reports that the hub acknowledged."""

    def turn(self, now: float, *, chaos: bool) -> None:
        """Something happens, perhaps."""
        if self.line is None:
            if not chaos or self.dice.random() < 0.2:
                self.line = self._connect()
                self._do(self.session.opened(now))
            return
        self._move(now)
        self._work()
        if self.session.phase is not SidecarPhase.CLOSED:
            self._do(self.session.tick(now, self._alive))
        cut = chaos and self.dice.random() < 0.03
        if cut or self.session.deaf(now) or (not self.line.stands and not self.line.to_sidecar):
            self._cut()

    def haunt(self) -> None:
        """Frames of lines that are gone arrive late."""
        for line in list(self.ghosts):
            if line.to_hub and self.dice.random() < 0.5:
                line.arrive()
            elif not line.to_hub and self.dice.random() < 0.05:
                line.end()
                self.ghosts.remove(line)

    def _move(self, now: float) -> None:
        assert self.line is not None
        for _ in range(self.dice.randrange(4)):
            if self.line.to_hub:
                self.line.arrive()
        for _ in range(self.dice.randrange(4)):
            if self.line.to_sidecar:
                self._do(self.session.receive(self.line.to_sidecar.popleft(), now))

    def _cut(self) -> None:
        assert self.line is not None
        for _ in range(self.dice.randrange(len(self.line.to_hub) + 1)):
            self.line.to_hub.pop()
        self.line.to_sidecar.clear()
        self.ghosts.append(self.line)
        self.session.closed()
        self.line = None

    def _alive(self) -> list[Alive]:
        return [Alive(*key) for key in self.running]

    def _work(self) -> None:
        for key in [key for key in self.fresh if self.dice.random() < 0.5]:
            self.fresh.discard(key)
            self.running.add(key)
            self._do(self.session.accept(key))
        for key in [key for key in self.running if self.dice.random() < 0.03]:
            result = f'"{self.name} {key[0]} {key[1]}"'.encode()
            ended = TaskFailed(*key, error="x") if self.dice.random() < 0.2 else None
            self._end(key, encode(ended or TaskComplete(*key, result=Raw(result))))

    def _end(self, key: Key, report: bytes) -> None:
        self.fresh.discard(key)
        self.running.discard(key)
        self._do(self.session.report(key, report))

    def _do(self, steps: list[Step]) -> None:
        for step in steps:
            match step:
                case Send(frame):
                    if self.line is not None:
                        self.line.to_hub.append(frame)
                case Start(assign):
                    self.fresh.add((assign.task_id, assign.generation))
                case Stop(key, ending):
                    self._stop(key, ending)
                case Replace(key, _, frame):
                    self._do(self.session.report(key, frame, replaced=True))
                case Settle(key) | Keep(key):
                    self._over(key, acknowledged=isinstance(step, Settle))
                case _:
                    pass

    def _over(self, key: Key, *, acknowledged: bool) -> None:
        if acknowledged:
            self.settled[key] = b"acknowledged"
        self.session.drop(key)

    def _stop(self, key: Key, ending: Ending) -> None:
        if ending is Ending.NOTHING:
            self.fresh.discard(key)
            self.running.discard(key)
            self.session.drop(key)
        else:
            self._end(key, encode(TaskCancelled(*key)))


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    """Everything of a hub but its sockets."""
    opened = open_data(tmp_path / "data")
    broken: list[object] = []

    def breaks(*what: object) -> None:
        broken.append(what)

    config = Config(data=tmp_path / "data", settings=TERMS)
    services, loops = await wire(config, opened, LogLevel(), breaks, breaks)
    for loop in loops:
        loop.start()
    services.logs.start(breaks)
    yield services
    for loop in loops:
        await loop.stop()
    await services.logs.stop()
    await services.journal.close()
    services.loader.close()
    await services.logs.close()
    opened.close()
    assert not broken


@pytest.mark.parametrize("seed", range(3))
async def test_every_task_ends_once(services: Services, seed: int) -> None:
    """However often the lines break, whatever arrives late or twice."""
    dice = random.Random(seed)
    org = services.orgs[recovery.MAIN]
    sidecars = [_sidecar(services, f"sidecar-{n}", dice) for n in range(3)]
    operator = Principal("operator", Role.OPERATOR, recovery.MAIN)
    retry = Retry(base_ms=0, factor=1, cap_ms=0)
    specs = [TaskSpec(f"task {n}", retry=retry, max_attempts=50) for n in range(TASKS)]
    ids = [task.id for task in services.tasks.submit(org, operator, specs)]
    loop = asyncio.get_running_loop()
    calm_from = loop.time() + CHAOS_SECONDS
    cancelled = set(ids[::7])
    async with asyncio.timeout(30):
        while not all((task := org.tasks.get(each)) and task.ended for each in ids):
            for sidecar in sidecars:
                sidecar.turn(loop.time(), chaos=loop.time() < calm_from)
                sidecar.haunt()
            if cancelled and dice.random() < 0.02:
                _cancel(services, operator, cancelled.pop())
            await asyncio.sleep(0.001)
    _check(services, ids, sidecars)


def _sidecar(services: Services, name: str, dice: random.Random) -> Sidecar:
    token, _ = services.tokens.add(recovery.MAIN, Role.AGENT, name, "test")
    principal = services.tokens.check(token)
    assert principal is not None
    return Sidecar(name, lambda: Line(services, principal), dice)


def _cancel(services: Services, operator: Principal, task_id: str) -> None:
    org = services.orgs[recovery.MAIN]
    task = org.tasks.get(task_id)
    if task is not None and not task.ended:
        services.tasks.cancel(org, operator.id, task)


def _check(services: Services, ids: list[str], sidecars: list[Sidecar]) -> None:
    org = services.orgs[recovery.MAIN]
    settled = {key for sidecar in sidecars for key in sidecar.settled}
    ends = dict.fromkeys(TaskState, 0)
    for each in ids:
        task = org.tasks.get(each)
        assert task is not None
        ends[task.state] += 1
        if task.state is TaskState.COMPLETED:
            told = f'"{task.holder} {task.id} {task.generation}"'
            assert task.result == told.encode(), "the result is not the holder's"
        later = [key for key in settled if key[0] == each and key[1] > task.generation]
        assert not later, "a report was acknowledged after the last assignment"
    print({state.name: count for state, count in ends.items() if count})
    assert ends[TaskState.COMPLETED] > TASKS / 2
    assert not [agent.held for agent in org.agents.values() if agent.held]
