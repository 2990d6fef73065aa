"""The comparison with other task queues: its arithmetic, its page, and contests with real parts."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from scripts.benchmark.faults import BenchmarkError
from scripts.benchmark.peers import environments, servers
from scripts.benchmark.peers.catalogue import CONTESTANTS
from scripts.benchmark.peers.command import NAME, chosen, is_standard, parser, write_page
from scripts.benchmark.peers.contest import Ring, contest, missing
from scripts.benchmark.peers.contestant import Goal
from scripts.benchmark.peers.figures import (
    REFERENCE,
    Absent,
    Course,
    Entry,
    PeerReport,
    Round,
    failed,
    over_rounds,
    ratios,
    round_of,
)
from scripts.benchmark.peers.page import render, verdict
from scripts.benchmark.peers.processes import (
    free_port,
    is_running,
    last_words,
    listens,
    running,
    wait_until,
)
from scripts.benchmark.peers.programs import course
from scripts.benchmark.processes import family
from tests.scripts.example_runs import PLACE
from tests.transport.ranch import until

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
HERE = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def turn(tasks_per_s: float, flaw: str = "") -> Round:
    """One round at this rate."""
    return Round(1_000, tasks_per_s, 20_000, 100, 0.5, 2.5, 0.6, 0.3, 0.9, flaw)


def report(*entries: Entry, absent: tuple[Absent, ...] = ()) -> PeerReport:
    """A report of these."""
    return PeerReport(
        "2026-01-01 00:00 UTC", "0123456789ab", False, False, PLACE, list(entries), list(absent)
    )


def ring(folder: Path) -> Ring:
    """Quick contests in a folder, nothing pinned."""
    return Ring(folder, [sys.executable, "-m", "hub.app"], None, None, is_quick=True)


def test_a_course_becomes_figures() -> None:
    """Rates are tasks by seconds, shares are CPU seconds by seconds."""
    found = round_of(Course(1_000, 2.0, 0.5, [3.0, 1.0, 2.0], 0), server=1.0, client=0.5, worker=2)
    assert (found.tasks_per_s, found.submits_per_s) == (500, 2_000)
    assert (found.sequential, found.p50_ms, found.p99_ms) == (3, 2.0, 3.0)
    assert (found.server_cores, found.client_cores, found.worker_cores) == (0.5, 0.25, 1.0)
    assert not found.flaw


def test_a_wrong_result_spoils_the_round() -> None:
    """A fast queue that loses a result has won nothing."""
    assert round_of(Course(10, 1.0, 0.5, [1.0], 3), 0, 0, 0).flaw == "3 results wrong or missing"


def test_ratios_are_taken_within_a_round() -> None:
    """A slow minute hits both, so it does not change what is compared."""
    ours = [turn(1_000), turn(500), turn(900, "lost")]
    assert ratios(ours, [turn(500), turn(250), turn(1)]) == [2.0, 2.0]
    assert ratios(ours, [failed("did not start"), turn(250), turn(1)]) == [2.0]


def test_nothing_measured_has_no_median() -> None:
    """No round, no number."""
    assert over_rounds([]) is None


@pytest.mark.parametrize(
    ("ratio", "words"), [(5.0, "aim reached"), (2.5, "floor held"), (2.49, "**floor missed**")]
)
def test_floor_and_aim_are_reached_by_equalling_them(ratio: float, words: str) -> None:
    """The median of the ratios is judged."""
    assert verdict(ratio, Goal(2.5, 5)) == words


def test_the_page_shows_ratios_and_rates() -> None:
    """Median, lowest and highest of both, and a verdict where there is a goal."""
    ours = Entry(REFERENCE, ["websockets 1"], [turn(900), turn(1_000), turn(1_200)])
    theirs = Entry("nats", ["nats-py 2"], [turn(300), turn(500), turn(300)])
    text = render(report(ours, theirs))
    assert "| NATS JetStream, file | 3.0 | 2.0 | 4.0 | - | 2.5 | 5 | floor held |" in text
    assert "| NATS JetStream, file | 300 | 300 | 500 | 3.00 | 2.00 | 4.00 |" in text
    assert "| Corral, WebSocket | 1,000 | 900 | 1,200 | - | - | - |" in text
    assert "(nats-py 2)" in text
    assert "Other programs were busy" not in text


def test_the_page_warns_of_a_busy_machine() -> None:
    """Numbers that were measured beside other work are not to be trusted far."""
    found = report(Entry(REFERENCE, [], [turn(900)]))
    busy = replace(found, machine=replace(PLACE, load_before=1.5))
    assert "Other programs were busy" in render(busy)


def test_the_page_tells_what_went_wrong() -> None:
    """A flawed round is named and left out of the numbers; an absent peer says what is missing."""
    ours = Entry(REFERENCE, [], [turn(900), turn(1)])
    theirs = Entry("huey-sync", [], [turn(300), failed("the worker died")])
    text = render(report(ours, theirs, absent=(Absent("nats", "there is no nats-server"),)))
    assert "- Round 2 of Huey, SQLite, synced is not to be trusted: the worker died." in text
    assert "| Huey, SQLite, synced | 300 | 300 | 300 | 3.00 |" in text
    assert "- NATS JetStream, file: there is no nats-server." in text


def test_every_contestant_can_be_shown(tmp_path: Path) -> None:
    """The page is made from the JSON alone, with everybody on it."""
    found = report(*(Entry(name, ["it 1.0"], [turn(100)]) for name in CONTESTANTS))
    (tmp_path / f"{NAME}.json").write_bytes(msgspec.json.encode(found))
    write_page(tmp_path)
    text = (tmp_path / f"{NAME}.md").read_text()
    assert text == render(found)
    assert all(contestant.title in text for contestant in CONTESTANTS.values())


def test_the_published_page_is_fresh() -> None:
    """Nobody edited it by hand, and the JSON still reads."""
    source = DOCS / f"{NAME}.json"
    found = msgspec.json.decode(source.read_bytes(), type=PeerReport)
    assert (DOCS / f"{NAME}.md").read_text() == render(found)


def test_only_the_plain_comparison_is_published() -> None:
    """A short or partial one does not replace the page."""
    assert is_standard(parser().parse_args(["--rounds", "5"]))
    for changed in (["--quick"], ["--only", "nats"], ["--hub", "other"]):
        assert not is_standard(parser().parse_args(changed))


def test_corral_is_always_among_them() -> None:
    """Without it there is nothing to compare with; a name that does not exist is told."""
    assert chosen(parser().parse_args(["--only", "nats"])) == [REFERENCE, "nats"]
    with pytest.raises(BenchmarkError, match="no contestant 'rabbit'"):
        chosen(parser().parse_args(["--only", "rabbit"]))


def test_every_contestant_has_its_server_and_its_lock() -> None:
    """What the catalogue names exists."""
    for contestant in CONTESTANTS.values():
        assert contestant.server in {*servers.SERVERS, "hub"}
        assert contestant.environment in {*environments.LOCKS, environments.OWN}
        assert (ROOT / "scripts/benchmark/peers/programs" / f"{contestant.client}.py").exists()


@pytest.mark.parametrize("lock", environments.LOCKS.values(), ids=str)
def test_the_locks_name_no_place(lock: Path) -> None:
    """Packages come from wherever pip is told to look, each with its hashes."""
    text = lock.read_text()
    assert "--hash=sha256:" in text
    assert not any(mark in text for mark in ("://", "--index", "--find-links", " @ "))


def test_a_missing_server_says_how_to_install_it() -> None:
    """The others are run all the same."""
    assert "apt-get install no-such-server" in servers.needs("no-such-server")()


class Plain:
    """A client that needs no server."""

    def __init__(self, answer: Callable[[int], int]) -> None:
        """`answer` is what becomes of a task."""
        self._answer = answer

    async def batch(self, count: int, submitted: Callable[[], None]) -> list[int]:
        """As `course.Client` says."""
        submitted()
        return [self._answer(number) for number in reversed(range(count))]

    async def one(self, number: int) -> int:
        """As `course.Client` says."""
        return self._answer(number)


@pytest.mark.parametrize(
    ("answer", "wrong"), [(lambda number: number, 0), (lambda number: max(1, number), 2)]
)
def test_the_course_checks_every_result(
    answer: Callable[[int], int],
    wrong: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In any order, but each task's once: in the batch and one after the other."""
    monkeypatch.setattr(course, "OPTIONS", {"tasks": 5, "warmup": 1, "sequential": 3})
    asyncio.run(course.run(Plain(answer)))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines] == ["begin", "end", "done"]
    assert (lines[-1]["tasks"], lines[-1]["wrong"]) == (5, wrong)
    assert len(lines[-1]["latencies_ms"]) == 3


