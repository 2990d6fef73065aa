"""The whole page by the keyboard alone: nobody ever has to wonder where they are."""

import pytest
from playwright.sync_api import Page, Route, expect

from schemas.scalars import Role
from tests.dashboard.browser import Look
from tests.dashboard.fleet import shell
from tests.dashboard.hands import here, press, tab_to
from tests.dashboard.herd import Herd
from tests.dashboard.sight import focus_of
from tests.transport.ranch import until


def title(page: Page, name: str) -> None:
    """Wait for a screen."""
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


@pytest.fixture
def page(look: Look, herd: Herd) -> Page:
    """The overview, for somebody who has no mouse."""
    visit = look(herd.hub).log_in().open("/dashboard/overview")
    title(visit.page, "Overview")
    return visit.page


def test_the_door(look: Look, herd: Herd) -> None:
    """The token is typed and sent; behind the door the keyboard is in the screen."""
    visit = look(herd.hub)
    visit.expected = ["401"]
    page = visit.open("/dashboard/tasks").page
    expect(page.get_by_label("Token")).to_be_focused()
    page.keyboard.type(herd.hub.tokens[Role.ADMIN])
    press(page, "Enter")

    title(page, "Tasks")
    assert here(page).tag == "main"


def test_past_the_navigation(page: Page) -> None:
    """Nothing has the keyboard on arrival; the first Tab leads past what every screen has."""
    assert focus_of(page) is None
    press(page, "Tab")
    assert here(page).name == "Skip to the content"
    press(page, "Enter")
    assert here(page).tag == "main"


def test_from_row_to_page_and_back(page: Page, herd: Herd) -> None:
    """The list keeps the keyboard, the panel takes it and gives it back."""
    press(page, "g", "t")
    title(page, "Tasks")
    expect(page.get_by_role("checkbox", name="Select task-").first).to_be_visible()
    press(page, "j", "j", "k", "j", "x")
    assert "Tasks" in here(page).name
    expect(page.get_by_text("1 task selected")).to_be_visible()
    press(page, "Escape")
    expect(page.get_by_text("1 task selected")).to_be_hidden()

    press(page, "Enter")
    expect(page.get_by_role("complementary")).to_be_visible()
    until(lambda: here(page).tag == "h2")
    press(page, "Escape")
    expect(page.get_by_role("complementary")).to_be_hidden()
    assert here(page).name == "Tasks"
    press(page, "Enter")
    expect(page.get_by_role("complementary")).to_be_visible()
    press(page, "Enter")
    expect(page.get_by_role("tablist")).to_be_visible()
    assert here(page).tag == "main"
    tab_to(page, "Overview")


def test_a_filter_and_a_view_of_it(page: Page) -> None:
    """Proposals are chosen by arrows; what was filtered is kept under a name and found again."""
    press(page, "g", "t")
    title(page, "Tasks")
    press(page, "/")
    page.keyboard.type("state:sch")
    expect(page.get_by_role("option", name="scheduled")).to_be_visible()
    press(page, "ArrowDown", "Enter")
    expect(page.get_by_role("button", name="Remove state:scheduled")).to_be_visible()
    here(page)

    press(page, "Shift+Tab", "Shift+Tab", "Shift+Tab", "Shift+Tab")
    tab_to(page, "Views")
    press(page, "Enter")
    tab_to(page, "Name of this view")
    page.keyboard.type("later")
    press(page, "Enter")
    expect(page.get_by_text("later", exact=True)).to_be_visible()
    here(page)
    press(page, "Escape")
    assert "Views" in here(page).name


def test_a_cancel_is_asked_and_the_keyboard_comes_back(page: Page, herd: Herd) -> None:
    """Escape leaves the dialog; when the button is gone, the next one has the keyboard."""
    task = herd.hub.submit(needs=["nobody-has-this"], run=shell("true"))
    page.goto(f"{page.url.rpartition('/')[0]}/tasks/{task}")
    title(page, "a test")
    tab_to(page, "Cancel")
    press(page, "Enter")
    expect(page.get_by_role("alertdialog")).to_be_visible()
    assert here(page).name == "Keep as it is"
    press(page, "Escape")
    expect(page.get_by_role("alertdialog")).to_be_hidden()
    assert here(page).name == "Cancel"

    press(page, "Enter")
    tab_to(page, "Cancel the task")
    press(page, "Enter")
    herd.hub.reaches(task, "cancelled")
    expect(page.get_by_role("button", name="Retry")).to_be_visible()
    here(page)


