"""A hundred thousand tasks: the one that is looked for is found, and the table has an end."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from hub.dashboard.stamp import HERE, built_from
from schemas.scalars import Role
from tests.dashboard.browser import Look, need
from tests.dashboard.person import enter, rows, submit_many, table
from tests.transport.ranch import CALM, WITH_SEARCH, Hub, until

MANY = 100_000
SECONDS = 100
"""The index gives way to everything else on the machine."""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub with search and many tasks, in which one is not like the others."""
    need(built_from(HERE), "the dashboard was not built here")
    hub = Hub(tmp_path_factory.mktemp("many") / "data", **CALM, **WITH_SEARCH).start()
    submit_many(hub, MANY // 2, description="Stack bale {}")
    hub.submit(description="Mend the fence", payload={"tool": "fencing pliers"}, needs=["nobody"])
    submit_many(hub, MANY // 2 - 1, description="Spread manure {}")
    yield hub
    hub.kill()


def wait_for_index(hub: Hub) -> None:
    """Wait until everything can be found."""
    until(lambda: hub.get("/search?q=anything&limit=1")["behind"] == 0, SECONDS)


@contextmanager
def indexing_held(hub: Hub) -> Iterator[None]:
    """For a while the process that feeds the index does nothing."""
    children = Path(f"/proc/{hub.pid}/task/{hub.pid}/children").read_text().split()
    (feeder,) = [int(child) for child in children if _is_feeder(child)]
    os.kill(feeder, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(feeder, signal.SIGCONT)


def _is_feeder(pid: str) -> bool:
    return b"hub.search" in Path(f"/proc/{pid}/cmdline").read_bytes()


def test_the_table_has_an_end(look: Look, hub: Hub) -> None:
    """Reached by one key, and the beginning by another; few rows are ever in the page."""
    visit = look(hub)
    page = enter(visit, "/tasks", Role.VIEWER)
    expect(table(page)).to_have_attribute("aria-rowcount", str(MANY + 1))
    expect(rows(page, f"Spread manure {MANY // 2 - 2}")).to_be_visible()
    table(page).focus()
    page.keyboard.press("End")
    expect(rows(page, "Stack bale 0")).to_be_visible()
    visit.picture("journey end of the table")
    assert table(page).get_by_role("row").count() < 60
    page.keyboard.press("Home")
    expect(rows(page, f"Spread manure {MANY // 2 - 2}")).to_be_visible()


@pytest.mark.timeout(SECONDS + 20)
def test_one_is_found_by_its_words(look: Look, hub: Hub) -> None:
    """Also by words of its payload, and opened from what was found."""
    wait_for_index(hub)
    visit = look(hub)
    page = enter(visit, "/tasks", Role.VIEWER)
    page.keyboard.press("/")
    page.keyboard.type("pliers fencing")
    hit = page.get_by_role("region", name="Found tasks").get_by_role("listitem")
    expect(hit).to_have_count(1)
    expect(hit).to_contain_text("payload: tool: fencing pliers")
    visit.picture("journey search")
    hit.get_by_role("link", name="Mend the fence").click()
    panel = page.get_by_role("complementary", name="Mend the fence")
    expect(panel).to_contain_text("queued")
    panel.get_by_role("button", name="Open its page").click()
    expect(page.get_by_role("heading", name="Mend the fence", level=1)).to_be_visible()

    page.keyboard.press("Control+k")
    page.keyboard.type("mend fence")
    option = page.get_by_role("option").filter(has_text="Mend the fence")
    expect(option).to_be_visible()
    visit.picture("journey palette search")


@pytest.mark.timeout(SECONDS + 20)
def test_it_says_how_far_behind_it_is(look: Look, hub: Hub) -> None:
    """As long as it is; and finds what it could not find before without being asked again."""
    wait_for_index(hub)
    visit = look(hub)
    with indexing_held(hub):
        hub.submit(description="Grease the gate", needs=["nobody"])
        page = enter(visit, "/tasks?q=grease+gate", Role.VIEWER)
        expect(page.get_by_text(re.compile(r"The index is \d+ events? behind"))).to_be_visible()
        expect(page.get_by_text("Nothing found")).to_be_visible()
        visit.picture("journey search behind")
    hit = page.get_by_role("region", name="Found tasks").get_by_role("listitem")
    expect(hit).to_contain_text("Grease the gate")
    expect(page.get_by_text(re.compile("The index is"))).to_have_count(0)
