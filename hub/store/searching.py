"""Finds tasks by a filter: along the index with the fewest entries, other conditions on top.

A search takes entries of one source, newest first, in chunks of a growing size, and keeps
those that fit. It ends when the page is full, the source is at its end, or what it may examine
is used up: then the page is short, and says where to go on.
"""

import time
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import apsw
from msgspec import json

from hub.core.filters import TaskFilter, cases
from hub.store import marks
from hub.store.sql import read
from schemas.scalars import Priority, TaskState

_PIECES: Final = {name: query.text for name, query in read("search.sql").items()}
_decode: Final = json.Decoder(list[int]).decode

FIRST_CHUNK: Final = 256
"""How many entries are examined at first, then twice as many each time, as long as it is quick."""
LAST_CHUNK: Final = 4_096
QUICK_SECONDS: Final = 0.003
"""After a chunk that took longer, the next one is half as large."""
PROBE: Final = 1_024
"""Sources with so many entries count as equally large."""
PAGE_SECONDS: Final = 0.02
"""A search for a page ends after this, whatever its budget: rows may be large or far apart."""
COUNT_SECONDS: Final = 0.08
"""The same for a count. Longer transactions of readers would keep the WAL from being moved."""
ABOVE_ALL: Final = 1 << 62

SPAN: Final = 65_536
"""How many seqs are counted at once when tasks are left out."""

Bindings = dict[str, Any]


class Condition(NamedTuple):
    """One condition on a task."""

    text: str
    """SQL that is true for tasks that fit, or that gives their seqs if it is a source."""
    is_source: bool = False
    """There is an index of the tasks that fit."""


def glob_of(text: str) -> str:
    """The pattern of texts that contain this one, in upper or lower case."""
    return "*" + "".join(_class_of(letter) for letter in text) + "*"


def _class_of(letter: str) -> str:
    """A class without `]` and `^` in places where they would mean something."""
    forms = cases(letter)
    return f"[{forms}]" if forms != "^" else "^"


def bindings_of(wanted: TaskFilter) -> Bindings:
    """The values that the pieces of SQL speak of."""
    bindings: Bindings = {
        "agent": wanted.agent,
        "submitter": wanted.submitter,
        "created_after": wanted.created_after,
        "created_before": wanted.created_before,
        "pattern": None if wanted.text is None else glob_of(wanted.text),
    }
    return bindings | {f"mark{place}": mark for place, mark in enumerate(marks.of_filter(wanted))}


def conditions_of(wanted: TaskFilter) -> Iterator[Condition]:
    """Every condition of a filter, the most telling first."""
    for place, _ in enumerate(marks.of_filter(wanted)):
        yield Condition(_PIECES["from_mark"].replace("{mark}", f"mark{place}"), is_source=True)
    if wanted.agent is not None:
        yield Condition(_PIECES["from_agent"], is_source=True)
    if wanted.submitter is not None:
        yield Condition(_PIECES["from_submitter"], is_source=True)
    if wanted.priorities:
        yield _priorities(sorted(set(wanted.priorities)))
    if wanted.states:
        yield _any_of(_PIECES[f"from_{state.name.lower()}"] for state in set(wanted.states))
    for name in ("created_after", "created_before", "text"):
        if getattr(wanted, name) is not None:
            yield Condition(_PIECES[f"if_{name}"])


def _priorities(wanted: list[Priority]) -> Condition:
    """An index has all but the normal ones, which most tasks are."""
    if Priority.NORMAL not in wanted:
        return _any_of(_PIECES["from_priority"].replace("{priority}", f"{p:d}") for p in wanted)
    numbers = ", ".join(f"{priority:d}" for priority in wanted)
    return Condition(_PIECES["if_normal"].replace("{priorities}", numbers))


def _any_of(sources: Iterable[str]) -> Condition:
    return Condition("\nUNION ALL ".join(sources), is_source=True)


_ALL: Final = _any_of(_PIECES[f"from_{state.name.lower()}"] for state in TaskState)
"""Every task is in one state; so all of an org's are found without a look at those of others."""


class Picked(NamedTuple):
    """What a search found."""

    seqs: list[int]
    """Newest first."""
    next_below: int | None
    """Where to go on; None at the end."""


