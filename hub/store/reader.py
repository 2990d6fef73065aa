"""Reads committed rows of `hub.db`, in a reader thread; decodes nothing."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

from msgspec import json

from hub.core.filters import TaskFilter
from hub.core.jobs import JobRecord
from hub.core.replays import Replay
from hub.store.connections import open_reader, refusals
from hub.store.contract import (
    COUNT_BUDGET,
    EVENT_BUDGET,
    SEARCH_BUDGET,
    Counted,
    EventRow,
    Found,
    FoundEvents,
    Rows,
)
from hub.store.rows import TASK_COLUMNS, job_of, replay_of, told
from hub.store.searching import COUNT_SECONDS, PAGE_SECONDS, Picked, Search
from hub.store.sql import sql


def _list(values: Sequence[int]) -> str:
    return _encode(list(values)).decode()


_encode: Final = json.Encoder().encode
_BY_SEQ: Final = sql("tasks_by_seq").replace("{columns}", TASK_COLUMNS)
_BY_ID: Final = sql("tasks_by_id").replace("{columns}", TASK_COLUMNS)
_EVENTS: Final = sql("events")
_EVENTS_OF_TYPES: Final = sql("events_of_types")
_EVENTS_ABOUT: Final = sql("events_about")
_LAST_EVENT: Final = sql("last_event")
_SEQ_OF_ID: Final = sql("seq_of_id")
_OLDEST_EVENT: Final = sql("oldest_event")
_REPLAY: Final = sql("replay")
_JOB: Final = sql("job")
_JOBS: Final = sql("jobs")
_SEQ_OF: Final = itemgetter(0)


class SqliteReader:
    """Keeps `Reader` over a connection of its own."""

    def __init__(self, path: Path, orgs: Mapping[str, int]) -> None:
        self._orgs = orgs
        with refusals("cannot open a reader"):
            self._connection = open_reader(path)

    def _all(self, text: str, *bindings: Any) -> list[Any]:
        with refusals("cannot read"):
            return self._connection.execute(text, bindings).fetchall()

    def by_seq(self, seqs: Sequence[int]) -> Rows:
        """The tasks with these seqs that exist, in no order."""
        return self._all(_BY_SEQ, _list(seqs))

    def by_id(self, org: str, ids: Sequence[str]) -> Rows:
        """The tasks of the org with these ids that exist, in no order."""
        return self._all(_BY_ID, self._orgs.get(org), _encode(list(ids)).decode())

    def search(
        self,
        org: str,
        wanted: TaskFilter,
        before: int | None,
        limit: int,
        budget: int = SEARCH_BUDGET,
    ) -> Found:
        """Tasks that match, with a seq below `before`, newest first."""
        with refusals("cannot search"), self._connection:
            picked = self._pick(org, wanted, before, limit, budget, PAGE_SECONDS)
            rows = self.by_seq(picked.seqs) if picked.seqs else []
        return Found(sorted(rows, key=_SEQ_OF, reverse=True), picked.next_below)

    def skip(
        self, org: str, wanted: TaskFilter, before: int | None, count: int
    ) -> tuple[int, int | None]:
        """Leave out so many tasks that match: fewer when that would take too long."""
        number = self._orgs.get(org)
        if number is None or "\0" in (wanted.text or ""):
            return 0, None
        with refusals("cannot search"), self._connection:
            search = Search(self._connection, number, wanted, before)
            passed, below = search.skip(count, PAGE_SECONDS)
        return passed, below

    def count(self, org: str, wanted: TaskFilter, cap: int, budget: int = COUNT_BUDGET) -> Counted:
        """How many tasks match, up to a cap, as far as `budget` goes."""
        with refusals("cannot count"), self._connection:
            picked = self._pick(org, wanted, None, cap, budget, COUNT_SECONDS)
        return Counted(len(picked.seqs), picked.next_below is not None)

    def _pick(
        self,
        org: str,
        wanted: TaskFilter,
        before: int | None,
        limit: int,
        budget: int,
        seconds: float,
    ) -> Picked:
        number = self._orgs.get(org)
        if number is None or "\0" in (wanted.text or ""):
            return Picked([], None)
        return Search(self._connection, number, wanted, before).run(limit, budget, seconds)

    def events(
        self,
        org: str,
        after: int,
        limit: int,
        types: Sequence[int] = (),
        entity: str | None = None,
        budget: int = EVENT_BUDGET,
    ) -> FoundEvents:
        """Events of the org with a seq above `after`, in order."""
        number = self._orgs.get(org)
        if not types and entity is None:
            found = self._events(_EVENTS, number, after, limit)
            return FoundEvents(found, found[-1].seq if found else after)
        with refusals("cannot read events"), self._connection:
            last = max(after, int(self._all(_LAST_EVENT, number)[0][0]))
            if entity is None:
                last = min(last, after + budget)
                found = self._events(_EVENTS_OF_TYPES, number, after, limit, last, _list(types))
            else:
                found = self._about(number, entity, after, limit, types)
        return FoundEvents(found, found[-1].seq if len(found) == limit else last)

    def _events(self, text: str, *bindings: Any) -> list[EventRow]:
        found = map(EventRow._make, self._all(text, *bindings))
        return [event._replace(data=told(event.data)) for event in found]

    def _about(
        self, org: int | None, entity: str, after: int, limit: int, types: Sequence[int]
    ) -> list[EventRow]:
        """Events of the task of this id, and of whatever else has it."""
        keys: list[str | int] = [entity, *(seq for (seq,) in self._all(_SEQ_OF_ID, org, entity))]
        found = [
            event
            for key in keys
            for event in self._events(_EVENTS_ABOUT, org, after, limit, key, _list(types))
        ]
        return sorted(found)[:limit]

    def oldest_event(self, org: str) -> int:
        """The lowest seq of an event of the org that is kept, or 0 when there is none."""
        return int(self._all(_OLDEST_EVENT, self._orgs.get(org))[0][0])

    def replay(self, org: str, principal: str, route: str, key: str) -> Replay | None:
        """The kept answer of an idempotent write."""
        rows = self._all(_REPLAY, self._orgs.get(org), principal, route, key)
        return replay_of(rows[0], org, principal, route, key) if rows else None

    def job(self, org: str, job_id: str) -> JobRecord | None:
        """A bulk action."""
        rows = self._all(_JOB, self._orgs.get(org), job_id)
        return job_of(rows[0]) if rows else None

    def jobs(self, org: str, before: str | None, limit: int) -> list[JobRecord]:
        """Bulk actions with an id below `before`, newest first."""
        return [job_of(row) for row in self._all(_JOBS, self._orgs.get(org), before, limit)]

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()
