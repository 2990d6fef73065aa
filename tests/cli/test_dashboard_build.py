"""`corral dashboard build` and what the doctor says: the page is there, or how to get it."""

import json
from pathlib import Path
from typing import Any

import pytest

from hub.cli import dashboard_build, doctor_dashboard
from hub.cli.doctor_report import Finding, Scene
from hub.dashboard import node
from tests.cli.conftest import Corral
from tests.dashboard.workbench import Workbench


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    """An installation with sources and nothing built, and a double of npm."""
    bench = Workbench(tmp_path)
    monkeypatch.setattr(node, "find", lambda: bench.node)
    monkeypatch.setattr(dashboard_build, "HERE", bench.place)
    monkeypatch.setattr(doctor_dashboard, "HERE", bench.place)
    return bench


def finding(tmp_path: Path) -> Finding:
    """What the doctor says of the page."""
    (found,) = doctor_dashboard.dashboard(Scene(tmp_path, tmp_path))
    return found


def test_the_page_is_built_by_hand(corral: Corral, bench: Workbench, tmp_path: Path) -> None:
    """Once; the doctor has nothing to say then."""
    assert finding(tmp_path).verdict == "warn"
    first, second = corral("dashboard", "build", "--json"), corral("dashboard", "build")

    said: dict[str, Any] = json.loads(first.out)
    assert (said["built"], said["build"]) == (True, "b1")
    assert (second.exit_code, "up to date" in second.err) == (0, True)
    assert finding(tmp_path).verdict == "ok"


def test_a_build_that_fails_says_why(corral: Corral, bench: Workbench, tmp_path: Path) -> None:
    """With npm's own words, and an exit code that says it may work later."""
    bench.mark("broken")
    ended = corral("dashboard", "build")

    assert ended.exit_code == 7
    assert "The build of the page failed." in ended.err
    assert "a bracket is missing" in ended.err
    said = finding(tmp_path)
    assert "plain page" in said.message
    assert "The build of the page failed." in said.message
    assert "corral dashboard build" in said.hint
    assert "NOT-BUILT.txt" in said.hint


def test_an_old_page_is_told_from_none(corral: Corral, bench: Workbench, tmp_path: Path) -> None:
    """It is served on, so that is another thing."""
    corral("dashboard", "build")
    bench.write("src/main.ts", "other()\n")

    assert "older than its sources" in finding(tmp_path).message


def test_an_installed_package_cannot_build(corral: Corral, bench: Workbench) -> None:
    """It has no sources; what to do is said."""
    (bench.place.ui / "package.json").unlink()
    ended = corral("dashboard", "build")

    assert ended.exit_code == 6
    assert "Install Corral again" in ended.err
