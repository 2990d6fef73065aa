"""What is made from the code: fresh, whole, and linked to pages that are there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub import published
from hub.published import ROOT, refusals_page, rooms_page, stale, write
from hub.published.__main__ import main
from hub.transport.problems import STATUS
from hub.transport.routes_backbone import SERVED
from schemas.dashboard import CLOSES
from schemas.scalars import CloseCode, ErrorCode, Tier

PAGES = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/api.md",
    "docs/architecture.md",
    "docs/benchmarks-dashboard.md",
    "docs/benchmarks-peers.md",
    "docs/benchmarks.md",
    "docs/cli.md",
    "docs/configuration.md",
    "docs/dashboard.md",
    "docs/migrating.md",
    "docs/performance.md",
    "docs/protocol.md",
    "schemas/README.md",
    "scripts/README.md",
)
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
SHOWN = re.compile(r"(?:src|srcset)=\"([^\"]+)\"|!\[[^\]]+\]\(([^)]+)\)")
MOST_OF_A_PICTURE = 150_000
CODE = re.compile(r"CloseCode\.([A-Z_]+)")
ROW = re.compile(r"^\| `?([^`|]+?)`? \|", re.M)


def text_of(name: str) -> str:
    """A page of the checkout."""
    return (ROOT / name).read_text("utf-8")


def links(page: str) -> Iterator[tuple[Path, str]]:
    """Where a page points to in the checkout: a file, and perhaps a title in it."""
    for target, title in LINK.findall(text_of(page)):
        if "://" not in target:
            here = ROOT / page
            yield (here.parent / target if target else here), title


def titles(path: Path) -> set[str]:
    """The anchors of a page's titles."""
    lines = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


def rows_under(page: str, title: str) -> list[str]:
    """The first cells of the table under a title, without the head."""
    part = text_of(page).split(f"## {title}\n")[1].split("\n## ")[0]
    return ROW.findall(part)[1:]


def test_nothing_that_is_made_is_stale() -> None:
    """Run `scripts/schemas` when this fails."""
    assert published.stale() == []


def test_a_page_keeps_what_people_wrote() -> None:
    """Only what stands between the marks is replaced."""
    page = f"before\n{published.BEGIN}old\n{published.END}after\n"
    fresh = published.within(page, "new")
    assert fresh == f"before\n{published.BEGIN}\nnew\n{published.END}after\n"
    assert published.within(fresh, "new") == fresh


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    """To a file that is there, and to a title that it has."""
    lost = [
        (path.name, title)
        for path, title in links(page)
        if not path.exists() or (title and title not in titles(path))
    ]
    assert lost == []


def test_all_pages_are_looked_at() -> None:
    """A new page in docs has its links looked at too."""
    there = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")}
    assert there <= set(PAGES)


def test_every_picture_is_shown_and_small() -> None:
    """Each that a page names is there, and none lies about that no page shows."""
    named = {
        (ROOT / page).parent / (source or target)
        for page in PAGES
        for source, target in SHOWN.findall(text_of(page))
    }
    there = set((ROOT / "docs").rglob("*.png"))

    assert {path.resolve() for path in named if path.suffix == ".png"} == there
    assert [path for path in there if path.stat().st_size > MOST_OF_A_PICTURE] == []


def test_the_api_page_has_every_code() -> None:
    """Each once, with its status and a sentence."""
    assert sorted(rows_under("docs/api.md", "All codes")) == sorted(ErrorCode)
    assert refusals_page.MEANINGS.keys() == STATUS.keys() == set(ErrorCode)
    assert all(text.endswith(".") for text in refusals_page.MEANINGS.values())


def test_the_api_page_has_every_tier() -> None:
    """With its rate."""
    assert set(rows_under("docs/api.md", "All rates")) == set(Tier)


def test_the_api_page_has_every_route() -> None:
    """Each once in the overview, and once in a section of its own."""
    names = [f"{route.method} {route.path}" for route in SERVED]
    assert rows_under("docs/api.md", "All routes") == names
    sections = re.findall(r"^### ([A-Z]+ /.+)$", text_of("docs/api.md"), re.M)
    assert sorted(sections) == sorted(names)


def test_the_protocol_page_has_every_close_code() -> None:
    """In order, each once."""
    listed = [int(row) for row in rows_under("docs/protocol.md", "Close codes")]
    assert listed == sorted(CloseCode)


def test_every_close_of_a_page_is_told() -> None:
    """Whatever code the hub closes a page with; the WebSocket library closes for what is large."""
    homes = ("hub/services/follower.py", "hub/transport/page_socket.py")
    said = {CloseCode[code] for home in homes for code in CODE.findall(text_of(home))}

    assert said | {CloseCode.TOO_LARGE} == CLOSES.keys()


def test_the_readme_names_every_page() -> None:
    """Whoever begins at the front finds every document."""
    named = {path.resolve() for path, _ in links("README.md")}
    assert {path.resolve() for path in (ROOT / "docs").glob("*.md")} <= named


def test_every_file_says_what_it_is_for() -> None:
    """In one sentence that fits into the table of its room."""
    for room in rooms_page.ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            sentence = rooms_page.first_sentence(path)
            assert sentence.endswith((".", ":")), f"{path}: {sentence!r}"


def test_what_is_stale_is_written_and_what_is_foreign_removed(tmp_path: Path) -> None:
    """Missing, changed and foreign files are named, then put right."""
    folder = tmp_path / "schemas" / "json"
    write(tmp_path)
    (folder / "http.json").write_text("{}")
    (folder / "events.json").unlink()
    (folder / "old.json").write_text("{}")
    (tmp_path / "docs" / "api.md").write_text("By hand.\n")
    names = ["docs/api.md", *(f"schemas/json/{name}.json" for name in ("events", "http", "old"))]

    assert stale(tmp_path) == names
    assert write(tmp_path) == names
    assert stale(tmp_path) == []
    assert (tmp_path / "docs" / "api.md").read_text().startswith("By hand.\n")


def test_the_check_fails_when_something_is_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The check names what is stale, writes nothing, and says so by its exit code."""
    monkeypatch.setattr(stale, "__defaults__", (tmp_path,))

    assert main(["--check"]) == 1
    assert "schemas/json/http.json is stale" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []
    assert main(["--nonsense"]) == 2
