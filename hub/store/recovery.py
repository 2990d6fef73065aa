"""What a hub reads once, at its start: everything it keeps in memory."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import apsw

from hub.core.task import Task
from hub.store.backlog import Backlog
from hub.store.connections import open_reader, refusals
from hub.store.contract import REPLAYS_RECOVERED, Recovered, ReplayMark, TimedRow
from hub.store.rows import (
    TASK_COLUMNS,
    agent_of,
    credential_of,
    invite_of,
    job_of,
    pause_of,
    session_of,
    task_of,
)
from hub.store.sql import sql
from schemas.scalars import Priority, TaskState

Counts = dict[str, dict[TaskState, int]]


def recover(path: Path, names: Mapping[int, str]) -> Recovered:
    """Read the past of a hub; the kept answers are streamed. Raises StoreError."""
    with refusals("cannot recover"), closing(open_reader(path)) as reader:
        (hub,) = reader.execute(sql("hub"))
        backlog = Backlog(reader.execute(sql("queued")), names)
        return Recovered(
            epoch=hub[0],
            history_id=hub[1],
            hub_time=hub[2],
            task_seq=int(reader.execute(sql("last_task")).get),
            event_seq={str(name): int(last) for name, last in reader.execute(sql("last_events"))},
            agents=[agent_of(row, names) for row in reader.execute(sql("agents"))],
            credentials=[credential_of(row, names) for row in reader.execute(sql("credentials"))],
            invites=[invite_of(row, names) for row in reader.execute(sql("open_invites"))],
            sessions=[session_of(row, names) for row in reader.execute(sql("sessions"))],
            held=_held(reader, names),
            scheduled=[
                (names[org], TimedRow(seq, due_at, not_before))
                for org, seq, due_at, not_before in reader.execute(sql("scheduled"))
            ],
            expiring=[
                (names[org], complete_by, seq)
                for org, complete_by, seq in reader.execute(sql("expiring"))
            ],
            counts=_counts(reader, names, backlog),
            queued_unusual=_unusual(reader, names, backlog),
            queued=backlog.in_order(),
            pauses=[pause_of(row) for row in reader.execute(sql("open_pauses"))],
            jobs=[job_of(row) for row in reader.execute(sql("open_jobs"))],
            replays=_replays(path),
        )


def _replays(path: Path) -> Iterator[ReplayMark]:
    """Stream them along their index, with a reader that is there only while they are read."""
    with refusals("cannot recover the kept answers"), closing(open_reader(path)) as reader:
        for created_at, mark in reader.execute(sql("newest_replays"), (REPLAYS_RECOVERED,)):
            yield ReplayMark(created_at, mark)


def _held(reader: apsw.Connection, names: Mapping[int, str]) -> list[Task]:
    return [
        task_of(row, names)
        for row in reader.execute(sql("held").replace("{columns}", TASK_COLUMNS))
    ]


def _counts(reader: apsw.Connection, names: Mapping[int, str], backlog: Backlog) -> Counts:
    counts: Counts = {}
    for org, total in reader.execute(sql("count_all")):
        queued = backlog.counts[names[org]]
        counts[names[org]] = {TaskState.QUEUED: queued, TaskState.COMPLETED: total - queued}
    for org, state, number in reader.execute(sql("count_unended")):
        mine = counts[names[org]]
        mine[TaskState(state)] = number
        mine[TaskState.COMPLETED] -= number
    return {org: {state: n for state, n in mine.items() if n} for org, mine in counts.items()}


def _unusual(
    reader: apsw.Connection, names: Mapping[int, str], backlog: Backlog
) -> dict[str, dict[Priority, int]]:
    """Found along the index of unusual priorities; an empty queue spares a look at all of it."""
    counts: dict[str, dict[Priority, int]] = {}
    if backlog.counts.total():
        for org, priority, number in reader.execute(sql("count_unusual")):
            counts.setdefault(names[org], {})[Priority(priority)] = number
    return counts
