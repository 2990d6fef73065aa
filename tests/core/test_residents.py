"""What stays in memory, and what may leave it."""

import pytest
from msgspec import Raw, structs
from msgspec.json import decode as convert_json
from msgspec.json import encode as encode_json

from hub.core import residents
from hub.core.residents import Residents, weight
from hub.core.task import Task
from schemas.scalars import TaskState
from schemas.work import Command, PythonCall, TaskSpec
from tests.core.making import in_state, queued, running


def scheduled() -> Task:
    """A task whose time has not come."""
    return in_state(TaskState.SCHEDULED)


def test_what_is_run_weighs_something() -> None:
    """The arguments of a command, and those of a function."""
    bare = weight(queued())
    call = PythonCall("shop:total", Raw(b'{"of":"' + b"x" * 1_000 + b'"}'))

    assert weight(queued(run=Command(["x" * 1_000]))) > bare + 1_000
    assert weight(queued(run=call)) > bare + 1_000
    assert bare < weight(queued(run=PythonCall("shop:total"))) < bare + 200


def test_a_record_is_found_by_id_and_by_seq() -> None:
    """The last record of a task is the one that counts."""
    kept = Residents()
    kept.keep(queued(7))
    kept.keep(running(7))

    assert kept.get("task-7") is kept.at(7)
    assert kept.at(7) == running(7)
    assert (kept.get("task-8"), kept.at(8), len(kept)) == (None, None, 1)


def test_what_only_waits_leaves_when_it_is_durable() -> None:
    """Not before: the store would give an older record back."""
    kept = Residents()
    kept.keep(scheduled())
    kept.let_go(scheduled(), 5)
    kept.trim(4)
    assert len(kept) == 1
    kept.trim(5)

    assert len(kept) == 0
    assert kept.at(1) is None


def test_a_record_that_changed_since_stays() -> None:
    """An older permission to leave says nothing about a newer change."""
    kept = Residents()
    kept.visit(scheduled())
    changed = structs.replace(scheduled(), version=2)
    kept.keep(changed)
    kept.let_go(changed, 9)
    kept.trim(8)
    assert kept.get("task-1") is changed
    kept.trim(9)

    assert len(kept) == 0


@pytest.mark.parametrize("state", [TaskState.CANCELLED, TaskState.COMPLETED])
def test_a_visited_record_that_ended_stays_until_it_is_durable(state: TaskState) -> None:
    """Its end is in memory only, until the commit."""
    kept = Residents()
    kept.visit(scheduled())
    ended = in_state(state)
    kept.keep(ended)
    kept.ended(ended, 9)
    kept.trim(8)

    assert kept.get("task-1") is ended


def test_a_visitor_may_leave_at_once() -> None:
    """A record that was read is as the store has it, also when it is read twice."""
    kept = Residents()
    kept.visit(queued())
    kept.visit(queued())
    kept.trim(0)

    assert len(kept) == 0


def test_what_an_agent_has_stays() -> None:
    """A permission to leave is void once an agent has the task."""
    kept = Residents()
    kept.visit(queued())
    kept.keep(running())
    kept.trim(10)

    assert kept.get("task-1") == running()


def test_fresh_tasks_stay_until_they_are_dispatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """They need not be read again; but only up to a number of bytes."""
    monkeypatch.setattr(residents, "FRESH_BYTES", weight(queued()) + 1)
    kept = Residents()
    assert [kept.stays_hot(queued(seq)) for seq in (1, 2, 3)] == [True, True, False]
    kept.dispatched(queued(1))

    assert kept.stays_hot(queued(3))


def test_a_pinned_record_stays() -> None:
    """What was read for dispatch is there when its turn comes."""
    kept = Residents()
    kept.visit(queued())
    kept.pin(1)
    kept.pin(1)
    kept.pin(99)
    kept.trim(10)
    assert kept.at(1) == queued()
    kept.dispatched(queued())
    kept.visit(queued())
    kept.trim(10)

    assert len(kept) == 0


def test_ended_tasks_stay_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go first, when there are too many bytes of them, and only durable ones."""
    done = [structs.replace(in_state(TaskState.COMPLETED), id=f"t{n}", seq=n) for n in (1, 2, 3)]
    monkeypatch.setattr(residents, "ENDED_BYTES", 2 * weight(done[0]))
    kept = Residents()
    for task in done:
        kept.keep(task)
        kept.ended(task, task.seq)
    kept.trim(0)
    assert len(kept) == 3
    kept.trim(3)

    assert list(kept.by_id) == ["t2", "t3"]


def test_an_end_that_is_not_durable_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the task ended before, lived again, and its first end is durable long since."""
    monkeypatch.setattr(residents, "ENDED_BYTES", 0)
    kept, done = Residents(), in_state(TaskState.COMPLETED)
    kept.keep(done)
    kept.ended(done, 1)
    kept.ended(done, 5)
    kept.trim_ended(4)
    assert kept.get(done.id) is done
    kept.trim_ended(5)

    assert len(kept) == 0


def test_a_look_outlasts_the_turn() -> None:
    """Who looked at a waiting task acts on it a moment later."""
    kept = Residents()
    kept.visit(queued())
    kept.trim_ended(10)

    assert len(kept) == 1


def test_texts_weigh() -> None:
    """Description, payload and result count with their bytes."""
    plain = queued()
    heavy = structs.replace(queued(payload=Raw(b'"' + b"x" * 998 + b'"')), result=b"x" * 1000)

    assert weight(heavy) - weight(plain) == 2_000


@pytest.mark.parametrize(
    "spec",
    [
        {"run": {"kind": "command", "argv": ["x" * 100_000]}},
        {"run": {"kind": "command", "argv": ["x"], "env": {"A": "x" * 100_000}}},
        {"payload": "x" * 100_000},
        {"metadata": {"a": "x" * 100_000}},
    ],
)
def test_everything_a_task_holds_has_its_weight(spec: dict[str, object]) -> None:
    """Nothing that may be large is kept for free."""
    whole = convert_json(encode_json({"description": "heavy", **spec}), type=TaskSpec)

    assert weight(structs.replace(queued(1), spec=whole)) > 100_000
