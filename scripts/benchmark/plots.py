"""The two pictures of the page, made from a report alone."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from scripts.benchmark import svg
from scripts.benchmark.figures import summary
from scripts.benchmark.results import LoadRun, Report, Row
from scripts.benchmark.rows import ROWS

THROUGHPUT_PLOT: Final = "benchmarks-throughput.svg"
LATENCY_PLOT: Final = "benchmarks-latency.svg"
THROUGHPUT_ROWS: Final = {"throughput": "alone", "throughput-read": "with readers"}
"""Each row with what its lines are called."""
STEPS: Final = (1, 2, 2.5, 5, 10)
"""What a step of an axis may be, times a power of ten."""
LINES: Final = 5
"""About so many lines are on an axis."""
CROWDED: Final = 100
"""From this ratio of the highest to the lowest value on, an axis has powers of ten only."""
PERCENTILES: Final[dict[str, Callable[[LoadRun], float]]] = {
    "p50": lambda run: run.result_ms.p50,
    "p90": lambda run: run.result_ms.p90,
    "p99": lambda run: run.result_ms.p99,
}


def plots(report: Report) -> dict[str, str]:
    """Each picture by the name of its file; those whose rows were measured."""
    found = {}
    rows = {row.name: row for row in report.rows}
    rates = [rows[name] for name in THROUGHPUT_ROWS if name in rows]
    if any(len(run.each_second) > 1 for row in rates for run in _loads(row)):
        found[THROUGHPUT_PLOT] = throughput(rates)
    latencies = [row for row in report.rows if row.name.startswith("latency")]
    if latencies:
        found[LATENCY_PLOT] = latency(sorted(latencies, key=lambda row: row.settings.rate))
    return found


def _loads(row: Row) -> list[LoadRun]:
    return [run for run in row.runs if isinstance(run, LoadRun)]


# Tasks a second


def throughput(rows: Sequence[Row]) -> str:
    """Tasks in each second of each run."""
    runs = [run for row in rows for run in _loads(row)]
    goals = [goal for row in rows for goal in ROWS[row.name].goals]
    marks = [("floor", goal.floor) for goal in goals if goal.floor]
    most = max([n for run in runs for n in run.each_second] + [floor for _, floor in marks])
    step = step_of(most)
    top = math.ceil(most * 1.02 / step) * step
    seconds = max(len(run.each_second) for run in runs)
    parts = list(_rate_axis(top, step))
    parts += list(_second_axis(seconds))
    for name, value in marks:
        parts.append(svg.level(svg.height(value / top), "mark"))
        parts.append(
            svg.words(svg.WIDTH - svg.RIGHT - 4, svg.height(value / top) - 5, name, anchor="end")
        )
    wanted = []
    for colour, row in zip(svg.COLOURS, rows, strict=False):
        for run in _loads(row):
            points = [
                (_second(number, seconds), svg.height(tasks / top))
                for number, tasks in enumerate(run.each_second, 1)
            ]
            parts.append(svg.stroke(points, f"line thin {colour}"))
        median = summary([run.tasks_per_s for run in _loads(row)]).median
        wanted.append(
            (svg.height(median / top), f"{THROUGHPUT_ROWS[row.name]} {median:,.0f}", colour)
        )
    parts += svg.labels(wanted)
    asked = rows[0].settings
    subtitle = f"{asked.agents:,} agents, {asked.in_flight:,} tasks in flight; a line is one run"
    return svg.drawing("Durable tasks a second, end to end", subtitle, parts)


def _second(number: int, seconds: int) -> float:
    return svg.place((number - 1) / max(seconds - 1, 1))


def _rate_axis(top: float, step: float) -> Iterator[str]:
    for number in range(round(top / step) + 1):
        y = svg.height(number * step / top)
        yield svg.level(y)
        yield svg.words(svg.LEFT - 8, y + 4, f"{number * step:,.0f}", anchor="end")


def _second_axis(seconds: int) -> Iterator[str]:
    below = svg.HEIGHT - svg.BOTTOM + 18
    for number in range(1, seconds + 1):
        if number == 1 or number % max(1, seconds // 5) == 0:
            yield svg.words(_second(number, seconds), below, str(number), anchor="middle")
    yield svg.words(svg.place(0.5), below + 17, "second of the window", anchor="middle")


def step_of(most: float) -> float:
    """The distance of the lines of an axis from 0 to `most`, a round number above 0."""
    raw = max(most, 1e-9) / LINES
    power = 10.0 ** math.floor(math.log10(raw))
    return next(power * step for step in STEPS if power * step >= raw)


# Latency


def latency(rows: Sequence[Row]) -> str:
    """Percentiles of each row, by the rate that is offered, on a logarithmic axis."""
    values = [take(run) for row in rows for run in _loads(row) for take in PERCENTILES.values()]
    ticks = ticks_of(min(values), max(values))

    def at(ms: float) -> float:
        span = math.log(ticks[-1] / ticks[0])
        return svg.height(math.log(max(ms, ticks[0]) / ticks[0]) / span)

    parts = list(_ms_axis(ticks, at))
    xs = [svg.place((number + 0.5) / len(rows)) for number in range(len(rows))]
    below = svg.HEIGHT - svg.BOTTOM + 18
    parts += [
        svg.words(x, below, f"{row.settings.rate:,}", anchor="middle")
        for x, row in zip(xs, rows, strict=True)
    ]
    parts.append(svg.words(svg.place(0.5), below + 17, "tasks/s offered", anchor="middle"))
    wanted = []
    for colour, (name, take) in zip(svg.COLOURS, PERCENTILES.items(), strict=True):
        overs = [summary([take(run) for run in _loads(row)]) for row in rows]
        points = [(x, at(over.median)) for x, over in zip(xs, overs, strict=True)]
        parts.append(svg.stroke(points, f"line {colour}"))
        for x, over in zip(xs, overs, strict=True):
            ends = [(x, at(over.lowest)), (x, at(over.highest))]
            parts += [
                svg.stroke(ends, f"line thin {colour}"),
                svg.dot((x, at(over.median)), colour),
            ]
            parts.append(svg.words(x - 7, at(over.median) - 6, _precise(over.median), anchor="end"))
        wanted.append((points[-1][1], name, colour))
    parts += svg.labels(wanted)
    subtitle = "ms from the moment a task is due; medians of the runs, bars from lowest to highest"
    return svg.drawing("Latency from submission to durable result", subtitle, parts)


def _precise(ms: float) -> str:
    return f"{ms:.2f}" if ms < 100 else f"{ms:,.0f}"


def _ms_axis(ticks: Sequence[float], at: Callable[[float], float]) -> Iterator[str]:
    for tick in ticks:
        yield svg.level(at(tick))
        text = f"{tick:g} ms" if tick < 1_000 else f"{tick / 1_000:g} s"
        yield svg.words(svg.LEFT - 8, at(tick) + 4, text, anchor="end")


def ticks_of(lowest: float, highest: float) -> list[float]:
    """Round numbers from not above `lowest` to not below `highest`: powers of ten, and 2 and 5
    times powers of ten where that is no crowd."""
    steps = (1, 2, 5) if highest < CROWDED * lowest else (1,)
    power = math.floor(math.log10(max(lowest, 1e-3)))
    found: list[float] = []
    while not found or found[-1] < highest or len(found) < 2:
        found += [10.0**power * step for step in steps]
        power += 1
    first = max((n for n, tick in enumerate(found) if tick <= lowest), default=0)
    last = next((n for n, tick in enumerate(found) if tick >= highest), len(found) - 1)
    return found[first : max(last, first + 1) + 1]
