"""Every screen of the page, and how a person comes to see it."""

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from playwright.sync_api import Page, expect


def _nothing(_page: Page) -> None:
    """The address alone shows it."""


def _key(keys: str) -> Callable[[Page], None]:
    def press(page: Page) -> None:
        page.keyboard.press(keys)
        expect(page.get_by_role("dialog")).to_be_visible()

    return press


def _button(name: str, *, then: str = "dialog, alertdialog") -> Callable[[Page], None]:
    """Press a button; what it opens has one of these roles."""
    wanted = ", ".join(f"[role={role}]" for role in then.split(", "))

    def press(page: Page) -> None:
        page.get_by_role("button", name=name).first.click()
        expect(page.locator(wanted).first).to_be_visible()

    return press


def _filter(label: str) -> Callable[[Page], None]:
    def propose(page: Page) -> None:
        page.get_by_role("combobox", name=label).click()
        expect(page.get_by_role("listbox")).to_be_visible()

    return propose


def _expand_events(page: Page) -> None:
    opened = page.get_by_role("button", name="Open event")
    opened.nth(1).click()
    expect(page.get_by_role("button", name="Close event")).to_be_visible()


def _choose_tasks(page: Page) -> None:
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_role("group", name="What is selected")).to_be_visible()


def _ask_bulk(page: Page) -> None:
    _choose_tasks(page)
    page.get_by_role("group", name="What is selected").get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog").get_by_text("at this moment")).to_be_visible()


def _menu_of_agent(page: Page) -> None:
    page.keyboard.press("j")
    page.keyboard.press(".")
    expect(page.get_by_role("menu")).to_be_visible()


def _keep_views(page: Page) -> None:
    page.get_by_role("button", name="Views").click()
    expect(page.get_by_label("Name of this view")).to_be_visible()


def _make_code(page: Page) -> None:
    page.get_by_role("button", name="Make a join code").click()
    expect(page.get_by_text("shown this one time")).to_be_visible()


def _ask_drain(page: Page) -> None:
    page.get_by_role("button", name="Drain these").click()
    expect(page.get_by_role("dialog").get_by_text("at this moment")).to_be_visible()


def _map(page: Page) -> None:
    expect(page.get_by_role("application")).to_have_attribute("aria-label", re.compile("1 working"))


def _edit_agent(page: Page) -> None:
    page.get_by_role("tab", name="Edit").click()
    expect(page.get_by_role("tabpanel").get_by_role("button", name="Save")).to_be_visible()


def _settings(page: Page) -> None:
    page.get_by_role("button", name="settings and log out").click()
    expect(page.get_by_role("button", name="Log out", exact=True)).to_be_visible()


class Screen(NamedTuple):
    """One thing to look at."""

    name: str
    path: str
    """Below `/dashboard`; `{stuck}` is the id of that task."""
    act: Callable[[Page], None] = _nothing
    """What a person does there before they look."""


ROOMS: Final = (
    Screen("overview", "/overview", _map),
    Screen("palette", "/overview", _key("Control+k")),
    Screen("help", "/tasks", _key("?")),
    Screen("settings", "/overview", _settings),
    Screen("fleet", "/fleet"),
    Screen("fleet filter", "/fleet", _filter("Filter agents")),
    Screen("fleet menu", "/fleet", _menu_of_agent),
    Screen("fleet views", "/fleet", _keep_views),
    Screen("fleet without match", "/fleet?q=nobody"),
    Screen("map", "/fleet?view=map", _map),
    Screen("agent", "/fleet/worker"),
    Screen("agent paused", "/fleet/resting"),
    Screen("agent draining", "/fleet/leaving"),
    Screen("agent lost", "/fleet/lost"),
    Screen("agent edit", "/fleet/spare", _edit_agent),
    Screen("events", "/events"),
    Screen("event open", "/events?q=type:task.*", _expand_events),
    Screen("metrics", "/metrics"),
    Screen("metrics tables", "/metrics?table=all"),
    Screen("dispatch", "/admin/dispatch"),
    Screen("held agents", "/admin/agents"),
    Screen("held agents bulk", "/admin/agents?q=host:*", _ask_drain),
    Screen("join codes", "/admin/join", _make_code),
    Screen("tokens", "/admin/tokens"),
    Screen("sessions", "/admin/sessions"),
    Screen("limits", "/admin/limits"),
    Screen("about", "/admin/about"),
    Screen("missing", "/nowhere/at-all"),
)
TASKS: Final = (
    Screen("tasks", "/tasks"),
    Screen("tasks filtered", "/tasks?q=state:queued+-label:team=web"),
    Screen("tasks filter", "/tasks", _filter("Filter tasks")),
    Screen("tasks search", "/tasks?q=stuck"),
    Screen("tasks without match", "/tasks?q=agent:nobody"),
    Screen("tasks chosen", "/tasks", _choose_tasks),
    Screen("tasks bulk", "/tasks", _ask_bulk),
    Screen("tasks views", "/tasks", _keep_views),
    Screen("task beside", "/tasks?task={failed}"),
    Screen("board", "/tasks?view=board"),
    Screen("board menu", "/tasks?view=board", _button("Actions for", then="menu")),
    *(
        Screen(f"task {kind}", f"/tasks/{{{kind}}}")
        for kind in ("running", "done", "failed", "stuck", "scheduled", "cancelled")
    ),
    Screen("log running", "/tasks/{running}?tab=log"),
    Screen("log done", "/tasks/{done}?tab=log"),
    Screen("log empty", "/tasks/{stuck}?tab=log"),
    Screen("payload", "/tasks/{done}?tab=payload"),
    Screen("task events", "/tasks/{failed}?tab=events"),
    Screen("confirm", "/tasks/{running}", _button("Cancel")),
    Screen("task edit", "/tasks/{stuck}", _button("Edit")),
    Screen("new task", "/tasks/new"),
    Screen("run again", "/tasks/new?from={failed}"),
)
