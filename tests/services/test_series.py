"""Time series: the last hour in steps of ten seconds, and nothing made up where nobody looked."""

import gzip
import random

import pytest
from msgspec import json, structs

from hub.core.agent import AgentRecord
from hub.core.org import Org
from hub.services.metrics import Metrics
from hub.services.series import KEPT_PAGES, Past, TimeSeries, Values
from hub.services.statistics import middle_of, step_of
from schemas.dashboard import Step
from schemas.http.metrics import POINTS, STEP_MS, UNITS, MetricsPage, SeriesName, Value
from schemas.scalars import Priority, TaskState
from tests.core.hand_hub import HandClock
from tests.core.making import NOW, in_state, queued

BEGIN = 1_000 * STEP_MS
PASS_MS = 1_000
RUNNING = SeriesName.RUNNING


class Watched:
    """An org that is watched, and a clock that is moved by hand."""

    def __init__(self) -> None:
        self.clock = HandClock(5_000_000, BEGIN)
        self.org = Org("main", 1)
        self.metrics = Metrics(lambda: 0.0)
        self.series = TimeSeries({"main": self.org}, self.metrics, self.clock)
        self.closed: list[tuple[int, Values]] = []
        """Each step that was told as over: its end, and what is known of it."""
        self.series.on_step = lambda at, values: self.closed.append((at, values("main")))

    def wait(self, ms: int) -> None:
        """Time goes by, with its passes."""
        for _ in range(ms // PASS_MS):
            self.clock.wait(PASS_MS)
            self.series.look(self.clock.now())

    def stall(self, ms: int) -> None:
        """Time goes by unseen; then there is a pass."""
        self.clock.wait(ms)
        self.series.look(self.clock.now())

    def end(self, state: TaskState, *, wait: int = 0, run: int = 0, before: int = 0) -> None:
        """A task ends now that waited and ran for so long, and existed a while before."""
        at = self.clock.now().wall
        times = {"queued_at": at - run - wait, "assigned_at": at - run, "started_at": at - run}
        created = at - run - wait - before
        task = structs.replace(in_state(state), finished_at=at, created_at=created, **times)
        self.metrics.finished(structs.replace(task, org="main"))

    def page(self, *names: str, points: int = POINTS) -> MetricsPage:
        """What is told."""
        return json.decode(
            self.series.page("main", points, [SeriesName(name) for name in names]), type=MetricsPage
        )

    def values(self, name: str, points: int = POINTS) -> list[Value]:
        """The values of one series."""
        (found,) = self.page(name, points=points).series
        return found.values


def watched() -> Watched:
    """One whose first whole step has just begun."""
    hub = Watched()
    hub.wait(STEP_MS)
    return hub


def close_to(found: Value, exact: float) -> bool:
    """Whether a value of a table is the exact one, as far as the table tells."""
    return found is not None and abs(found - exact) <= exact / 16


def test_a_step_is_told_when_it_is_over() -> None:
    """The first part of a step, in which the hub was started, is not."""
    hub = Watched()
    hub.wait(STEP_MS - PASS_MS)
    assert hub.page("running").series[0].values == []
    hub.wait(STEP_MS + PASS_MS)
    page = hub.page("running")
    assert (page.step_ms, page.series[0].values) == (STEP_MS, [0])
    assert page.since == BEGIN + 2 * STEP_MS
    assert page.at == hub.clock.now().wall


def test_no_value_is_from_the_future() -> None:
    """Not while there is none yet, and not after the clock was set back by less than a step."""
    hub = Watched()
    assert (hub.page().since, hub.page().at) == (BEGIN, BEGIN)
    hub.wait(STEP_MS - PASS_MS)
    page = hub.page()
    assert page.since <= page.at
    hub.wait(2 * STEP_MS)
    hub.clock.wait(-STEP_MS)
    hub.stall(0)
    page = hub.page(points=1)
    assert len(page.series[0].values) == 1
    assert page.since <= page.at


def test_rates_and_times_are_those_of_the_step() -> None:
    """Ends by their state, percentiles of what had an agent."""
    hub = watched()
    hub.metrics.statistics["main"].step.submitted += 50
    for number in range(1, 101):
        hub.end(TaskState.COMPLETED, wait=10, run=10 * number, before=1_000)
    hub.end(TaskState.DEAD_LETTER)
    hub.end(TaskState.CANCELLED)
    hub.wait(STEP_MS)
    assert hub.values("submitted_per_s") == [5]
    assert hub.values("finished_per_s") == [10]
    assert hub.values("failed_per_s") == hub.values("cancelled_per_s") == [0.1]
    for part, exact in (("p50", 500), ("p95", 950), ("p99", 990)):
        assert close_to(hub.values(f"run_{part}")[0], exact)
        assert close_to(hub.values(f"total_{part}")[0], exact + 1_010)
    assert hub.values("wait_p50") == [middle_of(step_of(10))]
    hub.wait(STEP_MS)
    assert hub.values("finished_per_s") == [10, 0]
    assert hub.values("run_p50")[1] is None


def test_what_stands_is_told_as_it_stands() -> None:
    """Queues by priority, running tasks, agents and how much of them is used."""
    hub = watched()
    for seq, priority in enumerate((Priority.URGENT, Priority.LOW, Priority.LOW), 1):
        task = structs.replace(queued(), seq=seq, id=f"task-{seq}", priority=priority)
        hub.org.put(None, task, 1)
    record = AgentRecord("main", "birch", "birch", (), (), 4, NOW.wall)
    agent = hub.org.know(record)
    hub.org.know(structs.replace(record, id="oak"))
    agent.session = 1
    hub.wait(STEP_MS)
    assert hub.values("queued_urgent") == [1]
    assert hub.values("queued_normal") == [0]
    assert hub.values("queued_low") == [2]
    assert hub.values("agents_connected") == [1]
    assert hub.values("utilisation") == [0]


def test_the_worst_of_a_step_is_told_once() -> None:
    """How late the loop was, and how long a commit took."""
    hub = watched()
    hub.metrics.lagged(0.5)
    hub.metrics.lagged(0.1)
    hub.metrics.committed(1, 1, 0.0123)
    hub.wait(STEP_MS)
    hub.wait(STEP_MS)
    assert hub.values("loop_lag_ms") == [500, 0]
    assert hub.values("commit_ms") == [12.3, 0]


@pytest.mark.parametrize("steps", [2, 5, 3 * POINTS])
def test_a_gap_is_not_filled(steps: int) -> None:
    """What was not watched over a whole step is null, and not told of a step it was not in."""
    hub = watched()
    hub.wait(STEP_MS)
    hub.end(TaskState.COMPLETED)
    hub.stall(steps * STEP_MS)
    hub.wait(STEP_MS)
    values = hub.values("finished_per_s")
    assert values == [0, *[None] * steps, 0][-POINTS:]


def test_an_hour_is_kept_and_no_more() -> None:
    """In the same memory, whatever happens."""
    hub = watched()
    for number in range(POINTS + 5):
        hub.metrics.lagged(number / 1000)
        hub.wait(STEP_MS)
    values = hub.values("loop_lag_ms")
    assert values == list(range(5, POINTS + 5))
    assert hub.values("loop_lag_ms", points=3) == values[-3:]
    assert hub.page(points=3).since == hub.clock.now().wall - 2 * STEP_MS
    assert Past().size < 100_000


def test_a_clock_that_was_set_back_begins_anew() -> None:
    """No time is told twice; a little is only waited for."""
    hub = watched()
    hub.wait(3 * STEP_MS)
    hub.clock.wait(-500)
    hub.series.look(hub.clock.now())
    assert len(hub.values("running")) == 3
    hub.clock.wait(-STEP_MS * 10)
    hub.series.look(hub.clock.now())
    assert hub.values("running") == []
    hub.wait(3 * STEP_MS)
    assert len(hub.values("running")) >= 2


def test_a_step_goes_on_where_a_page_ends() -> None:
    """It is told once it is over, with the values that a page has from then on."""
    hub = Watched()
    hub.wait(2 * STEP_MS - PASS_MS)
    assert hub.closed == [], "the first part of a step is none"
    hub.end(TaskState.COMPLETED, wait=10)
    hub.wait(PASS_MS)
    hub.wait(STEP_MS)
    assert [at for at, _ in hub.closed] == [BEGIN + 2 * STEP_MS, BEGIN + 3 * STEP_MS]
    page = hub.page()
    for place, (at, values) in enumerate(hub.closed):
        assert at == page.since + place * page.step_ms
        assert values == {
            each.name: each.values[place] for each in page.series if each.values[place] is not None
        }
    assert "wait_p50" in hub.closed[0][1]
    assert "wait_p50" not in hub.closed[1][1]


def test_a_step_that_nobody_saw_is_told_empty() -> None:
    """Only the last one: what was before it leaves a gap that is seen."""
    hub = watched()
    hub.wait(STEP_MS)
    hub.end(TaskState.COMPLETED)
    hub.stall(5 * STEP_MS)
    assert hub.closed[1:] == [(BEGIN + 7 * STEP_MS, {})]


def test_a_step_is_small() -> None:
    """Less than five thousand bytes, whatever it counts."""
    past = Past()
    past.put(0, dict.fromkeys(UNITS, 3.4e38))
    values = past.known(0)
    assert list(values) == list(UNITS)
    assert len(json.encode(Step(2**53 - 1, values))) < 5_000


def test_a_page_is_made_once_a_step() -> None:
    """Whoever asks for the same gets the same bytes; few of them are kept."""
    hub = watched()
    hub.wait(STEP_MS)
    page = hub.series.page("main", 5, (RUNNING,))
    assert hub.series.page("main", 5, (RUNNING, RUNNING)) is page
    assert hub.series.page("main", 6, (RUNNING,)) is not page
    for points in range(1, 3 * KEPT_PAGES):
        hub.series.page("main", points, ())
    assert len(hub.series._pages) <= KEPT_PAGES
    hub.wait(STEP_MS)
    assert hub.series.page("main", 5, (RUNNING,)) != page


def test_every_series_is_told() -> None:
    """In one order, each with its unit."""
    page = watched().page()
    assert [(each.name, each.unit) for each in page.series] == list(UNITS.items())


def test_three_charts_are_small() -> None:
    """Less than five thousand bytes on the wire for an hour of lively work."""
    hub = watched()
    chance = random.Random(1)
    for _ in range(POINTS):
        for _ in range(chance.randrange(100, 140)):
            hub.end(TaskState.COMPLETED, wait=int(chance.lognormvariate(3, 1)))
        for priority in Priority:
            change = chance.randrange(-5, 6)
            hub.org.queued[priority] = max(hub.org.queued[priority] + change, 0)
        hub.wait(STEP_MS)
    names = ["finished_per_s", "wait_p50", "wait_p95", "wait_p99"]
    names += [f"queued_{each.name.lower()}" for each in Priority]
    page = hub.series.page("main", POINTS, [SeriesName(name) for name in names])
    size = len(gzip.compress(page, 6))
    print(f"{len(page)} bytes, {size} packed")
    assert size < 5_000
