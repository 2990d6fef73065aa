"""Where pages break: no colours of their own, four times the size, nothing to show, no rights."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from hub.dashboard.stamp import HERE, is_fresh
from schemas.scalars import Role
from tests.dashboard.browser import Look, Theme, Visit, need
from tests.dashboard.herd import Herd
from tests.dashboard.sight import sticking_out
from tests.transport.ranch import CALM, WITH_SEARCH, Hub

ENLARGED = (360, 225)
"""A window of 1440 by 900 pixels at 400 %."""
SEEN_ROWS = 100
"""So many pixels of a list are some rows at least."""
PHONE = (360, 800)
LONG_NAME = "w" * 64
"""As long as a name may be."""
INNER_WIDTH = """() => [...document.querySelectorAll("main, main .card, main .card *")]
  .filter((one) => getComputedStyle(one).overflowX === "auto")
  .map((one) => one.scrollWidth - one.clientWidth)"""
"""By how much what is in each part that scrolls is wider than the part."""
NEXT = {
    "/overview": "corral join",
    "/fleet": "corral invite",
    "/fleet?view=map": "corral invite",
    "/admin/agents": "corral invite",
    "/tasks": "corral run",
    "/tasks?view=board": "corral run",
}
"""What an empty screen says to type next."""


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub on its first day."""
    need(is_fresh(HERE), "the dashboard is not built: corral dashboard build")
    hub = Hub(tmp_path_factory.mktemp("empty") / "data", **(CALM | WITH_SEARCH))
    yield hub.start()
    hub.kill()


def open_live(visit: Visit, path: str) -> Page:
    """Go there, and wait until it has everything."""
    page = visit.open("/dashboard" + path).page
    expect(page.get_by_role("status").filter(has_text="Live").first).to_be_visible()
    expect(page.locator(".skeleton")).to_have_count(0)
    return page


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_door(look: Look, herd: Herd, theme: Theme) -> None:
    """It is open to everybody, and says so when a token is not good."""
    visit = look(herd.hub, theme=theme, reduced_motion="reduce")
    visit.expected = ["401"]
    page = visit.open("/dashboard").page
    page.get_by_label("Token").fill("corral_v_" + "x" * 40)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    visit.picture(f"door {theme}")
    assert visit.barriers() == []


def test_what_is_chosen_is_seen_without_colours(look: Look, herd: Herd) -> None:
    """In the colours of the system the room, the layout and the filter still stand out."""
    visit = look(herd.hub, forced_colors="active").log_in()
    page = open_live(visit, "/tasks?q=state:failed")
    visit.picture("forced colours")
    for chosen, other in (
        (".nav-link.is-here", ".nav-link:not(.is-here)"),
        (".segment.is-chosen", ".segment:not(.is-chosen)"),
        ("button[aria-pressed=true]", "button[aria-pressed=false]"),
    ):
        grounds = [
            page.locator(part).first.evaluate("(part) => getComputedStyle(part).backgroundColor")
            for part in (chosen, other)
        ]
        assert grounds[0] != grounds[1], chosen


@pytest.mark.parametrize("path", ["/fleet", "/tasks", "/events"])
def test_lists_can_be_read_at_four_times_the_size(look: Look, herd: Herd, path: str) -> None:
    """The screen scrolls instead of leaving no room for rows; nothing lies over another."""
    visit = look(herd.hub, size=ENLARGED).log_in()
    page = open_live(visit, path)
    box = page.get_by_role("grid").bounding_box()
    assert box is not None
    assert box["height"] >= SEEN_ROWS
    assert sticking_out(page) == []
    filter_box = page.get_by_role("combobox").bounding_box()
    header = page.locator("main header").bounding_box()
    assert filter_box is not None
    assert header is not None
    assert filter_box["y"] >= header["y"] + header["height"]


