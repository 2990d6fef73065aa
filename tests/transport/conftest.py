"""Hubs for the tests of the transport: a calm and a hasty one for all, others on request."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

import pytest

from schemas.scalars import Role
from tests.transport.ranch import CALM, HASTY, HUB, Hub
from tests.transport.wire import Door, open_door

StartHub = Callable[..., Hub]


@pytest.fixture(scope="session")
def calm_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub under which no term runs out; shared, so every test brings its own agents."""
    hub = Hub(tmp_path_factory.mktemp("calm") / "data", **CALM).start()
    yield hub
    hub.kill()


@pytest.fixture(scope="session")
def hasty_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub whose terms run out soon; shared likewise."""
    hub = Hub(tmp_path_factory.mktemp("hasty") / "data", **HASTY).start()
    yield hub
    hub.kill()


@pytest.fixture
async def calm(calm_hub: Hub) -> AsyncIterator[Door]:
    """The door of the calm hub."""
    async with open_door(calm_hub) as door:
        yield door


@pytest.fixture
async def hasty(hasty_hub: Hub) -> AsyncIterator[Door]:
    """The door of the hasty hub."""
    async with open_door(hasty_hub) as door:
        yield door


@pytest.fixture
def own_hub(tmp_path: Path) -> Iterator[StartHub]:
    """Starts hubs of the test's own, which may be stopped and killed."""
    started: list[Hub] = []

    def begin(program: Sequence[str] = HUB, **options: int) -> Hub:
        hub = Hub(tmp_path / f"data-{len(started)}", **(CALM | options))
        hub.program = program
        started.append(hub)
        return hub.start()

    yield begin
    for hub in started:
        hub.kill()


@pytest.fixture
def untold_hub(tmp_path: Path) -> Iterator[StartHub]:
    """Starts hubs that have no event yet: their first admin token is there already."""
    started: list[Hub] = []

    def begin(**options: int) -> Hub:
        hub = Hub(tmp_path / f"untold-{len(started)}", **(CALM | options))
        (hub.data / "admin.token").write_text(hub.tokens[Role.ADMIN] + "\n")
        started.append(hub)
        return hub.start()

    yield begin
    for hub in started:
        hub.kill()
