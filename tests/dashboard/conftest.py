"""A browser for each module, and visits and sidecars for each test.

The browser belongs to a module and not to all: while it runs, no coroutine test could.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from hub.dashboard.stamp import HERE, built_from
from tests.dashboard.browser import FLAGS, Look, need, program, visits
from tests.dashboard.fleet import Sidecar
from tests.transport.ranch import CALM, PATIENCE, Hub

Join = Callable[..., Sidecar]
expect.set_options(timeout=PATIENCE * 1000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    path = program()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub with the full page; tests use labels and agents of their own."""
    need(built_from(HERE), "the dashboard was not built here")
    hub = Hub(tmp_path_factory.mktemp("page") / "data", **CALM)
    yield hub.start()
    hub.kill()


@pytest.fixture
def look(browser: Browser) -> Iterator[Look]:
    """Begins a visit: `look(hub)`, in a theme and a size."""
    yield from visits(browser)


@pytest.fixture
def join(tmp_path: Path) -> Iterator[Join]:
    """Lets a sidecar join a hub: `join(hub, name)`; it ends with the test."""
    joined: list[Sidecar] = []

    def start(hub: Hub, name: str, **more: int) -> Sidecar:
        joined.append(Sidecar(hub, tmp_path / f"sidecar-{len(joined)}", name, **more))
        return joined[-1].start()

    yield start
    for sidecar in joined:
        sidecar.kill()