async def test_calls_of_a_few_at_once_keep_their_order() -> None:
    """However long each takes."""

    async def call(number: int) -> int:
        await asyncio.sleep(0.001 * (number % 3))
        return number

    assert await course.each(100, call) == list(range(100))


@HERE
def test_a_process_is_gone_with_its_children(tmp_path: Path) -> None:
    """Also when it ignores that it is asked to end, and when the block fails."""
    stubborn = "import signal, time; signal.signal(15, 1); time.sleep(60)"
    log = tmp_path / "log"

    def broken() -> None:
        with running(["sh", "-c", f"{sys.executable} -c '{stubborn}' & wait"], log, None) as made:
            until(lambda: len(family(made.pid)) >= 2)
            pids.extend(family(made.pid))
            raise KeyError

    pids: list[int] = []
    with pytest.raises(KeyError):
        broken()
    assert len(pids) >= 2
    assert not any(is_running(pid) for pid in pids)


@HERE
def test_a_server_that_does_not_start_has_last_words(tmp_path: Path) -> None:
    """They are told instead of a silent wait."""
    log, port = tmp_path / "log", free_port()
    with (
        running(["sh", "-c", "echo no room; exit 1"], log, None) as made,
        pytest.raises(BenchmarkError, match="thing did not start: no room"),
    ):
        wait_until(lambda: listens(port), made, log, "thing")
    assert last_words(tmp_path / "none") == "nothing said"


