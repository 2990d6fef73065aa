"""The arithmetic of the benchmark, the page it writes, and how it looks at a machine and a hub."""

import os
import shutil
import subprocess
import sys
from array import array
from pathlib import Path

import apsw
import msgspec
import pytest
from msgspec.structs import replace

from schemas.scalars import TaskState
from scripts.benchmark import launch, machine, processes, subject
from scripts.benchmark.__main__ import write_page
from scripts.benchmark.arguments import is_standard, parser, repetitions, settings_of
from scripts.benchmark.faults import NO_HUB, BenchmarkError
from scripts.benchmark.figures import (
    Listing,
    Load,
    Machine,
    Memory,
    SlotRates,
    Spread,
    Stream,
    percentile,
    spread,
    summary,
)
from scripts.benchmark.ledger import NEVER, Ledger
from scripts.benchmark.page import render
from scripts.benchmark.plots import plots
from scripts.benchmark.results import LoadRun, Pair, QueueRun, Report, Row, Run, StartRun
from scripts.benchmark.rows import CROWD, HTTP, LATENCY, QUEUE, ROWS, START, THROUGHPUT, WATCHED
from scripts.benchmark.session import ROOT, summed_up

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


def run(tasks_per_s: float = 15_000, p50: float = 0.5, p99: float = 4.0) -> LoadRun:
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
    return LoadRun(
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


def full_run() -> LoadRun:
    """A run that has every number a load may have."""
    listing = Listing("no filter", False, 10, 500, 0, Spread(1.0, 2.0, 3.0, 4.0))
    return replace(
        run(),
        listings=[listing],
        stream=Stream(events=4_000, missing=0, behind=7, ended=False),
        memory=Memory(registered_kib=2.0, connected_kib=12.5),
        load=replace(run().load, slot_rates=SlotRates(10.0, 9.8, 9.9)),
    )


def queue_run() -> QueueRun:
    """A million tasks, in whose way nothing went wrong."""
    return QueueRun(
        tasks=1_000_000,
        tasks_per_s=20_000,
        generator_cores=0.1,
        hub_cores=1.0,
        taken_mib=120.0,
        restarted_mib=130.0,
        crowded_mib=260.0,
        bytes_a_task=390.0,
        cold_start_s=1.2,
        pairs=[Pair(1.0, 4.0, 1.1, 4.4, 0), Pair(1.0, 4.0, 1.2, 6.0, 10_000)],
        faults={"again": 0},
        done=500,
        queued_rows=1_000_000,
        completed_rows=500,
    )


def run_of(name: str) -> Run:
    """A good run of the kind that a row makes."""
    special: dict[str, Run] = {QUEUE.name: queue_run(), START.name: StartRun([0.4, 0.6, 0.5])}
    return special.get(name, full_run())


def report_of(*rows: Row) -> Report:
    """A report of these rows."""
    return Report("2026-01-01 00:00 UTC", "0123456789ab", False, PLACE, list(rows))


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
    runs = {name: [run_of(name), run_of(name)] for name in ROWS}
    report = report_of(*(Row(name, plan.settings, runs[name]) for name, plan in ROWS.items()))
    (tmp_path / "benchmarks.json").write_bytes(msgspec.json.encode(report))
    write_page(tmp_path)
    assert (tmp_path / "benchmarks.md").read_text() == render(report)
    assert all((tmp_path / name).read_text() == text for name, text in plots(report).items())


def test_the_published_page_is_fresh() -> None:
    """Nobody edited docs/benchmarks.md or its plots by hand, and the JSON still reads."""
    source = DOCS / "benchmarks.json"
    report = msgspec.json.decode(source.read_bytes(), type=Report)
    assert (DOCS / "benchmarks.md").read_text() == render(report)
    for name, drawing in plots(report).items():
        assert (DOCS / name).read_text() == drawing


@pytest.mark.parametrize("name", ROWS)
def test_every_goal_is_about_a_number_that_is_measured(name: str) -> None:
    """And a page of one row alone shows it."""
    found = run_of(name)
    text = render(report_of(Row(name, ROWS[name].settings, [found])))
    assert all(found.values(goal.title) for goal in ROWS[name].goals)
    assert "not measured" not in text
    assert f"## {name}: {ROWS[name].title}" in text


def test_a_number_that_was_not_measured_is_not_judged() -> None:
    """A run cut down by its arguments leaves the line, without a verdict."""
    found = replace(queue_run(), pairs=[])
    text = render(report_of(Row(QUEUE.name, QUEUE.settings, [found])))
    assert "| queued-million | p99 / empty hub | | | | | | not measured |" in text


def test_the_queue_is_judged_by_its_worse_memory_and_the_median_of_its_pairs() -> None:
    """What a hub has after a start counts as much as what it had when it took the tasks."""
    pairs = [Pair(1, 4, 1, 4, 0), Pair(1, 4, 1, 5, 0), Pair(1, 4, 1, 40, 0)]
    found = replace(queue_run(), pairs=pairs).numbers
    assert found["memory"] == 130.0
    assert found["p99 / empty hub"] == 1.25
    assert "p99 with crowd / empty hub" not in found


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"queued_rows": 999_999}, "1000000 tasks submitted, 999999 queued on disk"),
        ({"completed_rows": 501}, "500 results seen, 501 tasks completed on disk"),
        ({"faults": {"lost_peers": 3}}, "lost_peers: 3"),
    ],
)
def test_a_queue_that_lost_something_is_not_believed(
    changes: dict[str, object], words: str
) -> None:
    """Rows are counted in the queue and beside it."""
    assert replace(queue_run(), **changes).flaws == [words]


def test_events_that_are_missing_are_a_flaw() -> None:
    """So is a stream that ended; being behind is none."""
    stream = Stream(events=10, missing=2, behind=9, ended=True)
    flaws = replace(full_run(), stream=stream).flaws
    assert flaws == ["the hub ended the stream of events", "2 events are missing in their stream"]


def test_readers_share_the_core_of_the_generator() -> None:
    """Together they may be the bottleneck."""
    busy = replace(full_run(), generator_cores=0.5, readers_cores=0.45)
    assert busy.lower_bound
    text = render(report_of(Row(WATCHED.name, WATCHED.settings, [busy])))
    assert "0.50 + 0.45 readers" in text


def test_starts_are_judged_by_their_median() -> None:
    """And their slowest is shown."""
    text = render(report_of(Row(START.name, START.settings, [StartRun([0.4, 0.45, 3.0])])))
    assert (
        "| start | first 200 | 0.45 s | 0.40 s | 3.00 s | 1.00 s | 0.50 s | aim reached |" in text
    )


def test_a_goal_without_a_floor_is_missed_or_reached() -> None:
    """One without an aim is only shown."""
    text = render(report_of(Row(QUEUE.name, QUEUE.settings, [queue_run()])))
    assert "| queued-million | p99 / empty hub | 1.10 | 1.10 | 1.10 | - | 1.20 | aim reached |" in (
        text
    )
    assert "| 1.50 | 1.50 | 1.50 | - | 1.20 | aim missed |" in text
    shown = render(report_of(Row(WATCHED.name, WATCHED.settings, [full_run()])))
    assert "| 15,000/s | 15,000/s | 15,000/s | - | - |  |" in shown


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
    alive = processes.process_times([os.getpid()])
    assert alive.cpu_s > 0
    assert alive.resident_mib > 1
    assert processes.process_times([2**22 + 1]) == processes.ProcessTimes(0, 0)


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
