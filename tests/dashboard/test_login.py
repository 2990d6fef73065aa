"""The way in and out of the full page, in a real browser."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from schemas.scalars import Role
from tests.dashboard.browser import Look
from tests.dashboard.person import alert, another_tab, enter, liveness, log_in
from tests.transport.ranch import PATIENCE, Hub, until

TITLE = "Log in to Corral"
OVER = "Your session is over"


@pytest.fixture
def up(hub: Hub, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """`corral up` of another hub, and what it says when it serves."""
    command = [sys.executable, "-m", "hub.cli", "up", "--json", "--port=0", "--no-search"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, f"--data={tmp_path / 'data'}"], stdout=subprocess.PIPE, stderr=log
        )
    assert process.stdout is not None
    with process.stdout:
        yield json.loads(process.stdout.readline())
        process.terminate()
        process.wait(PATIENCE)


def test_the_link_of_corral_up_logs_in_once(up: dict[str, Any], look: Look) -> None:
    """Its code is gone from the address at once; the second who opens it is told."""
    hub = Hub.at(Path(up["data"]), int(up["url"].rpartition(":")[2]))
    first, second = look(hub), look(hub)
    second.expected = ["401"]
    first.page.goto(up["login_url"])
    expect(liveness(first.page)).to_have_text("Live")
    assert first.page.url == f"{first.url}/dashboard/overview"
    first.picture("journey first overview")

    second.page.goto(up["login_url"])
    expect(alert(second.page, "That link does not work")).to_be_visible()
    expect(second.page.get_by_role("heading", name=TITLE)).to_be_visible()
    second.picture("journey used link")


def test_a_token_logs_in_and_is_kept_nowhere(look: Look, hub: Hub) -> None:
    """A wrong one is told as such; the right one leaves a cookie that no script can read."""
    visit = look(hub)
    visit.expected = ["401"]
    page = visit.open("/dashboard/fleet").page
    expect(page.get_by_label("Token", exact=True)).to_be_focused()

    log_in(page, "corral_v_" + "x" * 40)
    expect(alert(page, "The hub did not let you in")).to_contain_text("not valid")
    visit.picture("journey wrong token")
    token = hub.tokens[Role.VIEWER]
    log_in(page, token)

    expect(page.get_by_role("heading", name="Fleet", level=1)).to_be_visible()
    expect(liveness(page)).to_have_text("Live")
    (cookie,) = visit.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    kept = page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")
    assert token not in kept
    assert cookie["value"] not in kept


def test_who_logs_out_is_out_in_every_tab(look: Look, hub: Hub) -> None:
    """The sockets close; the other tab says so, and goes on when somebody logs in again."""
    visit = look(hub)
    visit.expected = ["401"]
    until(lambda: hub.metric("corral_pages") == 0)
    page = enter(visit)
    other = another_tab(visit, "/tasks")
    until(lambda: hub.metric("corral_pages") == 2)

    page.get_by_role("button", name="settings and log out").click()
    page.get_by_role("button", name="Log out", exact=True).click()
    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    expect(other.get_by_role("alertdialog", name=OVER)).to_be_visible()
    until(lambda: hub.metric("corral_pages") == 0)

    log_in(page, hub.tokens[Role.ADMIN])
    expect(liveness(page)).to_have_text("Live")
    expect(other.get_by_role("alertdialog")).to_have_count(0)
    expect(liveness(other)).to_have_text("Live")
    page.reload()
    expect(liveness(page)).to_have_text("Live")
