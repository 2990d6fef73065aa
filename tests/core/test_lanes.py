"""Lanes: order, fairness by running share, hot and cold places, removal."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hub.core.lanes import LOAD_AHEAD, LOAD_BATCH, Lane, Share, place_of, seq_of
from hub.core.lifecycle import queue_key
from hub.core.requirements import Requirements
from schemas.scalars import Priority

PLACES = st.builds(place_of, st.integers(0, 50), st.integers(1, 50))


def lane() -> Lane:
    """An empty lane."""
    return Lane("{}", Requirements())


def drained(share: Share) -> list[int]:
    """Everything in a share, in the order in which it is taken."""
    taken = []
    while (head := share.head()) is not None:
        if not share.ready(head):
            share.start_loading()
            share.loaded()
        else:
            taken.append(share.take())
    return taken


@given(st.integers(0, 1 << 50), st.integers(1, (1 << 40) - 1), st.integers(0, 1 << 50))
def test_a_place_orders_by_key_then_seq(key: int, seq: int, other: int) -> None:
    """One integer compares like the pair, and gives the seq back."""
    assert seq_of(place_of(key, seq)) == seq
    assert (place_of(key, seq) < place_of(other, 1)) is ((key, seq) < (other, 1))


@given(st.dictionaries(PLACES, st.booleans()))
def test_a_share_is_taken_in_order(places: dict[int, bool]) -> None:
    """Whether a place is hot or has to be read first does not change its turn."""
    share = lane().share(None)
    for place, hot in places.items():
        share.add(place, hot=hot)

    assert drained(share) == sorted(places)
    assert share.size == 0


@given(st.dictionaries(PLACES, st.tuples(st.booleans(), st.booleans(), st.booleans())))
def test_what_left_is_not_taken(places: dict[int, tuple[bool, bool, bool]]) -> None:
    """A removed place is passed over; one that came back is taken once."""
    share = lane().share(None)
    for place, (hot, _, _) in places.items():
        share.add(place, hot=hot)
    for place, (_, removed, _) in places.items():
        if removed:
            share.remove(place)
    for place, (hot, removed, back) in places.items():
        if removed and back:
            share.add(place, hot=hot)

    wanted = sorted(p for p, (_, removed, back) in places.items() if back or not removed)
    assert share.size == len(wanted)
    assert drained(share) == wanted
    assert not share.gone


def test_cold_places_are_read_ahead_of_need() -> None:
    """Reading starts while there is still something to take, a batch at a time."""
    share = lane().share(None)
    for seq in range(1, 2 * LOAD_BATCH + 1):
        share.add(seq, hot=False)
    before, batch = share.hungry, share.start_loading()
    assert (before, batch) == (True, list(range(1, LOAD_BATCH + 1)))
    assert (share.hungry, share.ready(1)) == (False, False)
    share.loaded()
    assert share.ready(1)
    hungry = [share.hungry for _ in range(LOAD_BATCH) if share.take()]

    assert hungry.index(True) == LOAD_BATCH - LOAD_AHEAD


def test_what_leaves_while_it_is_read_is_not_taken() -> None:
    """A place that is removed between its reading and its arrival is gone."""
    share = lane().share(None)
    share.add(1, hot=False)
    share.add(2, hot=False)
    share.start_loading()
    share.remove(1)
    share.loaded()

    assert drained(share) == [2]
    assert not share.gone


def test_a_head_that_is_not_in_memory_is_read() -> None:
    """A place that was thought hot goes back among the cold ones and keeps its turn."""
    share = lane().share(None)
    share.add(1, hot=True)
    share.add(2, hot=True)
    share.cool()

    assert (share.head(), share.ready(1), share.size) == (1, False, 2)
    assert drained(share) == [1, 2]


@given(st.lists(st.sampled_from(Priority), min_size=2, max_size=30))
def test_nothing_starves(arrivals: list[Priority]) -> None:
    """A low task that waits is overtaken only by what comes within half an hour."""
    share = lane().share(None)
    low = place_of(queue_key(0, Priority.LOW), 1)
    share.add(low, hot=True)
    for minute, priority in enumerate(arrivals, start=1):
        share.add(place_of(queue_key(minute * 120_000, priority), minute + 1), hot=True)
    before_it = drained(share)
    before_it = before_it[: before_it.index(low)]

    assert all(seq_of(place) - 1 <= 15 for place in before_it)


def test_the_share_with_fewest_running_goes_first() -> None:
    """A flood of one key does not hold up another."""
    fair = lane()
    flood, other = fair.share("flood"), fair.share("other")
    for place in range(1, 10):
        flood.add(place, hot=True)
        fair.rank(flood)
    other.add(100, hot=True)
    fair.rank(other)
    assert fair.first() == (flood, 1)
    flood.take()
    flood.running += 1
    fair.rank(flood)

    assert fair.first() == (other, 100)


def test_a_second_share_does_not_hide_the_first() -> None:
    """A running attempt of another key makes a share, and what waits is still found."""
    fair = lane()
    fair.share("a").add(1, hot=True)
    fair.share("b").running += 1

    assert fair.first() == (fair.shares["a"], 1)


def test_idle_shares_are_forgotten() -> None:
    """Those in which nothing waits or runs go; the others still take turns."""
    fair = lane()
    fair.share("idle")
    fair.share("running").running += 1
    fair.share("waiting").add(1, hot=True)
    fair.rank(fair.shares["waiting"])
    fair.prune()

    assert set(fair.shares) == {"running", "waiting"}
    assert fair.first() == (fair.shares["waiting"], 1)
    assert fair.size == 1


class FairLane(RuleBasedStateMachine):
    """A lane of three shares against three plain lists."""

    def __init__(self) -> None:
        super().__init__()
        self.lane = lane()
        self.waiting: dict[str, list[int]] = {}
        self.running: dict[str, int] = {}
        self.last = 0

    keys = st.sampled_from(["a", "b", "c"])

    @rule(key=keys, when=st.integers(0, 9), hot=st.booleans())
    def add(self, key: str, when: int, hot: bool) -> None:
        """A task waits."""
        self.last += 1
        place = place_of(when, self.last)
        share = self.lane.share(key)
        share.add(place, hot=hot)
        self.lane.rank(share)
        self.waiting.setdefault(key, []).append(place)
        self.running.setdefault(key, 0)

    @rule(key=keys)
    def hold(self, key: str) -> None:
        """An attempt of this key runs that was not taken from here."""
        share = self.lane.share(key)
        share.running += 1
        self.lane.rank(share)
        self.running[key] = self.running.get(key, 0) + 1

    @rule(key=keys)
    def end(self, key: str) -> None:
        """An attempt of this key ends."""
        if self.running.get(key, 0):
            share = self.lane.share(key)
            share.running -= 1
            self.lane.rank(share)
            self.running[key] -= 1

    @rule(key=keys, at=st.integers(0, 50))
    def remove(self, key: str, at: int) -> None:
        """A waiting task leaves."""
        if self.waiting.get(key):
            place = self.waiting[key].pop(at % len(self.waiting[key]))
            self.lane.shares[key].remove(place)
            self.lane.rank(self.lane.shares[key])

    @rule()
    def prune(self) -> None:
        """Idle shares are forgotten."""
        self.lane.prune()

    @precondition(lambda self: any(self.waiting.values()))
    @rule()
    def take(self) -> None:
        """The head of the share whose turn it is runs."""
        first = self.lane.first()
        assert first is not None
        share, place = first
        if not share.ready(place):
            if not share.loading:
                share.start_loading()
            share.loaded()
            self.lane.rank(share)
            return
        (key,) = [key for key in self.waiting if self.lane.shares.get(key) is share]
        assert share.take() == place
        share.running += 1
        self.lane.rank(share)
        self.waiting[key].remove(place)
        self.running[key] += 1

    @invariant()
    def the_right_share_goes_first(self) -> None:
        """The head of the share with the fewest running attempts, the earliest among equals."""
        heads = [(self.running[key], min(all_)) for key, all_ in self.waiting.items() if all_]
        first = self.lane.first()
        found = None if first is None else (first[0].running, first[1])
        assert found == min(heads, default=None)
        assert self.lane.size == sum(map(len, self.waiting.values()))


TestFairLane = FairLane.TestCase


def test_a_fairness_key_is_forgotten_when_nothing_is_left_of_it() -> None:
    """A key for every task must not fill the memory."""
    lane = Lane("{}", Requirements())
    for number in range(100):
        share = lane.share(f"key-{number}")
        share.add(place_of(number, number), hot=True)
        share.take()
    kept = lane.share("busy")
    kept.running = 1

    lane.prune()

    assert list(lane.shares) == ["busy"]
