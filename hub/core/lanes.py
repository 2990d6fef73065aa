"""Lanes: the ready queue of all tasks with the same requirements.

Inside a lane each fairness key has a share, and the share with the fewest running attempts
goes first. A place in the queue is one integer, `queue_key << 40 | seq`: it compares in the
right order and takes 36 bytes, so a million queued tasks fit in memory although their
records do not. A place is *hot* when the task's record is in memory, *cold* when it has to
be read first; cold places become hot in batches, ahead of need.
"""

from collections.abc import Iterable
from heapq import heapify, heappop, heappush
from typing import Final

from hub.core.requirements import Requirements

SEQ_BITS: Final = 40
_SEQ_MASK: Final = (1 << SEQ_BITS) - 1
LOAD_BATCH: Final = 256
"""How many cold places become hot at once."""
LOAD_AHEAD: Final = 128
"""Reading starts while this many hot places are left."""


def place_of(queue_key: int, seq: int) -> int:
    """The place in the queue as one integer."""
    return queue_key << SEQ_BITS | seq


def seq_of(place: int) -> int:
    """The task's seq inside a place."""
    return place & _SEQ_MASK


class Share:
    """The tasks of one fairness key in one lane, in order."""

    __slots__ = ("cold", "gone", "hot", "lane", "loading", "running", "size")

    def __init__(self, lane: "Lane") -> None:
        self.lane = lane
        self.hot: list[int] = []
        self.cold: list[int] = []
        self.loading: list[int] = []
        """Places being read now, in order."""
        self.gone: set[int] = set()
        """Places still in a heap whose task has left."""
        self.running = 0
        """Attempts taken from here that have not ended."""
        self.size = 0
        """How many tasks really wait here."""

    def add(self, place: int, *, hot: bool) -> None:
        """A task waits here from now on."""
        self.size += 1
        if place in self.gone:
            self.gone.discard(place)
        else:
            heappush(self.hot if hot else self.cold, place)

    def remove(self, place: int) -> None:
        """A task left without being taken from the head."""
        self.size -= 1
        self.gone.add(place)

    def head(self) -> int | None:
        """The first place; whether its task can be taken is `hot[0] == head`."""
        first = None
        for heap in (self.hot, self.cold):
            while heap and self.gone and heap[0] in self.gone:
                self.gone.discard(heappop(heap))
            if heap and (first is None or heap[0] < first):
                first = heap[0]
        if self.loading and (first is None or self.loading[0] < first):
            return self.loading[0]
        return first

    def ready(self, place: int) -> bool:
        """Whether the head `place` is in memory."""
        return bool(self.hot) and self.hot[0] == place

    def cool(self) -> None:
        """The hot head's record is not in memory after all: it has to be read."""
        heappush(self.cold, heappop(self.hot))

    def set_aside(self) -> int:
        """Take the hot head away although it still waits here, and return it."""
        return heappop(self.hot)

    def put_back(self, places: Iterable[int]) -> None:
        """What was set aside is in line again, and has to be read first."""
        self.cold += places
        heapify(self.cold)
        self.lane.rank(self)

    def take(self) -> int:
        """Take the hot head away and return it."""
        self.size -= 1
        return heappop(self.hot)

    @property
    def hungry(self) -> bool:
        """Whether cold places should be read now."""
        return bool(self.cold) and not self.loading and len(self.hot) < LOAD_AHEAD

    def start_loading(self) -> list[int]:
        """The next cold places, in order, to be read; until `loaded` they are in between."""
        batch: list[int] = []
        while self.cold and len(batch) < LOAD_BATCH:
            place = heappop(self.cold)
            if place in self.gone:
                self.gone.discard(place)
            else:
                batch.append(place)
        self.loading = batch
        return batch

    def loaded(self) -> None:
        """The places that were being read are hot."""
        for place in self.loading:
            if place in self.gone:
                self.gone.discard(place)
            else:
                heappush(self.hot, place)
        self.loading = []


class Lane:
    """The ready queue of one set of requirements."""

    __slots__ = ("key", "ranks", "requirements", "shares")

    def __init__(self, key: str, requirements: Requirements) -> None:
        self.key = key
        self.requirements = requirements
        self.shares: dict[str | None, Share] = {}
        self.ranks: list[tuple[int, int, int, Share]] = []
        """(running, head, id, share), with stale entries; only when there are two shares."""

    def share(self, fairness_key: str | None) -> Share:
        """The share of a fairness key, made when it is new."""
        share = self.shares.get(fairness_key)
        if share is None:
            share = self.shares[fairness_key] = Share(self)
            if len(self.shares) == 2:
                self._rank_all()
        return share

    @property
    def size(self) -> int:
        """How many tasks wait in the lane."""
        return sum(share.size for share in self.shares.values())

    def rank(self, share: Share) -> None:
        """Note that a share's head or number of running attempts changed."""
        if len(self.shares) < 2:
            return
        if len(self.ranks) > 64 + 4 * len(self.shares):
            self._rank_all()
        else:
            self._push(share)

    def _rank_all(self) -> None:
        self.ranks = []
        for share in self.shares.values():
            self._push(share)

    def _push(self, share: Share) -> None:
        head = share.head()
        if head is not None:
            heappush(self.ranks, (share.running, head, id(share), share))

    def first(self) -> tuple[Share, int] | None:
        """The share whose turn it is, and its head; None when nothing waits."""
        if len(self.shares) < 2:
            for share in self.shares.values():
                head = share.head()
                return None if head is None else (share, head)
            return None
        while self.ranks:
            running, place, _, share = self.ranks[0]
            head = share.head()
            if head == place and running == share.running:
                return share, place
            heappop(self.ranks)
            if head is not None:
                heappush(self.ranks, (share.running, head, id(share), share))
        return None

    def prune(self) -> None:
        """Forget shares in which nothing waits or runs."""
        idle = [key for key, share in self.shares.items() if not share.size and not share.running]
        for key in idle:
            share = self.shares[key]
            share.head()
            if not (share.hot or share.cold or share.loading):
                del self.shares[key]
        self._rank_all()
