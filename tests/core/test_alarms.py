"""Alarms: each goes off once, in order, unless it was taken back."""

from hypothesis import given
from hypothesis import strategies as st

from hub.core.alarms import SLACK, Alarms
from hub.core.lanes import place_of

STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "remove", "take"]), st.integers(0, 6), st.integers(1, 4)),
    max_size=60,
)


@given(steps=STEPS)
def test_what_goes_off_is_what_was_set(steps: list[tuple[str, int, int]]) -> None:
    """Like a plain set of alarms, whatever is set, taken back and set again."""
    alarms, plain = Alarms(), set[tuple[int, int]]()
    for step, at, seq in steps:
        if step == "add" and (at, seq) not in plain:
            alarms.add(at, seq)
            plain.add((at, seq))
        elif step == "remove" and (at, seq) in plain:
            alarms.remove(at, seq)
            # An alarm for a time that has passed already may still go off.
            plain.discard((at, seq))
        elif step == "take":
            due = {each for each in plain if each[0] <= at}
            taken = alarms.take(at, 99)
            assert {seq for _, seq in due} <= set(taken)
            plain -= due
    for at, seq in plain:
        assert place_of(at, seq) in alarms


def test_at_most_so_many_at_once() -> None:
    """The rest waits for the next call, the earliest first."""
    alarms = Alarms()
    for at in (3, 1, 2, 9):
        alarms.add(at, at)
    assert alarms.take(5, 2) == [1, 2]
    assert alarms.take(5, 2) == [3]
    assert len(alarms) == 1


def test_what_was_taken_back_takes_no_room() -> None:
    """A heap whose alarms are mostly gone is made anew."""
    alarms = Alarms()
    for seq in range(10 * SLACK):
        alarms.add(1_000_000, seq)
        alarms.remove(1_000_000, seq)
    assert len(alarms) == 0
    assert len(alarms._heap) <= SLACK + 1


def test_an_alarm_that_went_off_may_be_set_again() -> None:
    """Also for the same time, and after somebody took it back late."""
    alarms = Alarms()
    alarms.add(5, 1)
    assert alarms.take(5, 9) == [1]
    alarms.remove(5, 1)
    alarms.add(5, 1)
    assert alarms.take(5, 9) == [1]