class Search:
    """One search over a connection that holds a read transaction."""

    def __init__(
        self, connection: apsw.Connection, org: int, wanted: TaskFilter, before: int | None
    ) -> None:
        self._connection = connection
        self._bindings = bindings_of(wanted) | {"org": org}
        self._floor, self._below = 0, ABOVE_ALL if before is None else before
        if wanted.created_after is not None or wanted.created_before is not None:
            floor, below = self._one(_PIECES["bounds"])
            self._floor, self._below = floor or 0, min(self._below, below or 0)
        source, rest = self._smallest(list(conditions_of(wanted)))
        self._pick = self._compose(source, rest)
        self._source = source.text.replace("{range}", _PIECES["page_range"])
        self._pass = self._pass_looking if rest else self._pass_counting
        self._span = SPAN

    def _one(self, text: str) -> tuple[Any, ...]:
        ((*row,),) = self._connection.execute(text, self._bindings).fetchall()
        return tuple(row)

    def _smallest(self, conditions: list[Condition]) -> tuple[Condition, list[Condition]]:
        """The source with the fewest entries, or the first one of those with many; and the rest."""
        sources = [one for one in conditions if one.is_source] or [_ALL]
        best = sources[0] if len(sources) == 1 else min(sources, key=self._size)
        return best, [one for one in conditions if one is not best]

    def _size(self, source: Condition) -> int:
        self._bindings |= {"floor": self._floor, "below": self._below, "chunk": PROBE}
        text = _PIECES["probe"].replace("{source}", source.text)
        return int(self._one(text.replace("{range}", _PIECES["page_range"]))[0])

    def _compose(self, source: Condition, rest: list[Condition]) -> str:
        """The statement that takes the next chunk."""
        fits = [
            _PIECES["if_among"].replace("{source}", one.text) if one.is_source else one.text
            for one in rest
        ]
        joined = not all(one.is_source for one in rest)
        text = _PIECES["pick"].replace("{fits}", " AND ".join(fits) or "1")
        text = text.replace("{range}", _PIECES["same"]).replace("{source}", source.text)
        text = text.replace("{joined}", "\n" + _PIECES["joined"] if joined else "")
        return text.replace("{range}", _PIECES["page_range"])

    def run(self, limit: int, budget: int, seconds: float) -> Picked:
        """The newest that fit: at most `limit`, out of `budget` examined. Raises apsw.Error."""
        found: list[int] = []
        chunk, examined = FIRST_CHUNK, 0
        began = now = time.monotonic()
        while self._below > self._floor and len(found) <= limit:
            if examined >= budget or now - began >= seconds:
                return Picked(found[:limit], self._below)
            taken, fitting = self._next(min(chunk, budget - examined))
            found += sorted(fitting, reverse=True)
            examined += taken
            before, now = now, time.monotonic()
            chunk = min(2 * chunk, LAST_CHUNK) if now - before < QUICK_SECONDS else chunk // 2 or 1
        if len(found) > limit:
            return Picked(found[:limit], found[limit - 1])
        return Picked(found, None)

    def skip(self, count: int, seconds: float) -> tuple[int, int | None]:
        """Leave out `count` that fit: (how many were, where to go on). Raises apsw.Error."""
        self._below = min(self._below, (self._one(_PIECES["highest"])[0] or 0) + 1)
        passed, until = 0, time.monotonic() + seconds
        while passed < count and self._below > self._floor and time.monotonic() < until:
            passed += self._pass(count - passed)
        return passed, self._below if self._below > self._floor else None

    def _pass_counting(self, most: int) -> int:
        """Leave out at most so many where every entry fits: counted in spans, none is read."""
        low = max(self._below - self._span, self._floor)
        here = self._tally(low)
        if here <= most:
            self._below = low
            return here
        if self._span > LAST_CHUNK:
            self._span //= 2
            return 0
        text = _PIECES["nth"].replace("{source}", self._source)
        self._bindings |= {"floor": low, "below": self._below, "chunk": most - 1}
        self._below = int(self._one(text)[0])
        return most

    def _tally(self, low: int) -> int:
        self._bindings |= {"floor": low, "below": self._below}
        return int(self._one(_PIECES["tally"].replace("{source}", self._source))[0])

    def _pass_looking(self, most: int) -> int:
        """Leave out at most so many where each entry has to be looked at."""
        _, fitting = self._next(FIRST_CHUNK)
        if len(fitting) < most:
            return len(fitting)
        self._below = sorted(fitting, reverse=True)[most - 1]
        return most

    def _next(self, chunk: int) -> tuple[int, list[int]]:
        self._bindings |= {"floor": self._floor, "below": self._below, "chunk": chunk}
        count, lowest, fitting = self._one(self._pick)
        self._below = lowest if count == chunk else self._floor
        return count, _decode(fitting)
