"""A row of the scenario table, and how it is played: in front of a real hub, by one old client."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import pytest

from tests.backbone.double import OldClient
from tests.backbone.scene import Scene
from tests.backbone.script import SUCCEED, VERSIONS, Deed, Pace, Setup, Version
from tests.backbone.stage import QUICK
from tests.transport.ranch import CALM, HASTY, Hub
from tests.transport.wire import new_name, open_door

PACE: Final = replace(QUICK, ping_every=0.3, confirm_within=8.0, pong_within=8.0)
"""Short delays; those that no row waits for are long enough for a busy machine."""
SAID_BY_HUB: Final = frozenset(
    {"identified", "pong", "task_assign", "task_ack", "task_continue", "task_reassign"}
    | {"task_cancelled", "state_report_ack", "error", "bye"}
)
"""The hub never sends anything else; above all no `restart_sidecar`, and nothing for a shell."""
ASSIGNED: Final = frozenset(
    {"type", "task_id", "description", "metadata", "payload", "generation", "assigned_at"}
)
"""What an assignment has: no routing, no verification steps, nothing that a client would run."""


class Hubs(NamedTuple):
    """The hubs that rows share."""

    calm: Hub
    hasty: Hub


Play = Callable[[Scene], Awaitable[None]]


@dataclass
class Row:
    """A row: what is done, and, in the play itself, what has to be true in the end."""

    letter: str
    of: str
    """The short name of the row of the measured table that it is about."""
    play: Play
    variant: str = ""
    """Which case of that row, where there are several."""
    newer_only: bool = False
    deed: Deed = SUCCEED
    pace: dict[str, Any] = field(default_factory=dict)
    setup: Setup = field(default_factory=Setup)
    hub: Literal["calm", "hasty", "own", "own hasty"] = "calm"
    errors: frozenset[str] = frozenset()
    """The codes of the errors that the hub may answer."""
    comes_in: bool = True
    """Whether the hub takes the client at once."""
    goes_on: bool = True
    """Whether the client does a next task afterwards."""

    @property
    def name(self) -> str:
        """How it is called in a run."""
        return " - ".join(part for part in (f"{self.letter} {self.of}", self.variant) if part)

    @property
    def versions(self) -> tuple[Version, ...]:
        """The versions it is played by."""
        return ("1.4",) if self.newer_only else VERSIONS


@asynccontextmanager
async def hub_of(row: Row, work: Path, hubs: Hubs) -> AsyncIterator[Hub]:
    """The hub of a row: one for all of its kind, or its own."""
    if row.hub in ("calm", "hasty"):
        yield hubs.calm if row.hub == "calm" else hubs.hasty
        return
    hub = Hub(work / "data", **(HASTY if row.hub == "own hasty" else CALM))
    try:
        await asyncio.to_thread(hub.start)
        yield hub
        broken = [line for line in hub.log_lines() if line["level"] in ("ERROR", "CRITICAL")]
        assert not broken, broken
    finally:
        await asyncio.to_thread(hub.kill)


@asynccontextmanager
async def scene(row: Row, version: Version, work: Path, hubs: Hubs) -> AsyncIterator[Scene]:
    """A client of this version, which is started, in front of the row's hub."""
    async with hub_of(row, work, hubs) as hub, open_door(hub) as door:
        name = new_name()
        token = await asyncio.to_thread(door.token, name)
        setup = replace(
            row.setup,
            capabilities=(f"for-{name}",),
            hub_api_url=f"http://127.0.0.1:{hub.port}",
        )
        pace: Pace = replace(PACE, **row.pace)
        client = OldClient(version, hub.socket_url, name, token, work, pace, setup, row.deed)
        yield Scene(hub, door, client)
        await client.close()


def audit(on: Scene, row: Row) -> None:
    """What holds for everything that the hub said to the client, in every row."""
    heard = on.client.heard
    assert {frame["type"] for frame in heard} <= SAID_BY_HUB
    assert {frame["error"] for frame in on.told("error")} <= row.errors
    assert all(type(frame["generation"]) is int for frame in on.told("task_continue"))
    for frame in on.told("task_assign"):
        assert set(frame) == ASSIGNED
        assert type(frame["generation"]) is int
    asked = {frame["task_id"] for frame in on.said("task_recovering")}
    assert {frame["task_id"] for frame in on.told("task_reassign")} <= asked
    for question, answers in (
        ("state_report", ("state_report_ack",)),
        ("task_recovering", ("task_continue", "task_reassign")),
    ):
        answered = {frame["task_id"] for kind in answers for frame in on.told(kind)}
        assert {frame["task_id"] for frame in on.said(question)} <= answered


async def perform(row: Row, version: Version, work: Path, hubs: Hubs) -> None:
    """Play a row, let the client do a next task, and look at all that it was told."""
    async with scene(row, version, work, hubs) as on:
        try:
            on.client.start()
            if row.comes_in:
                await on.identified(1)
            await row.play(on)
            if row.goes_on:
                await on.does_another()
            audit(on, row)
        finally:
            if on.client.is_running:
                await on.client.kill()


Acted = Callable[[Row, Version], Awaitable[None]]
"""Waits until a row was played; raises what was wrong with it."""


def each_version(rows: list[Row]) -> list[Any]:
    """The parameters of the table test: every row for every version that it concerns."""
    return [
        pytest.param(row, version, id=f"{row.name} ({version})")
        for row in rows
        for version in row.versions
    ]
