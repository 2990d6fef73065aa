"""Pauses of dispatch, with the services worked by hand."""

import time

import pytest
from msgspec import Raw, json

from hub.core.errors import Refused
from hub.core.explain import explain
from hub.store.memory import MemoryStore
from schemas.events import EventType
from schemas.from_agent import Identify, TaskAccepted, TaskComplete
from schemas.scalars import ErrorCode, TaskState
from schemas.work import TaskSpec
from tests.core.hand_hub import OPERATOR, HandHub, Line

PROD = ("env", "prod")


class Shop:
    """A hub worked by hand, with one agent that does at once what it is given."""

    def __init__(self, hub: HandHub | None = None) -> None:
        self.hub = hub or HandHub(MemoryStore(), 1_000_000, 1)
        self.done: list[str] = []
        self.line = Line(self.hub.clock.hub(), self.hear)
        self.hub.greet(self.line, Identify("birch", protocol_version=2, slots=16))
        self.hub.journal.commit()

    def hear(self, frame: bytes) -> None:
        """Do what is given."""
        message = json.decode(frame)
        if message["type"] == "task_assign":
            self.done.append(message["task_id"])
            fence = (message["task_id"], message["generation"])
            for report in (TaskAccepted(*fence), TaskComplete(*fence, Raw(b"1"))):
                self.hub.tasks.hear(self.line, self.hub.org, "birch", report)

    def submit(self, number: int = 1, label: tuple[str, str] | None = None) -> list[str]:
        """Durable tasks."""
        spec = TaskSpec(description="work", labels=dict([label]) if label else None)
        found = self.hub.tasks.submit(self.hub.org, OPERATOR, [spec] * number)
        self.hub.journal.commit()
        return [task.id for task in found]

    def turn(self) -> None:
        """Everything that can happen without time passing."""
        for _ in range(5):
            self.hub.end_turn()
            while self.hub.loader.arrive():
                self.hub.end_turn()
            self.hub.journal.commit()

    def why(self, task_id: str) -> list[tuple[str, str]]:
        """Why a task does not run."""
        task = self.hub.durable_tasks()[task_id]
        reasons = explain(self.hub.org, task, self.hub.clock.now()).reasons
        return [(reason.code, reason.message) for reason in reasons]

    def told(self) -> list[EventType]:
        """The events about dispatch, in order."""
        rows = self.hub.store.reader().events("main", 0, 1_000).rows
        kinds = [EventType(row.type) for row in rows]
        return [kind for kind in kinds if 60 <= kind < 70]


def test_nothing_is_given_out_while_all_is_paused() -> None:
    """New tasks are taken and wait with a reason; at the end they run."""
    shop = Shop()
    shop.hub.pauses.pause(shop.hub.org, None, "me", "freeze")
    (task,) = shop.submit()
    shop.turn()
    assert shop.done == []
    assert shop.why(task) == [("dispatch_paused", "dispatch is paused: freeze")]
    shop.hub.pauses.resume(shop.hub.org, None, None, "me")
    shop.turn()

    assert shop.done == [task]
    assert shop.told() == [EventType.DISPATCH_PAUSED, EventType.DISPATCH_RESUMED]


def test_a_label_holds_back_its_own_tasks_only() -> None:
    """Those behind it in the same lane run; it waits with a reason, parked."""
    shop = Shop()
    shop.hub.pauses.pause(shop.hub.org, PROD, "me", "release")
    (kept,), (other,) = shop.submit(1, PROD), shop.submit()
    shop.turn()
    assert shop.done == [other]
    assert shop.why(kept) == [("dispatch_paused", "dispatch of env=prod is paused: release")]
    assert shop.hub.org.counts[TaskState.QUEUED] == shop.hub.org.matcher.waiting == 1
    shop.hub.pauses.resume(shop.hub.org, None, PROD, "me")
    shop.turn()

    assert shop.done == [other, kept]
    assert not shop.hub.org.matcher.parked


def test_a_pause_ends_by_itself() -> None:
    """At its end, not before; its end is an event of the hub."""
    shop = Shop()
    shop.hub.pauses.pause(shop.hub.org, PROD, "me", for_ms=1_000)
    (task,) = shop.submit(1, PROD)
    shop.hub.wait(900)
    shop.turn()
    assert shop.done == []
    shop.hub.wait(100)
    shop.turn()

    assert shop.done == [task]
    assert shop.hub.org.dispatch.pauses == {}


