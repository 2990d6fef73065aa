"""A hub and a sidecar beside it, for the time of a test."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from schemas.attempts import FailureClass
from sidecar.config import Config
from sidecar.exits import Leave
from sidecar.spool import Spool
from sidecar.supervisor import Supervisor
from tests.sidecar.stage import Hub, listening

ALLOWED = ("sh", "sleep", "true", "false", sys.executable)


class Sidecar:
    """A supervisor on the test's own loop."""

    def __init__(self, supervisor: Supervisor, spool: Spool) -> None:
        self.supervisor, self.spool = supervisor, spool
        self.running = asyncio.create_task(supervisor.run())

    async def leave(self, patience: float = 10.0) -> Leave:
        """Wait until it ends by itself."""
        async with asyncio.timeout(patience):
            return await self.running

    async def close(self) -> None:
        """End it the hard way."""
        self.supervisor.halt()
        await asyncio.gather(self.running, return_exceptions=True)
        await self.spool.close()


StartSidecar = Callable[..., Awaitable[Sidecar]]


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    """A hub that listens."""
    async with listening() as hub:
        yield hub


@pytest.fixture
def config(hub: Hub) -> Config:
    """A sidecar's configuration for that hub."""
    return Config(
        url=hub.url,
        agent_id="agent-1",
        token="secret-token",
        slots=2,
        allow=ALLOWED,
        grace_ms=500,
        failure_classes={"75": FailureClass.QUOTA, "SIGSEGV": FailureClass.INFRA},
    )


@pytest.fixture
async def start(hub: Hub, config: Config, tmp_path: Path) -> AsyncIterator[StartSidecar]:
    """Starts sidecars with short reconnect delays; all are ended after the test."""
    started: list[Sidecar] = []
    work = tmp_path / "work"
    work.mkdir()

    async def begin(**changes: Any) -> Sidecar:
        chosen = msgspec.structs.replace(config, **changes)
        spool = await Spool.open(tmp_path / "spool.db")
        sidecar = Sidecar(Supervisor(chosen, spool, work, "host", pause=lambda *_: 0.02), spool)
        started.append(sidecar)
        await hub.heard("identify", count=len(started))
        return sidecar

    yield begin
    for sidecar in started:
        await sidecar.close()


@pytest.fixture
async def sidecar(start: StartSidecar) -> Sidecar:
    """One sidecar that has identified."""
    return await start()
