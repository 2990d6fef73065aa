"""Statistics: counts and times of what ended lately, from fixed tables."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from hub.services.statistics import BOUNDS, HOUR_PARTS, PART_MS, Statistics, middle_of, step_of
from schemas.scalars import TaskState
from tests.core.making import NOW, in_state

HOUR_MS = HOUR_PARTS * PART_MS


def end(statistics: Statistics, state: TaskState, at: int, wait: int = 0, run: int = 0) -> None:
    """A task ends that waited and ran for so long."""
    task = in_state(state)
    times = {"queued_at": at - run - wait, "assigned_at": at - run, "started_at": at - run}
    statistics.ended(structs.replace(task, finished_at=at, **times))


@given(ms=st.integers(0, (1 << 63) - 1))
def test_a_duration_is_kept_to_an_eighth(ms: int) -> None:
    """Each lies in a step whose middle is at most a sixteenth away."""
    step = step_of(ms)
    assert 0 <= step < BOUNDS
    assert abs(middle_of(step) - ms) <= max(ms / 16, 0)
    assert step_of(middle_of(step)) == step


def test_a_clock_that_went_back_is_no_time() -> None:
    """Negative durations count as none."""
    assert step_of(-5) == 0


def test_ends_are_counted_by_state_and_time() -> None:
    """In the order in which they come, the oldest is forgotten first."""
    statistics = Statistics()
    for minutes in (30, 10, 3, 3, 0.5):
        end(statistics, TaskState.COMPLETED, NOW.wall - round(minutes * 60_000))
    end(statistics, TaskState.DEAD_LETTER, NOW.wall)
    end(statistics, TaskState.CANCELLED, NOW.wall)
    found = statistics.throughput(NOW.wall)
    assert [each.minutes for each in found] == [1, 5, 15]
    assert [each.completed for each in found] == [1, 3, 4]
    assert [(each.dead_letter, each.cancelled) for each in found] == [(1, 1)] * 3
    assert found[2].per_second == round(4 / 900, 3)


def test_percentiles_of_the_last_hour() -> None:
    """Half, nine tenths, and all but a hundredth of the tasks were faster."""
    statistics = Statistics()
    end(statistics, TaskState.COMPLETED, NOW.wall - HOUR_MS - PART_MS, wait=99_999, run=99_999)
    for number in range(100):
        end(statistics, TaskState.COMPLETED, NOW.wall, wait=10, run=number + 1)
    waits, runs = statistics.waits(NOW.wall), statistics.runs(NOW.wall)
    assert (waits.count, waits.p50, waits.p99) == (100, 10, 10)
    assert runs.count == 100
    for found, exact in ((runs.p50, 50), (runs.p90, 90), (runs.p99, 99)):
        assert found is not None
        assert abs(found - exact) <= exact / 16


def test_nothing_has_no_percentiles() -> None:
    """Tasks that never ran have no times, but are counted."""
    statistics = Statistics()
    statistics.ended(structs.replace(in_state(TaskState.DEAD_LETTER), finished_at=NOW.wall))
    assert statistics.runs(NOW.wall).p50 is None
    assert statistics.throughput(NOW.wall)[0].dead_letter == 1


def test_memory_is_bounded() -> None:
    """Whatever comes in a day, the tables stay as they are."""
    statistics = Statistics()
    for second in range(0, 86_400, 5):
        end(statistics, TaskState.COMPLETED, NOW.wall + second * 1_000, run=second)
    assert len(statistics._slots) <= 181
    assert len(statistics._parts) <= HOUR_PARTS
