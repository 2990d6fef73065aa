"""A moment holds both times."""

from hub.core.clock import Instant


def test_a_moment_holds_both_times() -> None:
    """Hub time comes first; equal times are the same moment."""
    moment = Instant(5, 7)

    assert (moment.hub, moment.wall) == (5, 7)
    assert moment == Instant(hub=5, wall=7)
