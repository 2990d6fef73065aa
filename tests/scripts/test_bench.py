"""The arithmetic of the benchmark, its command, and how it looks at a machine and a hub."""

import os
import shutil
import subprocess
import sys
from array import array
from pathlib import Path

import apsw
import msgspec
import pytest

from schemas.scalars import TaskState
from scripts.benchmark import launch, machine, processes, subject
from scripts.benchmark.arguments import is_standard, parser, repetitions, settings_of
from scripts.benchmark.faults import NO_HUB, BenchmarkError
from scripts.benchmark.figures import (
    Spread,
    percentile,
    spread,
    summary,
)
from scripts.benchmark.ledger import NEVER, Ledger
from scripts.benchmark.page import render
from scripts.benchmark.results import Report
from scripts.benchmark.rows import CROWD, HTTP, LATENCY, QUEUE, START, THROUGHPUT
from scripts.benchmark.session import ROOT, summed_up
from tests.scripts.example_runs import run_of

SECOND = 1_000_000_000
FORKS = """
import os, sys
held = b"x" * (64 << 20)
forks = []
while len(forks) < 2:
    forks.append(os.fork())
    if not forks[-1]:
        sys.stdin.read()
        os._exit(0)
print(os.getpid(), *forks, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("percent", "value"), [(0, 10), (1, 10), (20, 10), (21, 20), (50, 30), (99, 50), (100, 50)]
)
def test_a_percentile_is_a_value_that_was_measured(percent: float, value: float) -> None:
    """Nearest rank: the smallest value that so many per cent do not exceed."""
    assert percentile([10, 20, 30, 40, 50], percent) == value


def test_nothing_measured_is_zero() -> None:
    """No value has no percentile, and that breaks nothing."""
    assert spread([]) == Spread(0.0, 0.0, 0.0, 0.0)


def test_a_spread_sorts_and_counts_in_milliseconds() -> None:
    """A hundred latencies of 1 to 100 ms are their own percentiles."""
    values = [ms * 1_000_000 for ms in range(100, 0, -1)]
    assert spread(values) == Spread(p50=50.0, p90=90.0, p99=99.0, highest=100.0)


def test_a_summary_keeps_the_middle_and_both_ends() -> None:
    """The median of three is not their mean."""
    found = summary([9.0, 1.0, 2.0])
    assert (found.median, found.lowest, found.highest) == (2.0, 1.0, 9.0)


def test_the_ledger_counts_only_the_window() -> None:
    """Warm-up and drain leave no latency, though a late result still counts in its second."""
    warm = (-5, -4, SECOND // 2)
    inside = (0, 10, SECOND + 30)
    unfinished = (1, 21, NEVER)
    drained = (2 * SECOND, 2 * SECOND + 1, 2 * SECOND + 2)
    raw = array("q", [*warm, *inside, *unfinished, *drained]).tobytes()
    ledger = Ledger(raw, window_s=2.0)
    assert ledger.result_latencies() == [SECOND + 30]
    assert ledger.acknowledged_latencies() == [10, 20]
    assert ledger.each_second() == [1, 1]


def test_a_ledger_cut_short_is_refused() -> None:
    """Two times out of three are no task."""
    with pytest.raises(ValueError, match="within a task"):
        Ledger(array("q", [1, 2]).tobytes(), window_s=1.0)


def test_only_the_plain_benchmark_is_published() -> None:
    """A short or changed run does not replace the page."""
    assert is_standard(parser().parse_args(["--repeat", "5"]))
    for changed in (["--quick"], ["--rows", "latency"], ["--agents", "7"], ["--seconds", "1"]):
        assert not is_standard(parser().parse_args(changed))


def test_arguments_change_the_row_they_belong_to() -> None:
    """A rate is no business of the closed loop, nor a number in flight of the open one."""
    arguments = parser().parse_args(["--rate", "50", "--in-flight", "9", "--agents", "3"])
    closed, steady = (settings_of(plan, arguments) for plan in (THROUGHPUT, LATENCY))
    assert (closed.rate, closed.in_flight, closed.agents) == (0, 9, 3)
    assert (steady.rate, steady.in_flight, steady.agents) == (50, 0, 3)
    assert settings_of(HTTP[0], arguments) == HTTP[0].settings


def test_a_quick_look_is_small_in_every_way() -> None:
    """It is measured once, for moments, with fewer agents and tasks, and starts less often."""
    arguments = parser().parse_args(["--quick"])
    crowd, queue, start = (settings_of(plan, arguments) for plan in (CROWD, QUEUE, START))
    assert crowd.agents < CROWD.settings.agents
    assert (queue.queued, queue.crowd) < (QUEUE.settings.queued, QUEUE.settings.crowd)
    assert start.rounds < START.settings.rounds
    assert start.seconds == 0
    assert repetitions(CROWD, arguments) == 1
    assert repetitions(CROWD, parser().parse_args([])) > 1


def test_the_processor_has_a_name() -> None:
    """The model's name, or the architecture where there is none."""
    assert machine.processor_name("processor: 0\nmodel name\t: A Chip\n") == "A Chip"
    assert machine.processor_name("") != ""


