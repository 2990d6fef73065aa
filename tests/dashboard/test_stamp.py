"""What is built of the page is known exactly: from which sources, or why it is not."""

from pathlib import Path

import pytest

from hub.dashboard.stamp import (
    HERE,
    Place,
    built_from,
    digest,
    is_fresh,
    note_built,
    note_not_built,
    was_tried,
    why_not_built,
)
from tests.dashboard.workbench import Workbench


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    """Sources, and nothing built."""
    return Workbench(tmp_path)


def put_page(place: Place) -> None:
    """What a build leaves, but for its stamp."""
    place.static.mkdir()
    (place.static / "index.html").write_text("page")


def test_a_changed_or_renamed_source_changes_the_digest(bench: Workbench) -> None:
    """Names count like contents."""
    seen = {digest(bench.place)}
    bench.write("src/main.ts", "start(1)\n")
    seen.add(digest(bench.place))
    (bench.place.ui / "src/main.ts").rename(bench.place.ui / "src/other.ts")
    seen.add(digest(bench.place))

    assert len(seen) == 3


@pytest.mark.parametrize(
    "name", ["node_modules/vue/index.js", "src/api/schema.ts", "tests/live.test.ts"]
)
def test_what_a_build_is_not_made_from_changes_nothing(bench: Workbench, name: str) -> None:
    """A test that is edited builds nothing anew, and a build does not outdate itself."""
    before = digest(bench.place)
    bench.write(name, "text")

    assert digest(bench.place) == before


def test_a_page_without_a_stamp_is_not_built(bench: Workbench) -> None:
    """A build that was cut off is none, whatever it left."""
    put_page(bench.place)
    assert built_from(bench.place) is None
    assert not is_fresh(bench.place)

    note_built(bench.place, digest(bench.place))
    assert is_fresh(bench.place)
    assert why_not_built(bench.place) is None


def test_a_stamp_without_a_page_is_no_build(bench: Workbench) -> None:
    """The page may have been removed by hand."""
    put_page(bench.place)
    note_built(bench.place, digest(bench.place))
    (bench.place.static / "index.html").unlink()

    assert built_from(bench.place) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"sources": 3}', "\x00"])
def test_a_damaged_stamp_is_none(bench: Workbench, text: str) -> None:
    """It is built again then."""
    put_page(bench.place)
    (bench.place.static / ".build-stamp.json").write_text(text)

    assert built_from(bench.place) is None


def test_an_installation_without_sources_is_fresh(tmp_path: Path) -> None:
    """A wheel brings the page only."""
    place = Place(tmp_path)
    assert not is_fresh(place)
    put_page(place)
    note_built(place, "0" * 64)

    assert is_fresh(place)


def test_a_failure_is_remembered_for_these_sources(bench: Workbench) -> None:
    """The sentence is shown; other sources are worth another try."""
    note_not_built(bench.place, "npm is lost.\nwith details", digest(bench.place))
    assert why_not_built(bench.place) == "npm is lost."
    assert was_tried(bench.place)

    bench.write("src/main.ts", "again()\n")
    assert not was_tried(bench.place)


def test_the_wire_is_among_the_sources() -> None:
    """The types of the page are made from what the API speaks."""
    assert HERE.wire.is_file()
