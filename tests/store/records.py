"""Records for the tests of the stores, and ways to put them there."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from msgspec import Raw, json, structs

from hub.core import ids, lifecycle
from hub.core.clock import Instant
from hub.core.facts import Fact
from hub.core.task import Task
from hub.store.batcher import Batcher
from hub.store.contract import Store, Unit
from hub.store.memory import MemoryStore
from hub.store.sqlite import SqliteStore
from schemas.events import EventType
from schemas.scalars import TaskState
from schemas.work import TaskSpec

NOW = Instant(1_000, 1_763_700_000_000)
HISTORY = "00112233445566ff"


def open_sqlite(folder: Path) -> SqliteStore:
    """The database in this folder, made when there is none."""
    return SqliteStore(folder / "hub.db", folder / "backups", HISTORY)


def restarted(store: Store) -> Store:
    """The store that a hub finds after this one died."""
    if isinstance(store, MemoryStore):
        return store.crash()
    assert isinstance(store, SqliteStore)
    return SqliteStore(store.path, store.path.parent / "backups", "unused")


def new_task(seq: int, org: str = "main", **spec: Any) -> Task:
    """A task just submitted."""
    asked = TaskSpec(**{"description": f"task {seq}", "payload": Raw(b'{"n": 1}')} | spec)
    digits = bytes(seq >> 5 * place & 31 for place in reversed(range(ids.RANDOM_BYTES)))
    task_id = ids.task_id(NOW.wall, digits)
    return lifecycle.create(seq, task_id, org, 1, asked, "operator", NOW).task


def in_state(seq: int, state: TaskState, org: str = "main", **changes: Any) -> Task:
    """A task that came to stand in this state."""
    return structs.replace(new_task(seq, org), state=state, **changes)


def fact_of(task: Task, actor: str = "hub") -> Fact:
    """Something that happened to a task."""
    return Fact(EventType.TASK_UPDATED, task.id, task.seq, actor, NOW.wall, b'{"change":"x"}')


class Clerk:
    """Puts units into a store, one commit each, as the journal would."""

    def __init__(self, store: Store, event_seq: dict[str, int] | None = None) -> None:
        self.store = store
        self.batcher = Batcher(event_seq or {})

    def write(self, *units: Unit) -> None:
        """Write units as one batch, and leave it uncommitted."""
        for unit in units:
            self.batcher.add(unit)
        batch = self.batcher.take(NOW.hub)
        assert batch is not None
        self.store.write(batch)

    def commit(self, *units: Unit) -> None:
        """Commit units as one batch."""
        self.write(*units)
        self.store.commit()
        self.batcher.committed()

    def submit(self, *tasks: Task) -> None:
        """Commit new tasks with a fact each."""
        orgs = {task.org for task in tasks}
        self.commit(*(_unit(org, [t for t in tasks if t.org == org]) for org in sorted(orgs)))

    def change(self, *tasks: Task) -> None:
        """Commit the next records of older tasks."""
        self.commit(Unit(org=tasks[0].org, tasks=tasks))


def _unit(org: str, tasks: list[Task]) -> Unit:
    return Unit(org=org, tasks=tasks, fresh=True, facts=[fact_of(task) for task in tasks])


def image(task: Task) -> dict[str, Any]:
    """Everything about a task, comparable: raw JSON has no equality of its own."""
    return structs.asdict(task) | {"spec": json.encode(task.spec)}


def images(tasks: Iterable[Task]) -> list[dict[str, Any]]:
    """The same for many, by seq."""
    return [image(task) for task in sorted(tasks, key=lambda task: task.seq)]


def read_by_seq(store: Store, *seqs: int) -> list[Task]:
    """What a new reader finds under these seqs."""
    reader = store.reader()
    try:
        return store.decode(reader.by_seq(seqs))
    finally:
        reader.close()
