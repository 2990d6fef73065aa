"""The pages that the listing row reads while the load runs: by which filters, and how fast.

A page is timed from its request to the last byte of its answer. Every other page is a first
one; the others begin at a random place among the tasks that the filter finds.
"""

import http.client
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import cycle
from typing import Any, Final, Self
from urllib.parse import urlencode

import msgspec
from msgspec import Struct, structs

from hub.transport.cursors import make_cursor
from schemas.http.tasks import TaskConditions
from schemas.scalars import PriorityName, StateName
from scripts.benchmark import backlog
from scripts.benchmark.faults import NO_HUB, BenchmarkError
from scripts.benchmark.figures import Listing, spread

PAGE_TASKS: Final = 50
READERS: Final = 5
"""Viewers that read in turn: one alone may read twenty pages a second."""
TIMEOUT_SECONDS: Final = 30.0


class Filter(Struct, frozen=True):
    """What a page is asked for, and where such tasks are, as shares of the stored ones."""

    name: str
    conditions: TaskConditions
    first: float = 0.0
    last: float = 1.0

    @property
    def is_combined(self) -> bool:
        """It has more than one condition."""
        return sum(value is not None for value in structs.astuple(self.conditions)) > 1


class Tally(Struct):
    """What came of one filter so far."""

    times_ns: list[int] = []
    tasks: int = 0
    refused: int = 0


class Page(Struct):
    """What is looked at in an answer."""

    items: list[Any]


def filters(stored: int) -> list[Filter]:
    """Each indexed filter by itself, and three combinations, over so many stored tasks."""
    return [*_by_state(), *_by_people(), *_by_spec(stored), *_by_time(stored), *_combined(stored)]


def _by_state() -> Iterator[Filter]:
    ended, waiting = backlog.ENDED_SHARE, backlog.WAITING_SHARE
    spans = {
        StateName.SCHEDULED: (ended, waiting),
        StateName.QUEUED: (ended, waiting),
        StateName.ASSIGNED: (waiting, 1.0),
        StateName.RUNNING: (waiting, 1.0),
    }
    yield Filter("no filter", TaskConditions())
    for state in StateName:
        first, last = spans.get(state, (0.0, ended))
        yield Filter(f"state {state}", TaskConditions(state=[state]), first, last)


def _by_people() -> Iterator[Filter]:
    usual, rare, ended = backlog.agent(7), backlog.RARE_AGENT, backlog.ENDED_SHARE
    yield Filter("agent", TaskConditions(agent=usual), 0, ended)
    yield Filter("rare agent", TaskConditions(agent=rare), 0, ended)
    yield Filter("submitter", TaskConditions(submitter=backlog.OPERATOR))
    yield Filter("rare submitter", TaskConditions(submitter=usual))


