"""Rows never move under the pointer: what is new waits until it has left."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from hub.dashboard.stamp import HERE
from schemas.scalars import Role
from tests.dashboard.browser import Look, need
from tests.transport.ranch import CALM, Hub


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub with the full page."""
    need((HERE.static / "index.html").exists(), "build the dashboard first")
    hub = Hub(tmp_path_factory.mktemp("rows") / "data", **CALM)
    yield hub.start()
    hub.kill()


def submit(hub: Hub, description: str) -> None:
    """A task that no agent can take."""
    body = {"description": description, "needs": ["nobody-has-it"]}
    assert hub.http("POST", "/api/v1/tasks", body).status < 300


def test_new_tasks_wait_while_somebody_points_at_the_list(look: Look, hub: Hub) -> None:
    """Also while the page, just opened, reads anew what it may have missed."""
    submit(hub, "the first")
    visit = look(hub).open("/dashboard/tasks")
    page = visit.page
    page.get_by_label("Token").fill(hub.tokens[Role.ADMIN])
    page.get_by_role("button", name="Log in").click()
    top = page.get_by_role("grid").get_by_role("row").nth(1)
    expect(top).to_contain_text("the first")

    page.mouse.move(600, 450)
    submit(hub, "the second")
    expect(page.get_by_role("button", name="1 new")).to_be_visible()
    expect(top).to_contain_text("the first")

    page.mouse.move(5, 600)
    expect(top).to_contain_text("the second")
