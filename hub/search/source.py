"""What the index is made from: reads events, tasks and agents of `hub.db`, and never writes."""

from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from hub.core.filters import TaskFilter
from hub.search import texts
from hub.search.texts import FIELD_BYTES, Field
from hub.store.connections import open_reader, refusals
from hub.store.contract import SEARCH_BUDGET
from hub.store.rows import spec_of
from hub.store.searching import PAGE_SECONDS, Picked, Search
from hub.store.sql import parse
from schemas.events import EventType
from schemas.scalars import TaskState

_SQL: Final = {
    name: query.text
    for name, query in parse((files("hub.search") / "source.sql").read_text("utf-8")).items()
}
CACHE_KIB: Final = 2_048
"""Everything is read once: a larger cache would only be memory."""
TOGETHER: Final = 64
"""So many rows are read in one transaction: a large one takes a millisecond."""
_ABOUT_AGENTS: Final = frozenset(
    {
        EventType.AGENT_CREATED,
        EventType.AGENT_UPDATED,
        EventType.AGENT_DELETED,
        EventType.AGENT_ONLINE,
    }
)
"""An agent may come from another host."""
_WITHOUT_NEWS: Final = frozenset({EventType.TASK_ASSIGNED, EventType.TASK_UNASSIGNED})
_TO_RUNNING: Final = b'"to":"running"'
_encode: Final = msgspec.json.Encoder().encode
_decode_names: Final = msgspec.json.Decoder(tuple[str, ...]).decode
_decode_labels: Final = msgspec.json.Decoder(tuple[tuple[str, str], ...]).decode


class Past(NamedTuple):
    """Which history a database has."""

    epoch: int
    history_id: str


class Told(NamedTuple):
    """What some events are about."""

    tasks: set[int]
    agents: set[str]
    reached: int
    """The last of these events."""


class Record(NamedTuple):
    """Something that can be found."""

    number: int
    """A task's seq; 0 of an agent."""
    org: int
    id: str
    at: int
    state: TaskState | None
    title: str
    fields: list[Field]


class Source:
    """A reader of `hub.db`, for one thread. Raises StoreError."""

    def __init__(self, path: Path) -> None:
        with refusals("cannot open a reader"):
            self._connection = open_reader(path)
            self._connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")

    def _all(self, name: str, *bindings: Any) -> list[Any]:
        with refusals("cannot read"):
            return self._connection.execute(_SQL[name], bindings).fetchall()

    def past(self) -> Past:
        """Which history it has."""
        return Past(*self._all("past")[0])

    def orgs(self) -> list[tuple[int, int]]:
        """Every org's number, and its last event."""
        return self._all("orgs")

    def number_of(self, org: str) -> int | None:
        """The number of an org; None while nothing is stored of it."""
        rows = self._all("org", org)
        return int(rows[0][0]) if rows else None

    def last_task(self) -> int:
        """The highest seq of any task."""
        return int(self._all("last_task")[0][0])

    def event_time(self, org: int, seq: int) -> int | None:
        """When an event happened; None when there is no such event."""
        rows = self._all("event_time", org, seq)
        return int(rows[0][0]) if rows else None

    def told(self, org: int, after: int, limit: int) -> Told | None:
        """What the next events are about; None when there is none yet."""
        rows = self._all("events", org, after, limit)
        if not rows:
            return None
        tasks: set[int] = set()
        agents: set[str] = set()
        for _, kind, entity, data in rows:
            if isinstance(entity, int):
                if kind not in _WITHOUT_NEWS and _TO_RUNNING not in data:
                    tasks.add(entity)
            elif kind in _ABOUT_AGENTS:
                agents.add(entity)
        return Told(tasks, agents, rows[-1][0])

    def tasks_below(self, seq: int, limit: int) -> list[tuple[int, int]]:
        """(org, seq) of the newest tasks below a seq."""
        return self._all("tasks_below", seq, limit)

    def tasks(self, seqs: Sequence[int]) -> Iterator[Record]:
        """Those of these tasks that exist; within each chunk in order."""
        for chunk in batched_of(seqs):
            for row in self._all("tasks", FIELD_BYTES + 1, _encode(chunk).decode()):
                yield _task(row)

    def agents(self, org: int, ids: Sequence[str]) -> Iterator[Record]:
        """Those of these agents that exist, in no order."""
        for chunk in batched_of(ids):
            for row in self._all("agents", org, _encode(chunk).decode()):
                yield _agent(org, row)

    def agent_ids(self, org: int) -> list[str]:
        """The ids of all agents of an org, in the order in which they came."""
        return [agent_id for (agent_id,) in self._all("agent_ids", org)]

    def tasks_named(self, org: int, text: str, below: int, limit: int) -> Picked:
        """The newest tasks that have a text in their id or description, as far as time allows."""
        with refusals("cannot search"), self._connection:
            search = Search(self._connection, org, TaskFilter(text=text), below)
            seqs, rest = search.run(limit, SEARCH_BUDGET, PAGE_SECONDS)
        return Picked(seqs, rest)

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()


def batched_of(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The values in pieces that are read together."""
    return (values[at : at + TOGETHER] for at in range(0, len(values), TOGETHER))


def _task(row: tuple[Any, ...]) -> Record:
    seq, org, task_id, state, submitter, created_at, requires, error, result, raw = row
    spec = spec_of(raw, requires)
    fields = texts.of_task(task_id, submitter, error, result, spec)
    title = texts.title_of(spec.description)
    return Record(seq, org, task_id, created_at, TaskState(state), title, fields)


def _agent(org: int, row: tuple[Any, ...]) -> Record:
    agent_id, created_at, name, host, capabilities, labels, note = row
    fields = texts.of_agent(
        agent_id, name, host, _decode_names(capabilities), _decode_labels(labels), note
    )
    return Record(0, org, agent_id, created_at, None, texts.title_of(name), fields)
