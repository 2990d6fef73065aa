"""What somebody without a mouse does: press keys, and look where the keyboard is."""

from typing import Final

from playwright.sync_api import Page

from tests.dashboard.sight import Focus, focus_of

STOPS: Final = 90
"""More Tabs than any screen has stops."""


def here(page: Page) -> Focus:
    """Where the keyboard is; it has to be somewhere, and to be seen."""
    focus = focus_of(page)
    assert focus is not None, f"the keyboard is lost at {page.url}"
    assert focus.is_visible, f"nobody sees where the keyboard is: {focus} at {page.url}"
    return focus


def press(page: Page, *keys: str) -> None:
    """Press one key after the other."""
    for key in keys:
        page.keyboard.press(key)


def tab_to(page: Page, name: str) -> None:
    """Go on by Tab until something is reached; every stop on the way is seen."""
    passed = []
    for _ in range(STOPS):
        press(page, "Tab")
        focus = here(page)
        if name in focus.name:
            return
        passed.append(focus.name)
    raise AssertionError(f"no Tab leads to {name}: {passed}")