@HERE
@pytest.mark.parametrize("name", ["corral", "corral-http"])
def test_corral_runs_the_course(name: str, tmp_path: Path) -> None:
    """A real hub, the plain agent and both clients: every result is right."""
    contestant = replace(CONTESTANTS[name], tasks=500)
    assert missing(contestant) == ""
    found = contest(ring(tmp_path), contestant)
    assert (found.tasks, found.sequential, found.flaw) == (50, 10, "")
    assert found.tasks_per_s > 0
    assert list(tmp_path.iterdir()) == []


@HERE
def test_huey_runs_the_course(tmp_path: Path) -> None:
    """A peer that needs no server, where its package is installed already."""
    if not environments.is_ready("peers"):
        pytest.skip("the peers' packages are not installed")
    found = contest(ring(tmp_path), replace(CONTESTANTS["huey-sync"], tasks=200))
    assert (found.tasks, found.sequential, found.flaw) == (20, 10, "")


@HERE
def test_a_worker_that_dies_is_told(tmp_path: Path) -> None:
    """The client is ended, and the fault says what the worker said."""
    broken = replace(CONTESTANTS["corral"], worker=["-c", "raise SystemExit('no work today')"])
    with pytest.raises(BenchmarkError, match="worker: no work today"):
        contest(ring(tmp_path), broken)


@HERE
def test_an_interrupt_leaves_nothing_behind(tmp_path: Path) -> None:
    """SIGTERM in the middle of a contest stops the hub, the agent and the client."""
    command = [sys.executable, "-m", "scripts.benchmark", "--peers", "--only", REFERENCE]
    hub = f"{sys.executable} -m hub.app"
    script = subprocess.Popen(
        [*command, "--directory", str(tmp_path), "--hub", hub, "--rounds", "50"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: len(family(script.pid)) >= 4)
    pids = family(script.pid)
    script.send_signal(signal.SIGTERM)
    assert script.wait(30) == 130
    assert not any(is_running(pid) for pid in pids)
    assert list(tmp_path.iterdir()) == []
