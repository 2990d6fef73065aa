"""The backlog at a start."""

from hypothesis import given
from hypothesis import strategies as st

from hub.store.backlog import Backlog
from hub.store.contract import QueuedRow

NAMES = {1: "b", 2: "a"}
Key = st.integers(0, 3) | st.integers(0, 2**53)
Found = st.lists(
    st.tuples(
        st.sampled_from([1, 2]),
        st.sampled_from(["{}", '{"run":"command"}']),
        st.sampled_from([None, "k", "ä"]),
        Key,
    )
)


@given(Found)
def test_a_backlog_comes_lane_by_lane(found: list[tuple[int, str, str | None, int]]) -> None:
    """By org, requirements, fairness key, queue key and seq, whatever came first."""
    rows = [(*row, seq) for seq, row in enumerate(found, 1)]
    backlog = Backlog(rows, NAMES)
    expected = sorted(
        ((NAMES[row[0]], QueuedRow._make(row[1:])) for row in rows),
        key=lambda one: (one[0], one[1].requires, one[1].fairness_key or "", *one[1][2:]),
    )
    assert list(backlog.in_order()) == expected


def test_a_backlog_is_counted_by_org() -> None:
    """Without a second look at the database."""
    backlog = Backlog([(1, "{}", None, 5, 1), (2, "{}", None, 5, 2), (1, "{}", "k", 5, 3)], NAMES)
    assert backlog.counts == {"b": 2, "a": 1}
