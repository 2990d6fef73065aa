"""Before anything is installed, one word says what there is to do for the page."""

from pathlib import Path

import pytest

from hub.dashboard import node
from hub.dashboard.__main__ import main, state
from hub.dashboard.build import Mode, bring_up_to_date
from hub.dashboard.stamp import Place
from tests.dashboard.workbench import Workbench


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    """Sources, and a double of npm in the place of Node."""
    bench = Workbench(tmp_path)
    monkeypatch.setattr(node, "find", lambda: bench.node)
    return bench


def test_the_word_follows_the_work(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    """From sources without Node to a page, and to one that could not be built."""
    assert state(bench.place, Mode.SKIP) == "skip"
    assert state(bench.place, Mode.AUTO) == "build"

    bring_up_to_date(bench.place, Mode.AUTO, lambda text: None)
    assert state(bench.place, Mode.AUTO) == "fresh"

    bench.write("src/main.ts", "other()\n")
    bench.mark("broken")
    bring_up_to_date(bench.place, Mode.AUTO, lambda text: None)
    assert state(bench.place, Mode.AUTO) == "tried"
    assert state(bench.place, Mode.REQUIRE) == "build"

    monkeypatch.setattr(node, "find", lambda: None)
    assert state(bench.place, Mode.REQUIRE) == "node"


def test_nothing_is_to_be_done_without_sources(tmp_path: Path) -> None:
    """An installed package has none."""
    assert state(Place(tmp_path), Mode.REQUIRE) == "skip"


def test_a_wrong_mode_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is said, and the exit code tells a script."""
    monkeypatch.setenv("CORRAL_DASHBOARD", "never")

    assert main(["state"]) == 1
    assert "auto, require, skip" in capsys.readouterr().err
