"""Searches: pages are what `matches` says, also while tasks change."""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count, zip_longest
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from hub.core.filters import TaskFilter
from hub.core.task import ENDED, HELD, Task
from hub.store import endings, searching
from hub.store import reader as reading
from hub.store.contract import Store, Unit
from hub.store.memory import MemoryStore
from hub.store.searching import glob_of
from schemas.scalars import Priority, PriorityName, TaskState
from tests.store.records import Clerk, new_task, open_sqlite

AGENTS = ["agent-1", "agent-2"]
LABELS = [("team", "red"), ("team", "blue"), ("kind", "x")]
WORDS = ["Härte", "[a-z]^", "%_*?", "ẞtraße", "ab\0cd"]
Times = st.integers(0, 9)
Filters = st.builds(
    TaskFilter,
    states=st.lists(st.sampled_from(TaskState), max_size=3).map(tuple),
    agent=st.none() | st.sampled_from(AGENTS),
    priorities=st.lists(st.sampled_from(Priority), max_size=2).map(tuple),
    capability=st.none() | st.sampled_from(["gpu", "linux"]),
    labels=st.lists(st.sampled_from(LABELS), max_size=2).map(tuple),
    mission=st.none() | st.just("m"),
    submitter=st.none() | st.sampled_from(["ann", "bob"]),
    created_after=st.none() | Times,
    created_before=st.none() | Times,
    text=st.none()
    | st.sampled_from([*WORDS, "HÄR", "A-Z]", "^", "_*", "STRA", "cd", "\0", "task"]),
)
"""Filters of all conditions at once; few of them hold, so most examples take a part of one."""


@st.composite
def some_filters(draw: Callable[..., Any]) -> TaskFilter:
    """A filter with one or two conditions."""
    full = structs.asdict(draw(Filters))
    names = draw(st.lists(st.sampled_from(sorted(full)), max_size=2))
    return TaskFilter(**{name: full[name] for name in names})


@st.composite
def tasks_of(draw: Callable[..., Any], org: str, seq: int) -> Task:
    """A task in any state, with an agent in those that have one."""
    spec = {
        "description": draw(st.sampled_from(WORDS)),
        "needs": draw(st.none() | st.lists(st.sampled_from(["gpu", "linux"]), max_size=2)),
        "labels": draw(st.none() | st.lists(st.sampled_from(LABELS)).map(dict)),
        "mission_id": draw(st.sampled_from([None, None, "m"])),
        "priority": draw(st.none() | st.sampled_from(PriorityName)),
    }
    task = new_task(seq, org, **spec)
    moved = draw(states())
    at = draw(Times)
    return structs.replace(
        task, created_at=at, submitted_by=draw(st.sampled_from(["ann", "bob"])), **moved
    )


@st.composite
def states(draw: Callable[..., Any]) -> dict[str, Any]:
    """A state, and an agent if there is one."""
    state = draw(st.sampled_from(TaskState))
    agent = draw(st.sampled_from(AGENTS)) if state in HELD | ENDED else None
    return {"state": state, "assigned_to": agent}


def read_pages(
    store: Store, org: str, wanted: TaskFilter, limit: int, budget: int
) -> Iterator[list[Task]]:
    """Page after page, each by a reader that sees what is committed then."""
    reader = store.reader()
    before: int | None = None
    while True:
        found = reader.search(org, wanted, before, limit, budget)
        page = store.decode(found.rows)
        assert len(page) <= limit
        yield page
        if found.next_before is None:
            reader.close()
            return
        assert before is None or found.next_before < before
        before = found.next_before