def test_a_pause_outlives_the_hub() -> None:
    """What was parked is parked again when somebody comes to it."""
    shop = Shop()
    pause = shop.hub.pauses.pause(shop.hub.org, PROD, "me", "release")
    (kept,) = shop.submit(1, PROD)
    shop.turn()
    again = Shop(shop.hub.restart())
    (other,) = again.submit()
    again.turn()
    assert again.done == [other]
    assert again.hub.org.dispatch.pauses == {pause.id: pause}
    assert again.why(kept)[0][0] == "dispatch_paused"
    again.hub.pauses.resume(again.hub.org, pause.id, None, "me")
    again.turn()

    assert again.done == [other, kept]


@pytest.mark.parametrize("way", ["cancel", "expire"])
def test_a_parked_task_can_end(way: str) -> None:
    """It is counted where it ends, and nothing of it stays parked."""
    shop = Shop()
    shop.hub.pauses.pause(shop.hub.org, PROD, "me")
    late = shop.hub.clock.now().wall + 5_000
    spec = TaskSpec(description="x", labels=dict([PROD]), complete_by=late)
    (task,) = shop.hub.tasks.submit(shop.hub.org, OPERATOR, [spec])
    shop.hub.journal.commit()
    shop.turn()
    if way == "cancel":
        shop.hub.tasks.cancel(shop.hub.org, "me", task)
    else:
        shop.hub.wait(1_900)
        shop.hub.wait(1_900)
        shop.hub.wait(1_900)
        shop.hub.loader.arrive()
    shop.turn()

    ended = TaskState.CANCELLED if way == "cancel" else TaskState.DEAD_LETTER
    assert shop.hub.org.counts[ended] == 1
    assert not shop.hub.org.matcher.parked
    assert shop.hub.org.matcher.waiting == 0


def test_saying_the_same_again_is_no_event() -> None:
    """Another note is; ending what is not paused is none."""
    shop = Shop()
    pauses, org = shop.hub.pauses, shop.hub.org
    first = pauses.pause(org, PROD, "me", "a")
    assert pauses.pause(org, PROD, "me", "a") == first
    second = pauses.pause(org, PROD, "me", "b")
    pauses.resume(org, None, ("env", "test"), "me")
    shop.turn()

    assert (second.id, second.note) == (first.id, "b")
    assert shop.told() == [EventType.DISPATCH_PAUSED, EventType.DISPATCH_PAUSED]
    with pytest.raises(Refused) as caught:
        pauses.resume(org, "pause-nobody", None, "me")
    assert caught.value.code is ErrorCode.NOT_FOUND


def test_there_is_an_end_to_pauses() -> None:
    """A hundred labels at once, and no more."""
    shop = Shop()
    for number in range(100):
        shop.hub.pauses.pause(shop.hub.org, ("k", str(number)), "me")

    with pytest.raises(Refused) as caught:
        shop.hub.pauses.pause(shop.hub.org, PROD, "me")
    assert caught.value.code is ErrorCode.INVALID_STATE


def test_many_paused_tasks_do_not_block_the_others() -> None:
    """100,000 of them stand before ten: the ten run soon, and memory does not fill."""
    shop = Shop()
    org = shop.hub.org
    shop.hub.pauses.pause(org, PROD, "me")
    for _ in range(100):
        shop.submit(1_000, PROD)
    others = shop.submit(10)
    again = Shop(shop.hub.restart())
    began, most = time.perf_counter(), 0
    while len(again.done) < 10:
        assert time.perf_counter() - began < 60, len(again.done)
        again.hub.end_turn()
        again.hub.loader.arrive()
        most = max(most, len(again.hub.org.tasks))
        again.hub.journal.commit()
    print(f"{time.perf_counter() - began:.2f} s, {most} records at most")

    assert again.done == others
    assert most < 2_000
    assert again.hub.org.matcher.waiting == 100_000
    again.hub.pauses.resume(again.hub.org, None, PROD, "me")
    again.turn()
    assert len(again.done) > 10
