"""A hub serves the page that was built, or the plain one that says what is missing."""

from pathlib import Path

import pytest

from hub.dashboard import node
from hub.dashboard.build import Mode, bring_up_to_date
from hub.dashboard.site import open_site
from hub.dashboard.stamp import note_not_built
from hub.transport.assets import Asset
from tests.dashboard.workbench import Workbench


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    """Sources, and a double of npm in the place of Node."""
    bench = Workbench(tmp_path)
    monkeypatch.setattr(node, "find", lambda: bench.node)
    return bench


def text(asset: Asset | None) -> str:
    """The content of a file."""
    assert asset is not None
    return asset.forms["identity"].decode()


def test_without_a_build_there_is_the_plain_page(bench: Workbench) -> None:
    """Under every path of the page, with the reason and the command that helps."""
    note_not_built(bench.place, "Some <reason> & more.\nwith a secret address", None)
    site = open_site(bench.place)

    for path in ("/dashboard", "/dashboard/", "/dashboard/tasks/task-1"):
        page = text(site.find(path))
        assert "Some &lt;reason&gt; &amp; more." in page
        assert "<code>corral dashboard build</code>" in page
        assert "secret" not in page
    assert site.build is None


def test_without_sources_another_command_helps(bench: Workbench) -> None:
    """An installed package cannot build."""
    (bench.place.ui / "package.json").unlink()

    assert "pip install" in text(open_site(bench.place).find("/dashboard"))


def test_the_full_page_is_served_once_it_is_built(bench: Workbench) -> None:
    """With its files; what was noted beside them is for the hub only."""
    bring_up_to_date(bench.place, Mode.REQUIRE, lambda text: None)
    (bench.place.static / "NOT-BUILT.txt").write_text("another time")
    site = open_site(bench.place)

    assert "Full" in text(site.find("/dashboard/fleet/agent.one"))
    assert text(site.find("/dashboard/assets/main-0123abcd.js")) == "start()\n"
    assert site.find("/dashboard/assets/other.js") is None
    assert "Full" in text(site.find("/dashboard/.build-stamp.json"))
    assert "Full" in text(site.find("/dashboard/NOT-BUILT.txt"))
    assert site.build == "b1"


def test_the_plain_page_stays_beside_the_full_one(bench: Workbench) -> None:
    """For whoever wants little; it does not speak of anything missing then."""
    bring_up_to_date(bench.place, Mode.REQUIRE, lambda text: None)
    page = text(open_site(bench.place).find("/dashboard/plain"))

    assert 'aria-label="What is missing" hidden>' in page


def test_half_a_build_is_not_served(bench: Workbench) -> None:
    """A browser would get a page without half of its scripts."""
    bring_up_to_date(bench.place, Mode.REQUIRE, lambda text: None)
    (bench.place.static / ".build-stamp.json").unlink()

    assert "plain page" in text(open_site(bench.place).find("/dashboard"))