def test_the_palette_and_the_help(page: Page) -> None:
    """Both open from anywhere, close by Escape, and leave the keyboard where it was."""
    tab_to(page, "Fleet")
    press(page, "Control+k")
    until(lambda: "Search or run" in here(page).name)
    press(page, "Escape")
    assert here(page).name == "Fleet"
    press(page, "?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    here(page)
    press(page, "Escape")
    assert here(page).name == "Fleet"

    press(page, "Control+k")
    until(lambda: "Search or run" in here(page).name)
    page.keyboard.type("metrics")
    press(page, "Enter")
    title(page, "Metrics")
    assert here(page).tag == "main"


def test_what_is_typed_before_the_palette_is_there_is_meant_for_it(page: Page) -> None:
    """And no key of the page: on a slow line it comes late when it is first asked for."""
    held: list[Route] = []
    page.route("**/CommandPalette*.js", lambda route: held.append(route))
    with page.expect_request("**/CommandPalette*.js"):
        press(page, "Control+k")
    page.keyboard.type("g t metrics")
    until(lambda: page.url.endswith("/overview") and held)
    held[0].continue_()
    expect(page.get_by_role("combobox", name="Search or run")).to_have_value("g t metrics")
    title(page, "Overview")


def test_who_turns_away_from_a_palette_that_comes_late_has_the_keys(page: Page) -> None:
    """What is typed into another field goes there; the palette opens when it is asked for again."""
    held: list[Route] = []
    page.route("**/CommandPalette*.js", lambda route: held.append(route))
    press(page, "g", "t")
    title(page, "Tasks")
    with page.expect_request("**/CommandPalette*.js"):
        press(page, "Control+k")
    expect(page.get_by_role("button", name="Search or run")).to_have_attribute("aria-busy", "true")
    field = page.get_by_role("combobox", name="Filter")
    field.click()
    page.keyboard.type("barn")
    expect(field).to_have_value("barn")
    with page.expect_response("**/CommandPalette*.js"):
        held[0].continue_()
    press(page, "Control+k")
    expect(page.get_by_role("combobox", name="Search or run")).to_have_value("")


def test_an_agent_by_its_row_its_menu_and_its_panel(page: Page) -> None:
    """Each of them gives the keyboard back to the list."""
    press(page, "g", "f")
    title(page, "Fleet")
    press(page, "j", ".")
    expect(page.get_by_role("menu")).to_be_visible()
    assert here(page).tag == "button"
    press(page, "ArrowDown", "Escape")
    expect(page.get_by_role("menu")).to_be_hidden()
    assert here(page).name == "Agents"

    press(page, "Enter")
    expect(page.get_by_role("complementary")).to_be_visible()
    until(lambda: here(page).tag == "h2")
    tab_to(page, "Close")
    press(page, "Enter")
    expect(page.get_by_role("complementary")).to_be_hidden()
    assert here(page).name == "Agents"


def test_the_board_has_one_stop_in_each_column(page: Page) -> None:
    """Arrows go from card to card, and Tab from there to the next column."""
    page.goto(page.url.replace("/overview", "/tasks?view=board"))
    title(page, "Tasks")
    expect(page.get_by_role("list", name="queued: tasks")).to_be_visible()
    tab_to(page, "low: ")
    press(page, "ArrowDown")
    assert here(page).name.startswith("stuck: ")
    press(page, "Tab")
    assert here(page).name.startswith("Actions for ")
    press(page, "Tab", "Tab")
    assert here(page).name.startswith("last: ")


def test_the_map_is_one_stop(page: Page) -> None:
    """Arrows go from agent to agent, Enter opens one."""
    tab_to(page, "Map of 5 agents")
    press(page, "ArrowRight", "ArrowRight", "Enter")
    expect(page.get_by_role("complementary")).to_be_visible()
    until(lambda: here(page).tag == "h2")


def test_sections_of_admin(page: Page) -> None:
    """A section is chosen and the keyboard stays at its name."""
    press(page, "g", "a")
    title(page, "Admin")
    tab_to(page, "Sessions")
    press(page, "Enter")
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    assert here(page).name == "Sessions"
    press(page, "g", "p")
    expect(page.get_by_role("heading", name="Agents", exact=True)).to_be_visible()
