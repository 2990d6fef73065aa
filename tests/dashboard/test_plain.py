"""The plain page, in a real browser: it needs no build, and shows how the fleet stands."""

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from schemas.scalars import Role
from tests.dashboard.browser import PHONE, Look, Theme, Visit
from tests.dashboard.conftest import Join
from tests.dashboard.fleet import shell
from tests.dashboard.workbench import Workbench
from tests.transport.ranch import CALM, Hub, until

HOSTILE = "<img src=x onerror=alert(1)> \u202e\x1b[31mred"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub whose page was never built."""
    root = tmp_path_factory.mktemp("plain")
    hub = Hub(root / "data", **CALM)
    hub.program = ("-m", "tests.dashboard.other_page", str(Workbench(root).place.root))
    yield hub.start()
    hub.kill()


def shows(visit: Visit, name: str, value: str) -> None:
    """Wait until a number at the top of the page is this."""
    pair = visit.page.locator("#numbers div", has=visit.page.get_by_text(name, exact=True))
    expect(pair.locator("dd")).to_have_text(value)


def enter(visit: Visit, token: str) -> None:
    """Fill in the form."""
    visit.page.get_by_label("Token").fill(token)
    visit.page.get_by_role("button", name="Log in").click()


def live(look: Look, hub: Hub, **how: object) -> Visit:
    """A visit of somebody who is logged in, when the page follows the hub."""
    visit = look(hub, **how).log_in().open("/dashboard")
    expect(visit.page.get_by_role("status")).to_have_text("Live")
    return visit


def test_a_person_logs_in_and_out(look: Look, hub: Hub) -> None:
    """A wrong token is told as such; the page says what is missing; the end is an end."""
    visit = look(hub)
    visit.expected = ["401"]
    visit.open("/dashboard")
    expect(visit.page.get_by_text("This is the plain page.")).to_be_visible()
    expect(visit.page.get_by_text("corral dashboard build")).to_be_visible()

    enter(visit, "corral_v_" + "x" * 40)
    expect(visit.page.get_by_role("alert")).not_to_be_empty()
    enter(visit, hub.tokens[Role.VIEWER])
    expect(visit.page.get_by_role("status")).to_have_text("Live")
    expect(visit.page.get_by_label("Token")).to_be_hidden()

    visit.page.get_by_role("button", name="Log out").click()
    expect(visit.page.get_by_label("Token")).to_be_visible()
    visit.page.reload()
    expect(visit.page.get_by_label("Token")).to_be_visible()


def test_a_one_time_link_leaves_no_trace(look: Look, hub: Hub) -> None:
    """Its code logs in, and is gone from the address at once."""
    code = hub.http("POST", "/api/v1/login-codes").json
    visit = look(hub)
    visit.open(code["path"])

    expect(visit.page.get_by_role("status")).to_have_text("Live")
    assert visit.page.url == visit.url + "/dashboard"


def test_numbers_change_by_themselves(look: Look, hub: Hub) -> None:
    """A task that comes and one that is cancelled are seen without a word."""
    visit = live(look, hub)
    before = hub.get("/tasks/stats")["states"]["queued"]
    task = hub.submit(needs=["nobody-has-this"])
    shows(visit, "Waiting", str(before + 1))
    hub.cancel(task)
    shows(visit, "Waiting", str(before))


def test_only_a_person_keeps_the_session_alive(look: Look, hub: Hub) -> None:
    """What the page asks by itself says so; the first question after a key was pressed does not."""
    visit = live(look, hub)
    with visit.page.expect_request("**/api/v1/tasks/stats") as asked:
        hub.submit(needs=["nobody-has-this"])
    assert "corral-poll" in asked.value.headers
    visit.page.keyboard.press("Shift")
    with visit.page.expect_request("**/api/v1/tasks/stats") as asked:
        hub.submit(needs=["nobody-has-this"])
    assert "corral-poll" not in asked.value.headers


def test_agents_and_their_work_are_seen(look: Look, hub: Hub, join: Join, tmp_path: Path) -> None:
    """An agent that joins, a task that waits and runs on it, and its end."""
    hub.submit(needs=["nobody-has-this"], priority="high")
    visit = live(look, hub)
    high = visit.page.locator("#queue div", has_text="high").locator("dd").last
    expect(high).to_have_text(str(hub.get("/tasks/stats")["queued_by_priority"]["high"]["count"]))

    sidecar = join(hub, "plain-1")
    row = visit.page.locator("#agents tr", has_text="plain-1")
    expect(row).to_contain_text("idle")
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    task = hub.submit(needs=["plain-1"], run=shell(f"cat {gate}"))
    expect(row).to_contain_text("1 of 2")
    visit.picture("plain at work")
    gate.write_text("go")
    hub.reaches(task, "completed")
    expect(row).to_contain_text("0 of 2")

    sidecar.kill()
    expect(row).to_contain_text("offline")


def test_who_is_gone_from_its_work_is_not_connected(
    look: Look, hub: Hub, join: Join, tmp_path: Path
) -> None:
    """Its task still runs as far as the hub knows; that needs attention."""
    sidecar = join(hub, "plain-2")
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    task = hub.submit(needs=["plain-2"], run=shell(f"cat {gate}"))
    hub.reaches(task, "running")
    visit = live(look, hub)
    shows(visit, "Agents connected", "1")
    sidecar.kill()

    expect(visit.page.locator("#agents tr", has_text="plain-2")).to_contain_text("stale")
    shows(visit, "Agents connected", "0")
    expect(visit.page.locator("#attention")).to_contain_text("1 agents are gone from their work.")
    hub.cancel(task)
    # What the agent ran is still there; this does not wait for it.
    with gate.open("r+b", buffering=0) as end:
        end.write(b"go")


def test_a_task_that_failed_needs_attention(look: Look, hub: Hub) -> None:
    """Whatever it calls itself is shown as text."""
    soon = int(time.time() * 1000) + 300
    task = hub.submit(description=HOSTILE, needs=["nobody-has-this"], complete_by=soon)
    hub.reaches(task, "dead_letter")
    visit = live(look, hub)

    line = visit.page.locator("#attention li", has_text=task)
    expect(line).to_contain_text("<img src=x onerror=alert(1)>")
    assert visit.page.locator("#attention img").count() == 0


def test_the_page_finds_a_hub_that_comes_back(
    look: Look, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """It says that it waits, and goes on by itself: the session is still good."""
    root = tmp_path_factory.mktemp("again")
    hub = Hub(root / "data", **CALM)
    hub.program = ("-m", "tests.dashboard.other_page", str(Workbench(root).place.root))
    hub.start()
    try:
        visit = live(look, hub)
        visit.expected = ["Failed to load", "ERR_"]
        hub.kill()
        expect(visit.page.get_by_role("status")).to_have_text("Reconnecting")
        hub.start()
        expect(visit.page.get_by_role("status")).to_have_text("Live")
    finally:
        hub.kill()


def test_a_session_that_was_ended_says_so(look: Look, hub: Hub) -> None:
    """The page asks to log in again, and shows nothing more."""
    visit = live(look, hub)
    visit.expected = ["401"]
    me = visit.context.request.get(f"{visit.url}/api/v1/session").json()
    reply = hub.http("DELETE", f"/api/v1/sessions/{me['id']}")
    assert reply.status == 204, reply
    hub.submit(needs=["nobody-has-this"])

    expect(visit.page.get_by_role("alert")).to_contain_text("session has ended")
    expect(visit.page.locator("#fleet")).to_be_hidden()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_everybody_can_use_it(look: Look, hub: Hub, theme: Theme) -> None:
    """No barrier that a program finds, at the door and inside, in either theme."""
    door = look(hub, theme=theme)
    door.expected = ["401"]
    door.open("/dashboard")
    expect(door.page.get_by_label("Token")).to_be_focused()
    assert door.barriers() == []
    door.picture(f"plain door {theme}")

    inside = live(look, hub, theme=theme)
    assert inside.barriers() == []
    inside.picture(f"plain {theme}")


def test_it_fits_a_phone(look: Look, hub: Hub) -> None:
    """Nothing sticks out, and everything that is pressed is large enough."""
    visit = live(look, hub, size=PHONE)
    visit.picture("plain phone")

    assert visit.overflow() <= 0
    box = visit.page.get_by_role("button", name="Log out").bounding_box()
    assert box is not None
    assert box["height"] >= 24


def test_a_hidden_page_asks_for_nothing(look: Look, hub: Hub) -> None:
    """It follows again when it is seen."""
    visit = live(look, hub)
    asked: list[str] = []
    visit.page.evaluate(HIDE, True)
    until(lambda: hub.metric("corral_event_readers") == 0)
    visit.page.on("request", lambda request: asked.append(request.url))
    hub.submit(needs=["nobody-has-this"])
    shown = re.compile("Live|Not")
    expect(visit.page.get_by_role("status")).to_have_text(shown)
    assert asked == []

    visit.page.evaluate(HIDE, False)
    until(lambda: (visit.page.evaluate("1"), asked)[1])


HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
