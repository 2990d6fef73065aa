"""The benchmark of the dashboard: its arithmetic, its page, and one small run of all of it."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from hub.dashboard.stamp import HERE, is_fresh
from schemas.scalars import Role
from scripts.benchmark.dashboard.browser import PROGRAMS, Clock, clock_of
from scripts.benchmark.dashboard.bundle import weights_of
from scripts.benchmark.dashboard.command import (
    NAME,
    asked_by,
    chosen,
    is_standard,
    parser,
    write_page,
)
from scripts.benchmark.dashboard.figures import (
    Asked,
    DashboardReport,
    Frames,
    Part,
    Point,
    frames_of,
    together,
)
from scripts.benchmark.dashboard.onlookers import OpenTabs
from scripts.benchmark.dashboard.page import render
from scripts.benchmark.dashboard.parts import PARTS
from scripts.benchmark.dashboard.pixel import Seen, seen_at
from scripts.benchmark.faults import UNTRUE, BenchmarkError
from scripts.benchmark.session import ROOT
from tests.dashboard.browser import need
from tests.scripts.example_runs import PLACE
from tests.transport.ranch import CALM, Hub, until

CORES = {"hub": 0.25, "browser": 0.5, "load": 0.125}
SMALL = ("--agents=20", "--seconds=1", "--stored=2000", "--loads=1", "--tabs=3")
WHOLE_SECONDS = 240


def part(name: str, **values: float) -> Part:
    """A part in which nothing went wrong; each of its numbers is 1 unless it is given."""
    found = {goal.title: [values.get(goal.title, 1.0)] for goal in PARTS[name].goals}
    return Part(name, found, {"all the while": [CORES]})


def report(*parts: Part, quick: bool = False) -> DashboardReport:
    """A report of these parts."""
    when = "2026-01-01 00:00 UTC"
    return DashboardReport(
        when, "0123456789ab", False, quick, PLACE, "Chromium 1", Asked(), list(parts)
    )


# Arithmetic


def test_frames_are_counted_over_the_whole_time() -> None:
    """One long frame among twenty is in every number about them."""
    times = [20.0 * number for number in range(20)]
    found = frames_of([*times, 480.0], moves=10)
    assert found == Frames(per_s=20_000 / 480, p5=50.0, longest_ms=100.0, moves_per_s=10_000 / 480)
    assert frames_of([5.0], moves=0) == Frames(0.0, 0.0, 0.0, 0.0)


def test_the_quickest_answer_sets_the_clock() -> None:
    """It may be wrong by half of the time that it took."""
    clock = clock_of([(1_000, 1_050, 20), (2_000, 2_004, 1_002), (3_000, 3_010, 2_040)])
    assert clock == Clock(ahead_ms=1_000, error_ms=2)
    assert clock.here(7) == 1_007


def test_a_probe_is_seen_with_its_own_number_or_a_later_one() -> None:
    """Two that were drawn in one frame were both seen then; one that never was is counted."""
    clock = Clock(ahead_ms=100, error_ms=0)
    found = seen_at([(1, 20), (1, 25), (3, 60)], [110, 130, 150, 170], clock)
    assert found == Seen(latencies_ms=[10, 30, 10], unseen=1)
    assert seen_at([], [5], clock) == Seen(latencies_ms=[], unseen=1)
    assert seen_at([(2, 20)], [110], clock).strange == 1


def test_the_weights_are_what_the_budget_says() -> None:
    """Whatever npm says around them."""
    text = "> budget\n\nfirst route: 103.2 of 110 kB\ntotal: 214 of 220 kB\n"
    assert weights_of(text) == {"first route": [103.2], "total": [214.0]}


def test_repetitions_are_put_together() -> None:
    """Every number, window and flaw of each."""
    first, second = part("paint", cold=1.0), replace(part("paint", cold=2.0), flaws=["it rained"])
    found = together([first, second])
    assert found.values["cold"] == [1.0, 2.0]
    assert found.cores == {"all the while": [CORES, CORES]}
    assert found.flaws == ["it rained"]


# Arguments


def test_only_the_plain_run_is_published() -> None:
    """A short or changed one does not replace the page."""
    assert is_standard(parser().parse_args(["--repeat", "5"]))
    changes = (["--quick"], ["--rows", "paint"], ["--agents", "7"], ["--heap-minutes", "1"])
    for changed in changes:
        assert not is_standard(parser().parse_args(changed))


def test_arguments_change_the_settings() -> None:
    """Also those of a quick look, which is small in every way."""
    usual, quick = asked_by(parser().parse_args([])), asked_by(parser().parse_args(["--quick"]))
    assert usual == Asked()
    assert (quick.agents, quick.seconds, quick.stored) < (usual.agents, usual.seconds, usual.stored)
    assert quick.heap_minutes < usual.heap_minutes
    given = asked_by(parser().parse_args(["--quick", "--heap-minutes", "3", "--tabs", "9"]))
    assert (given.heap_minutes, given.tabs) == (3.0, 9)


def test_a_part_that_does_not_exist_is_named() -> None:
    """With those that do."""
    assert chosen(parser().parse_args(["--rows", "paint, heap"])) == ["paint", "heap"]
    with pytest.raises(BenchmarkError, match="no part 'dust'; there are: event-to-pixel"):
        chosen(parser().parse_args(["--rows", "dust"]))


# The page


@pytest.mark.parametrize(
    ("name", "title", "value", "words"),
    [
        ("event-to-pixel", "p99", 150, "150 ms | floor held"),
        ("event-to-pixel", "p99", 151, "150 ms | **floor missed**"),
        ("scroll", "bar", 55, "55.00 fps | floor held"),
        ("scroll", "bar", 54.9, "55.00 fps | **floor missed**"),
        ("tabs", "cost to the hub", 15.1, "15.00 % of a core | **floor missed**"),
        ("paint", "warm", 999, "- | "),
    ],
)
def test_the_page_says_what_was_reached(name: str, title: str, value: float, words: str) -> None:
    """Frames shall be many, everything else little."""
    text = render(report(part(name, **{title: value})))
    line = next(each for each in text.splitlines() if each.startswith(f"| {name} | {title} |"))
    assert words in line


@pytest.mark.parametrize("name", PARTS)
def test_each_part_is_told(name: str) -> None:
    """Its method, its numbers and who used the cores."""
    text = render(report(part(name)))
    assert PARTS[name].told in text
    assert "not measured" not in text
    assert "| all the while | 0.25 | 0.50 | 0.12 |" in text


def test_a_part_with_a_flaw_is_not_believed() -> None:
    """Nor one that could not be measured."""
    text = render(report(replace(part("tabs"), flaws=["a tab was closed"]), Part("paint", {})))
    assert "| tabs | cost to the hub | 1.00 % of a core" in text
    assert "not to be trusted: see below" in text
    assert "- Not to be trusted: a tab was closed." in text
    assert "| paint | cold | | | | | not measured |" in text


def test_growth_is_seen() -> None:
    """Every look at the memory has its line."""
    curve = [Point(1.0, "overview", 20.04, 3.0), Point(2.0, "fleet", 31.0, 4.0)]
    text = render(report(replace(part("heap"), curve=curve)))
    assert "| 1.0 | overview | 20.0 MB | 3.0 MB |" in text
    assert "| 2.0 | fleet | 31.0 MB | 4.0 MB |" in text


def test_a_quick_look_says_that_it_is_one() -> None:
    """So does one on a busy machine."""
    words = ("only to look at", "Other programs were busy")
    calm = render(report(part("paint")))
    busy = replace(report(part("paint"), quick=True), machine=replace(PLACE, load_before=3.0))
    assert not any(each in calm for each in words)
    assert all(each in render(busy) for each in words)


def test_the_page_is_made_from_the_json_alone(tmp_path: Path) -> None:
    """What was written is read back and shown the same."""
    found = report(*(part(name) for name in PARTS))
    (tmp_path / f"{NAME}.json").write_bytes(msgspec.json.encode(found))
    write_page(tmp_path)
    assert (tmp_path / f"{NAME}.md").read_text() == render(found)


def test_the_published_page_is_fresh() -> None:
    """Nobody edited it by hand, and the JSON still reads."""
    source = ROOT / "docs" / f"{NAME}.json"
    found = msgspec.json.decode(source.read_bytes(), type=DashboardReport)
    assert source.with_suffix(".md").read_text() == render(found)


# On a real hub


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A hub of this test alone."""
    hub = Hub(tmp_path / "data", **CALM).start()
    yield hub
    hub.kill()


