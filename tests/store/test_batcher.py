"""The batcher under random units, promises, commits and failures."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.browser_sessions import begin
from hub.core.clock import Instant
from hub.core.credentials import InviteRecord
from hub.core.jobs import JobRecord
from hub.core.lifecycle import create
from hub.core.task import Change
from hub.store.batcher import Batcher
from hub.store.contract import Batch, Unit
from schemas.work import TaskSpec

ROW_CAP = 6
JOB = JobRecord("main", "job-1", "cancel", b"{}", b"{}", "running", 1, "ann", 9, 10)


def made(seq: int, version: int = 1) -> Change:
    """A task and the fact of its creation; the version tells its images apart."""
    return create(seq, f"task-{seq}", "main", 1, TaskSpec("x"), f"v{version}", Instant(1, 1))


def fresh(*seqs: int) -> Unit:
    """A unit of new tasks."""
    changes = [made(seq) for seq in seqs]
    facts = [fact for change in changes for fact in change.facts]
    return Unit("main", [change.task for change in changes], fresh=True, facts=facts)


def changed(seq: int, version: int) -> Unit:
    """A unit that changes a task."""
    change = made(seq, version)
    return Unit("main", (change.task,), facts=change.facts)


class Desk:
    """A batcher, and everything that is known about what it was told and what it released."""

    def __init__(self) -> None:
        self.batcher = Batcher({"main": 40}, ROW_CAP)
        self.decided: list[tuple[int, int]] = []
        """(number of the promise, position that it has to wait for), in order."""
        self.released: list[int] = []
        self.units: dict[int, Unit] = {}
        self.committed: list[Batch] = []
        self.flying: Batch | None = None
        self.broken = False

    def add(self, unit: Unit) -> None:
        """Decide something."""
        self.units[self.batcher.add(unit)] = unit

    def promise(self) -> None:
        """Ask to be told; told at once when nothing waits."""
        number = len(self.decided)
        self.decided.append((number, self.batcher.position))
        if not self.batcher.promise(self.released.append, number):
            self.released.append(number)

    def take(self) -> None:
        """Begin a commit when one may begin."""
        batch = self.batcher.take(7)
        if batch is not None:
            assert self.flying is None
            self.flying = batch

    def commit(self) -> None:
        """End the commit under way, and release."""
        if self.flying is None:
            return
        self.committed.append(self.flying)
        self.flying = None
        for release, argument in self.batcher.committed():
            release(argument)

    def fail(self) -> None:
        """The commit under way fails."""
        if self.flying is not None:
            self.batcher.failed()
            self.flying, self.broken = None, True

    def check(self) -> None:
        """Nothing early, nothing out of order, nothing forgotten."""
        durable = sum(batch.units for batch in self.committed)
        assert self.batcher.durable == durable
        assert self.released == list(range(len(self.released)))
        assert all(position <= durable for _, position in self.decided[: len(self.released)])
        if not self.broken:
            assert all(position > durable for _, position in self.decided[len(self.released) :])


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("fresh"), st.integers(1, 4)),
        st.tuples(st.just("change"), st.integers(0, 20)),
        st.tuples(st.sampled_from(["promise", "take", "commit"]), st.just(0)),
    ),
    max_size=60,
)


def play(desk: Desk, acts: Sequence[tuple[str, int]]) -> None:
    """Do all that, checking after each step."""
    last = 0
    for act, number in acts:
        if act == "fresh":
            desk.add(fresh(*range(last + 1, last + 1 + number)))
            last += number
        elif act == "change" and last:
            desk.add(changed(1 + number % last, desk.batcher.position + 2))
        elif act in ("promise", "take", "commit"):
            getattr(desk, act)()
        desk.check()


def drain(desk: Desk) -> None:
    """Commit all that waits."""
    while not desk.batcher.idle:
        desk.commit()
        desk.take()
        desk.check()
    desk.commit()


@given(ACTS)
def test_nothing_is_released_early_or_out_of_order(acts: list[tuple[str, int]]) -> None:
    """A promise is kept once all decided before is durable, in order, and none is forgotten."""
    desk = Desk()
    play(desk, acts)
    drain(desk)

    assert len(desk.released) == len(desk.decided)
    assert desk.batcher.waiting_rows == 0


@given(ACTS)
def test_units_are_never_split(acts: list[tuple[str, int]]) -> None:
    """Each batch is a run of whole units, and no unit joins a batch that is full."""
    desk = Desk()
    play(desk, acts)
    drain(desk)
    position = 0

    for batch in desk.committed:
        units = [desk.units[number] for number in range(position + 1, batch.position + 1)]
        position = batch.position
        seqs = {task.seq for unit in units for task in unit.tasks}
        assert len(units) == batch.units
        assert batch.fresh.keys() | batch.changed.keys() == seqs
        assert [fact for _, _, fact in batch.facts] == [f for unit in units for f in unit.facts]
        assert rows_of(units[:-1]) < ROW_CAP
    assert position == desk.batcher.position


def rows_of(units: Sequence[Unit]) -> int:
    """How many rows these units need together."""
    return len({task.seq for unit in units for task in unit.tasks}) + sum(
        len(unit.facts) for unit in units
    )


@given(ACTS)
def test_the_last_image_wins(acts: list[tuple[str, int]]) -> None:
    """What is committed is what was decided last, and a new task is a new row exactly once."""
    desk = Desk()
    play(desk, acts)
    drain(desk)
    wanted = {task.seq: task for unit in desk.units.values() for task in unit.tasks}
    found: dict[int, Any] = {}

    for batch in desk.committed:
        assert not batch.fresh.keys() & found.keys()
        assert batch.changed.keys() <= found.keys()
        assert not batch.fresh.keys() & batch.changed.keys()
        found |= batch.fresh | batch.changed
    assert found == wanted


@given(ACTS)
def test_events_are_numbered_without_gaps(acts: list[tuple[str, int]]) -> None:
    """The stream goes on where it ended, in the order of the decisions."""
    desk = Desk()
    play(desk, acts)
    drain(desk)
    numbers = [seq for batch in desk.committed for _, seq, _ in batch.facts]

    assert numbers == list(range(41, 41 + len(numbers)))


@given(ACTS, ACTS)
def test_a_failure_releases_nothing_ever_after(
    before: list[tuple[str, int]], after: list[tuple[str, int]]
) -> None:
    """When a commit fails, its promises and all later ones are not kept."""
    desk = Desk()
    play(desk, before)
    desk.add(fresh(10_000))
    desk.take()
    desk.fail()
    kept = len(desk.released)
    for act, number in after:
        if act == "fresh":
            desk.add(fresh(*range(20_000 + number, 20_000 + 2 * number)))
        elif act in ("promise", "take", "commit"):
            getattr(desk, act)()

    assert len(desk.released) == kept
    assert desk.flying is None


def test_a_promise_during_a_commit_is_kept_by_it() -> None:
    """What was decided before is in the commit under way, so nothing later is waited for."""
    desk = Desk()
    desk.add(fresh(1))
    desk.take()
    desk.promise()
    assert desk.released == []
    desk.commit()

    assert desk.released == [0]


def test_records_of_all_kinds_are_kept_by_key() -> None:
    """The last image of an agent, credential or join code wins as well."""
    batcher = Batcher({})
    first = InviteRecord("id", "main", b"mac", None, 1, "admin", 2)
    used = InviteRecord("id", "main", b"mac", None, 1, "admin", 2, used_at=1)
    batcher.add(Unit("main", invites=[first]))
    batcher.add(Unit("main", invites=[used]))
    batch = batcher.take(0)

    assert batch is not None
    assert batch.invites == {"id": used}


def test_a_session_that_ends_is_only_deleted() -> None:
    """The last word about it counts, and each is a row."""
    batcher = Batcher({})
    session = begin("5e" * 32, "main", "token", "", "", Instant(1, 1))
    batcher.add(Unit("main", sessions=[session]))
    batcher.add(Unit("main", gone_sessions=[session.id]))
    assert batcher.waiting_rows == 2
    batch = batcher.take(0)

    assert batch is not None
    assert (batch.sessions, batch.gone_sessions) == ({}, {session.id})


def test_a_commit_that_never_began_cannot_end() -> None:
    """To say that it did is a defect of the caller."""
    with pytest.raises(RuntimeError):
        Batcher({}).committed()


def test_a_unit_that_joins_shares_the_batch_of_the_one_before() -> None:
    """The row cap opens no batch between them, and opens one for the next."""
    batcher = Batcher({}, row_cap=1)
    for unit in (fresh(1), fresh(2), Unit("main", jobs=[JOB], joins=True), fresh(3)):
        batcher.add(unit)
    batches = []
    while (batch := batcher.take(1)) is not None:
        batches.append((sorted(batch.fresh), list(batch.jobs)))
        batcher.committed()
    assert batches == [([1], []), ([2], [("main", "job-1")]), ([3], [])]


def test_an_edited_task_stays_edited() -> None:
    """Also when it changes again in the batch; a task that was not edited is not."""
    batcher = Batcher({})
    batcher.add(Unit("main", changed(1, 2).tasks, edited=True))
    batcher.add(changed(1, 3))
    batcher.add(changed(2, 2))
    batch = batcher.take(1)
    assert batch is not None
    assert batch.edited == {1}
    assert batch.changed[1].submitted_by == "v3"
    assert batch.rows == 4