def _by_spec(stored: int) -> Iterator[Filter]:
    for name in (PriorityName.URGENT, PriorityName.HIGH, PriorityName.NORMAL, PriorityName.LOW):
        yield Filter(f"priority {name}", TaskConditions(priority=[name]))
    for capability in ("linux", "gpu"):
        yield Filter(f"capability {capability}", TaskConditions(capability=capability))
    yield Filter("label", TaskConditions(labels={"kind": "nightly"}))
    yield Filter("rare label", TaskConditions(labels={"team": "t30"}))
    middle = backlog.mission(stored // 2)
    half = min(backlog.MISSION_TASKS / stored, 1) / 2
    yield Filter("mission", TaskConditions(mission=middle), 0.5 - half, 0.5 + half)


def _by_time(stored: int) -> Iterator[Filter]:
    middle = backlog.BEGAN_MS + stored // 2
    yield Filter("created_after", TaskConditions(created_after=middle), 0.5, 1.0)
    yield Filter("created_before", TaskConditions(created_before=middle), 0.0, 0.5)


def _combined(stored: int) -> Iterator[Filter]:
    queued, completed = [StateName.QUEUED], [StateName.COMPLETED]
    waiting = (backlog.ENDED_SHARE, backlog.WAITING_SHARE)
    urgent = TaskConditions(state=queued, priority=[PriorityName.URGENT])
    yield Filter("state and priority", urgent, *waiting)
    labelled = TaskConditions(state=completed, labels={"team": "t30"})
    yield Filter("state and label", labelled, 0, backlog.ENDED_SHARE)
    before = backlog.BEGAN_MS + stored // 2
    dated = TaskConditions(agent=backlog.agent(7), created_before=before)
    yield Filter("agent and created_before", dated, 0, 0.5)


def path_of(conditions: TaskConditions, cursor: str | None) -> str:
    """The URL, without a host, of a page of the tasks that fulfil these conditions."""
    given = {
        name: value
        for name, value in structs.asdict(conditions).items()
        if value is not None and name != "labels"
    }
    given["label"] = [f"{name}={value}" for name, value in (conditions.labels or {}).items()]
    given["limit"] = PAGE_TASKS
    if cursor:
        given["cursor"] = cursor
    return f"/api/v1/tasks?{urlencode(given, doseq=True)}"


class Lister:
    """Reads pages in a thread of its own from the beginning of the window to its end."""

    def __init__(
        self, port: int, tokens: list[str], wanted: list[Filter], pages: int, stored: int = 0
    ) -> None:
        """Nothing is read yet; `tokens` are used in turn, for so many pages a second.

        Without `stored` tasks there are first pages only.
        """
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
        self._headers = cycle([{"Authorization": f"Bearer {token}"} for token in tokens])
        self._stored = stored
        self._pause = 1 / pages
        self._filters = wanted
        self._tallies = {each.name: Tally() for each in self._filters}
        self._chance = random.Random(stored)
        self._ended = threading.Event()
        self._pool = ThreadPoolExecutor(1, "listing")
        self._reading: Future[None] | None = None

    def tick(self, word: str, _numbers: list[int]) -> None:
        """Take one word of the load generator."""
        if word == "begin":
            self._reading = self._pool.submit(self._read_all)
        elif word == "end":
            self._ended.set()

    def __enter__(self) -> Self:
        """Wait for the beginning of the window."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let the last page end and hang up."""
        self.close()

    def close(self) -> None:
        """Let the last page end and hang up."""
        self._ended.set()
        self._pool.shutdown()
        self._connection.close()

    def listings(self) -> list[Listing]:
        """What was found by each filter, once all has ended.

        Raises BenchmarkError when the hub broke the connection.
        """
        if self._reading:
            self._reading.result()
        return [_listing(each, self._tallies[each.name]) for each in self._filters]

    def _read_all(self) -> None:
        """A page of each filter in turn, one at a time, at a steady pace."""
        due = time.monotonic()
        for number, each in enumerate(cycle(self._filters)):
            due += self._pause
            if self._ended.wait(max(due - time.monotonic(), 0)):
                return
            is_deep = self._stored > 0 and number // len(self._filters) % 2 == 1
            path = path_of(each.conditions, self._place(each) if is_deep else None)
            try:
                self._read(path, self._tallies[each.name])
            except (OSError, http.client.HTTPException) as wrong:
                raise BenchmarkError(NO_HUB, f"GET {path}: {wrong!r}") from wrong

    def _place(self, wanted: Filter) -> str:
        """A cursor as the hub would give it, at a random task."""
        first, last = (int(share * self._stored) for share in (wanted.first, wanted.last))
        key = str(self._chance.randint(first + 1, max(last, first + 1)))
        return make_cursor(key, "tasks", wanted.conditions)

    def _read(self, path: str, tally: Tally) -> None:
        began = time.monotonic_ns()
        self._connection.request("GET", path, headers=next(self._headers))
        answer = self._connection.getresponse()
        body = answer.read()
        took = time.monotonic_ns() - began
        if answer.status == http.client.OK:
            tally.times_ns.append(took)
            tally.tasks += len(msgspec.json.decode(body, type=Page).items)
        else:
            tally.refused += 1


def _listing(wanted: Filter, tally: Tally) -> Listing:
    return Listing(
        name=wanted.name,
        is_combined=wanted.is_combined,
        pages=len(tally.times_ns),
        tasks=tally.tasks,
        refused=tally.refused,
        ms=spread(tally.times_ns),
    )
