"""What a person does on the full page, and what they see, in their own words."""

from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Locator, Page, expect

from schemas.scalars import Role
from tests.dashboard.browser import Visit
from tests.transport.ranch import Hub

NOBODY = "nobody-has-this"
"""A capability that no agent offers: such tasks wait."""


def enter(visit: Visit, path: str = "/overview", role: Role = Role.ADMIN) -> Page:
    """Come to a screen by its address, log in there, and wait until the page follows the hub."""
    log_in(visit.open(f"/dashboard{path}").page, visit.hub.tokens[role])
    expect(liveness(visit.page)).to_have_text("Live")
    # Lists stand still under the pointer, and the login left it where they are.
    visit.page.mouse.move(0, 0)
    return visit.page


def another_tab(visit: Visit, path: str) -> Page:
    """A second tab of the same browser, which is logged in there too."""
    page = visit.context.new_page()
    page.goto(f"{visit.url}/dashboard{path}")
    expect(liveness(page)).to_have_text("Live")
    return page


def log_in(place: Page | Locator, token: str) -> None:
    """Fill in the form of the door, or of the dialog over an expired page."""
    place.get_by_label("Token", exact=True).fill(token)
    place.get_by_role("button", name="Log in").click()


def liveness(page: Page) -> Locator:
    """How fresh the page says it is."""
    return page.get_by_role("banner").get_by_role("status")


def table(page: Page) -> Locator:
    """The table of tasks."""
    return page.get_by_role("grid", name="Tasks")


def rows(page: Page, text: str) -> Locator:
    """The rows of the table that have a text."""
    return table(page).get_by_role("row").filter(has_text=text)


def state(page: Page, word: str) -> Locator:
    """The state at the head of a task's page, once it is this."""
    return page.get_by_role("main").locator("header").get_by_text(word, exact=True)


def alert(page: Page, text: str) -> Locator:
    """What is said aloud with this text in it."""
    return page.get_by_role("alert").filter(has_text=text)


def submit_many(hub: Hub, count: int, **spec: Any) -> list[str]:
    """Submit so many tasks that wait; `{}` in a description becomes the number of the task."""
    ids: list[str] = []
    spec = {"description": "One of many", "needs": [NOBODY], **spec}
    while len(ids) < count:
        numbers = range(len(ids), min(count, len(ids) + 1_000))
        ids += _submit(hub, [spec | {"description": _numbered(spec, n)} for n in numbers])
    return ids


def _numbered(spec: dict[str, Any], number: int) -> str:
    return str(spec["description"]).replace("{}", str(number))


def _submit(hub: Hub, tasks: Sequence[Any]) -> list[str]:
    reply = hub.http("POST", "/api/v1/tasks", {"tasks": tasks})
    assert reply.status == 201, reply
    return [each["id"] for each in reply.json["items"]]
