"""What is photographed, and how."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, NamedTuple

from playwright.sync_api import Browser, Page, expect

from scripts.gallery.small import smaller

DESK: Final = (1440, 860)
WIDE: Final = (1440, 560)
PHONE: Final = (390, 780)
MOST_BYTES: Final = 150_000
SETTLE_MS: Final = 7_000
"""Charts, the map and what needs attention come when they were asked for, after the page."""
PATIENCE_MS: Final = 20_000


class Shot(NamedTuple):
    """One picture."""

    name: str
    path: str
    """Below `/dashboard`; a name in braces is that of a task."""
    theme: Literal["dark", "light"] = "dark"
    size: tuple[int, int] = DESK


SHOTS: Final = (
    Shot("running-dark", "/tasks/{running}?tab=log"),
    Shot("overview-dark", "/overview?range=5m"),
    Shot("overview-light", "/overview?range=5m", "light"),
    Shot("fleet-map-dark", "/fleet?view=map", size=WIDE),
    Shot("tasks-light", "/tasks", "light"),
    Shot("stuck-light", "/tasks/{stuck}", "light"),
    Shot("phone-dark", "/overview?range=5m", size=PHONE),
)


def take(browser: Browser, url: str, token: str, ids: Mapping[str, str], folder: Path) -> list[str]:
    """Take all of them; returns a line about each. Raises ValueError when one is too large."""
    folder.mkdir(parents=True, exist_ok=True)
    darkroom = browser.new_page()
    lines = []
    for shot in SHOTS:
        png = smaller(darkroom, _taken(browser, url, token, ids, shot))
        if len(png) > MOST_BYTES:
            raise ValueError(f"{shot.name} has {len(png):,} bytes, more than {MOST_BYTES:,}")
        (folder / f"{shot.name}.png").write_bytes(png)
        lines.append(f"{shot.name}.png: {len(png):,} bytes")
    return lines


def _taken(browser: Browser, url: str, token: str, ids: Mapping[str, str], shot: Shot) -> bytes:
    context = browser.new_context(
        viewport={"width": shot.size[0], "height": shot.size[1]},
        device_scale_factor=2 if shot.size == PHONE else 1,
        color_scheme=shot.theme,
        locale="en-GB",
        timezone_id="UTC",
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE_MS)
    bearer = {"Authorization": f"Bearer {token}"}
    made = context.request.post(f"{url}/api/v1/login-codes", headers=bearer)
    assert made.status == 201, made.text()
    page = context.new_page()
    page.goto(f"{url}/dashboard{shot.path.format(**ids)}#code={made.json()['code']}")
    _wait_until_shown(page)
    png = page.screenshot()
    context.close()
    return png


def _wait_until_shown(page: Page) -> None:
    live = page.get_by_role("status").filter(has_text=re.compile("^Live$"))
    expect(live).to_be_visible(timeout=PATIENCE_MS)
    page.evaluate("() => document.fonts.ready")
    page.wait_for_timeout(SETTLE_MS)
