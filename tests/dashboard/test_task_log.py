"""The log of a task on the full page: its end first, found, followed, linked to, downloaded."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from schemas.scalars import MIB, Role
from tests.dashboard.browser import Look
from tests.dashboard.fleet import Sidecar, shell
from tests.dashboard.person import enter
from tests.transport.ranch import Hub, until

LINES = 40_000
HOSTILE = (
    b"<img src=x onerror=alert(1)><script>alert(2)</script>\n"
    b"\x1b[31mred\x1b[0m and \x1b]8;;http://evil.example\x07a link\x1b]8;;\x07\n"
    b"name: \xe2\x80\xaegnp.exe\n"
    b"broken: \xff\xfe\x80 end\n"
)


@pytest.fixture(scope="module")
def sidecar(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    """A sidecar that runs what the tests of this file look at."""
    sidecar = Sidecar(hub, tmp_path_factory.mktemp("sidecar") / "scribe", "scribe").start()
    yield sidecar
    sidecar.kill()


def python(code: str) -> dict[str, object]:
    """A command that Python runs."""
    return {"kind": "command", "argv": [sys.executable, "-c", code]}


def run(hub: Hub, command: dict[str, object]) -> str:
    """Run it to its end, with all of its output at the hub."""
    task = hub.submit(description="Write it all down", needs=["scribe"], run=command)
    hub.reaches(task, "completed")
    until(lambda: hub.get(f"/tasks/{task}/log")["ended"])
    return task


@pytest.fixture(scope="module")
def long(hub: Hub, sidecar: Sidecar) -> str:
    """A task that wrote much more than is shown at first."""
    return run(hub, python(f"for n in range({LINES}): print(f'line {{n + 1}} of the ledger')"))


def output(page: Page) -> Locator:
    """What is shown of the log."""
    return page.get_by_role("list", name="Output")


def line(page: Page, text: str) -> Locator:
    """One line of it, whole."""
    return output(page).get_by_role("listitem").filter(has_text=re.compile(rf"{text}$"))


def whole(hub: Hub, task: str) -> str:
    """Everything that the hub has of it."""
    parts: list[str] = []
    offset = 0
    while True:
        answer: Any = hub.get(f"/tasks/{task}/log?offset={offset}")
        if not answer["text"]:
            return "".join(parts)
        parts.append(answer["text"])
        offset = answer["next_offset"]


def test_the_end_comes_first_and_the_rest_is_in_reach(look: Look, hub: Hub, long: str) -> None:
    """Earlier output comes when it is asked for; what is found is shown."""
    visit = look(hub)
    page = enter(visit, f"/tasks/{long}?tab=log", Role.VIEWER)
    expect(line(page, f"line {LINES} of the ledger")).to_be_visible()
    visit.picture("journey log end")
    assert output(page).get_by_role("listitem").count() < 100
    page.get_by_role("button", name="Show earlier output").click()

    find = page.get_by_role("searchbox", name="Find in the log")
    find.fill(f"line {LINES - 10_000} of")
    expect(page.get_by_role("search").get_by_role("status")).to_have_text("1 of 1")
    expect(output(page).locator("mark")).to_have_text(f"line {LINES - 10_000} of")
    visit.picture("journey log found")
    page.get_by_role("button", name="To the end").click()
    expect(line(page, f"line {LINES} of the ledger")).to_be_visible()


def test_a_line_has_an_address(look: Look, hub: Hub, long: str) -> None:
    """It leads there from anywhere, with the line marked."""
    visit = look(hub)
    page = enter(visit, f"/tasks/{long}", Role.VIEWER)
    page.get_by_role("tab", name="Log").click()
    wanted = line(page, f"line {LINES - 3} of the ledger")
    wanted.get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"#B\d+$"))
    other = visit.context.new_page()
    other.goto(page.url)
    expect(other.locator(".is-target")).to_contain_text(f"line {LINES - 3} of the ledger")
    expect(other.locator(".is-target")).to_be_in_viewport()

    other.goto(f"{visit.url}/dashboard/tasks/{long}#L1234")
    expect(other.locator(".is-target")).to_contain_text("line 1234 of the ledger")
    expect(other.locator(".is-target")).to_be_in_viewport()
    expect(other.get_by_role("link", name="Link to line 1234")).to_be_visible()


def test_all_of_it_can_be_downloaded(look: Look, hub: Hub, long: str) -> None:
    """As one file, byte by byte what the hub has."""
    visit = look(hub)
    page = enter(visit, f"/tasks/{long}?tab=log", Role.VIEWER)
    expect(line(page, f"line {LINES} of the ledger")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == f"{long}.stdout.log"
    assert download.value.path().read_text() == whole(hub, long)


def test_who_reads_is_not_moved(look: Look, hub: Hub, sidecar: Sidecar, tmp_path: Path) -> None:
    """New lines are followed until somebody scrolls up, and again when they want to."""
    gate = tmp_path / "gate"
    gate.touch()
    task = hub.submit(needs=["scribe"], run=shell(f"seq 500; exec tail -n +1 -f {gate}"))
    visit = look(hub)
    page = enter(visit, f"/tasks/{task}?tab=log", Role.VIEWER)
    expect(line(page, "500")).to_be_visible()
    output(page).hover()
    page.mouse.wheel(0, -2_000)
    expect(page.get_by_role("button", name="Follow", exact=True)).to_have_attribute(
        "aria-pressed", "false"
    )
    expect(line(page, "500")).to_have_count(0)
    first = output(page).get_by_role("listitem").first.inner_text()
    with gate.open("a") as file:
        file.write("".join(f"late {n}\n" for n in range(100)))
    expect(page.get_by_text("600 lines here")).to_be_visible()
    assert output(page).get_by_role("listitem").first.inner_text() == first

    page.get_by_role("button", name="Follow the end").click()
    expect(line(page, "late 99")).to_be_visible()
    with gate.open("a") as file:
        file.write("later still\n")
    expect(line(page, "later still")).to_be_visible()
    hub.cancel(task)


def test_hostile_output_is_text(look: Look, hub: Hub, sidecar: Sidecar) -> None:
    """Markup, terminal codes, turned text, broken bytes, a line that is a megabyte long."""
    code = f"import sys; w = sys.stdout.buffer.write; w(b'x' * {MIB} + b'\\n'); w({HOSTILE!r})"
    task = run(hub, python(code))
    visit = look(hub)
    page = enter(visit, f"/tasks/{task}?tab=log", Role.VIEWER)
    text = output(page)
    expect(text).to_contain_text("<img src=x onerror=alert(1)><script>alert(2)</script>")
    expect(text).to_contain_text("red and a link")
    expect(text.locator(".ansi-red")).to_have_text("red")
    expect(text).to_contain_text("name: \\u202egnp.exe")
    expect(text).to_contain_text("broken: \ufffd\ufffd\ufffd end")
    assert text.locator("img, script").count() == 0
    assert text.get_by_role("link", name="a link").count() == 0
    visit.picture("journey hostile log")

    page.mouse.move(0, 0)
    page.get_by_role("button", name="Show earlier output").click()
    page.get_by_role("searchbox", name="Find in the log").fill("xxx")
    expect(page.get_by_role("search").get_by_role("status")).to_contain_text("of")
    expect(text.locator("mark").first).to_be_visible()
    visit.picture("journey endless line")
    page.goto(f"{visit.url}/dashboard/tasks/{task}?tab=log#L3")
    expect(page.locator(".is-target")).to_contain_text("red and a link")
    page.get_by_role("tab", name="Payload and result").click()
    expect(page.get_by_role("region", name="Result")).to_contain_text("\\u202e")
    assert page.locator("main img").count() == 0
