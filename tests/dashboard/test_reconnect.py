"""The full page when its hub is away: it says so, comes back, and shows everything once."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hub.dashboard.stamp import HERE, built_from
from hub.services.live import MOST_OF_ONE
from schemas.scalars import Role
from tests.dashboard.browser import SCREENSHOTS, Look, Visit, need
from tests.dashboard.line import Line
from tests.dashboard.person import (
    NOBODY,
    alert,
    another_tab,
    enter,
    liveness,
    rows,
    submit_many,
    table,
)
from tests.transport.ranch import CALM, Hub, until

LOST = ["ERR_", "WebSocket connection"]
"""What a browser writes into its console when there is no hub."""
_OPEN_SOCKETS = """async (count) => {
  for (let n = 0; n < count; n++) {
    const socket = new WebSocket(`ws://${location.host}/ws/dashboard`);
    await new Promise((heard) => { socket.onmessage = heard; });
  }
}"""
"""So many pages follow, without anything on them."""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A hub that a test may stop."""
    need(built_from(HERE), "the dashboard was not built here")
    hub = Hub(tmp_path / "data", **CALM).start()
    yield hub
    hub.kill()


@pytest.fixture
def line(hub: Hub) -> Iterator[Line]:
    """The way to it."""
    with Line(hub) as line:
        yield line


def through(look: Look, hub: Hub, line: Line) -> Visit:
    """A visit by way of the line."""
    visit = look(hub)
    visit.url = f"http://127.0.0.1:{line.port}"
    visit.expected = list(LOST)
    return visit


def batches_of(hub: Hub) -> float:
    """How many batches the pages of a hub were told."""
    return hub.metric("corral_page_batches_total")


def has_told_more(hub: Hub, batches: float) -> bool:
    """Whether there was another one since."""
    return batches_of(hub) > batches


def shows_once(page: Page, *texts: str) -> None:
    """Wait until each of these is in the table, and see that none is there twice."""
    for text in texts:
        expect(rows(page, text)).to_have_count(1)
    expect(table(page)).to_have_attribute("aria-rowcount", str(len(texts) + 1))


def tells_once(page: Page, task: str) -> None:
    """The creation of a task stands in the list of events, one time."""
    created = page.get_by_role("row").filter(has_text="task.created")
    expect(created.filter(has=page.get_by_title(task))).to_have_count(1)


def test_a_restart_is_seen_and_outlived(hub: Hub, look: Look) -> None:
    """Reconnecting while it is away, then live again, with what happened meanwhile."""
    first = hub.submit(description="Feed the hens", needs=[NOBODY])
    visit = look(hub)
    visit.expected = list(LOST)
    page = enter(visit, "/tasks", Role.OPERATOR)
    events = another_tab(visit, "/events")
    shows_once(page, "Feed the hens")

    assert hub.stop() == 0
    expect(liveness(page)).to_have_text("Reconnecting")
    page.get_by_role("button", name="queued 1").click()
    expect(alert(page, "The tasks cannot be listed")).to_be_visible()
    expect(page.get_by_text("No task matches")).to_have_count(0)
    page.get_by_role("button", name="queued 1").click()
    visit.picture("journey reconnecting")
    hub.start()
    hub.cancel(first)
    second = hub.submit(description="Gather the eggs", needs=[NOBODY])

    for tab in (page, events):
        expect(liveness(tab)).to_have_text("Live")
    shows_once(page, "Feed the hens", "Gather the eggs")
    expect(rows(page, "Feed the hens")).to_contain_text("cancelled")
    for task in (first, second):
        tells_once(events, task)
    expect(page.get_by_role("alert")).to_have_count(0)
    third = hub.submit(description="Bar the door", needs=[NOBODY])
    shows_once(page, "Feed the hens", "Gather the eggs", "Bar the door")
    tells_once(events, third)
    visit.picture("journey live again")


def test_a_short_loss_costs_no_snapshot(hub: Hub, line: Line, look: Look) -> None:
    """The page goes on where it was."""
    visit = through(look, hub, line)
    page = enter(visit, "/tasks", Role.VIEWER)
    hub.submit(description="Feed the hens", needs=[NOBODY])
    shows_once(page, "Feed the hens")
    snapshots = hub.metric("corral_page_snapshots_total")
    line.cut()
    expect(liveness(page)).to_have_text("Reconnecting")
    hub.submit(description="Gather the eggs", needs=[NOBODY])
    line.mend()

    expect(liveness(page)).to_have_text("Live")
    shows_once(page, "Feed the hens", "Gather the eggs")
    assert hub.metric("corral_page_snapshots_total") == snapshots


def test_a_long_loss_is_made_good_by_a_snapshot(hub: Hub, line: Line, look: Look) -> None:
    """It is offline by then, and more has happened than is kept for those who come back."""
    near = enter(look(hub), "/overview", Role.VIEWER)
    visit = through(look, hub, line)
    page = enter(visit, "/tasks", Role.VIEWER)
    gone = hub.submit(description="Feed the hens", needs=[NOBODY])
    expect(rows(page, "Feed the hens")).to_have_count(1)
    snapshots = hub.metric("corral_page_snapshots_total")
    line.cut()
    expect(liveness(page)).to_have_text("Offline")
    expect(page.get_by_text("The hub cannot be reached.")).to_be_visible()
    visit.picture("journey offline")
    for _ in range(20):
        batches = batches_of(hub)
        submit_many(hub, 1_000, description="Count sheep {}")
        until(partial(has_told_more, hub, batches))
    hub.cancel(gone)
    line.mend()
    page.get_by_role("button", name="Try now").click()

    expect(liveness(page)).to_have_text("Live")
    assert hub.metric("corral_page_snapshots_total") > snapshots
    expect(rows(page, "Count sheep 999")).not_to_have_count(0)
    expect(liveness(near)).to_have_text("Live")
    page.goto(f"{visit.url}/dashboard/tasks?q=state:cancelled")
    shows_once(page, "Feed the hens")


def test_one_page_too_many_says_so(hub: Hub, look: Look) -> None:
    """The hub lets a person have only so many: the next one says why, and is let in later."""
    visit = look(hub)
    page = enter(visit, "/overview", Role.VIEWER)
    page.evaluate(_OPEN_SOCKETS, MOST_OF_ONE - 1)
    late = visit.context.new_page()
    late.goto(f"{visit.url}/dashboard/fleet")
    expect(liveness(late)).to_have_text("Turned away")
    words = "The hub turned this page away: you have 32 pages open already."
    expect(late.get_by_text(words)).to_be_visible()
    expect(late.get_by_text("No agents yet")).to_have_count(0)
    late.screenshot(path=SCREENSHOTS / "journey-turned-away.png")
    page.close()
    late.get_by_role("button", name="Try now").click()
    expect(liveness(late)).to_have_text("Live")
    expect(late.get_by_text(words)).to_have_count(0)
