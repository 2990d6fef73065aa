"""A real browser for the tests of the page, and everything in it that must not happen.

A visit notes each message of the console that is an error, each breach of the page's policy
and each request to anywhere but the hub; at its end there must have been none.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from hub.dashboard.stamp import HERE
from schemas.scalars import Role
from tests.blueprint import ROOT
from tests.transport.ranch import PATIENCE, Hub

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
DESK: Final = (1280, 800)
PHONE: Final = (375, 720)
SCREENSHOTS: Final = ROOT / ".artifacts" / "dashboard"
AXE: Final = HERE.modules / "axe-core" / "axe.min.js"
WCAG: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
Theme = Literal["dark", "light"]
Look = Callable[..., "Visit"]

_REPORT: Final = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
});
"""
_RUN_AXE: Final = """async (tags) => {
  const found = await axe.run({ runOnly: tags, resultTypes: ["violations"] });
  return found.violations.map((one) =>
    `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).join(", ")}`);
}"""


def need(what: object, why: str) -> None:
    """Skip the test without something, but never where everything has to be there."""
    if what:
        return
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


def program() -> str:
    """The browser; the test is skipped where there is none."""
    found = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    need(found, "no Chromium is installed; on Debian: apt install chromium")
    assert found is not None
    return found


class Visit:
    """One person before one page."""

    def __init__(self, context: BrowserContext, hub: Hub) -> None:
        self.hub = hub
        self.context = context
        self.url = f"http://127.0.0.1:{hub.port}"
        self.expected: list[str] = []
        """Parts of errors of the console that belong to the test."""
        self.seen: list[str] = []
        """What should not have happened."""
        context.add_init_script(_REPORT)
        context.on("request", self._requested)
        context.on("page", self._opened)
        self.page: Page = context.new_page()

    def _opened(self, page: Page) -> None:
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.seen.append(f"error: {error}"))

    def _requested(self, request: Request) -> None:
        place = urlsplit(request.url)
        if place.scheme not in ("data", "blob") and not request.url.startswith(self.url):
            self.seen.append(f"foreign request: {request.url}")

    def _said(self, message: ConsoleMessage) -> None:
        text = f"{message.text} {message.location['url']}"
        if message.type == "error" and not any(part in text for part in self.expected):
            self.seen.append(f"console: {text}")

    def log_in(self, role: Role = Role.ADMIN) -> "Visit":
        """Begin a session as the page would, without its login form."""
        answer = self.context.request.post(
            f"{self.url}/api/v1/session",
            data={"token": self.hub.tokens[role]},
            headers={"Origin": self.url},
        )
        assert answer.status == 201, answer.text()
        return self

    def open(self, path: str) -> "Visit":
        """Go to a path of the hub."""
        self.page.goto(self.url + path)
        return self

    def picture(self, name: str) -> Path:
        """Keep how it looks, for people."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        path = SCREENSHOTS / f"{re.sub(r'[^a-z0-9]+', '-', name.lower())}.png"
        self.page.screenshot(path=path, full_page=True, animations="disabled")
        return path

    def barriers(self) -> list[str]:
        """What keeps people out, by the rules of WCAG 2.2 AA that a program can check."""
        need(AXE.exists(), "axe-core is missing; build the dashboard first")
        self.page.evaluate(AXE.read_text("utf-8"))
        found: list[str] = self.page.evaluate(_RUN_AXE, list(WCAG))
        return found

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        wider: int = self.page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return wider


def visits(browser: Browser) -> Iterator[Look]:
    """Begins visits, and holds them all to good behaviour at the end."""
    begun: list[Visit] = []

    def look(
        hub: Hub, *, theme: Theme = "dark", size: tuple[int, int] = DESK, **more: Any
    ) -> Visit:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=theme,
            locale="en-GB",
            timezone_id="UTC",
            **more,
        )
        context.set_default_timeout(PATIENCE * 1000)
        begun.append(Visit(context, hub))
        return begun[-1]

    yield look
    for visit in begun:
        visit.context.close()
    seen = [line for visit in begun for line in visit.seen]
    assert not seen, "\n".join(seen)