def test_tabs_without_a_screen_hear_everything_and_notice_their_end(hub: Hub) -> None:
    """A hub that goes away under them is a flaw of the measurement."""
    with OpenTabs(hub.port, [hub.tokens[Role.VIEWER]] * 3) as tabs:
        until(lambda: hub.metric("corral_pages") == 3)
        before = tabs.batches
        hub.submit(needs=["nobody-has-this"])
        until(lambda: tabs.batches >= before + 3)
        assert not tabs.faults
        hub.kill()
        until(lambda: tabs.faults.total() == 3)


def run(*words: str) -> "subprocess.CompletedProcess[str]":
    """The command, with the hub and the page of this checkout."""
    need(shutil.which("cc"), "no C compiler is installed")
    need(any(map(shutil.which, PROGRAMS)), "no Chromium is installed")
    need(is_fresh(HERE), "the dashboard is not built")
    return subprocess.run(
        [sys.executable, "-m", "scripts.benchmark.dashboard", "--quick", *SMALL, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=WHOLE_SECONDS,
        check=False,
    )


@pytest.mark.timeout(WHOLE_SECONDS + 20)
def test_every_number_is_measured(tmp_path: Path) -> None:
    """A whole run in small: nothing is lost, and each goal finds its number."""
    done = run("--heap-minutes=0.02", f"--output={tmp_path}")
    assert done.returncode == 0, done.stderr[-4_000:]
    raw = (tmp_path / f"{NAME}.json").read_bytes()
    found = msgspec.json.decode(raw, type=DashboardReport)
    assert [each.name for each in found.parts] == list(PARTS)
    missing = [
        f"{each.name}: {goal.title}"
        for each in found.parts
        for goal in PARTS[each.name].goals
        if not each.values.get(goal.title)
    ]
    assert missing == []
    assert len(next(each for each in found.parts if each.curve).curve) >= 5
    assert (tmp_path / f"{NAME}.md").read_text() == render(found)


def test_a_part_that_fails_leaves_the_others_theirs(tmp_path: Path) -> None:
    """It is told, and the run does not count as good."""
    done = run("--rows=paint,bundle", "--hub=false", f"--output={tmp_path}")
    assert done.returncode == UNTRUE, done.stderr
    page = (tmp_path / f"{NAME}.md").read_text()
    assert "it could not be measured: the hub ended with status 1" in page
    assert "| bundle | total | 2" in page
