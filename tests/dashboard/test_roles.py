"""Viewer, operator, admin on the full page: what one may not do says why, and the hub agrees."""

from typing import Any

from playwright.sync_api import Locator, Page, expect

from schemas.scalars import Role
from tests.dashboard.browser import Look, Visit
from tests.dashboard.conftest import Join
from tests.dashboard.person import NOBODY, enter, rows
from tests.transport.ranch import Hub


def asked(visit: Visit, method: str, path: str, body: Any = None) -> int:
    """The status with which the hub answers this browser when it is asked without the page."""
    session = visit.context.request.get(f"{visit.url}/api/v1/session").json()
    reply = visit.context.request.fetch(
        f"{visit.url}/api/v1{path}",
        method=method,
        data=body,
        headers={"X-Corral-CSRF": session["csrf"], "Origin": visit.url},
    )
    return reply.status


def is_refused(button: Locator, why: str) -> None:
    """It can be reached and read, and does nothing."""
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(button).to_have_attribute("title", why)
    button.click(force=True)


def open_task(page: Page, task: str) -> None:
    """Go to a task's page by the list."""
    page.get_by_role("link", name="Tasks", exact=True).click()
    page.locator(f'a[href$="/tasks/{task}"]').click()


def test_a_viewer_only_looks(look: Look, hub: Hub, join: Join) -> None:
    """At everything but what is secret; every lever says whose it is."""
    join(hub, "crook")
    task = hub.submit(description="Count the flock", needs=[NOBODY])
    visit = look(hub)
    page = enter(visit, "/tasks", Role.VIEWER)
    why = "Only operators and admins may submit here"
    is_refused(page.get_by_role("button", name="New task"), why)
    expect(page).to_have_url(f"{visit.url}/dashboard/tasks")
    expect(rows(page, "Count the flock")).to_be_visible()

    open_task(page, task)
    why = "Only operators and admins may do this"
    for name in ("Cancel", "Edit", "Run again…"):
        is_refused(page.get_by_role("button", name=name), why)
    expect(page.get_by_role("combobox", name="Priority")).to_be_disabled()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("c")
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    visit.picture("journey viewer task")

    page.goto(f"{visit.url}/dashboard/fleet/crook")
    panel = page.get_by_role("complementary")
    why = "This needs the role operator; you are logged in as viewer."
    for name in ("Pause…", "Drain"):
        is_refused(panel.get_by_role("button", name=name), why)
    is_refused(panel.get_by_role("button", name="Delete…"), why.replace("operator", "admin"))
    visit.picture("journey viewer agent")
    page.goto(f"{visit.url}/dashboard/admin/dispatch")
    is_refused(page.get_by_role("button", name="Pause"), why)
    page.get_by_role("link", name="Tokens").click()
    expect(page.get_by_role("heading", name="Tokens: for admins only")).to_be_visible()
    visit.picture("journey viewer tokens")

    assert asked(visit, "POST", f"/tasks/{task}/cancel") == 403
    assert asked(visit, "POST", "/tasks", {"description": "mine"}) == 403
    assert asked(visit, "POST", "/agents/crook/pause", {}) == 403
    assert asked(visit, "GET", "/tokens") == 403
    assert hub.task(task)["state"] == "queued"


def test_an_operator_has_the_levers_but_no_keys(look: Look, hub: Hub, join: Join) -> None:
    """Pauses and drains; tokens, sessions and deletion are an admin's."""
    join(hub, "shepherd")
    visit = look(hub)
    page = enter(visit, "/fleet/shepherd", Role.OPERATOR)
    panel = page.get_by_role("complementary")
    why = "This needs the role admin; you are logged in as operator."
    is_refused(panel.get_by_role("button", name="Delete…"), why)
    panel.get_by_role("button", name="Pause…").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Pause it").click()
    expect(panel.get_by_text("paused").first).to_be_visible()
    panel.get_by_role("button", name="Resume").click()
    expect(panel.get_by_text("idle").first).to_be_visible()

    page.get_by_role("link", name="Admin").click()
    for name in ("Join codes", "Sessions", "Limits"):
        page.get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", name=f"{name}: for admins only")).to_be_visible()
    assert asked(visit, "DELETE", "/agents/shepherd") == 403
    assert asked(visit, "GET", "/sessions") == 403
    assert asked(visit, "POST", "/tokens", {"name": "x", "role": "admin"}) == 403
    assert hub.get("/agents/shepherd")["id"] == "shepherd"


def test_an_admin_makes_a_token_that_is_shown_once(look: Look, hub: Hub, join: Join) -> None:
    """And deletes an agent, after its name was typed."""
    join(hub, "wolf")
    visit = look(hub)
    page = enter(visit, "/admin/tokens", Role.ADMIN)
    page.get_by_role("button", name="New token").click()
    page.get_by_label("Name", exact=True).fill("dolly")
    page.get_by_role("button", name="Make the token").click()
    shown = page.get_by_role("status", name="The token of dolly")
    token = shown.locator("code").inner_text()
    assert hub.http("GET", "/api/v1/tasks", token=token).status == 200
    page.get_by_role("button", name="I have copied it").click()
    expect(page.get_by_text(token)).to_have_count(0)
    expect(page.get_by_role("row").filter(has_text="dolly")).to_contain_text("viewer")
    visit.picture("journey tokens")

    page.goto(f"{visit.url}/dashboard/fleet/wolf")
    page.get_by_role("complementary").get_by_role("button", name="Delete…").click()
    dialog = page.get_by_role("alertdialog", name="Delete wolf?")
    sure = dialog.get_by_role("button", name="Delete it")
    is_refused(sure, "Type wolf first")
    dialog.get_by_role("textbox").fill("wolf")
    visit.picture("journey delete agent")
    sure.click()
    expect(page.get_by_text("wolf was deleted")).to_be_visible()
    assert hub.http("GET", "/api/v1/agents/wolf").status == 404
