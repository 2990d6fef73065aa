"""The page is built once for its sources, and a build that fails hurts nobody."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hub.dashboard import build, node
from hub.dashboard.build import Mode, NotBuilt, bring_up_to_date
from hub.dashboard.stamp import build_id, built_from, is_fresh, why_not_built
from tests.dashboard.workbench import Workbench
from tests.transport.ranch import until


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    """Sources, and a double of npm in the place of Node."""
    bench = Workbench(tmp_path)
    monkeypatch.setattr(node, "find", lambda: bench.node)
    return bench


def words(bench: Workbench) -> list[str]:
    """What npm was asked for."""
    return [line.split()[0] for line in bench.asked]


def up(bench: Workbench, mode: Mode = Mode.AUTO, *, tidy: bool = False) -> bool:
    """Bring the page up to date without a word."""
    return bring_up_to_date(bench.place, mode, lambda text: None, tidy=tidy)


def test_a_build_is_made_once(bench: Workbench) -> None:
    """Nothing is asked of npm while the sources are the same."""
    assert up(bench)
    assert words(bench) == ["view", "ci", "run"]
    assert build_id(bench.place) == "b1"

    assert up(bench)
    assert len(bench.asked) == 3


def test_an_edited_source_is_built_without_the_network(bench: Workbench) -> None:
    """What was fetched for the lock file is used again."""
    up(bench)
    bench.mark("no-network")
    bench.write("src/main.ts", "other()\n")

    assert up(bench)
    assert words(bench)[3:] == ["run"]


def test_another_lock_file_is_fetched(bench: Workbench) -> None:
    """The packages are always those of the lock."""
    up(bench)
    bench.write("package-lock.json", '{"lockfileVersion": 3}')
    up(bench)

    assert words(bench)[3:] == ["view", "ci", "run"]


def test_npm_out_of_reach_is_said_and_nothing_more(bench: Workbench) -> None:
    """The install goes on; the sentence names no address, the details have npm's first words."""
    bench.mark("no-network")
    heard: list[str] = []

    assert not bring_up_to_date(bench.place, Mode.AUTO, heard.append)
    assert words(bench) == ["view"]
    assert why_not_built(bench.place) == "npm could not reach its registry."
    assert "ENOTFOUND" in (bench.place.static / "NOT-BUILT.txt").read_text()
    assert heard[-1].startswith("The dashboard is not built. npm could not reach")


def test_a_required_build_fails(bench: Workbench) -> None:
    """Whoever makes a release hears of it."""
    bench.mark("broken")

    with pytest.raises(NotBuilt, match="a bracket is missing") as caught:
        up(bench, Mode.REQUIRE)
    assert "noise" not in str(caught.value)


def test_an_old_build_outlives_a_failed_one(bench: Workbench) -> None:
    """It is served on, and is known to be old."""
    up(bench)
    old = built_from(bench.place)
    bench.mark("broken")
    bench.write("src/main.ts", "(\n")

    assert not up(bench)
    assert built_from(bench.place) == old
    assert why_not_built(bench.place) == "The build of the page failed."
    assert not is_fresh(bench.place)


def test_a_build_that_makes_no_page_has_failed(bench: Workbench) -> None:
    """npm's good word is not enough."""
    bench.mark("empty")

    assert not up(bench)
    assert why_not_built(bench.place) == "The build of the page made no page."


def test_skip_tries_nothing(bench: Workbench) -> None:
    """The reason is that nobody wanted it."""
    assert not up(bench, Mode.SKIP)
    assert bench.asked == []
    assert why_not_built(bench.place) == "Its build was left out when Corral was installed."


def test_without_node_the_way_on_is_said(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason names what to install."""
    monkeypatch.setattr(node, "find", lambda: None)

    assert not up(bench)
    assert why_not_built(bench.place) == "There is no Node to build it with."
    assert "Install Node" in (bench.place.static / "NOT-BUILT.txt").read_text()


def test_two_builds_at_once_are_one(bench: Workbench) -> None:
    """The second waits for the first, and finds its work done."""
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda _: up(bench), range(4)))

    assert words(bench) == ["view", "ci", "run"]


def test_a_package_leaves_nothing_behind(bench: Workbench) -> None:
    """What was fetched to build a wheel is removed, what was there stays."""
    up(bench, tidy=True)
    assert not bench.place.modules.exists()

    up(bench)
    bench.write("src/main.ts", "more()\n")
    bench.place.modules.mkdir(exist_ok=True)
    up(bench, tidy=True)
    assert bench.place.modules.exists()


def test_npm_is_told_no_production(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    """With it npm would leave out the very tools that build the page."""
    monkeypatch.setenv("NODE_ENV", "production")
    up(bench)

    assert [line.split()[1:] for line in bench.asked] == [[], [], []]


def test_a_build_that_hangs_ends_with_all_it_started(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An install does not wait for ever, and leaves no process."""
    monkeypatch.setattr(build, "SECONDS", 1)
    told = bench.mark("endless")

    assert not up(bench)
    assert why_not_built(bench.place) == "The build of the page failed."
    pid = int(told.read_text())
    until(lambda: not is_running(pid))


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize(
    ("text", "mode"), [("", Mode.AUTO), ("Require", Mode.REQUIRE), (" skip ", Mode.SKIP)]
)
def test_the_mode_comes_from_the_environment(
    text: str, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a word it is tried."""
    monkeypatch.setenv("CORRAL_DASHBOARD", text)
    assert build.mode() is mode


def test_an_unknown_mode_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slip of the pen must not leave the page out."""
    monkeypatch.setenv("CORRAL_DASHBOARD", "never")

    with pytest.raises(NotBuilt, match="auto, require, skip"):
        build.mode()
