"""How the orgs share the backlog."""

from hypothesis import given
from hypothesis import strategies as st

from hub.core.backlog import has_room

COUNTS = st.integers(0, 200)


def test_new_work_ends_at_four_fifths() -> None:
    """The rest is for work that comes back."""
    assert has_room(1, 79, 0, 100)
    assert not has_room(1, 80, 0, 100)
    assert not has_room(2, 79, 0, 100)
    assert not has_room(1, 10, 70, 100)


def test_one_org_leaves_half_to_the_others() -> None:
    """As soon as another has anything waiting."""
    assert has_room(1, 60, 0, 100)
    assert not has_room(1, 60, 1, 100)
    assert has_room(10, 40, 1, 100)
    assert not has_room(11, 40, 1, 100)


@given(COUNTS, COUNTS, COUNTS, st.integers(1, 300))
def test_less_always_fits_better(new: int, own: int, others: int, most: int) -> None:
    """What fits still fits when there is less of it, and never beyond four fifths."""
    if has_room(new + 1, own, others, most):
        assert has_room(new, own, others, most)
        assert own + others + new + 1 <= most - most // 5
