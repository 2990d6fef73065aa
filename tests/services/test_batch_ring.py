"""The latest batches: without a gap, within bounds, and never too many at once."""

from hub.services.batch_ring import CATCH_UP_BYTES, MOST_BATCHES, MOST_BYTES, BatchRing


def filled(count: int, size: int = 1) -> BatchRing:
    """A ring that took so many batches, each of its number."""
    ring = BatchRing()
    for seq in range(1, count + 1):
        assert ring.add(seq, b"%d" % seq + b" " * (size - 1))
    return ring


def test_a_page_gets_what_it_missed() -> None:
    """In order; nothing when it has all of it, and nothing else when it says too much."""
    ring = filled(5)
    assert ring.after(3) == [b"4", b"5"]
    assert ring.after(5) == []
    assert ring.after(0) == [b"1", b"2", b"3", b"4", b"5"]
    assert ring.after(6) is None


def test_the_oldest_make_room() -> None:
    """By number, and by size."""
    ring = filled(MOST_BATCHES + 2)
    assert ring.after(1) is None
    missed = ring.after(2)
    assert missed is not None
    assert len(missed) == MOST_BATCHES
    ring = filled(10, MOST_BYTES // 8)
    assert ring.after(1) is None
    assert ring.after(9) is None, "a single batch may be too much to catch up with"


def test_nobody_catches_up_with_too_much() -> None:
    """A snapshot is smaller then."""
    ring = filled(4, CATCH_UP_BYTES // 3)
    assert ring.after(1) is not None
    assert ring.after(0) is None


def test_only_the_next_batch_is_taken() -> None:
    """After a new beginning an older one may still come."""
    ring = filled(3)
    ring.clear(7)
    assert not ring.add(4, b"late")
    assert ring.add(8, b"8")
    assert ring.after(7) == [b"8"]
    assert ring.after(6) is None
    assert ring.after(3) is None
