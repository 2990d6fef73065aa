"""Finds tasks by a filter: along the index with the fewest entries, other conditions on top.

A search takes entries of one source, newest first, in chunks of a growing size, and keeps
those that fit. It ends when the page is full, the source is at its end, or what it may examine
is used up: then the page is short, and says where to go on.
"""

import time
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import apsw
from msgspec import json

from hub.core.filters import TaskFilter, cases
from hub.store import marks
from hub.store.sql import read
from schemas.scalars import Priority

_PIECES: Final = {name: query.text for name, query in read("search.sql").items()}
_decode: Final = json.Decoder(list[int]).decode

FIRST_CHUNK: Final = 256
"""How many entries are examined at first, then twice as many each time."""
LAST_CHUNK: Final = 4_096
PROBE: Final = 1_024
"""Sources with so many entries count as equally large."""
PAGE_SECONDS: Final = 0.02
"""A search for a page ends after this, whatever its budget: rows may be large or far apart."""
COUNT_SECONDS: Final = 0.08
"""The same for a count. Longer transactions of readers would keep the WAL from being moved."""
ABOVE_ALL: Final = 1 << 62

Bindings = dict[str, Any]


class Source(NamedTuple):
    """Where the seqs of candidates come from."""

    text: str
    covers: frozenset[str]
    """The conditions that hold for all of them."""


class Condition(NamedTuple):
    """One condition on a task."""

    name: str
    text: str
    needs_row: bool = True


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


def sources_of(wanted: TaskFilter) -> Iterator[Source]:
    """Every index that leads to the tasks, the most telling first; none if there is no such."""
    for place, _ in enumerate(marks.of_filter(wanted)):
        name = f"mark{place}"
        yield Source(_PIECES["from_mark"].replace("{mark}", name), frozenset({name}))
    if wanted.agent is not None:
        yield Source(_PIECES["from_agent"], frozenset({"agent"}))
    if wanted.submitter is not None:
        yield Source(_PIECES["from_submitter"], frozenset({"submitter"}))
    if wanted.priorities and Priority.NORMAL not in wanted.priorities:
        piece = _PIECES["from_priority"]
        parts = [piece.replace("{priority}", str(int(p))) for p in sorted(set(wanted.priorities))]
        yield Source("\nUNION ALL ".join(parts), frozenset({"priorities"}))
    if wanted.states:
        parts = [_PIECES[f"from_{state.name.lower()}"] for state in sorted(set(wanted.states))]
        yield Source("\nUNION ALL ".join(parts), frozenset({"states"}))


def conditions_of(wanted: TaskFilter) -> Iterator[Condition]:
    """Every condition of a filter."""
    for place, _ in enumerate(marks.of_filter(wanted)):
        name = f"mark{place}"
        yield Condition(name, _PIECES["if_mark"].replace("{mark}", name), needs_row=False)
    for name in ("agent", "submitter", "created_after", "created_before", "text"):
        if getattr(wanted, name) is not None:
            yield Condition(name, _PIECES[f"if_{name}"])
    for name in ("priorities", "states"):
        values = getattr(wanted, name)
        if values:
            numbers = ", ".join(str(int(value)) for value in sorted(set(values)))
            yield Condition(name, _PIECES[f"if_{name}"].replace(f"{{{name}}}", numbers))


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
        newest = int(self._one(_PIECES["newest"])[0])
        self._floor = 0
        self._below = min(newest + 1, ABOVE_ALL if before is None else before)
        if wanted.created_after is not None or wanted.created_before is not None:
            floor, below = self._one(_PIECES["bounds"])
            self._floor, self._below = floor or 0, min(self._below, below or 0)
        self._source = self._smallest(list(sources_of(wanted)))
        self._pick = self._compose(wanted)

    def _one(self, text: str) -> tuple[Any, ...]:
        ((*row,),) = self._connection.execute(text, self._bindings).fetchall()
        return tuple(row)

    def _smallest(self, sources: list[Source]) -> Source | None:
        """The source with the fewest entries; the first one of those with many."""
        if len(sources) < 2:
            return sources[0] if sources else None
        self._bindings |= {"floor": self._floor, "below": self._below, "chunk": PROBE}
        sizes = [self._one(_PIECES["probe"].replace("{source}", one.text))[0] for one in sources]
        return sources[sizes.index(min(sizes))]

    def _compose(self, wanted: TaskFilter) -> str:
        covered: frozenset[str] = frozenset() if self._source is None else self._source.covers
        left = [one for one in conditions_of(wanted) if one.name not in covered]
        if self._source is None:
            left.insert(0, Condition("org", _PIECES["if_org"]))
        joined = any(condition.needs_row for condition in left)
        source = _PIECES["from_all"] if self._source is None else self._source.text
        pieces: Mapping[str, str] = {
            "{fits}": " AND ".join(condition.text for condition in left) or "1",
            "{joined}": "\n" + _PIECES["joined"] if joined else "",
            "{source}": source,
        }
        text = _PIECES["pick"]
        for place, piece in pieces.items():
            text = text.replace(place, piece)
        return text

    def run(self, limit: int, budget: int, seconds: float) -> Picked:
        """The newest that fit: at most `limit`, out of about `budget` examined. Raises apsw.Error.

        Chunks are ranges of seqs where all tasks are the source, since tasks of other orgs
        lie between; else they are numbers of entries.
        """
        found: list[int] = []
        chunk, examined = FIRST_CHUNK, 0
        ends = time.monotonic() + seconds
        while self._below > self._floor and len(found) <= limit:
            if examined >= budget or (examined and time.monotonic() >= ends):
                return Picked(found, self._below)
            taken, fitting = self._next(min(chunk, budget - examined))
            found += sorted(fitting, reverse=True)
            examined += taken
            chunk = min(2 * chunk, LAST_CHUNK)
        if len(found) > limit:
            return Picked(found[:limit], found[limit - 1])
        return Picked(found, None)

    def _next(self, chunk: int) -> tuple[int, list[int]]:
        floor = self._floor
        if self._source is None:
            floor = max(floor, self._below - chunk)
        self._bindings |= {"floor": floor, "below": self._below, "chunk": chunk}
        count, lowest, fitting = self._one(self._pick)
        if self._source is None:
            self._below = floor
            return chunk, _decode(fitting)
        self._below = lowest if count == chunk else self._floor
        return count, _decode(fitting)
