"""Tasks are found by the agent that ended them: noted, filed, and after a second life."""

from pathlib import Path

import pytest
from msgspec import structs

from hub.core.filters import TaskFilter
from hub.core.task import Task
from hub.store import endings
from hub.store.contract import Unit
from hub.store.sqlite import SqliteStore
from schemas.scalars import TaskState
from tests.store.records import Clerk, new_task, open_sqlite, restarted


def ended_by(agent: str, task: Task) -> Task:
    """The task after this agent ended it."""
    return structs.replace(task, state=TaskState.COMPLETED, assigned_to=agent, version=9)


def revived(task: Task) -> Task:
    """The task in its next life."""
    return structs.replace(task, state=TaskState.QUEUED, assigned_to=None, version=10)


def found(store: SqliteStore, agent: str) -> list[int]:
    """The seqs of this agent's tasks, newest first."""
    reader = store.reader()
    page = store.decode(reader.search("main", TaskFilter(agent=agent), None, 99).rows)
    reader.close()
    return [task.seq for task in page]


def tables(store: SqliteStore) -> tuple[int, int]:
    """How many endings are noted, and how many are filed."""
    writer = store._writer
    noted = writer.execute("SELECT seq FROM ended_lately").fetchall()
    filed = writer.execute("SELECT seq FROM ended_by").fetchall()
    return len(noted), len(filed)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three noted endings are enough for one agent's to be filed."""
    monkeypatch.setattr(endings, "NOTED", 3)
    monkeypatch.setattr(endings, "FILED", 1)


@pytest.mark.usefixtures("few")
def test_endings_are_filed_when_they_are_many(tmp_path: Path) -> None:
    """They are found at every moment, in the order of their tasks."""
    store = open_sqlite(tmp_path)
    clerk = Clerk(store)
    tasks = [new_task(seq) for seq in range(1, 8)]
    clerk.submit(*tasks)
    seen = []
    for task in tasks:
        clerk.change(ended_by(f"agent-{task.seq % 2}", task))
        seen.append(tables(store))
        assert found(store, "agent-1") == [seq for seq in range(task.seq, 0, -1) if seq % 2]
    assert seen == [(1, 0), (2, 0), (1, 2), (2, 2), (1, 4), (2, 4), (1, 6)]
    store.close()


@pytest.mark.usefixtures("few")
def test_what_was_noted_is_filed_by_the_next_hub(tmp_path: Path) -> None:
    """A start counts the notes that are there."""
    store = open_sqlite(tmp_path)
    clerk = Clerk(store)
    tasks = [new_task(seq) for seq in (1, 2, 3)]
    clerk.submit(*tasks)
    for task in tasks[:2]:
        clerk.change(ended_by("agent-1", task))
    later = restarted(store)
    assert isinstance(later, SqliteStore)
    Clerk(later).change(ended_by("agent-1", tasks[2]))
    assert tables(later) == (0, 3)
    assert found(later, "agent-1") == [3, 2, 1]
    later.close()
    store.close()


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("others", [0, 2], ids=["noted", "filed"])
def test_a_task_that_lives_again_is_not_found_by_its_old_agent(tmp_path: Path, others: int) -> None:
    """Only by the one that ended it last; also when all of it is in one commit."""
    store = open_sqlite(tmp_path)
    clerk = Clerk(store)
    task, *rest = (new_task(seq) for seq in range(1, 2 + others))
    clerk.submit(task, *rest)
    clerk.commit(*(Unit("main", [ended_by("old", each)]) for each in (task, *rest)))
    clerk.commit(Unit("main", [revived(task)], edited=True))
    assert found(store, "old") == [each.seq for each in reversed(rest)]
    clerk.change(ended_by("new", task))
    again = Unit("main", [revived(task)], edited=True)
    clerk.commit(again, Unit("main", [ended_by("newest", task)]))
    assert [found(store, agent) for agent in ("new", "newest")] == [[], [1]]
    store.close()


def test_nobody_ended_what_was_never_given_out(tmp_path: Path) -> None:
    """A task cancelled in the queue is noted nowhere."""
    store = open_sqlite(tmp_path)
    cancelled = structs.replace(new_task(1), state=TaskState.CANCELLED)
    Clerk(store).commit(Unit("main", [cancelled], fresh=True))
    assert tables(store) == (0, 0)
    store.close()
