"""Charts on the full page: they grow while somebody looks."""

from playwright.sync_api import expect

from schemas.http.metrics import STEP_MS
from schemas.scalars import Role
from tests.dashboard.browser import Look
from tests.dashboard.person import enter
from tests.transport.ranch import PATIENCE, Hub


def test_a_chart_grows_without_being_asked_for(look: Look, hub: Hub) -> None:
    """Each value comes over the socket once its step is over."""
    asked: list[str] = []
    visit = look(hub)
    visit.page.on("request", lambda request: asked.append(request.url))
    page = enter(visit, "/metrics?table=fleet", Role.VIEWER)
    table = page.get_by_role("region", name="Agents and running tasks, table")
    values = table.get_by_role("rowheader")
    # The first whole step of a hub that has just begun ends within two.
    expect(values).not_to_have_count(0, timeout=PATIENCE * 1000 + 2 * STEP_MS)
    count, before = values.count(), len(asked)

    expect(values).to_have_count(count + 1)
    assert asked[before:] == []
    expect(page.get_by_role("img", name="Loop lag")).to_be_visible()
