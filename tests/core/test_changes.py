"""Changes: gathered while somebody follows, each thing once, within bounds."""

from hub.core.changes import MOST_TASKS, Changes
from schemas import dashboard
from tests.core.making import queued, running


def followed() -> Changes:
    """Changes that somebody follows."""
    changes = Changes()
    changes.begin()
    return changes


def test_nothing_is_gathered_while_nobody_follows() -> None:
    """Nor is anything left of before."""
    changes = followed()
    changes.agent("ada")
    changes.task(queued())
    changes.end()
    changes.agent("bob")
    changes.task(queued(2))
    changes.begin()
    assert changes.take_agents(10) == []
    assert changes.take_tasks() == ([], False)


def test_the_latest_record_counts() -> None:
    """However often a task changed; then it is forgotten."""
    changes = followed()
    for task in (queued(1), queued(2), running(1)):
        changes.task(task)
    assert changes.take_tasks() == ([running(1), queued(2)], False)
    assert changes.take_tasks() == ([], False)


def test_what_is_too_much_is_told() -> None:
    """Once; and what is held already still follows its task."""
    changes = followed()
    for seq in range(MOST_TASKS + 1):
        changes.task(queued(seq))
    changes.task(running(3))
    tasks, more = changes.take_tasks()
    assert more
    assert len(tasks) == MOST_TASKS == dashboard.MOST_TASKS
    assert running(3) in tasks
    changes.task(queued(1))
    assert changes.take_tasks() == ([queued(1)], False)


def test_many_agents_are_taken_in_parts() -> None:
    """Each once, until none is left."""
    changes = followed()
    names = {f"agent-{number}" for number in range(5)}
    for name in [*names, *names]:
        changes.agent(name)
    parts = [changes.take_agents(2) for _ in range(4)]
    assert [len(part) for part in parts] == [2, 2, 1, 0]
    assert {name for part in parts for name in part} == names
