"""The source: what events are about, and the texts of tasks and agents."""

from hub.core.facts import Fact
from hub.store.contract import Unit
from schemas.events import EventType
from tests.search.desk import Desk
from tests.store.records import NOW, new_task


def test_only_events_with_news_are_followed(desk: Desk) -> None:
    """An assignment and a start change no text; an end does."""
    told = [
        (EventType.TASK_CREATED, b'{"state":"queued"}'),
        (EventType.TASK_ASSIGNED, b"{}"),
        (EventType.TASK_STATUS_CHANGED, b'{"from":"assigned","to":"running"}'),
        (EventType.TASK_STATUS_CHANGED, b'{"from":"running","to":"completed"}'),
    ]
    tasks = [new_task(seq) for seq in range(1, len(told) + 1)]
    facts = [
        Fact(kind, task.id, task.seq, "hub", NOW.wall, data)
        for task, (kind, data) in zip(tasks, told, strict=True)
    ]
    desk.clerk.commit(Unit(org="main", tasks=tasks, fresh=True, facts=facts))
    found = desk.source.told(1, 0, 100)
    assert found is not None
    assert (found.tasks, found.reached) == ({1, 4}, 4)
    assert desk.source.told(1, 4, 100) is None


def test_agents_are_followed_by_name(desk: Desk) -> None:
    """Also one that is named like a number."""
    desk.join("17", "birch")
    found = desk.source.told(1, 0, 100)
    assert found is not None
    assert (found.tasks, found.agents) == (set(), {"17", "birch"})


def test_tasks_are_read_from_the_newest_downwards(desk: Desk) -> None:
    """With their orgs."""
    desk.submit("one", "two")
    desk.submit("three", org="other")
    assert [seq for _, seq in desk.source.tasks_below(4, 2)] == [3, 2]
    assert [record.title for record in desk.source.tasks([1, 2, 3, 99])] == ["one", "two", "three"]
    assert desk.source.number_of("nobody") is None
