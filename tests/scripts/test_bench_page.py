"""What the page says about numbers, and when it does not believe them."""

from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from scripts.benchmark.__main__ import write_page
from scripts.benchmark.figures import (
    Stream,
)
from scripts.benchmark.page import render
from scripts.benchmark.plots import plots
from scripts.benchmark.results import Pair, Report, Row, Run, StartRun
from scripts.benchmark.rows import LATENCY, QUEUE, ROWS, START, THROUGHPUT, WATCHED
from tests.scripts.example_runs import PLACE, full_run, queue_run, report_of, run, run_of

DOCS = Path(__file__).parents[2] / "docs"


def page(*runs: Run) -> str:
    """The page of a throughput row with these runs."""
    row = Row("throughput", THROUGHPUT.settings, list(runs))
    return render(Report("2026-01-01 00:00 UTC", "0123456789ab", False, PLACE, [row]))


def goal_line(*runs: Run) -> str:
    """The line of the page that judges tasks a second."""
    return next(line for line in page(*runs).splitlines() if line.startswith("| throughput"))


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
