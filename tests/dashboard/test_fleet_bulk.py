"""Acting on many agents at once, in a real browser against a real hub."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from hub.dashboard.stamp import HERE, built_from
from schemas.scalars import Role
from tests.dashboard.browser import Look, Visit, need
from tests.dashboard.conftest import Join
from tests.dashboard.fleet import shell
from tests.transport.ranch import CALM, Hub

REMEMBERS = 'localStorage.setItem("corral.session", "1")'
"""How a browser knows that somebody has logged in here before."""
HERD = 300
RED = 120


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub with many agents, some of which are red."""
    need(built_from(HERE), "the dashboard is not built; run `corral dashboard build`")
    hub = Hub(tmp_path_factory.mktemp("fleet") / "data", **CALM)
    yield hub.start()
    hub.kill()


@pytest.fixture(autouse=True)
def herd(hub: Hub) -> None:
    """The same agents for every test, and nobody is held back."""
    agents = [
        {"id": f"cow-{n:03}", "labels": {"team": "red" if n < RED else "blue"}} for n in range(HERD)
    ]
    wanted = {"agents": agents, "deactivate_missing": False}
    assert hub.http("POST", "/api/v1/agents/sync", wanted).status == 200


def fleet(look: Look, hub: Hub, words: str, role: Role = Role.ADMIN) -> Visit:
    """A visit to the agents that these words are about."""
    visit = look(hub).log_in(role)
    visit.context.add_init_script(REMEMBERS)
    visit.open(f"/dashboard/fleet?q={words}")
    # The first row has the names of the columns.
    agents = visit.page.get_by_role("grid", name="Agents").get_by_role("row")
    expect(agents.nth(1)).to_be_visible()
    return visit


def select_all(visit: Visit) -> Locator:
    """Select whatever matches; returns what can be done with it."""
    visit.page.get_by_role("checkbox", name=re.compile("Select all")).check()
    return visit.page.get_by_role("region", name="Selection")


def paused(hub: Hub) -> int:
    """How many agents are paused."""
    return int(hub.get("/agents?filter=status%3Apaused&count=true&limit=1")["total"])


def test_all_that_match_are_paused_by_one_request(look: Look, hub: Hub) -> None:
    """Counted first; then with a reason, while the page only watches."""
    visit = fleet(look, hub, "label:team=red")
    sent: list[str] = []
    visit.page.on(
        "request", lambda request: sent.append(f"{request.method} {request.url[len(visit.url) :]}")
    )
    select_all(visit).get_by_role("button", name="Pause").click()
    dialog = visit.page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"{RED} agents at this moment")
    assert visit.barriers() == []
    dialog.get_by_label("Reason").fill("new disks")
    dialog.get_by_role("button", name=f"Pause {RED} agents").click()
    job = visit.page.get_by_role("region", name=f"Pause {RED} agents: done")
    expect(job).to_contain_text(f"{RED} paused")
    assert visit.barriers() == []
    assert paused(hub) == RED
    assert hub.get("/agents/cow-000")["pause_note"] == "new disks"
    posts = [line for line in sent if line.startswith("POST")]
    assert posts == ["POST /api/v1/agents/bulk/preview", "POST /api/v1/agents/bulk"]
    visit.picture("fleet bulk")
    job.get_by_role("button", name="Dismiss").click()
    expect(job).to_be_hidden()

    again = fleet(look, hub, "label:team")
    select_all(again).get_by_role("button", name="Pause").click()
    dialog = again.page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"{RED} agents left out: paused already.")
    dialog.get_by_role("button", name="Keep as they are").click()
    assert paused(hub) == RED
    hub.http("POST", "/api/v1/agents/bulk", {"action": "resume", "all": True})


def test_a_deletion_is_meant_and_tells_what_failed(look: Look, hub: Hub, join: Join) -> None:
    """A word is typed for it; an agent with work stays, and is named with the reason."""
    join(hub, "busy")
    task = hub.submit(run=shell("sleep 60"), assign_to="busy")
    hub.reaches(task, "running")
    visit = fleet(look, hub, "status:idle%20status:offline%20status:working")
    select_all(visit).get_by_role("button", name="Delete").click()
    dialog = visit.page.get_by_role("dialog")
    confirm = dialog.get_by_role("button", name=f"Delete {HERD + 1} agents")
    expect(confirm).to_have_attribute("aria-disabled", "true")
    dialog.get_by_label("to confirm").fill("delete")
    confirm.click()
    job = visit.page.get_by_role("region", name=f"Delete {HERD + 1} agents: done")
    expect(job).to_contain_text(f"{HERD} deleted · 1 failed")
    job.get_by_role("button", name="What failed").click()
    expect(visit.page.get_by_role("dialog")).to_contain_text("busy has 1 task")
    assert hub.get("/agents?count=true&limit=1")["total"] == 1
    hub.cancel(task)


def test_an_operator_deletes_nobody(look: Look, hub: Hub) -> None:
    """The page does not offer what the hub would refuse."""
    bar = select_all(fleet(look, hub, "cow", Role.OPERATOR))
    expect(bar.get_by_role("button", name="Drain")).to_be_visible()
    expect(bar.get_by_role("button", name="Delete")).to_be_hidden()
