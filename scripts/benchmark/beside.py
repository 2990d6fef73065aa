"""Who looks on while the load runs: two readers of pages, and one of all events."""

import time
from typing import Final, Self

from schemas.http.tasks import TaskConditions
from schemas.scalars import StateName
from scripts.benchmark.figures import Listing, Stream
from scripts.benchmark.follow import Follower
from scripts.benchmark.listing import Filter, Lister
from scripts.benchmark.subject import Hub

PAGES: Final = 10
"""Pages a second of each reader: half of what a viewer may read."""
FILTERS: Final = (
    Filter("no filter", TaskConditions()),
    Filter("state completed", TaskConditions(state=[StateName.COMPLETED])),
)
"""What each of the readers looks at."""


class Onlookers:
    """All three, in threads of this process."""

    def __init__(self, hub: Hub) -> None:
        """Give each a token; nothing is read yet."""
        *tokens, follower = hub.viewers(len(FILTERS) + 1)
        self._listers = [
            Lister(hub.port, [token], [each], PAGES)
            for token, each in zip(tokens, FILTERS, strict=True)
        ]
        self._follower = Follower(hub.port, follower)
        self._all: list[Lister | Follower] = [*self._listers, self._follower]
        self._looks: list[tuple[float, float]] = []

    def tick(self, word: str, numbers: list[int]) -> None:
        """Take one word of the load generator."""
        if word in ("begin", "end"):
            self._looks.append((time.monotonic(), time.process_time()))
        for each in self._all:
            each.tick(word, numbers)

    def __enter__(self) -> Self:
        """Wait for the beginning of the window."""
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up."""
        for each in self._all:
            each.close()

    def listings(self) -> list[Listing]:
        """The pages that were read. Raises BenchmarkError when the hub broke a connection."""
        return [listing for each in self._listers for listing in each.listings()]

    def stream(self) -> Stream:
        """The events that came. Raises BenchmarkError when there was no stream."""
        return self._follower.stream()

    def cores(self) -> float:
        """The share of a core that this process used within the window."""
        (begin, before), (end, after) = self._looks[0], self._looks[-1]
        return (after - before) / max(end - begin, 1e-9)
