"""Chromium without a window, and a person in it who is logged in."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from msgspec import Struct
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from scripts.benchmark.faults import NO_HUB, NOT_HERE, BenchmarkError
from scripts.benchmark.subject import Hub

PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome")
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIZE: Final = (1440, 900)
PATIENCE_MS: Final = 60_000
LOOKS_AT_CLOCK: Final = 50
_REMEMBERED: Final = (
    "if (location.protocol === 'http:') localStorage.setItem('corral.session', '1')"
)
"""A browser asks the hub for its session only if it was logged in before."""


class Clock(Struct, frozen=True):
    """How the page's time and `time.monotonic` belong together, in ms."""

    ahead_ms: float
    error_ms: float
    """By how much that may be wrong: half of the quickest question and answer."""

    def here(self, page_ms: float) -> float:
        """A time of `performance.now()` by the clock of this process."""
        return page_ms + self.ahead_ms


def clock_of(tries: Sequence[tuple[float, float, float]]) -> Clock:
    """From questions to the page: when each was asked and answered here, and its time there."""
    asked, answered, there = min(tries, key=lambda one: one[1] - one[0])
    return Clock((asked + answered) / 2 - there, (answered - asked) / 2)


class Visit:
    """One person before one page."""

    def __init__(self, browser: Browser, hub: Hub, token: str) -> None:
        """Log in as the page would; nothing is open yet. Raises BenchmarkError."""
        self.url = f"http://127.0.0.1:{hub.port}"
        self.faults: list[str] = []
        self._context = browser.new_context(
            viewport={"width": SIZE[0], "height": SIZE[1]}, locale="en-GB", timezone_id="UTC"
        )
        self._context.set_default_timeout(PATIENCE_MS)
        answer = self._context.request.post(
            f"{self.url}/api/v1/session", data={"token": token}, headers={"Origin": self.url}
        )
        if answer.status != 201:
            raise BenchmarkError(NO_HUB, f"the hub let nobody in: {answer.status} {answer.text()}")
        self._context.add_init_script(_REMEMBERED)
        self.page: Page = self._context.new_page()
        self.page.on("pageerror", lambda error: self.faults.append(f"the page failed: {error}"))

    def open(self, path: str, *, live: bool = True) -> None:
        """Go to a screen, and wait until it follows the hub."""
        self.page.goto(f"{self.url}/dashboard{path}")
        if live:
            self.page.locator('[role="status"]', has_text="Live").first.wait_for()

    def newest_event(self) -> int:
        """The number of the newest event there is."""
        answer = self._context.request.get(f"{self.url}/api/v1/events?limit=1")
        return int(answer.json()["newest"].rpartition(":")[2])

    def cdp(self) -> CDPSession:
        """The browser's own door to this page."""
        return self._context.new_cdp_session(self.page)

    def clock(self) -> Clock:
        """Compare the page's clock with ours."""

        def question() -> tuple[float, float, float]:
            asked = time.monotonic()
            there = float(self.page.evaluate("() => performance.now()"))
            return asked * 1000, time.monotonic() * 1000, there

        return clock_of([question() for _ in range(LOOKS_AT_CLOCK)])

    def poll(self, script: str) -> Any:
        """Ask the page until it answers with anything; raises BenchmarkError if it never does."""
        give_up = time.monotonic() + PATIENCE_MS / 1000
        while (found := self.page.evaluate(script)) is None:
            if time.monotonic() > give_up:
                raise BenchmarkError(NO_HUB, f"the page never answered: {script}")
            self.rest(0.05)
        return found

    def rest(self, seconds: float) -> None:
        """Wait, and let Playwright take what the browser says meanwhile."""
        self.page.wait_for_timeout(seconds * 1000)

    def close(self) -> None:
        """Leave, with everything that was kept for this person."""
        self._context.close()


class Chromium:
    """The browser, and which process it is."""

    def __init__(self, browser: Browser) -> None:
        """Take over a browser that runs."""
        self._browser = browser
        session = browser.new_browser_cdp_session()
        processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
        self.pid: int = next(each["id"] for each in processes if each["type"] == "browser")

    @contextmanager
    def visit(self, hub: Hub, token: str) -> Iterator[Visit]:
        """A visit in a fresh profile."""
        visit = Visit(self._browser, hub, token)
        try:
            yield visit
        finally:
            visit.close()


def program() -> str:
    """Where Chromium is; raises BenchmarkError where there is none."""
    found = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    if found is None:
        raise BenchmarkError(NOT_HERE, "no Chromium is installed; on Debian: apt install chromium")
    return found


def version() -> str:
    """What the browser calls itself. Raises BenchmarkError."""
    told = subprocess.run([program(), "--version"], capture_output=True, text=True, check=False)
    return told.stdout.strip() or "Chromium of an unknown version"


@contextmanager
def chromium(cores: set[int] | None) -> Iterator[Chromium]:
    """A browser for one part, with scrollbars. Raises BenchmarkError.

    It may use these cores and not only those of this process: drawing without a graphics card
    takes more than what is left beside the load.
    """
    path = program()
    with on_cores(cores):
        playwright = sync_playwright().start()
    try:
        browser = playwright.chromium.launch(
            executable_path=path, args=list(FLAGS), ignore_default_args=["--hide-scrollbars"]
        )
        try:
            yield Chromium(browser)
        finally:
            browser.close()
    finally:
        playwright.stop()


@contextmanager
def on_cores(cores: set[int] | None) -> Iterator[None]:
    """What is started meanwhile may use these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores or before)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
