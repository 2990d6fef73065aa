"""The marks by which tasks are found."""

from hypothesis import given
from hypothesis import strategies as st

from hub.core.filters import TaskFilter
from hub.store import marks
from schemas.work import TaskSpec
from tests.store.records import new_task

NAME = st.text(st.characters(exclude_characters="\x1f", exclude_categories=["Cs", "Cc"]))


@given(st.tuples(NAME, NAME), st.tuples(NAME, NAME))
def test_labels_do_not_run_together(one: tuple[str, str], other: tuple[str, str]) -> None:
    """Two labels have the same mark only if name and value are the same."""
    assert (marks.of_label(*one) == marks.of_label(*other)) == (one == other)


def test_a_filter_asks_for_the_marks_of_its_tasks() -> None:
    """All that it names, each once, and those of the task that has just these."""
    spec = TaskSpec("x", needs=["gpu", "gpu"], labels={"a": "b"}, mission_id="m")
    wanted = TaskFilter(capability="gpu", labels=(("a", "b"), ("a", "b")), mission="m")
    assert sorted(marks.of_filter(wanted)) == sorted(marks.of_spec(spec))
    assert marks.of_filter(wanted)[0] == "mission:m"


def test_plain_tasks_have_no_marks() -> None:
    """They cost nothing."""
    tasks = [new_task(1), new_task(2, "other", needs=["x"])]
    assert list(marks.new_marks(tasks)) == [("other", "needs:x", 2)]


def test_spans_hold_every_time_of_a_block() -> None:
    """A block for every 1,024 seqs."""
    tasks = [new_task(seq) for seq in (1_022, 1_023, 1_024)]
    wall = tasks[0].created_at
    assert list(marks.spans(tasks)) == [(0, wall, wall), (1, wall, wall)]
