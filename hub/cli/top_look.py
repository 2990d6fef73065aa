"""What `corral top` shows: one look at the hub, the rates between looks, and the newest events."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import Struct

from hub.cli.client import Client
from hub.cli.events import STREAM, before, newest
from hub.cli.exits import Exit, Trouble
from hub.cli.locate import Address
from hub.cli.sse import HEARTBEAT, told
from schemas.events import Envelope
from schemas.http.agents import AgentPage, AgentView
from schemas.http.dispatch import DispatchPause, DispatchView
from schemas.http.events import EventPage
from schemas.http.tasks import TaskStats
from schemas.scalars import StateName

EVENTS: Final = 50
"""How many of the newest events are kept, and read at the start."""
AGENTS: Final = 200
RATE_S: Final = 5.0
"""Over how many of the last seconds the present rates are measured."""
REOPEN_S: Final = 1.0


class Rates(Struct, frozen=True):
    """How many tasks a second, over the last seconds."""

    submitted: float
    completed: float


class Look(Struct, frozen=True):
    """One look at the hub, as `corral top --json` prints it."""

    url: str
    at: int
    """When, in milliseconds since 1970."""
    tasks: TaskStats
    rates: Rates | None
    """None at the first look, when there is nothing to compare with."""
    agents: list[AgentView]
    """At most 200, by id."""
    agents_total: int
    pauses: list[DispatchPause]
    events: list[Envelope]
    """The newest, oldest first."""


class Watch:
    """Looks at a hub again and again, and measures rates between the looks."""

    def __init__(self, client: Client) -> None:
        """Prepare; nothing is asked before the first look."""
        self._client = client
        self._counts: deque[tuple[float, int, int]] = deque()

    def look(self, events: list[Envelope]) -> Look:
        """Ask for everything but the events, which the caller has. Raises `Trouble`."""
        ask = self._client.ask
        stats = ask("GET", "/tasks/stats", TaskStats)
        agents = ask("GET", "/agents", AgentPage, {"limit": AGENTS, "count": True})
        pauses = ask("GET", "/dispatch", DispatchView).pauses
        return Look(
            url=self._client.address.url,
            at=time.time_ns() // 1_000_000,
            tasks=stats,
            rates=self._measured(stats, time.monotonic()),
            agents=agents.items,
            agents_total=len(agents.items) if agents.total is None else agents.total,
            pauses=pauses,
            events=events,
        )

    def _measured(self, stats: TaskStats, now: float) -> Rates | None:
        """The rates since the oldest look that is not older than `RATE_S`."""
        total = sum(stats.states.values())
        completed = stats.states.get(StateName.COMPLETED.value, 0)
        while len(self._counts) > 1 and now - self._counts[0][0] > RATE_S:
            self._counts.popleft()
        self._counts.append((now, total, completed))
        then, old_total, old_completed = self._counts[0]
        passed = now - then
        if passed <= 0:
            return None
        return Rates(
            round(max(0, total - old_total) / passed, 1),
            round(max(0, completed - old_completed) / passed, 1),
        )


def latest(client: Client) -> tuple[list[Envelope], str]:
    """The newest events, oldest first, and the cursor behind them. Raises `Trouble`."""
    query = {"after": before(newest(client), EVENTS), "limit": EVENTS}
    page = client.ask("GET", "/events", EventPage, query)
    return page.items, page.next_cursor


class Feed:
    """The newest events, kept up to date by a thread that reads the hub's stream."""

    def __init__(self, address: Address, first: list[Envelope], cursor: str) -> None:
        """Go on after `cursor`; the thread ends with the process."""
        self._address = address
        self._cursor = cursor
        self._kept = tuple(first)
        threading.Thread(target=self._run, name="events", daemon=True).start()

    def now(self) -> list[Envelope]:
        """The newest events, oldest first."""
        return list(self._kept)

    def _run(self) -> None:
        """Read for ever; whoever looks at the hub sees by himself that it does not answer."""
        with Client(self._address) as client:
            while True:
                try:
                    for event in self._heard(client):
                        # Replaced as a whole, because another thread reads it.
                        self._kept = (*self._kept, event)[-EVENTS:]
                except Trouble as trouble:
                    if trouble.exit_code not in (Exit.UNREACHABLE, Exit.LATER):
                        # The place is not there any more, for instance after a restore.
                        self._cursor = ""
                time.sleep(REOPEN_S)

    def _heard(self, client: Client) -> Iterator[Envelope]:
        """What happens from the cursor on; without one, from now on."""
        query = {"after": self._cursor} if self._cursor else {}
        for each in told(client.stream(STREAM, query)):
            self._cursor = each.cursor
            if each.event != HEARTBEAT:
                yield msgspec.json.decode(each.data, type=Envelope)
