"""The search service: few wait, nobody waits long, and no task waits for a question."""

import asyncio
import sys
import threading
from typing import Any

import pytest

from hub.core.errors import Refused
from hub.core.org import Org
from hub.search.contract import Findings, Hit, Question, Rest
from hub.services import search
from hub.services.bus import Bus
from hub.services.indexing import Indexing
from hub.services.ring import Ring
from hub.services.search import Search
from schemas.http.search import Kind
from schemas.scalars import ErrorCode
from tests.core.hand_hub import HandClock

NONE = Findings([], Rest(0, 0), 3, 60_000, ready=True)
QUESTION = Question("main", ["needle"], 5)


class SlowFinder:
    """Finds what it is told to, once it may."""

    def __init__(self, found: Findings = NONE) -> None:
        self.found = found
        self.may = threading.Event()
        self.closed = False

    def find(self, _question: Question, _seconds: float) -> Findings:
        """Wait for the permission."""
        assert self.may.wait(20)
        return self.found

    def close(self) -> None:
        """Nothing is open."""
        self.closed = True


def service(finder: SlowFinder) -> Search:
    """The service, with an org that has five events."""
    bus: Any = Bus.__new__(Bus)
    bus._rings = {"main": Ring(5, 10)}
    return Search(finder, Indexing([sys.executable]), bus, HandClock(0, 61_000))


async def test_too_many_questions_are_refused() -> None:
    """Those that wait are answered; whoever comes then may come again."""
    finder = SlowFinder()
    found = service(finder)
    waiting = [
        asyncio.create_task(found.find(Org("main", 1), QUESTION)) for _ in range(search.WAITING)
    ]
    await asyncio.sleep(0)
    with pytest.raises(Refused) as refused:
        await found.find(Org("main", 1), QUESTION)
    assert (refused.value.code, refused.value.retryable) == (ErrorCode.BUSY, True)
    finder.may.set()
    pages = await asyncio.gather(*waiting)
    assert all((page.behind, page.behind_ms) == (2, 1_000) for page, _ in pages)
    assert await found.find(Org("main", 1), QUESTION)
    await found.stop()
    assert finder.closed


async def test_nobody_waits_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that does not answer makes no request hang."""
    monkeypatch.setattr(search, "PATIENCE_S", 0.01)
    finder = SlowFinder()
    found = service(finder)
    with pytest.raises(Refused) as refused:
        await found.find(Org("main", 1), QUESTION)
    assert refused.value.code is ErrorCode.BUSY
    finder.may.set()
    await found.stop()


async def test_an_agent_that_is_gone_is_not_shown() -> None:
    """Memory knows better than the index."""
    hit = Hit(Kind.AGENT, 1, "birch", "birch", 1, None, "id", "birch", [(0, 5)])
    finder = SlowFinder(NONE._replace(hits=[hit]))
    finder.may.set()
    found = service(finder)
    page, _ = await found.find(Org("main", 1), QUESTION)
    assert page.items == []
    await found.stop()
