"""Reads committed rows of `hub.db`, in a reader thread; decodes nothing."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import json

from hub.store.connections import open_reader, refusals
from hub.store.contract import EventRow, Rows
from hub.store.rows import TASK_COLUMNS
from hub.store.sql import sql
from schemas.scalars import TaskState

_encode: Final = json.Encoder().encode
_BY_SEQ: Final = sql("tasks_by_seq").replace("{columns}", TASK_COLUMNS)
_BY_ID: Final = sql("tasks_by_id").replace("{columns}", TASK_COLUMNS)
_PAGE: Final = sql("page_of_tasks").replace("{columns}", TASK_COLUMNS)
_PICKED: Final = sql("page_of_picked_tasks").replace("{columns}", TASK_COLUMNS)
_EVENTS: Final = sql("events")
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

    def page(self, org: str, before: int | None, limit: int, states: Sequence[TaskState]) -> Rows:
        """Tasks with a seq below `before`, newest first; in any state when none is named."""
        number, below = self._orgs.get(org), _FIRST_PAGE if before is None else before
        text = _PAGE
        if states:
            picks = (sql(f"pick_{state.name.lower()}") for state in sorted(set(states)))
            text = _PICKED.replace("{picked}", " UNION ALL ".join(picks))
        return self._all(text, number, below, limit)

    def events(self, org: str, after: int, limit: int) -> list[EventRow]:
        """Events of the org with a seq above `after`, in order."""
        rows = self._all(_EVENTS, self._orgs.get(org), after, limit)
        return [EventRow._make(row) for row in rows]

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()
