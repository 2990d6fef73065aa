"""Places that pauses keep back: each in one place, and gone once it is taken."""

from hub.core.lanes import Lane, Share
from hub.core.parking import Parking
from hub.core.requirements import Requirements


def share() -> Share:
    """A share of its own."""
    return Lane("{}", Requirements()).share(None)


def test_a_place_is_taken_once() -> None:
    """Whichever pause keeps it back; an empty pause leaves nothing behind."""
    parking, first, second = Parking(), share(), share()
    assert not parking
    parking.add("p", 1, first)
    parking.add("q", 2, second)

    assert parking
    assert parking.take(2) is second
    assert parking.take(2) is None
    assert parking.take(1) is first
    assert not parking


def test_a_pause_gives_back_what_it_kept() -> None:
    """Share by share, and nothing of another pause."""
    parking, first, second = Parking(), share(), share()
    for place, its in ((1, first), (2, second), (3, first)):
        parking.add("p", place, its)
    parking.add("q", 4, first)

    assert parking.take_all("p") == [(first, [1, 3]), (second, [2])]
    assert parking.take_all("p") == []
    assert parking.take(4) is first
