"""Answers questions from the index, for one thread.

The index says where to look; what is shown, and whether the words are there at all, is read
from the database as it is now. A question looks through one shelf after the other, the newest
first, and stops between two of them when its time is over.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from heapq import merge
from pathlib import Path
from typing import Any, Final, NamedTuple

import apsw
import msgspec

from hub.search.contract import Findings, Hit, Question, Rest
from hub.search.shelves import (
    SQL,
    VERSION,
    agents_of,
    block_of,
    connect,
    first_of,
    on,
    shelf_of,
)
from hub.search.source import Past, Record, Source
from hub.search.texts import place_of
from hub.store.connections import refusals
from schemas.http.search import Kind

LEAST: Final = 3
"""Words of so many letters are in the index; shorter ones are looked for where it is quick."""
ASKED: Final = 48
"""So many letters of a question are looked up in the index."""
MANY: Final = 1_000
"""So many of the newest agents are looked at for words that are not in the index."""
_encode: Final = msgspec.json.Encoder().encode


class IndexFinder:
    """Keeps `Finder` over the two files of a data directory, for a history of `hub.db`."""

    def __init__(self, data: Path, past: Past) -> None:
        self._path = data / "search.db"
        self._past = past
        self._source = Source(data / "hub.db")
        self._index: apsw.Connection | None = None
        self._inode = 0
        self._deadline = 0.0

    def find(self, question: Question, seconds: float) -> Findings:
        """Look, and say what was found in this time. Raises StoreError."""
        self._deadline = time.monotonic() + seconds
        org = self._source.number_of(question.org)
        below = self._open()
        if org is None or self._index is None:
            ready = org is None and below == 0
            return Findings([], Rest(0, 0), 0, None if org is None else self._time(org, 1), ready)
        with refusals("cannot search"):
            seen = sum(cursor for (cursor,) in self._all("cursor", org))
            hits, rest = self._look(org, question)
        return Findings(hits, rest, seen, self._time(org, seen + 1), not below)

    def _time(self, org: int, seq: int) -> int | None:
        return self._source.event_time(org, seq)

    # The file, which another process may put another one in the place of

    def _open(self) -> int:
        """Have the present index open, if it is of this history; below which seq it is empty."""
        with suppress(apsw.CorruptError, apsw.NotADBError, apsw.CantOpenError, apsw.SQLError):
            self._reopen()
            if self._index is not None:
                (*past, below), *_ = self._all("about")
                if past == [VERSION, *self._past]:
                    return int(below)
        self._shut()
        return 1

    def _reopen(self) -> None:
        try:
            inode = self._path.stat().st_ino
        except FileNotFoundError:
            inode = 0
        if inode != self._inode:
            self._shut()
        if self._index is None and inode:
            self._index, self._inode = connect(self._path, "PRAGMA query_only = ON;"), inode

    def _shut(self) -> None:
        if self._index is not None:
            self._index.close()
        self._index, self._inode = None, 0

    def _all(self, name: str, *bindings: Any) -> list[Any]:
        return self._run(SQL[name], *bindings)

    def _run(self, text: str, *bindings: Any) -> list[Any]:
        if self._index is None:
            raise RuntimeError("the index is not open")
        return self._index.execute(text, bindings).fetchall()

    # Looking

    def _look(self, org: int, question: Question) -> tuple[list[Hit], Rest]:
        tasks = agents = Gathered([], 0)
        if not question.words:
            return [], Rest(0, 0)
        if question.kind is not Kind.AGENT and question.rest.tasks:
            tasks = self._tasks(org, question)
        if question.kind is not Kind.TASK and question.rest.agents:
            agents = self._agents(org, question)
        hits = list(merge(tasks.hits, agents.hits, key=lambda hit: -hit.at))[: question.limit]
        rest = Rest(
            tasks.left_by(hits, question.rest.tasks), agents.left_by(hits, question.rest.agents)
        )
        return hits, rest

    def _tasks(self, org: int, question: Question) -> "Gathered":
        pick = self._pick_tasks if _in_index(question.words) else self._pick_named
        return self._gather(org, question, question.rest.tasks, pick, self._read_tasks)

    def _agents(self, org: int, question: Question) -> "Gathered":
        pick = self._pick_agents if _in_index(question.words) else self._pick_newest
        return self._gather(org, question, question.rest.agents, pick, self._read_agents)

    def _gather(
        self, org: int, question: Question, below: int, pick: "Pick", read: "Read"
    ) -> "Gathered":
        """One more than is wanted, if there are so many."""
        hits: list[Hit] = []
        while below and len(hits) <= question.limit:
            picked = pick(org, question.words, below, question.limit + 1 - len(hits))
            records = read(org, picked.numbers)
            found = (_hit(number, records.get(number), question.words) for number in picked.numbers)
            hits += [hit for hit in found if hit is not None]
            below = picked.below
            if self._late:
                break
        return Gathered(hits, below)

    @property
    def _late(self) -> bool:
        return time.monotonic() > self._deadline

    # What to look at

    def _pick_tasks(self, org: int, words: list[str], below: int, limit: int) -> "Picked":
        """From one shelf after the other, as long as there is time."""
        found: list[int] = []
        for (block,) in self._all("shelves_of", org, block_of(below - 1)):
            found += self._on_shelf(shelf_of(org, block), words, below, limit - len(found))
            if len(found) == limit:
                return Picked(found, found[-1])
            if self._late:
                return Picked(found, first_of(block))
        return Picked(found, 0)

    def _pick_agents(self, org: int, words: list[str], below: int, limit: int) -> "Picked":
        if not self._all("agents_below", org, below, 1):
            return Picked([], 0)
        found = self._on_shelf(agents_of(org), words, below, limit)
        return Picked(found, found[-1] if len(found) == limit else 0)

    def _on_shelf(self, shelf: str, words: list[str], below: int, limit: int) -> list[int]:
        rows = self._run(on(shelf, "find"), expression_of(words), below, limit)
        return [number for (number,) in rows]

    def _pick_named(self, org: int, words: list[str], below: int, limit: int) -> "Picked":
        """Without the index: the newest tasks whose id or description has the first word."""
        seqs, rest = self._source.tasks_named(org, words[0], below, limit)
        return Picked(seqs, rest or 0)

    def _pick_newest(self, org: int, _words: list[str], below: int, _limit: int) -> "Picked":
        """Without the index: the newest agents."""
        found = [number for number, _ in self._all("agents_below", org, below, MANY)]
        return Picked(found, found[-1] if len(found) == MANY else 0)

    # What is there

    def _read_tasks(self, org: int, numbers: Sequence[int]) -> dict[int, Record]:
        return {each.number: each for each in self._source.tasks(numbers) if each.org == org}

    def _read_agents(self, org: int, numbers: Sequence[int]) -> dict[int, Record]:
        ids = self._all("agents", org, _encode(numbers).decode())
        records = {
            each.id: each for each in self._source.agents(org, [agent_id for _, agent_id in ids])
        }
        return {number: records[agent_id] for number, agent_id in ids if agent_id in records}

    def close(self) -> None:
        """Let go of the databases."""
        self._shut()
        self._source.close()


class Picked(NamedTuple):
    """Numbers that may fit, newest first, and below which number to go on; 0 at the end."""

    numbers: list[int]
    below: int


class Gathered(NamedTuple):
    """Hits of one kind, newest first, and below which number there may be more."""

    hits: list[Hit]
    below: int

    def left_by(self, taken: Sequence[Hit], before: int) -> int:
        """Below which number to go on when of these hits only those are taken."""
        mine = [hit for hit in self.hits if hit in taken]
        if len(mine) == len(self.hits):
            return self.below
        return mine[-1].number if mine else before


Pick = Callable[[int, list[str], int, int], Picked]
Read = Callable[[int, Sequence[int]], dict[int, Record]]


def _in_index(words: Sequence[str]) -> bool:
    return any(len(word) >= LEAST for word in words)


def expression_of(words: Sequence[str]) -> str:
    """These words as text: quotes are doubled, and nothing in it is an operator.

    Of many or long words only some letters, those of the longest first: what is found has to
    have all of them anyway, and a question of 250 equal letters would take half a second.
    """
    left = ASKED
    asked: list[str] = []
    for word in sorted(words, key=len, reverse=True):
        part = word[: max(left, 0)]
        if len(part) >= LEAST:
            asked.append('"' + part.replace('"', '""') + '"')
            left -= len(part)
    return " ".join(asked)


def _hit(number: int, record: Record | None, words: Sequence[str]) -> Hit | None:
    """What is shown of it, if it has all the words as it is now."""
    place = None if record is None else place_of(record.fields, words)
    if record is None or place is None:
        return None
    kind = Kind.AGENT if record.state is None else Kind.TASK
    shown = (record.id, record.title, record.at, record.state)
    return Hit(kind, number, *shown, *place)