def test_the_nearest_mount_holds_a_folder() -> None:
    """The longest mount point above a folder decides."""
    mounts = "/dev/a / ext4 rw 0 0\ntmpfs /srv tmpfs rw 0 0\n/dev/b /srv/data xfs rw 0 0\n"
    assert machine.filesystem(Path("/srv/data/hub"), mounts) == "xfs"
    assert machine.filesystem(Path("/srv/other"), mounts) == "tmpfs"
    assert machine.filesystem(Path("/elsewhere"), mounts) == "ext4"


def test_rows_are_counted_on_disk(tmp_path: Path) -> None:
    """Only tasks that stand as completed count, or those that wait, as is asked."""
    path = tmp_path / "hub.db"
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE task (seq INTEGER PRIMARY KEY, state INTEGER)")
    states = [TaskState.COMPLETED, TaskState.QUEUED, TaskState.COMPLETED]
    connection.executemany("INSERT INTO task (state) VALUES (?)", [(int(s),) for s in states])
    connection.close()
    assert subject.rows_of(path, TaskState.COMPLETED) == 2
    assert subject.rows_of(path, TaskState.QUEUED) == 1


def test_a_missing_database_is_told(tmp_path: Path) -> None:
    """A hub that left nothing behind was not measured."""
    with pytest.raises(BenchmarkError, match=r"hub\.db") as error:
        subject.rows_of(tmp_path / "hub.db", TaskState.COMPLETED)
    assert error.value.status == NO_HUB


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_process_has_used_time_and_memory() -> None:
    """One that has ended counts nothing."""
    assert processes.cpu_seconds([os.getpid()]) > 0
    assert processes.memory_mib([os.getpid()]) > 1
    assert (processes.cpu_seconds([2**22 + 1]), processes.memory_mib([2**22 + 1])) == (0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_that_processes_share_counts_once() -> None:
    """A process and two that were forked from it hold the same 64 MiB."""
    with subprocess.Popen(
        [sys.executable, "-c", FORKS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        together = processes.memory_mib([int(pid) for pid in parent.stdout.readline().split()])
        parent.communicate()
    assert 64 < together < 128


@pytest.mark.skipif(sys.platform != "linux", reason="pins processes")
def test_a_hub_that_does_not_start_shows_its_log(tmp_path: Path) -> None:
    """The error ends with the last lines it wrote."""
    command = [sys.executable, "-c", "import sys; sys.exit('no room for a hub')"]
    hub = launch.running_hub(command, tmp_path, None)
    with pytest.raises(BenchmarkError, match="no room for a hub") as error, hub:
        pytest.fail("nothing serves here")
    assert error.value.status == NO_HUB


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("throughput-read", "4,000 events read, 7 behind"),
        ("agents-10000", "12.5 KiB an agent"),
        ("queued-million", "1,000,000 tasks submitted at 20,000/s, 130 MiB, 390 B each on disk"),
        ("start", "0.40 s, 0.60 s, 0.50 s"),
    ],
)
def test_each_kind_of_run_is_told_in_a_line(name: str, words: str) -> None:
    """Whoever waits for the whole benchmark sees what came so far."""
    assert words in summed_up(run_of(name))


@pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("cc") is None, reason="needs Linux and a C compiler"
)
def test_the_command_measures_and_writes(tmp_path: Path) -> None:
    """One row of a real hub: numbers on the output, and a page beside its raw JSON."""
    hub = f"{sys.executable} -m hub.cli up"
    asked = ["--quick", "--rows", "start", "--json", "--output", str(tmp_path), "--hub", hub]
    ended = subprocess.run(
        [sys.executable, "-m", "scripts.benchmark", *asked],
        capture_output=True,
        check=True,
        cwd=ROOT,
    )
    report = msgspec.json.decode(ended.stdout, type=Report)
    assert [row.name for row in report.rows] == ["start"]
    assert (tmp_path / "benchmarks.md").read_text() == render(report)
