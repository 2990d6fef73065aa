"""Looks at one screen after the other, in one theme and one size."""

from collections.abc import Iterator
from typing import Final

from playwright.sync_api import Browser, expect

from tests.dashboard.browser import Theme, Visit, visits
from tests.dashboard.herd import Herd
from tests.dashboard.screens import Screen
from tests.dashboard.sight import sticking_out

LOOKS: Final[dict[str, tuple[Theme, tuple[int, int]]]] = {
    "desk dark": ("dark", (1440, 900)),
    "desk light": ("light", (1440, 900)),
    "phone dark": ("dark", (390, 844)),
    "phone light": ("light", (390, 844)),
}
"""A theme and a size, by what they are called."""


class Sweep:
    """A visit that goes from screen to screen."""

    def __init__(self, visit: Visit, herd: Herd, name: str) -> None:
        self.visit = visit
        self.herd = herd
        self.name = name

    def show(self, screen: Screen) -> None:
        """Come to a screen from nowhere, and wait until it has everything."""
        page = self.visit.page
        self.visit.open("/dashboard" + screen.path.format(**self.herd.tasks))
        expect(page.get_by_role("status").filter(has_text="Live").first).to_be_visible()
        expect(page.locator(".skeleton")).to_have_count(0)
        screen.act(page)
        self.visit.picture(f"{screen.name} {self.name}")

    def flaws(self) -> list[str]:
        """Everything that is wrong with what is shown."""
        flaws = [f"barrier: {barrier}" for barrier in self.visit.barriers()]
        flaws += [f"sticks out: {part}" for part in sticking_out(self.visit.page)]
        if self.visit.overflow() > 0:
            flaws.append(f"the page is {self.visit.overflow()} px too wide")
        flaws += self.visit.seen
        self.visit.seen.clear()
        return flaws


def sweeping(browser: Browser, herd: Herd, name: str) -> Iterator[Sweep]:
    """A person who is logged in and looks around."""
    theme, size = LOOKS[name]
    for look in visits(browser):
        visit = look(herd.hub, theme=theme, size=size, reduced_motion="reduce")
        yield Sweep(visit.log_in(), herd, name)
