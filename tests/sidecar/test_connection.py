"""The connection to the hub: delays, refusals, farewells, on a real socket."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from schemas.to_agent import Bye
from sidecar.connection import Connection, delay
from sidecar.exits import Exit
from tests.sidecar.stage import Hub, until


class Listener:
    """Hears what the connection tells, and never identifies."""

    def __init__(self) -> None:
        self.opened_times = 0
        self.frames: list[bytes] = []
        self.bye: Bye | None = None

    def opened(self) -> None:
        """The connection stands."""
        self.opened_times += 1

    def frame(self, data: bytes) -> None:
        """A frame came."""
        self.frames.append(data)

    def closed(self) -> Bye | None:
        """The connection is gone."""
        return self.bye


class Wire:
    """A running connection and the pauses it made."""

    def __init__(self, hub: Hub) -> None:
        self.listener = Listener()
        self.pauses: list[tuple[int, int | None]] = []
        self.connection = Connection(hub.url, "token", self.listener, self._pause)
        self.running = asyncio.create_task(self.connection.run())

    def _pause(self, failures: int, wait: int | None) -> float:
        self.pauses.append((failures, wait))
        return 0.01


@pytest.fixture
async def wire(hub: Hub) -> AsyncIterator[Wire]:
    """A connection to the hub."""
    wire = Wire(hub)
    yield wire
    wire.running.cancel()
    await asyncio.gather(wire.running, return_exceptions=True)


@pytest.mark.parametrize(("failures", "most"), [(0, 1), (1, 2), (3, 8), (5, 30), (5000, 30)])
def test_delays_grow_to_half_a_minute(failures: int, most: float) -> None:
    """Random between half a second and the growing bound."""
    pauses = [delay(failures, None) for _ in range(300)]
    assert 0.5 <= min(pauses) <= max(pauses) <= most
    assert max(pauses) > 0.7 * most


def test_the_hub_may_set_the_delay() -> None:
    """Between once and twice what it asked for."""
    pauses = [delay(9, 1000) for _ in range(100)]
    assert 1.0 <= min(pauses) <= max(pauses) <= 2.0


async def test_frames_are_sent_in_order(hub: Hub, wire: Wire) -> None:
    """Text frames, one after the other."""
    await until(lambda: wire.listener.opened_times)
    for number in range(100):
        wire.connection.send(b'{"type":"x","n":%d}' % number)
    await hub.heard("x", count=100)
    assert [frame["n"] for frame in hub.all("x")] == list(range(100))


async def test_frames_without_a_connection_are_dropped(hub: Hub, wire: Wire) -> None:
    """Whatever matters is said again after the next greeting."""
    wire.connection.send(b'{"type":"early"}')
    await until(lambda: wire.listener.opened_times)
    wire.connection.send(b'{"type":"late"}')
    await hub.heard("late")
    assert not hub.all("early")


async def test_a_refused_credential_ends_it_after_three_tries(hub: Hub) -> None:
    """One 401 may be a mistake of something in between."""
    hub.refusing = [(401, {}), (401, {}), (401, {})]
    wire = Wire(hub)
    leave = await asyncio.wait_for(wire.running, 5)
    assert leave.exit is Exit.CREDENTIAL
    assert "join again" in leave.message
    assert len(hub.tokens) == 3


async def test_a_busy_hub_sets_the_pause(hub: Hub) -> None:
    """503 with Retry-After."""
    hub.refusing = [(503, {"Retry-After": "7"})]
    wire = Wire(hub)
    await until(lambda: wire.listener.opened_times)
    assert wire.pauses == [(0, 7000)]
    wire.running.cancel()
    await asyncio.gather(wire.running, return_exceptions=True)


async def test_failures_add_up(hub: Hub) -> None:
    """Each try that fails makes the next pause longer."""
    await hub.stop()
    wire = Wire(hub)
    await until(lambda: len(wire.pauses) >= 4)
    assert [failures for failures, _ in wire.pauses[:4]] == [0, 1, 2, 3]
    await hub.start()
    await until(lambda: wire.listener.opened_times)
    wire.running.cancel()
    await asyncio.gather(wire.running, return_exceptions=True)


@pytest.mark.parametrize(
    ("code", "end"),
    [(4500, Exit.CREDENTIAL), (4502, Exit.SUPERSEDED), (4503, Exit.REFUSED), (4999, Exit.REFUSED)],
)
async def test_some_closes_are_final(hub: Hub, wire: Wire, code: int, end: Exit) -> None:
    """4500 to 4999: do not come back."""
    await until(lambda: hub.sockets)
    await hub.sockets[-1].close(code, "go away")
    leave = await asyncio.wait_for(wire.running, 5)
    assert leave.exit is end


@pytest.mark.parametrize("code", [1000, 1009, 1011, 4000, 4001, 4499])
async def test_other_closes_are_not(hub: Hub, wire: Wire, code: int) -> None:
    """Everything else means: again later."""
    await until(lambda: hub.sockets)
    await hub.sockets[-1].close(code)
    await until(lambda: wire.listener.opened_times == 2)


async def test_a_farewell_says_when_to_come_back(hub: Hub, wire: Wire) -> None:
    """`retry_after_ms` of the last frame."""
    await until(lambda: hub.sockets)
    wire.listener.bye = Bye(4000, "stopping", reconnect=True, retry_after_ms=900)
    await hub.sockets[-1].close(4000)
    await until(lambda: wire.pauses)
    assert wire.pauses == [(0, 900)]


async def test_a_farewell_may_forbid_to_come_back(hub: Hub, wire: Wire) -> None:
    """Whatever the close code."""
    await until(lambda: hub.sockets)
    wire.listener.bye = Bye(4000, "moved", reconnect=False)
    await hub.sockets[-1].close(4000)
    assert (await asyncio.wait_for(wire.running, 5)).exit is Exit.REFUSED


async def test_dropping_does_not_wait_for_the_hub(hub: Hub, wire: Wire) -> None:
    """A half-open connection is cut, not closed politely."""
    await until(lambda: wire.listener.opened_times)
    wire.connection.drop()
    async with asyncio.timeout(1):
        await until(lambda: wire.listener.opened_times == 2)
