"""A browser for each module, and visits for each test.

The browser belongs to a module and not to all: while it runs, no coroutine test could.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.dashboard.browser import FLAGS, Look, program, visits


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    path = program()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def look(browser: Browser) -> Iterator[Look]:
    """Begins a visit: `look(hub)`, in a theme and a size."""
    yield from visits(browser)
