"""Tab leads through every screen, and whoever presses it sees where they are."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.browser import Look
from tests.dashboard.hands import STOPS, here, press
from tests.dashboard.herd import Herd
from tests.dashboard.sight import Focus, focus_of

WALKED = (
    "/overview",
    "/fleet",
    "/fleet?view=map",
    "/fleet/worker",
    "/tasks",
    "/tasks?view=board",
    "/tasks?task={failed}",
    "/tasks/{running}",
    "/tasks/{done}?tab=log",
    "/tasks/new",
    "/events",
    "/metrics?table=all",
    "/admin/dispatch",
    "/admin/agents",
    "/admin/tokens",
)


@pytest.mark.parametrize("path", WALKED)
def test_every_stop_is_seen(look: Look, herd: Herd, path: str) -> None:
    """Tab leads through the screen and out of it, and what it reaches is marked and in sight."""
    visit = look(herd.hub, reduced_motion="reduce").log_in()
    page = visit.open("/dashboard" + path.format(**herd.tasks)).page
    expect(page.get_by_role("status").filter(has_text="Live").first).to_be_visible()
    expect(page.locator(".skeleton")).to_have_count(0)
    stops = list(_walk(page))
    assert 0 < len(stops) < STOPS, "a list is not one stop"
    assert [stop for stop in stops if not stop.is_visible] == []


def _walk(page: Page) -> Iterator[Focus]:
    last = None
    for _ in range(STOPS):
        press(page, "Tab")
        focus = focus_of(page)
        if focus is None:
            press(page, "Tab")
            assert here(page).name == "Skip to the content", f"the keyboard was lost after {last}"
            return
        last = focus
        yield focus
