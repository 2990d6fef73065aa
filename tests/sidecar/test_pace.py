"""Output goes slower after a refusal, and gets fast again by itself."""

from hypothesis import given
from hypothesis import strategies as st

from sidecar.pace import FIRST_GAP, LONGEST_GAP, Pace


def test_nothing_slows_it_down_at_first() -> None:
    """Without a refusal there is no gap."""
    pace = Pace()
    pace.sent(1.0)
    pace.taken()
    assert pace.allows(1.0)


def test_a_refusal_makes_a_pause_and_a_gap() -> None:
    """However many pieces were refused together."""
    pace = Pace()
    for _ in range(100):
        pace.refused(1.0, 3.0)
    assert (pace.allows(2.9), pace.allows(3.0)) == (False, True)
    assert pace.gap == FIRST_GAP
    pace.sent(3.0)
    assert not pace.allows(3.0 + FIRST_GAP / 2)
    assert pace.allows(3.0 + FIRST_GAP)


def test_what_is_taken_closes_the_gap() -> None:
    """After a while there is none."""
    pace = Pace()
    pace.refused(1.0, 1.1)
    for _ in range(30):
        pace.taken()
    assert pace.gap == 0.0


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 10)), max_size=50))
def test_it_never_stops_for_good(steps: list[tuple[bool, float]]) -> None:
    """The gap is bounded, and so is every pause that the hub bounds."""
    pace, now = Pace(), 0.0
    for refused, wait in steps:
        now += wait
        if refused:
            pace.refused(now, now + 1)
        elif pace.allows(now):
            pace.sent(now)
        assert pace.gap <= LONGEST_GAP
        assert pace.allows(now + LONGEST_GAP)
