"""The arithmetic of the benchmark, the page it writes, and how it looks at a machine and a hub."""

import os
import sys
from array import array
from pathlib import Path

import apsw
import msgspec
import pytest
from msgspec.structs import replace

from schemas.scalars import TaskState
from scripts.benchmark import machine, subject
from scripts.benchmark.__main__ import is_standard, parser, settings_of, write_page
from scripts.benchmark.faults import NO_HUB, BenchmarkError
from scripts.benchmark.figures import (
    NEVER,
    Ledger,
    Load,
    Machine,
    Report,
    Row,
    Run,
    Spread,
    percentile,
    spread,
    summary,
)
from scripts.benchmark.page import render
from scripts.benchmark.rows import LATENCY, ROWS, THROUGHPUT

DOCS = Path(__file__).parents[2] / "docs"
SECOND = 1_000_000_000
PLACE = Machine(
    cores=2,
    processor="Some Processor",
    kernel="6.1",
    python="3.11.7",
    sqlite="3.51.3",
    pinned=True,
    load_before=0.1,
    filesystem="ext4",
    sync_p50_ms=0.2,
    sync_p99_ms=0.4,
)


def run(tasks_per_s: float = 15_000, p50: float = 0.5, p99: float = 4.0) -> Run:
    """A run in which nothing went wrong."""
    load = Load(
        window_s=10,
        cpu_s=4,
        late_ms=0,
        submitted=1_000,
        acknowledged=1_000,
        done=1_000,
        window_done=900,
        assigned=1_000,
        task_acks=1_000,
        faults={"lost_peers": 0},
    )
    return Run(
        tasks_per_s=tasks_per_s,
        each_second=[14_000, 16_000],
        result_ms=Spread(p50, 2.0, p99, 9.0),
        acknowledged_ms=Spread(0.2, 0.5, 1.0, 2.0),
        hub_cores=0.98,
        generator_cores=0.4,
        hub_resident_mib=50,
        completed_rows=1_000,
        database_mib=1,
        load=load,
    )


def page(*runs: Run) -> str:
    """The page of a throughput row with these runs."""
    row = Row("throughput", THROUGHPUT.settings, list(runs))
    return render(Report("2026-01-01 00:00 UTC", "0123456789ab", False, PLACE, [row]))


def goal_line(*runs: Run) -> str:
    """The line of the page that judges tasks a second."""
    return next(line for line in page(*runs).splitlines() if line.startswith("| throughput"))


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


def test_the_page_judges_by_the_median() -> None:
    """One slow run among three does not miss the floor, and its number is shown."""
    cells = goal_line(run(9_000), run(15_000), run(16_000)).strip("| ").split(" | ")
    assert cells[2:5] == ["15,000/s", "9,000/s", "16,000/s"]
    assert cells[5:] == ["10,000/s", "20,000/s", "floor held"]


@pytest.mark.parametrize(
    ("rate", "words"), [(20_000, "aim reached"), (10_000, "floor held"), (9_999, "floor missed")]
)
def test_the_page_says_what_was_reached(rate: float, words: str) -> None:
    """Floor and aim are reached by equalling them."""
    assert words in goal_line(run(rate))


def test_less_latency_is_better() -> None:
    """For a latency the floor is the larger number."""
    row = Row("latency", LATENCY.settings, [run(p50=1.5, p99=11.0)])
    text = render(Report("now", "0123456789ab", True, PLACE, [row]))
    assert (
        "| latency | p50 | 1.50 ms | 1.50 ms | 1.50 ms | 2.00 ms | 1.00 ms | floor held |" in text
    )
    assert "**floor missed**" in text
    assert "with changes not committed" in text


def test_a_busy_generator_makes_a_lower_bound() -> None:
    """The hub might have done more than the load asked for."""
    assert "| ≥ 15,000/s |" in goal_line(replace(run(), generator_cores=0.91))
    assert "≥" not in goal_line(replace(run(), generator_cores=0.90))


@pytest.mark.parametrize(
    ("flawed", "words"),
    [
        (replace(run(), completed_rows=999), "1000 results seen, 999 tasks completed on disk"),
        (replace(run(), load=replace(run().load, faults={"again": 2})), "again: 2"),
        (
            replace(run(), load=replace(run().load, acknowledged=7)),
            "1000 submitted, 7 acknowledged",
        ),
    ],
)
def test_a_run_with_a_flaw_is_not_believed(flawed: Run, words: str) -> None:
    """A fast hub that loses a task has reached nothing."""
    assert "not to be trusted" in goal_line(run(), flawed)
    assert f"Run 2 is not to be trusted: {words}." in page(run(), flawed)


def test_the_page_is_made_from_the_json_alone(tmp_path: Path) -> None:
    """What was written is read back and shown the same."""
    rows = [Row(name, plan.settings, [run(), run()]) for name, plan in ROWS.items()]
    report = Report("2026-01-01 00:00 UTC", "0123456789ab", False, PLACE, rows)
    (tmp_path / "benchmarks.json").write_bytes(msgspec.json.encode(report))
    write_page(tmp_path)
    assert (tmp_path / "benchmarks.md").read_text() == render(report)


def test_the_published_page_is_fresh() -> None:
    """Nobody edited docs/benchmarks.md by hand, and the JSON still reads."""
    source = DOCS / "benchmarks.json"
    report = msgspec.json.decode(source.read_bytes(), type=Report)
    assert (DOCS / "benchmarks.md").read_text() == render(report)


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
    assert subject.rows_of(path, ended=True) == 2
    assert subject.rows_of(path, ended=False) == 1


def test_a_missing_database_is_told(tmp_path: Path) -> None:
    """A hub that left nothing behind was not measured."""
    with pytest.raises(BenchmarkError, match=r"hub\.db") as error:
        subject.rows_of(tmp_path / "hub.db", ended=True)
    assert error.value.status == NO_HUB


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_process_has_used_time_and_memory() -> None:
    """One that has ended counts nothing."""
    alive = subject.process_times([os.getpid()])
    assert alive.cpu_s > 0
    assert alive.resident_mib > 1
    assert subject.process_times([2**22 + 1]) == subject.ProcessTimes(0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="pins processes")
def test_a_hub_that_does_not_start_shows_its_log(tmp_path: Path) -> None:
    """The error ends with the last lines it wrote."""
    command = [sys.executable, "-c", "import sys; sys.exit('no room for a hub')"]
    hub = subject.running_hub(command, tmp_path, None)
    with pytest.raises(BenchmarkError, match="no room for a hub") as error, hub:
        pytest.fail("nothing serves here")
    assert error.value.status == NO_HUB
