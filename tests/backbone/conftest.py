"""Plays the rows of a table side by side, as nearly all of their time is waiting."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from tests.backbone.script import Version
from tests.backbone.stage import Played, Row, perform
from tests.transport.conftest import calm, calm_hub, hasty, hasty_hub, own_hub

__all__ = ["calm", "calm_hub", "hasty", "hasty_hub", "own_hub", "played"]

ABREAST = 8
"""How many rows are on at a time."""


def chosen(request: pytest.FixtureRequest) -> Iterator[tuple[Row, Version]]:
    """The rows of this module that are to be played in this run."""
    for item in request.session.items:
        if isinstance(item, pytest.Function) and item.module is request.module:
            params: dict[str, Any] = item.callspec.params if hasattr(item, "callspec") else {}
            if "row" in params:
                yield params["row"], params["version"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Played]:
    """Waits until a row was played; raises what was wrong with it."""
    turns = asyncio.Semaphore(ABREAST)
    folder = tmp_path_factory.mktemp("rows")

    async def play(row: Row, version: Version) -> None:
        async with turns:
            await perform(row, version, folder / f"{row.name} {version}")

    plays = {(row.name, version): play(row, version) for row, version in chosen(request)}
    tasks = {key: asyncio.create_task(each) for key, each in plays.items()}

    async def wait(row: Row, version: Version) -> None:
        await tasks[row.name, version]

    yield wait
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)
