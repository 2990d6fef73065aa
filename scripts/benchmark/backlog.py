"""A database that is full already: what the listing row finds before its hub starts.

Its tasks are mixed like those of a hub in use: the oldest have ended, then come those that
wait, and an agent has the newest. None of them asks the agents of the load for anything.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import apsw
from msgspec import Raw, structs

from hub.core import ids, lifecycle
from hub.core.clock import Instant
from hub.core.task import Change, Task
from hub.store.batcher import Batcher
from hub.store.contract import StoreError, Unit
from hub.store.opening import open_data
from hub.store.sqlite import SqliteStore
from schemas.scalars import PriorityName, TaskState
from schemas.work import TaskSpec
from scripts.benchmark.faults import NO_HUB, BenchmarkError

ORG: Final = "main"
BEGAN_MS: Final = 1_700_000_000_000
"""When the first task was created, in wall time; each other one comes a millisecond later."""
NOT_BEFORE_MS: Final = 4_000_000_000_000
"""When scheduled tasks may start: not while anybody measures."""
AGENTS: Final = 100
RARE_AGENT: Final = "stored-agent-rare"
ABSENT: Final = "stored-agent-absent"
"""The only agent that may have what waits; it never comes."""
OPERATOR: Final = "operator"
ENDED_SHARE: Final = 0.7
"""The share of the tasks, from the oldest on, that have ended."""
WAITING_SHARE: Final = 0.999
"""The share that has ended or waits; agents have the rest."""
MISSION_TASKS: Final = 1_500
"""In the span of so many tasks every 15th belongs to the same mission."""
CHUNK: Final = 10_000
"""Tasks in one commit."""
PAYLOAD: Final = Raw(b'{"n": 1, "text": "' + b"x" * 180 + b'"}')
_LESS_USUAL: Final = (PriorityName.URGENT, PriorityName.HIGH, PriorityName.LOW)


def agent(number: int) -> str:
    """The name of an agent of the stored tasks."""
    return f"stored-agent-{number % AGENTS}"


def mission(seq: int) -> str:
    """The mission around this task."""
    return f"mission-{seq // MISSION_TASKS}"


def fill(data: Path, count: int, say: Callable[[str], None]) -> int:
    """Make a data directory with so many tasks; returns how many of them are completed.

    Raises BenchmarkError when the store refuses, or when another number is in the database.
    """
    completed = 0
    try:
        with closing(open_data(data)) as opened:
            batcher = Batcher({})
            for changes in _chunks(count, opened.store.epoch):
                tasks = [change.task for change in changes]
                completed += sum(task.state is TaskState.COMPLETED for task in tasks)
                say(f"filling the database: {tasks[-1].seq:,} of {count:,} tasks")
                facts = [fact for change in changes for fact in change.facts]
                batcher.add(Unit(ORG, tasks, fresh=True, facts=facts))
                _commit(opened.store, batcher, hub_time=tasks[-1].seq)
        there = tasks_in(data / "hub.db")
    except (StoreError, apsw.Error) as wrong:
        raise BenchmarkError(NO_HUB, f"the database cannot be filled: {wrong}") from wrong
    if there != count:
        raise BenchmarkError(NO_HUB, f"{count:,} tasks were stored, but {there:,} are there")
    return completed


def tasks_in(database: Path) -> int:
    """How many tasks are in the database. Raises apsw.Error."""
    with closing(apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)) as rows:
        return int(rows.execute("SELECT count(*) FROM task").get)


def _chunks(count: int, epoch: int) -> Iterator[list[Change]]:
    chance = random.Random(count)
    for first in range(1, count + 1, CHUNK):
        seqs = range(first, min(first + CHUNK, count + 1))
        yield [_change(seq, count, epoch, chance) for seq in seqs]


def _commit(store: SqliteStore, batcher: Batcher, hub_time: int) -> None:
    batch = batcher.take(hub_time)
    if batch is None:
        raise StoreError("there is nothing to commit")
    store.write(batch)
    store.commit()
    batcher.committed()
    store.upkeep()


def _change(seq: int, count: int, epoch: int, chance: random.Random) -> Change:
    """A task as it stands, with the one fact that it was submitted."""
    now = Instant(seq, BEGAN_MS + seq)
    task_id = ids.task_id(now.wall, chance.randbytes(ids.RANDOM_BYTES))
    submitter = OPERATOR if seq % 50 else agent(seq // 50)
    spec = _spec(seq, is_waiting=seq > count * ENDED_SHARE)
    created = lifecycle.create(seq, task_id, ORG, epoch, spec, submitter, now)
    return structs.replace(created, task=_later(created.task, count, epoch, now, chance))


def _later(task: Task, count: int, epoch: int, now: Instant, chance: random.Random) -> Task:
    if task.seq <= count * ENDED_SHARE:
        return _ended(task, chance)
    if task.seq <= count * WAITING_SHARE or task.state is not TaskState.QUEUED:
        return task
    assigned = lifecycle.assign(task, agent(task.seq), epoch, now).task
    return lifecycle.accept(assigned, now).task if task.seq % 2 else assigned


def _spec(seq: int, *, is_waiting: bool) -> TaskSpec:
    return TaskSpec(
        description=f"stored task {seq} with a sentence",
        payload=PAYLOAD,
        labels={"team": f"t{seq % 70}", "kind": "nightly"} if seq % 10 == 0 else None,
        needs=(["gpu"] if seq % 77 == 0 else ["linux"]) if seq % 7 == 0 else None,
        priority=_LESS_USUAL[seq // 20 % 3] if seq % 20 == 0 else None,
        mission_id=mission(seq) if seq % 15 == 0 else None,
        assign_to=ABSENT if is_waiting else None,
        not_before=NOT_BEFORE_MS if is_waiting and seq % 500 == 0 else None,
    )


def _ended(task: Task, chance: random.Random) -> Task:
    """The task after its only attempt: of two hundred one is a dead letter, one cancelled."""
    rest = {0: TaskState.CANCELLED, 100: TaskState.DEAD_LETTER}
    name = agent(chance.randrange(AGENTS)) if task.seq % 997 else RARE_AGENT
    return structs.replace(
        task,
        state=rest.get(task.seq % 200, TaskState.COMPLETED),
        holder=name,
        assigned_to=name,
        result=b'{"ok": true}',
        attempt=1,
        finished_at=task.created_at,
    )
