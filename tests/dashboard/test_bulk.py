"""Many tasks at once on the full page: what it is about, how far it is, what failed, a stop."""

import re

from playwright.sync_api import Locator, Page, expect

from schemas.scalars import Role
from tests.dashboard.browser import Look
from tests.dashboard.person import enter, rows, submit_many, table
from tests.transport.ranch import Hub

MANY = 20_000


def choose(page: Page, text: str) -> None:
    """Tick the rows that have a text."""
    found = rows(page, text)
    for place in range(found.count()):
        found.nth(place).get_by_role("checkbox").check()


def choose_all(page: Page, many: str) -> None:
    """Tick a row, then mean everything that matches."""
    table(page).get_by_role("checkbox").first.check()
    page.get_by_role("button", name=f"Select all {many} matching this filter").click()


def chosen(page: Page) -> Locator:
    """The bar under the table that says what is selected."""
    return page.get_by_role("group", name="What is selected")


def job(page: Page, title: str) -> Locator:
    """A bulk action above the table."""
    return page.get_by_role("region", name=re.compile(title))


def test_all_that_match_are_retried(look: Look, hub: Hub) -> None:
    """More than the table shows; with a preview before, progress meanwhile, an event after."""
    ids = submit_many(hub, 250, description="Shear sheep {}", labels={"bulk": "retry"})
    for start in range(0, 250, 125):
        part = {"action": "cancel", "ids": ids[start : start + 125]}
        assert hub.http("POST", "/api/v1/tasks/bulk", part).status == 202
    for task in (ids[0], ids[125]):
        hub.reaches(task, "cancelled")
    visit = look(hub)
    page = enter(visit, "/tasks?q=state:cancelled+label:bulk%3Dretry", Role.OPERATOR)
    expect(table(page)).to_have_attribute("aria-rowcount", "251")
    choose_all(page, "250")
    visit.picture("journey bulk selection")
    chosen(page).get_by_role("button", name="Retry").click()

    dialog = page.get_by_role("dialog", name="Retry tasks")
    expect(dialog).to_contain_text("250 tasks at this moment")
    expect(dialog.get_by_role("list", name="Some of them")).to_contain_text("Shear sheep 249")
    expect(dialog.get_by_role("list", name="Some of them")).to_contain_text("and 244 more")
    dialog.get_by_label("Reason").fill("new shears")
    visit.picture("journey bulk preview")
    dialog.get_by_role("button", name="Retry 250 tasks").click()

    expect(job(page, "Retry 250 tasks: done")).to_contain_text("250 queued again")
    expect(page.get_by_role("button", name="Show what matches now")).to_be_visible()
    page.mouse.move(0, 0)
    expect(page.get_by_text("No task matches")).to_be_visible()
    visit.picture("journey bulk done")
    assert {hub.task(task)["state"] for task in ids[::50]} == {"queued"}
    moved = hub.get(f"/tasks/{ids[0]}/events")["items"][-1]["payload"]
    assert moved["reason"] == "retried: new shears"
    page.goto(f"{visit.url}/dashboard/events?q=type:bulk.created")
    newest = page.get_by_role("grid").get_by_role("row").first
    expect(newest).to_contain_text("retry")
    expect(newest).to_contain_text("operator")


def test_what_failed_is_listed(look: Look, hub: Hub) -> None:
    """With the hub's reason for each; a cancel leaves alone what has ended meanwhile."""
    ids = submit_many(hub, 5, description="Dip lamb {}", labels={"bulk": "fail"})
    visit = look(hub)
    page = enter(visit, "/tasks?q=label:bulk%3Dfail", Role.OPERATOR)
    expect(rows(page, "Dip lamb")).to_have_count(5)
    choose(page, "Dip lamb")
    expect(chosen(page)).to_contain_text("5 tasks selected")
    for task in ids[:2]:
        hub.cancel(task)
    expect(rows(page, "cancelled")).to_have_count(2)
    chosen(page).get_by_role("combobox", name="Set the priority").select_option("urgent")
    page.get_by_role("button", name="Change 3 tasks").click()

    done = job(page, "Change 5 tasks: done")
    expect(done).to_contain_text("3 changed · 2 failed")
    done.get_by_role("button", name="What failed").click()
    failed = page.get_by_role("dialog", name="What failed")
    expect(failed.get_by_role("listitem")).to_have_count(2)
    expect(failed.get_by_role("listitem").first).to_contain_text("invalid_state")
    visit.picture("journey bulk failures")
    page.keyboard.press("Escape")
    expect(failed).to_have_count(0)
    done.get_by_role("button", name="Dismiss").click()
    expect(done).to_have_count(0)

    choose(page, "Dip lamb")
    chosen(page).get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Cancel 3 tasks").click()
    expect(job(page, "Cancel 5 tasks: done")).to_contain_text("3 cancelled · 2 left alone")
    expect(rows(page, "cancelled")).to_have_count(5)
    assert [hub.task(task)["priority"] for task in ids[1:3]] == ["normal", "urgent"]


def test_it_can_be_stopped(look: Look, hub: Hub) -> None:
    """What was done stays done, and the page says how much that is."""
    submit_many(hub, MANY, description="Count sheep {}", labels={"bulk": "stop"})
    visit = look(hub)
    page = enter(visit, "/tasks?q=label:bulk%3Dstop", Role.OPERATOR)
    expect(rows(page, f"Count sheep {MANY - 1}")).to_be_visible()
    choose_all(page, "10,000+")
    chosen(page).get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Cancel 10,000 tasks or more").click()
    page.get_by_role("button", name="Stop", exact=True).click()

    stopped = job(page, "Cancel 10,000 tasks or more: stopped")
    expect(stopped).to_be_visible()
    visit.picture("journey bulk stopped")
    (record,) = hub.get("/bulk?limit=1")["items"]
    assert record["state"] == "cancelled"
    assert record["done"] < MANY
    expect(stopped).to_contain_text(f"{record['done']:,} cancelled")
