"""A session that ends under the page: it says so, and nothing that was typed is lost."""

from functools import partial

import pytest
from playwright.sync_api import Page, Request, expect

from schemas.scalars import Role
from tests.dashboard.browser import Look, Visit
from tests.dashboard.person import NOBODY, enter, liveness, log_in
from tests.transport.ranch import Hub

OVER = "Your session is over"
KEPT = "This is what you typed before"


def end_session(visit: Visit) -> None:
    """Somebody else ends the session of this browser."""
    me = visit.context.request.get(f"{visit.url}/api/v1/session").json()
    reply = visit.hub.http("DELETE", f"/api/v1/sessions/{me['id']}")
    assert reply.status == 204, reply
    expect(liveness(visit.page)).to_have_text("Logged out")


def write(page: Page, description: str) -> None:
    """Begin to write a task."""
    page.get_by_label("Description", exact=True).fill(description)
    page.get_by_label("Needs", exact=True).fill(NOBODY)


def reads(page: Page, description: str) -> None:
    """Wait until the form has what was written."""
    expect(page.get_by_label("Description", exact=True)).to_have_value(description)


def asks_about_tasks(request: Request, *, is_act: bool) -> bool:
    """Whether the page asks for tasks, after an act of its person or by itself."""
    is_by_itself = request.headers.get("corral-poll") == "1"
    return "/api/v1/tasks" in request.url and is_by_itself is not is_act


@pytest.fixture
def visit(look: Look, hub: Hub) -> Visit:
    """Somebody writes a task when their session ends."""
    visit = look(hub)
    visit.expected = ["401"]
    page = enter(visit, "/tasks/new", Role.OPERATOR)
    write(page, "Paint the barn red")
    end_session(visit)
    expect(page.get_by_role("alertdialog", name=OVER)).to_be_visible()
    return visit


def test_what_was_typed_is_submitted_after_all(visit: Visit, hub: Hub) -> None:
    """The dialog lies over the form; after the login the form goes on."""
    page = visit.page
    dialog = page.get_by_role("alertdialog", name=OVER)
    expect(dialog).to_contain_text("operator")
    visit.picture("journey session over")
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    log_in(dialog, "corral_o_" + "x" * 40)
    expect(dialog).to_contain_text("not valid")
    log_in(dialog, hub.tokens[Role.OPERATOR])

    expect(dialog).to_have_count(0)
    expect(liveness(page)).to_have_text("Live")
    reads(page, "Paint the barn red")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", name="Paint the barn red")).to_be_visible()
    page.goto(f"{visit.url}/dashboard/tasks/new")
    reads(page, "")
    expect(page.get_by_text(KEPT)).to_have_count(0)


def test_it_outlives_a_reload_for_its_writer(visit: Visit, hub: Hub) -> None:
    """The form has it again, and says why."""
    page = visit.page
    page.reload()
    log_in(page, hub.tokens[Role.OPERATOR])
    expect(page.get_by_text(KEPT)).to_be_visible()
    reads(page, "Paint the barn red")
    visit.picture("journey draft kept")
    page.get_by_role("button", name="Begin with an empty form").click()
    reads(page, "")


def test_somebody_else_does_not_get_to_see_it(visit: Visit, hub: Hub) -> None:
    """Another person in the same tab begins with an empty form."""
    page = visit.page
    log_in(page.get_by_role("alertdialog"), hub.tokens[Role.ADMIN])
    expect(page.get_by_role("button", name="admin: settings")).to_be_visible()
    reads(page, "")
    expect(page.get_by_text(KEPT)).to_have_count(0)


def test_only_a_person_keeps_the_session_alive(look: Look, hub: Hub) -> None:
    """What the page asks by itself says so; the first question after a key was pressed does not."""
    page = enter(look(hub), "/tasks", Role.VIEWER)
    with page.expect_request(partial(asks_about_tasks, is_act=False)):
        hub.submit(needs=[NOBODY])
    page.keyboard.press("Shift")
    # What the page asked before the key may still be under way.
    with page.expect_request(partial(asks_about_tasks, is_act=True)):
        hub.submit(needs=[NOBODY])