@pytest.mark.parametrize("path", NEXT)
def test_an_empty_hub_says_what_to_type(look: Look, empty: Hub, path: str) -> None:
    """Where there is nothing yet, there is the next command."""
    visit = look(empty, reduced_motion="reduce").log_in()
    page = open_live(visit, path)
    expect(page.locator("main code", has_text=NEXT[path]).first).to_be_visible()
    visit.picture(f"empty {path}")
    assert visit.barriers() == []


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub in which everybody has the longest name there is."""
    need(is_fresh(HERE), "the dashboard is not built: corral dashboard build")
    hub = Hub(tmp_path_factory.mktemp("wide") / "data", **CALM).start()

    def make(path: str, body: object) -> dict[str, str]:
        reply = hub.http("POST", f"/api/v1{path}", body, role=Role.ADMIN)
        assert reply.status in (200, 201), reply
        return dict(reply.json)

    agent = LONG_NAME[:-1] + "a"
    make("/tokens", {"role": "agent", "agent_id": agent})
    make("/invites", {"agent_id": agent})
    label = {"key": LONG_NAME, "value": LONG_NAME}
    make("/dispatch/pause", {"note": LONG_NAME, "label": label})
    replaced = make("/tokens", {"role": "operator", "name": LONG_NAME})
    new = make(f"/tokens/{replaced['id']}/rotate", {"overlap_ms": 3_600_000})
    hub.tokens[Role.OPERATOR] = new["token"]
    yield hub
    hub.kill()


@pytest.mark.parametrize("section", ["dispatch", "join", "tokens", "sessions", "limits"])
def test_long_names_fit_a_phone(look: Look, wide: Hub, section: str) -> None:
    """Names are cut or broken: neither the page nor a table of Admin is wider than its place."""
    look(wide).log_in(Role.OPERATOR)
    visit = look(wide, size=PHONE, reduced_motion="reduce").log_in()
    page = open_live(visit, f"/admin/{section}")
    if section == "tokens":
        page.get_by_label("State").select_option("")
        expect(page.get_by_role("row").filter(has_text="rotated")).to_have_count(1)
    if section != "limits":
        expect(page.get_by_text(LONG_NAME[:-1]).first).to_be_visible()
    visit.picture(f"long names {section}")
    assert visit.overflow() == 0
    assert page.evaluate("document.documentElement.scrollHeight") == PHONE[1]
    assert sticking_out(page) == []
    assert max(page.evaluate(INNER_WIDTH), default=0) == 0


def test_a_long_reason_pushes_no_button_away(look: Look, herd: Herd) -> None:
    """The panel of a paused agent is no wider than its place, whatever its note says."""
    visit = look(herd.hub, reduced_motion="reduce").log_in()
    page = open_live(visit, "/fleet/resting")
    panel = page.get_by_role("complementary")
    expect(panel.get_by_text("Donaudampf").first).to_be_visible()
    place, button = panel.bounding_box(), panel.get_by_role("button", name="Delete…").bounding_box()
    assert place is not None
    assert button is not None
    assert button["x"] + button["width"] <= place["x"] + place["width"]


def test_who_may_not_sees_why(look: Look, herd: Herd) -> None:
    """A viewer reads the reason in the place of what is for admins only."""
    visit = look(herd.hub, reduced_motion="reduce").log_in(Role.VIEWER)
    page = open_live(visit, "/admin/tokens")
    expect(page.get_by_text("for admins only")).to_be_visible()
    assert visit.barriers() == []


def test_cards_on_a_phone_scroll_and_do_not_stick_to_the_finger(look: Look, herd: Herd) -> None:
    """One column fills the window, so a card is moved by its menu and not by dragging."""
    visit = look(herd.hub, size=(390, 844), has_touch=True, is_mobile=True).log_in()
    page = open_live(visit, "/tasks?view=board")
    card = page.locator(".board-card").first
    expect(card).to_have_attribute("draggable", "false")
    card.get_by_role("button", name="Actions for").tap()
    expect(page.get_by_role("menuitem", name="Move to cancelled…")).to_be_visible()
    box = page.get_by_role("menu").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 390
    visit.picture("card menu phone")
