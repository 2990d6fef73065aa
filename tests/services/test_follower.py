"""One page over time: slow, hidden, silent. The clock is moved by hand."""

import pytest

from hub.core.clock import Instant
from hub.services.batch_ring import CATCH_UP_BYTES, BatchRing
from hub.services.follower import SILENT_MS, STUCK_MS, Follower
from hub.services.picture import encode
from schemas.dashboard import BEAT_MS, Beat, Delta, Pace, Reset, Step
from schemas.scalars import CloseCode
from tests.services.onlooker import VIEWER, Onlooker


class Scene:
    """A page, and a hub that makes batches."""

    def __init__(self) -> None:
        self.now = Instant(1_000_000, 1)
        self.ring = BatchRing()
        self.newest = (0, b"")
        self.line = Onlooker()
        self.follower = Follower(VIEWER, self.line, self.ring, self.now)
        self.follower.begin([])

    def make(self, size: int = 0) -> None:
        """The next batch, of at least so many bytes; the page has its turn later."""
        seq = self.ring.last + 1
        self.newest = seq, b'{"type":"delta","seq":%d,"at":1%s}' % (seq, b" " * size)
        self.ring.add(*self.newest)

    def batch(self, size: int = 0) -> None:
        """The next batch; the page has its turn."""
        self.make(size)
        self.follower.take(*self.newest)

    def wait(self, ms: int) -> None:
        """Time passes, and the page is looked at each second."""
        end = self.now.hub + ms
        while self.now.hub < end:
            self.now = Instant(self.now.hub + 1_000, 1)
            self.follower.look(self.now)

    def seqs(self) -> list[int]:
        """The batches it heard of."""
        return [delta.seq for delta in self.line.take(Delta)]


@pytest.fixture
def scene() -> Scene:
    """A page that is up to date."""
    return Scene()


def test_a_hidden_page_catches_up(scene: Scene) -> None:
    """It hears of no batch, but of numbers; then of all it missed."""
    scene.follower.take_numbers(b'{"type":"delta","seq":0,"at":1}')
    assert scene.seqs() == []
    scene.follower.hears(Pace(hidden=True), scene.now)
    scene.batch()
    scene.batch()
    scene.follower.take_numbers(b'{"type":"delta","seq":0,"at":1}')
    assert scene.seqs() == [0]
    scene.follower.hears(Pace(hidden=False), scene.now)
    assert scene.seqs() == [1, 2]
    scene.batch()
    assert scene.seqs() == [3]


def test_a_page_hidden_for_too_long_begins_anew(scene: Scene) -> None:
    """What it missed is not held any more."""
    scene.follower.hears(Pace(hidden=True), scene.now)
    scene.batch()
    scene.ring.clear(9)
    scene.follower.hears(Pace(hidden=False), scene.now)
    assert scene.line.take(Reset) == [Reset(9, "hidden for too long")]
    assert scene.follower.told_from == 9


def test_a_page_that_is_late_for_its_turn_gets_all(scene: Scene) -> None:
    """In their order, and none a second time."""
    for _ in range(3):
        scene.make()
    for _ in range(2):
        scene.follower.take(*scene.newest)
    assert scene.seqs() == [1, 2, 3]


def test_a_page_that_is_far_too_late_begins_anew(scene: Scene) -> None:
    """It would have to read more than a snapshot is."""
    for _ in range(2):
        scene.make(CATCH_UP_BYTES)
    scene.follower.take(*scene.newest)
    assert scene.line.take(Reset) == [Reset(2, "too much at once")]


def test_a_large_batch_goes_to_who_is_up_to_date(scene: Scene) -> None:
    """A snapshot would be no smaller."""
    scene.batch(CATCH_UP_BYTES + 1)
    assert scene.seqs() == [1]


def test_a_slow_page_misses_batches(scene: Scene) -> None:
    """Until it reads again; then it is told once that it needs a snapshot."""
    scene.batch()
    scene.follower.clog(scene.now)
    scene.batch()
    scene.batch()
    assert scene.seqs() == [1]
    scene.follower.unclog()
    assert scene.line.take(Reset) == [Reset(3, "too slow")]
    scene.batch()
    assert scene.seqs() == [4]


def test_a_slow_page_that_is_shown_waits(scene: Scene) -> None:
    """It is not sent even more."""
    scene.follower.hears(Pace(hidden=True), scene.now)
    scene.follower.clog(scene.now)
    scene.batch()
    scene.follower.hears(Pace(hidden=False), scene.now)
    assert scene.line.heard == []
    scene.follower.unclog()
    assert scene.line.take(Reset) == [Reset(1, "too slow")]


def test_steps_go_to_who_sees_them_and_reads(scene: Scene) -> None:
    """None is kept for later: the page asks for what it missed."""
    for number, stand in enumerate(("seen", "clogged", "hidden", "seen")):
        scene.follower.clogged = stand == "clogged"
        scene.follower.hidden = stand == "hidden"
        scene.follower.take_step(encode(Step(number, {})))
    assert scene.line.take(Step) == [Step(0, {}), Step(3, {})]


def test_a_page_that_takes_nothing_is_cut(scene: Scene) -> None:
    """As long as it takes a little it may stay."""
    scene.line.unsent = 1_000
    scene.follower.clog(scene.now)
    scene.wait(STUCK_MS - 1_000)
    scene.line.unsent -= 1
    scene.wait(STUCK_MS - 1_000)
    before = scene.line.was_cut
    scene.wait(2_000)
    assert (before, scene.line.was_cut) == (False, True)
    assert scene.line.heard == [], "nothing more is put on top"


def test_a_silent_page_is_closed(scene: Scene) -> None:
    """Whatever it says counts."""
    scene.wait(SILENT_MS - 1_000)
    scene.follower.hears(Beat(1), scene.now)
    scene.wait(SILENT_MS - 1_000)
    before = scene.line.closed
    scene.wait(1_000)
    after = scene.line.closed
    assert before is None
    assert after is not None
    assert (after.code, after.reconnect) == (CloseCode.HEARTBEAT_MISSED, True)


def test_the_hub_shows_that_it_is_there(scene: Scene) -> None:
    """Also to a page that hears a lot: it answers each beat."""
    for _ in range(BEAT_MS // 1_000 * 2):
        scene.batch()
        scene.wait(1_000)
    beats = scene.line.take(Beat)
    assert [beat.seq for beat in beats] == [10, 20]
