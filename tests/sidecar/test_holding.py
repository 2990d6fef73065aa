"""What is known about one attempt, and how far its logs are."""

from schemas.attempts import Stream
from schemas.to_agent import LogOffsets
from sidecar.holding import LOG_WINDOW, NEVER, Held

OUT, ERR = Stream.STDOUT, Stream.STDERR


def test_the_window_is_per_stream() -> None:
    """A flood on one stream does not hold up the other."""
    held = Held()
    held.sent[OUT] = LOG_WINDOW
    assert (held.room(OUT, 1.0), held.room(ERR, 1.0)) == (None, 0)


def test_a_new_connection_goes_on_where_the_hub_is() -> None:
    """Its word stands, else its last acks."""
    held = Held(sent={OUT: 30, ERR: 9}, acked={OUT: 20, ERR: 9})
    held.resume(None)
    assert held.sent == {OUT: 20, ERR: 9}
    held.resume(LogOffsets(stdout=7))
    assert held.sent == held.acked == {OUT: 7, ERR: 0}


def test_a_pause_ends_and_never_does_not() -> None:
    """Refused for now, or for good."""
    held = Held(sent={OUT: 30, ERR: 0}, acked={OUT: 20, ERR: 0})
    held.pause(5.0)
    assert (held.room(OUT, 4.9), held.room(OUT, 5.0)) == (None, 20)
    assert held.behind({OUT: 30}, acked=False)
    held.pause(NEVER)
    assert not held.behind({OUT: 30}, acked=False)