@pytest.fixture(params=["sqlite", "memory"], scope="module")
def shared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Clerk]:
    """One store for all examples, which files endings often; each has an org of its own."""
    store: Store = MemoryStore()
    if request.param == "sqlite":
        store = open_sqlite(tmp_path_factory.mktemp("searched"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(endings, "NOTED", 5)
        patch.setattr(endings, "FILED", 2)
        yield Clerk(store)
    store.close()


numbers = count(1)
seqs = count(1)


def fill(clerk: Clerk, draw: Callable[..., Any]) -> tuple[str, dict[int, Task]]:
    """A new org with some tasks, and one of another org between each two of them."""
    org = f"org-{next(numbers)}"
    tasks = {}
    units = []
    for _ in range(draw(st.integers(1, 12))):
        task = draw(tasks_of(org, next(seqs)))
        tasks[task.seq] = task
        units.append(Unit(org, [task], fresh=True))
        units.append(Unit("between", [new_task(next(seqs), "between")], fresh=True))
    clerk.commit(*units)
    return org, tasks


def test_leaving_out_ends_where_pages_would(shared: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is left out, and in however small spans, the next page begins behind it."""
    monkeypatch.setattr(searching, "SPAN", 8)
    monkeypatch.setattr(searching, "LAST_CHUNK", 2)

    @given(st.data(), some_filters(), st.integers(0, 13))
    @settings(max_examples=150, deadline=None)
    def hold(data: Any, wanted: TaskFilter, count: int) -> None:
        org, tasks = fill(shared, data.draw)
        expected = [seq for seq in sorted(tasks, reverse=True) if wanted.matches(tasks[seq])]
        reader = shared.store.reader()
        passed, before = reader.skip(org, wanted, None, count)
        assert passed == min(count, len(expected))
        rows = () if before is None else reader.search(org, wanted, before, 99).rows
        assert [task.seq for task in shared.store.decode(rows)] == expected[count:]
        reader.close()

    hold()


def test_leaving_out_takes_no_longer_than_it_may(
    shared: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without time nothing is left out, and it goes on from there."""
    org = f"org-{next(numbers)}"
    shared.commit(*(Unit(org, [new_task(next(seqs), org)], fresh=True) for _ in range(3)))
    if isinstance(shared.store, MemoryStore):
        pytest.skip("it is as fast as it is")
    monkeypatch.setattr(reading, "PAGE_SECONDS", 0.0)
    reader = shared.store.reader()
    passed, before = reader.skip(org, TaskFilter(), None, 2)
    assert passed == 0
    assert before is not None
    reader.close()


def test_pages_are_all_that_matches(shared: Clerk) -> None:
    """Newest first, without a gap and without a double, however small the pages."""

    @given(st.data(), some_filters(), st.integers(1, 4), st.integers(1, 30))
    @settings(max_examples=150, deadline=None)
    def hold(data: Any, wanted: TaskFilter, limit: int, budget: int) -> None:
        org, tasks = fill(shared, data.draw)
        pages = list(read_pages(shared.store, org, wanted, limit, budget))
        expected = [seq for seq in sorted(tasks, reverse=True) if wanted.matches(tasks[seq])]
        assert [task.seq for page in pages for task in page] == expected
        reader = shared.store.reader()
        exact = reader.count(org, wanted, 99)
        capped = reader.count(org, wanted, limit)
        reader.close()
        assert exact == (len(expected), False)
        assert capped.number == min(limit, len(expected))
        assert capped.more == (len(expected) > limit)

    hold()


def test_pages_hold_while_tasks_change(shared: Clerk) -> None:
    """Each task at most once, each fits when it is read, and those that always do are all there."""

    changes = st.lists(st.tuples(st.integers(0, 11), states()), max_size=3)

    @given(st.data(), some_filters(), st.integers(1, 3), st.integers(1, 30), st.lists(changes))
    @settings(max_examples=100, deadline=None)
    def hold(data: Any, wanted: TaskFilter, limit: int, budget: int, plan: Any) -> None:
        org, tasks = fill(shared, data.draw)
        always = {seq for seq, task in tasks.items() if wanted.matches(task)}
        seen: list[int] = []
        pages = read_pages(shared.store, org, wanted, limit, budget)
        nothing: list[Any] = []
        for page, wave in zip_longest(pages, plan, fillvalue=nothing):
            assert all(wanted.matches(task) for task in page)
            seen += [task.seq for task in page]
            for place, state in wave:
                seq = sorted(tasks)[place % len(tasks)]
                before, after = tasks[seq], structs.replace(tasks[seq], **state)
                tasks[seq] = after
                shared.commit(Unit(org, [after], edited=before.ended))
                always -= set() if wanted.matches(tasks[seq]) else {seq}
        assert len(seen) == len(set(seen))
        assert always <= set(seen)

    hold()


def test_an_edit_moves_a_task_among_the_filters(store: Store, clerk: Clerk) -> None:
    """It is found by what is said of it now, and no longer by what was said before."""
    old = new_task(1, needs=["gpu"], labels={"a": "1", "b": "2"}, mission_id="m", fairness_key="f")
    clerk.submit(old, new_task(2, needs=["gpu"]))
    spec = structs.replace(
        old.spec, needs=["linux"], labels={"a": "1", "c": "3"}, mission_id=None, fairness_key=None
    )
    new = structs.replace(old, spec=spec, priority=Priority.URGENT, requires="{}", version=2)
    later = structs.replace(new, version=3, queue_key=77)
    clerk.commit(Unit("main", [new], edited=True), Unit("main", [later]))
    for wanted, expected in [
        (TaskFilter(capability="gpu"), [2]),
        (TaskFilter(capability="linux"), [1]),
        (TaskFilter(labels=(("a", "1"),)), [1]),
        (TaskFilter(labels=(("b", "2"),)), []),
        (TaskFilter(labels=(("c", "3"),)), [1]),
        (TaskFilter(mission="m"), []),
        (TaskFilter(priorities=(Priority.URGENT,)), [1]),
    ]:
        (page,) = read_pages(store, "main", wanted, 9, 99)
        assert [task.seq for task in page] == expected
    assert page[0].version == 3


def test_a_search_ends_within_its_budget(store: Store, clerk: Clerk) -> None:
    """An empty page says where to go on, and so does a count that it is not whole."""
    clerk.submit(*(new_task(seq) for seq in range(1, 101)))
    reader = store.reader()
    wanted = TaskFilter(text="nowhere")
    found = reader.search("main", wanted, None, 9, 40)
    assert (list(found.rows), found.next_before) == ([], 61)
    assert reader.count("main", wanted, 9, 40) == (0, True)
    assert reader.count("main", TaskFilter(), 100, 1_000) == (100, False)
    assert reader.count("main", TaskFilter(), 99, 1_000) == (99, True)
    assert reader.search("nobody", wanted, None, 9) == ([], None)
    reader.close()


def explained(texts: Sequence[str]) -> str:
    """The patterns of these texts in one line."""
    return " ".join(map(glob_of, texts))


def test_a_pattern_means_the_letters_themselves() -> None:
    """What would be special to a pattern stands in a class of its own."""
    assert explained(["aB", "*?", "[]", "^-", "ß"]) == "*[aA][Bb]* *[*][?]* *[[][]]* *^[-]* *[ß]*"


def test_a_far_search_takes_little_time(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Ten thousand tasks, and a few that are wanted."""
    store = open_sqlite(tmp_path_factory.mktemp("far"))
    clerk = Clerk(store)
    clerk.submit(new_task(1, labels={"a": "b"}))
    clerk.submit(*(new_task(seq) for seq in range(2, 10_001)))
    reader = store.reader()
    began = time.perf_counter()
    for _ in range(20):
        found = reader.search("main", TaskFilter(labels=(("a", "b"),)), None, 50)
        assert (len(found.rows), found.next_before) == (1, None)
    print(f"{(time.perf_counter() - began) / 20 * 1000:.2f} ms for a page")
    assert (time.perf_counter() - began) / 20 < 0.03
    reader.close()
    store.close()
