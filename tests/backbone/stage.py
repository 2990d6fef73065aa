"""Where a row of the scenario tables is played: a stub hub and one client of either version."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pytest

from tests.backbone.double import OldClient
from tests.backbone.script import SUCCEED, VERSIONS, Deed, Pace, Setup, Version
from tests.backbone.stub import StubHub, until

QUICK: Final = Pace(
    ping_every=0.015,
    pong_within=5.0,
    reconnect_after=0.02,
    backoff_first=0.01,
    backoff_most=0.04,
    wake_gaps=(0.0, 0.02, 0.02, 0.02),
    wake_within=0.03,
    confirm_within=0.12,
    file_settles=0.005,
    resources_after=0.02,
    resources_every=0.05,
    exit_after=0.02,
)
"""Short delays; those that no row waits for are long enough for a busy machine."""


@dataclass
class Stage:
    """A hub that does what the test says, and the client that is looked at."""

    hub: StubHub
    client: OldClient

    async def status(self, status: str, task_id: str = "t1") -> None:
        """Wait until the client works on a task in this status."""
        client = self.client
        await until(
            lambda: client.status == status and client.working_on == task_id,
            lambda: (client.working_on, client.status, client.notes),
        )

    async def begun(self, task_id: str = "t1", generation: Any = 3, **fields: Any) -> None:
        """Assign a task and wait until its agent works."""
        await self.opened()
        await self.hub.assign(task_id, generation, **fields)
        await self.status("working", task_id)

    async def killed(self) -> None:
        """Kill the process as soon as the hub has heard all that it said."""
        await self.settled()
        await self.client.kill()

    async def idle(self) -> None:
        """Wait until the client has no task at work."""
        await until(lambda: self.client.working_on is None)

    async def opened(self, connections: int = 1) -> None:
        """Wait until the client has identified on so many connections, and heard the answer."""
        hub, client = self.hub, self.client
        await until(
            lambda: (
                hub.counts["identify"] >= connections
                and (client.process.identified or not hub.identified)
            )
        )

    async def settled(self) -> None:
        """Wait until the hub has heard all that the client said."""
        await until(lambda: self.client.sent and self.client.sent[-1] == self.hub.newest)

    async def away(self) -> None:
        """Shut the hub and wait until the client has noticed."""
        await self.settled()
        await self.hub.shut()
        await until(lambda: not self.client.process.link.is_open)

    async def returned(self) -> None:
        """Cut the connection and wait until the client has identified on the next one."""
        await self.settled()
        before = self.hub.counts["identify"]
        self.hub.cut()
        await until(lambda: self.hub.counts["identify"] > before)
        await until(lambda: self.client.process.identified or not self.hub.identified)

    async def revived(self) -> None:
        """Kill the process, start it again and wait until it has identified."""
        before = self.hub.counts["identify"]
        await self.killed()
        self.client.start()
        await until(lambda: self.hub.counts["identify"] > before)
        await until(lambda: self.client.process.identified)

    async def noted(self, part: str) -> None:
        """Wait until the client has logged this."""
        await until(
            lambda: any(part in note for note in self.client.notes), lambda: self.client.notes
        )

    async def quiet(self) -> None:
        """Let the client live on for some pings; the story must not grow by itself."""
        await self.hub.more("ping", 2)


@asynccontextmanager
async def stage(
    version: Version,
    work: Path,
    pace: Pace = QUICK,
    setup: Setup | None = None,
    otherwise: Deed = SUCCEED,
    **hub_settings: Any,
) -> AsyncIterator[Stage]:
    """A hub with these attributes and a client that is already started."""
    hub = StubHub()
    for name, value in hub_settings.items():
        assert hasattr(hub, name), name
        setattr(hub, name, value)
    await hub.open()
    client = OldClient(version, hub.url, "old-1", "tok-1", work, pace, setup, otherwise)
    client.start()
    try:
        yield Stage(hub, client)
    finally:
        await client.close()
        await hub.shut()


Play = Callable[[Stage], Awaitable[None]]


@dataclass
class Row:
    """A row of a scenario table: what is done, and what the hub then has received."""

    name: str
    play: Play
    v11: str | None
    """What v1.1 says, parted by commas; None: the row is of v1.4 only."""
    v14: str
    deed: Deed = SUCCEED
    pace: dict[str, Any] = field(default_factory=dict)
    setup: Setup = field(default_factory=Setup)
    hub: dict[str, Any] = field(default_factory=dict)
    also: Callable[[Stage], Any] = lambda _: None
    """Looks at more than the story, at the end."""

    def story(self, version: Version) -> list[str]:
        """What a version is expected to say."""
        text = self.v11 if version == "1.1" else self.v14
        assert text is not None
        return [part.strip() for part in text.split(",")]


async def perform(row: Row, version: Version, work: Path) -> None:
    """Play a row; the story must be the expected one, and stay so for some pings."""
    pace = replace(QUICK, **row.pace)
    async with stage(version, work, pace, row.setup, row.deed, **row.hub) as on:
        await on.opened()
        await row.play(on)
        story = row.story(version)
        await on.hub.heard(*story)
        if on.client.is_running:
            await on.quiet()
        assert on.hub.story == story, f"{on.hub.story} is not {story}"
        row.also(on)


Played = Callable[[Row, Version], Awaitable[None]]
"""Waits until a row was played; raises what was wrong with it."""


def each_version(rows: list[Row]) -> list[Any]:
    """The parameters of a table test: every row for every version that it concerns."""
    return [
        pytest.param(row, version, id=f"{row.name} ({version})")
        for row in rows
        for version in VERSIONS
        if version == "1.4" or row.v11 is not None
    ]
