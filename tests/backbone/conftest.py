"""Plays the rows of a table side by side, as nearly all of their time is waiting."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.backbone import rows, stage
from tests.backbone.rows import Acted, Hubs
from tests.backbone.script import Version
from tests.backbone.stage import Played
from tests.transport.conftest import calm, calm_hub, hasty, hasty_hub, own_hub
from tests.transport.ranch import Hub

__all__ = ["acted", "calm", "calm_hub", "hasty", "hasty_hub", "own_hub", "played"]

ABREAST = 8
"""How many rows are on at a time."""
ABREAST_OF_A_HUB = 16
"""The same where a real hub has its own quiet times, in which nothing happens."""

Wait = Callable[[Any, Version], Awaitable[None]]
Perform = Callable[[Any, Version, Path], Awaitable[None]]


def chosen(request: pytest.FixtureRequest) -> Iterator[tuple[Any, Version]]:
    """The rows of this module that are to be played in this run."""
    for item in request.session.items:
        if isinstance(item, pytest.Function) and item.module is request.module:
            params: dict[str, Any] = item.callspec.params if hasattr(item, "callspec") else {}
            if "row" in params:
                yield params["row"], params["version"]


@asynccontextmanager
async def side_by_side(
    request: pytest.FixtureRequest, folder: Path, abreast: int, perform: Perform
) -> AsyncIterator[Wait]:
    """Begin all rows of a module; what is returned waits for one and raises what was wrong."""
    turns = asyncio.Semaphore(abreast)

    async def play(row: Any, version: Version) -> None:
        async with turns:
            await perform(row, version, folder / f"{row.name} {version}")

    plays = {(row.name, version): play(row, version) for row, version in chosen(request)}
    tasks = {key: asyncio.create_task(each) for key, each in plays.items()}

    async def wait(row: Any, version: Version) -> None:
        await tasks[row.name, version]

    yield wait
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Played]:
    """Waits until a row was played in front of a stub; raises what was wrong with it."""
    folder = tmp_path_factory.mktemp("rows")
    async with side_by_side(request, folder, ABREAST, stage.perform) as wait:
        yield wait


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def acted(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    calm_hub: Hub,
    hasty_hub: Hub,
) -> AsyncIterator[Acted]:
    """Waits until a row was played in front of a real hub; raises what was wrong with it."""
    folder = tmp_path_factory.mktemp("scenes")
    hubs = Hubs(calm_hub, hasty_hub)

    async def perform(row: Any, version: Version, work: Path) -> None:
        await rows.perform(row, version, work, hubs)

    async with side_by_side(request, folder, ABREAST_OF_A_HUB, perform) as wait:
        yield wait
