"""Search: asks the index in a thread of its own, so that no task waits for a question.

Few questions wait at a time; when there are more, or the index is too busy to answer soon,
whoever asks is told so.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from hub.core.errors import Refused
from hub.core.org import Org
from hub.core.task import NAMES
from hub.search.contract import Finder, Findings, Hit, Question, Rest
from hub.services.bus import Bus
from hub.services.clock import Clock
from hub.services.indexing import Indexing
from schemas.http.search import Found, SearchPage
from schemas.scalars import ErrorCode

SECONDS: Final = 0.3
"""A question is looked into for so long; then what was found by then is the answer."""
PATIENCE_S: Final = 2.0
"""The most that anybody waits, also for questions of others."""
WAITING: Final = 8
RETRY_MS: Final = 1_000


class Search:
    """Finds tasks and agents by their words."""

    def __init__(self, finder: Finder, indexing: Indexing, bus: Bus, clock: Clock) -> None:
        self._finder = finder
        self._indexing = indexing
        self._bus = bus
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="search")
        self._waiting = 0

    def start(self, on_death: Callable[[str, BaseException], None]) -> None:
        """Have the index fed from now on; `on_death` hears when that cannot be kept up."""
        self._indexing.start(on_death)

    async def find(self, org: Org, question: Question) -> tuple[SearchPage, Rest]:
        """A page, without its cursor, and what is left. Raises Refused `busy`."""
        if self._waiting >= WAITING:
            raise _busy()
        loop = asyncio.get_running_loop()
        self._waiting += 1
        future = loop.run_in_executor(self._thread, self._finder.find, question, SECONDS)
        future.add_done_callback(self._answered)
        done, _ = await asyncio.wait([future], timeout=PATIENCE_S)
        if not done:
            raise _busy()
        found = future.result()
        return self._page(org, found), found.rest

    def _answered(self, future: "asyncio.Future[Findings]") -> None:
        self._waiting -= 1
        if not future.cancelled():
            # Nobody may be left who wants to know that it failed.
            future.exception()

    def _page(self, org: Org, found: Findings) -> SearchPage:
        behind = max(self._bus.ring(org.name).last - found.seen, 0)
        behind_ms = 0
        if behind and found.unseen_at is not None:
            behind_ms = max(self._clock.now().wall - found.unseen_at, 0)
        items = [each for hit in found.hits if (each := _shown(org, hit)) is not None]
        return SearchPage(items, None, behind, behind_ms, found.ready)

    async def stop(self) -> None:
        """End it, and the process that feeds the index."""
        await self._indexing.stop()
        self._thread.shutdown(wait=True)
        self._finder.close()


def _shown(org: Org, hit: Hit) -> Found | None:
    """A hit with its state as it is now; None when it is gone by now."""
    if hit.state is None:
        agent = org.agents.get(hit.id)
        if agent is None:
            return None
        state = agent.status.value
    else:
        task = org.tasks.get(hit.id)
        state = NAMES[hit.state if task is None else task.state].value
    return Found(hit.kind, hit.id, hit.title, state, hit.at, hit.field, hit.snippet, hit.marks)


def _busy() -> Refused:
    text = "the search has more to do than it can; try again in a moment"
    return Refused(ErrorCode.BUSY, text, retryable=True, retry_after_ms=RETRY_MS)
