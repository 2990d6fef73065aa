"""Where the answer of an idempotent write is kept."""

from hypothesis import given
from hypothesis import strategies as st

from hub.core.replays import Replay, mark_of

PLACE = st.tuples(*[st.text(max_size=8)] * 4)


@given(PLACE, PLACE)
def test_two_places_have_two_marks(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    """Also when their parts run together in another way, unless a part holds a NUL."""
    if "\0" not in "".join(one + other):
        assert (mark_of(*one) == mark_of(*other)) == (one == other)


@given(PLACE)
def test_a_mark_fits_into_a_column(place: tuple[str, ...]) -> None:
    """It is a whole number that SQLite keeps as one."""
    assert 0 <= mark_of(*place) < 2**63


def test_a_replay_knows_its_mark() -> None:
    """The mark of what is kept is the mark that is looked for."""
    replay = Replay("main", "ann", "POST /x", "k", b"", 201, b"{}", (), 0)

    assert replay.mark == mark_of("main", "ann", "POST /x", "k")
