"""One task on the full page: submitted, watched to its end, run again, cancelled."""

import os
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from schemas.scalars import Role
from tests.dashboard.browser import Look
from tests.dashboard.conftest import Join
from tests.dashboard.fleet import shell
from tests.dashboard.person import enter, state
from tests.transport.ranch import Hub, until


def write_task(page: Page, description: str, script: str, needs: str) -> None:
    """Fill in the form of a new task that a shell runs."""
    page.get_by_label("Description", exact=True).fill(description)
    page.get_by_text("Command", exact=True).click()
    page.get_by_label("Program and arguments").fill(f"sh\n-c\n{script}")
    page.get_by_label("Needs", exact=True).fill(needs)


def shown_task(page: Page) -> str:
    """The id of the task whose page is shown, once it is."""
    expect(page).to_have_url(re.compile(r"/tasks/task-\w+"))
    return page.url.rpartition("/")[2].partition("?")[0]


def test_a_task_is_watched_to_its_end(look: Look, hub: Hub, join: Join, tmp_path: Path) -> None:
    """Written on the page, seen at work line by line, and run again with edits."""
    join(hub, "loom")
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    visit = look(hub)
    page = enter(visit, "/tasks", Role.OPERATOR)
    page.get_by_role("button", name="New task").click()
    script = f"echo warp; echo ::progress 40 half of it; cat {gate}; echo oops >&2"
    write_task(page, "Weave a blanket", script, "loom")
    visit.picture("journey new task")
    page.get_by_role("button", name="Submit").click()

    task = shown_task(page)
    expect(page.get_by_role("heading", name="Weave a blanket")).to_be_visible()
    expect(state(page, "running")).to_be_visible()
    expect(page.get_by_text("40 %")).to_be_visible()
    expect(page.get_by_text("half of it")).to_be_visible()
    page.get_by_role("tab", name="Log").click()
    output = page.get_by_role("list", name="Output")
    expect(output.get_by_text("warp")).to_be_visible()
    expect(output.get_by_text("weft")).to_have_count(0)
    visit.picture("journey task at work")

    gate.write_text("weft\n")
    expect(output.get_by_text("weft")).to_be_visible()
    expect(state(page, "done")).to_be_visible()
    page.get_by_text("stderr", exact=True).click()
    expect(output.get_by_text("oops")).to_be_visible()
    page.get_by_role("tab", name="Payload and result").click()
    expect(page.get_by_role("region", name="Result")).to_contain_text('"exit_code": 0')
    visit.picture("journey task done")
    page.get_by_role("tab", name="Events").click()
    expect(page.get_by_role("list", name="Events, newest first")).to_contain_text("operator")
    page.get_by_role("tab", name="Overview").click()
    expect(page.get_by_label("Timeline of attempts")).to_contain_text("attempt 1")
    visit.picture("journey task over")

    page.get_by_role("button", name="Run again…").click()
    expect(page.get_by_role("heading", name="Run again with edits")).to_be_visible()
    expect(page.get_by_label("Description", exact=True)).to_have_value("Weave a blanket")
    expect(page.get_by_label("Program and arguments")).to_have_value(f"sh\n-c\n{script}")
    write_task(page, "Weave a scarf", "echo a scarf", "loom")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", name="Weave a scarf")).to_be_visible()
    expect(state(page, "done")).to_be_visible()
    again = shown_task(page)
    assert again != task
    assert hub.task(again)["needs"] == ["loom"]


def test_what_is_wrong_is_said_where_it_is(look: Look, hub: Hub) -> None:
    """By the page itself and by the hub alike; the keyboard goes to the first of it."""
    visit = look(hub)
    visit.expected = ["422"]
    page = enter(visit, "/tasks/new", Role.OPERATOR)
    page.get_by_role("button", name="Submit").click()
    description = page.get_by_label("Description", exact=True)
    expect(description).to_be_focused()
    expect(description).to_have_attribute("aria-invalid", "true")

    description.fill("Weave a blanket")
    page.get_by_label("Needs", exact=True).fill("a loom, " + "x" * 200)
    page.get_by_role("button", name="Submit").click()
    needs = page.get_by_label("Needs", exact=True)
    expect(needs).to_be_focused()
    expect(needs).to_have_value(re.compile("a loom"))
    visit.picture("journey new task refused")
    assert hub.get("/tasks?text=blanket&capability=a%20loom")["items"] == []


def test_a_running_task_is_cancelled(look: Look, hub: Hub, join: Join, tmp_path: Path) -> None:
    """After a question; the process on the agent's machine ends."""
    join(hub, "mill")
    grain = tmp_path / "pid"
    run = shell(f"echo $$ > {grain}.new; mv {grain}.new {grain}; exec sleep 600")
    task = hub.submit(description="Grind the grain", needs=["mill"], run=run)
    until(grain.exists)
    process = Path("/proc", grain.read_text().strip())
    assert process.exists()
    visit = look(hub)
    page = enter(visit, f"/tasks/{task}", Role.OPERATOR)
    expect(state(page, "running")).to_be_visible()

    page.get_by_role("button", name="Cancel", exact=True).click()
    question = page.get_by_role("alertdialog", name="Cancel this task?")
    expect(question.get_by_role("button", name="Keep as it is")).to_be_focused()
    visit.picture("journey cancel one")
    page.keyboard.press("Enter")
    expect(question).to_have_count(0)
    assert not hub.task(task).get("cancel_requested")

    page.get_by_role("button", name="Cancel", exact=True).click()
    question.get_by_label("Reason").fill("wrong grain")
    question.get_by_role("button", name="Cancel the task").click()
    expect(page.get_by_text("Its agent is told to stop")).to_be_visible()
    expect(state(page, "cancelled")).to_be_visible()
    until(lambda: not process.exists())
    page.get_by_role("tab", name="Events").click()
    expect(page.get_by_role("list", name="Events, newest first")).to_contain_text("wrong grain")
    visit.picture("journey cancelled")
