"""The pictures of the benchmark's page."""

from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from scripts.benchmark import svg
from scripts.benchmark.figures import Spread
from scripts.benchmark.plots import LATENCY_PLOT, THROUGHPUT_PLOT, plots, step_of, ticks_of
from scripts.benchmark.results import Row
from scripts.benchmark.rows import LATENCIES, START, THROUGHPUT, WATCHED
from tests.scripts.example_runs import report_of, run, run_of

SVG = "{http://www.w3.org/2000/svg}"


def texts(drawing: str) -> list[str]:
    """Every line of text in a picture."""
    return [each.text or "" for each in ElementTree.fromstring(drawing).iter(f"{SVG}text")]


def test_each_run_is_a_line() -> None:
    """Both rows are named with their medians, and the floor is drawn."""
    rows = [Row(plan.name, plan.settings, [run(), run(), run()]) for plan in (THROUGHPUT, WATCHED)]
    drawing = plots(report_of(*rows))[THROUGHPUT_PLOT]

    lines = ElementTree.fromstring(drawing).iter(f"{SVG}polyline")
    assert sum("thin" in line.attrib["class"] for line in lines) == 6
    assert {"alone 15,000", "with readers 15,000", "floor"} <= set(texts(drawing))


def test_latency_is_drawn_by_rate() -> None:
    """Rates are in order, whatever the order of the rows; each percentile has its numbers."""
    slow = replace(run(), result_ms=Spread(1.5, 2.5, 30.0, 90.0))
    rows = [Row(plan.name, plan.settings, [run(), slow]) for plan in reversed(LATENCIES)]
    found = texts(plots(report_of(*rows))[LATENCY_PLOT])

    assert [text for text in found if text in ("100", "1,000", "4,000")] == [
        "100",
        "1,000",
        "4,000",
    ]
    assert {"p50", "p90", "p99", "17.00"} <= set(found)


def test_what_was_not_measured_is_not_drawn() -> None:
    """A report of starts has no picture, nor has one of runs shorter than two seconds."""
    assert plots(report_of(Row(START.name, START.settings, [run_of("start")]))) == {}
    short = replace(run(), each_second=[5])
    assert plots(report_of(Row(THROUGHPUT.name, THROUGHPUT.settings, [short]))) == {}


def test_a_picture_is_readable_by_day_and_night() -> None:
    """It brings its own paper, and other colours where dark is preferred."""
    row = Row(THROUGHPUT.name, THROUGHPUT.settings, [run()])
    drawing = plots(report_of(row))[THROUGHPUT_PLOT]

    assert "prefers-color-scheme: dark" in drawing
    assert 'class="paper"' in drawing


@pytest.mark.parametrize(
    ("most", "step"), [(18_000, 5_000), (9_000, 2_000), (24_000, 5_000), (0, None), (11, 2.5)]
)
def test_an_axis_has_round_steps(most: float, step: float | None) -> None:
    """About five of them; nothing measured is no division by zero."""
    found = step_of(most)
    assert found > 0
    assert step is None or found == step


def test_a_logarithmic_axis_holds_all_values() -> None:
    """From below the lowest to above the highest."""
    assert ticks_of(0.7, 7) == pytest.approx([0.5, 1, 2, 5, 10])
    assert ticks_of(1, 1) == pytest.approx([1, 2])
    assert len(ticks_of(0, 0)) >= 2


def test_labels_do_not_meet() -> None:
    """Those that would are moved down."""
    drawn = svg.labels([(100, "b", "b"), (99, "a", "a"), (300, "c", "c")])
    heights = [float(ElementTree.fromstring(each).attrib["y"]) for each in drawn]
    assert heights[1] - heights[0] == svg.LABEL_GAP
    assert heights[2] == 304
