"""Reads committed rows of `hub.db`, in a reader thread; decodes nothing."""

from collections.abc import Mapping, Sequence
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
from hub.store.rows import TASK_COLUMNS, job_of, replay_of, task_of
from hub.store.sql import sql

_encode: Final = json.Encoder().encode
_BY_SEQ: Final = sql("tasks_by_seq").replace("{columns}", TASK_COLUMNS)
_BY_ID: Final = sql("tasks_by_id").replace("{columns}", TASK_COLUMNS)
_PAGE: Final = sql("page_of_tasks").replace("{columns}", TASK_COLUMNS)
_EVENTS: Final = sql("events")
_OLDEST_EVENT: Final = sql("oldest_event")
_REPLAY: Final = sql("replay")
_JOB: Final = sql("job")
_JOBS: Final = sql("jobs")
_FIRST_PAGE: Final = 1 << 62
"""Above every seq."""


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
        return self._all(_BY_SEQ, _encode(list(seqs)).decode())

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
        number, below = self._orgs.get(org), _FIRST_PAGE if before is None else before
        rows: list[Any] = []
        for row in self._all(_PAGE, number, below, budget + 1):
            if len(rows) == limit:
                return Found(rows, row[0] + 1)
            if wanted.matches(task_of(row, {row[2]: org})):
                rows.append(row)
        return Found(rows, None)

    def count(self, org: str, wanted: TaskFilter, cap: int, budget: int = COUNT_BUDGET) -> Counted:
        """How many tasks match, up to a cap, as far as `budget` goes."""
        rows, more = self.search(org, wanted, None, cap + 1, budget)
        return Counted(min(len(rows), cap), len(rows) > cap or more is not None)

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
        found: list[EventRow] = []
        for row in self._all(_EVENTS, self._orgs.get(org), after, budget):
            if len(found) == limit:
                break
            after = row[0]
            event = EventRow._make(row)
            if (not types or event.type in types) and entity in (None, event.entity):
                found.append(event)
        return FoundEvents(found, after)

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
