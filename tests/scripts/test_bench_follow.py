"""The reader of events beside the load: what it counts, and what it notices."""

import pytest

from schemas.scalars import Role
from scripts.benchmark.figures import Stream
from scripts.benchmark.follow import Follower, Tally
from tests.transport.conftest import StartHub, own_hub
from tests.transport.ranch import until

__all__ = ["own_hub"]
HELLO = b'retry: 2000\n\n: still here\nid: 3:41\nevent: heartbeat\ndata: {"cursor":"3:41"}\n\n'


def event(number: int) -> bytes:
    """An event as the hub writes it."""
    return b'id: 3:%d\nevent: task.created\ndata: {"seq": %d}\n\n' % (number, number)


def chunked(*pieces: bytes) -> bytes:
    """Pieces in the transfer encoding of HTTP."""
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)


def told(data: bytes, size: int) -> Tally:
    """What is counted when so many bytes come at once."""
    tally = Tally()
    for at in range(0, len(data), size):
        tally.take(data[at : at + size])
    return tally


@pytest.mark.parametrize("size", [1, 7, 64, 100_000])
def test_events_are_counted_wherever_they_are_cut(size: int) -> None:
    """Heartbeats carry a number, and are no events."""
    beat = b': still here\nid: 3:44\nevent: heartbeat\ndata: {"cursor":"3:44"}\n\n'
    pieces = (HELLO, event(42) + event(43), event(44), beat, event(45))
    tally = told(b"HTTP/1.1 200 OK\r\nserver: x\r\n\r\n" + chunked(*pieces), size)

    assert (tally.first, tally.last, tally.events, tally.missing) == (41, 45, 4, 0)


def test_a_gap_is_noticed() -> None:
    """Two numbers did not come."""
    tally = told(chunked(HELLO, event(42), event(45)), 100)

    assert tally.missing == 2


def test_a_follower_reads_what_happens(own_hub: StartHub) -> None:
    """All events come, none is missing, and hanging up is not taken for an end."""
    hub = own_hub()
    follower = Follower(hub.port, hub.tokens[Role.VIEWER])
    follower.tick("joined", [])
    for number in range(5):
        hub.submit(description=f"task {number}")
    until(lambda: follower.events >= 5)
    follower.tick("end", [])
    follower.close()

    found = follower.stream()
    assert found == Stream(events=found.events, missing=0, behind=0, ended=False)
    assert found.events >= 5


def test_an_end_by_the_hub_is_noticed(own_hub: StartHub) -> None:
    """A hub that stops ends its streams."""
    hub = own_hub()
    follower = Follower(hub.port, hub.tokens[Role.VIEWER])
    follower.tick("joined", [])
    until(lambda: follower.began)
    hub.stop()
    until(lambda: follower.is_over)
    follower.close()

    assert follower.stream().ended
