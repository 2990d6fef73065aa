"""Rows of the scenario table about processes that end and come back (e)."""

import asyncio
from typing import Final

from tests.backbone.rows import Row
from tests.backbone.scene import Scene
from tests.backbone.scenes_of_cuts import refused_as_busy
from tests.backbone.script import HANG, NEVER_CONFIRM, Deed
from tests.transport.wire import until

SLOW_WAKE: Final = {"wake_gaps": (0.0, 8.0, 8.0, 8.0)}


async def killed_at_work(on: Scene) -> None:
    """It asks, and goes on under the same number."""
    task = await on.begun(max_attempts=1)
    generation = (await on.task(task))["generation"]
    await on.killed()
    await on.back()
    assert (await on.says("task_recovering"))["last_status"] == "working"
    assert (await on.hears("task_continue"))["generation"] == generation
    await on.status("working", task)
    on.client.finish(task)
    found = await on.ends(task, "completed", 1)
    assert found["generation"] == generation


async def terminated_at_work(on: Scene) -> None:
    """A polite end is one like any other."""
    task = await on.begun()
    assert await on.client.terminate() == 0
    await on.back()
    await on.hears("task_continue")
    await on.status("working", task)
    on.client.finish(task)
    await on.ends(task, "completed", 1)


async def terminated_while_unconfirmed(on: Scene) -> None:
    """It crashes then, and has its task anew."""
    task = await on.submit("first")
    await on.status("waking_confirmation", task)
    assert await on.client.terminate() == 1
    on.client.deeds["first"] = Deed(cleans=True)
    await on.back()
    await on.ends(task, "completed", 2, reclaims=1)


async def continued_under_another_number(on: Scene) -> None:
    """The number that it is told is the one that counts now."""
    task = await on.begun()
    await on.killed()
    number = await on.usurped(task)
    await on.back()
    assert (await on.hears("task_continue"))["generation"] == number
    await on.status("working", task)
    on.client.finish(task)
    found = await on.ends(task, "completed", 2, reclaims=1)
    assert found["generation"] == number == on.said("task_complete")[-1]["generation"]


async def continued_with_a_number(on: Scene) -> None:
    """A cut afterwards shows that the client knows it."""
    task = await on.begun()
    generation = (await on.task(task))["generation"]
    await on.killed()
    await on.back()
    await on.status("working", task)
    await on.cut()
    if on.is_newer:
        assert (await on.says("state_report"))["generation"] == generation
    on.client.finish(task)
    await on.ends(task, "completed", 1)
    assert (await on.says("task_complete"))["generation"] == generation


async def reassigned(on: Scene) -> None:
    """It lets go of a task that was cancelled meanwhile, and does not get it again."""
    task = await on.begun(needs=[on.only])
    await on.killed()
    await on.cancel(task)
    await on.back()
    await on.hears("task_reassign")
    await until(lambda: on.client.recovering is None)
    await on.retry(task)
    await on.goes_elsewhere(task)
    assert on.client.results.names() == {f"{task}.started"}


async def reassigned_over_old_files(on: Scene) -> None:
    """A file of the first run hides the second; the failure of that cleans up for the third."""
    on.client.deeds["first"] = Deed(starts=None, ends=None)
    task = await on.submit("first", retry={"base_ms": 0})
    await on.status("waking_confirmation", task)
    await on.killed()
    on.client.confirm(task)
    on.client.deeds["first"] = HANG
    await on.back()
    await on.hears("task_reassign")
    assert (await on.says("task_failed"))["reason"] == "confirmation_timeout"
    await on.status("working", task)
    on.client.finish(task)
    await on.ends(task, "completed", 3, reclaims=1)
    assert on.pushed(task) == 3


async def each_question_is_answered(on: Scene) -> None:
    """As often as it is killed, so often it is told to go on."""
    task = await on.begun()
    for times in (1, 2):
        await on.killed()
        await on.back()
        await on.hears("task_continue", times)
        await on.status("working", task)
    on.client.finish(task)
    await on.ends(task, "completed", 1)
    assert len(on.said("task_recovering")) == len(on.told("task_continue")) == 2


async def answered_before_the_next(on: Scene) -> None:
    """What waits for the client comes after the answer, and after the end of what it has."""
    first = await on.begun()
    await on.killed()
    second = await on.submit("second")
    await on.back()
    await on.status("working", first)
    await on.hears("pong", len(on.told("pong")) + 5)
    assert on.pushed(second) == 0
    on.client.finish(first)
    await on.ends(first, "completed", 1)
    await on.ends(second, "completed", 1)
    assert on.place("task_continue", first) < on.place("task_assign", second)


async def answered_before_the_next_from_disk(on: Scene) -> None:
    """The same of a task that ended, which the hub has to look up first."""
    first = await on.begun()
    await on.killed()
    await on.cancel(first)
    await asyncio.to_thread(on.hub.restart)
    second = await on.submit("second")
    await on.back()
    found = await on.ends(second, "completed", 1)
    assert found["result"]["output"] == "done"
    assert on.place("task_reassign", first) < on.place("task_assign", second)


async def ended_while_dead(on: Scene) -> None:
    """It never notices the file; the attempt's time frees the newer one, the older one hangs."""
    task = await on.begun(timeout_ms=1_500, max_attempts=1)
    await on.killed()
    on.client.finish(task)
    await on.back()
    await on.hears("task_continue")
    found = await on.ends(task, "dead_letter", 1)
    assert found["failure_class"] == "timeout"
    if on.is_newer:
        await on.idle()
        return
    assert on.client.working_on == task
    second = await refused_as_busy(on)
    await on.killed()
    await on.back()
    await on.hears("task_reassign")
    await on.ends(second, "completed", 1)


async def ended_while_dead_and_done_by_another(on: Scene) -> None:
    """Its old files would hide another attempt: somebody else makes that."""
    task = await on.begun(timeout_ms=1_500, max_attempts=2, retry={"base_ms": 0}, needs=[on.only])
    await on.killed()
    on.client.finish(task)
    await on.back()
    await on.reaches(task, "queued", failure_class="timeout")
    if not on.is_newer:
        await on.killed()
        await on.back()
        await on.hears("task_reassign")
    await on.goes_elsewhere(task)
    await on.ends(task, "completed", 2)


async def woken_anew(on: Scene, status: str) -> None:
    """What had not begun is taken back and given out again, under a number of its own."""
    task = await on.submit("first")
    await on.status(status, task)
    await on.killed()
    on.client.deeds["first"] = Deed(cleans=True)
    await on.back()
    assert (await on.says("task_recovering"))["last_status"] == status
    await on.ends(task, "completed", 2, reclaims=1)
    assert on.place("task_reassign", task) > on.place("task_assign", task)
    assert not on.told("task_continue")
    assert on.pushed(task) == 2


async def killed_while_waking(on: Scene) -> None:
    """Its wake tries are over with the process."""
    await woken_anew(on, "waking")


async def killed_while_unconfirmed(on: Scene) -> None:
    """Nobody would wait for its agent."""
    await woken_anew(on, "waking_confirmation")


ROWS: Final = [
    Row("e", "killed at work", killed_at_work),
    Row("e", "killed at work", terminated_at_work, "SIGTERM"),
    Row("e", "continue under another number", continued_under_another_number),
    Row("e", "continue without a number", continued_with_a_number),
    Row("e", "reassign", reassigned, hub="hasty"),
    Row(
        "e",
        "reassign",
        reassigned_over_old_files,
        "over old files",
        pace={"confirm_within": 1.5},
    ),
    Row("e", "no answer", each_question_is_answered),
    Row("e", "late continue", answered_before_the_next),
    Row("e", "late continue", answered_before_the_next_from_disk, "from disk", hub="own hasty"),
    Row("e", "result while dead", ended_while_dead, hub="hasty"),
    Row(
        "e",
        "result while dead",
        ended_while_dead_and_done_by_another,
        "done by another",
        hub="hasty",
    ),
    Row("e", "killed while waking", killed_while_waking, deed=Deed(wake_fails=1), pace=SLOW_WAKE),
    Row("e", "killed while waking", terminated_while_unconfirmed, "SIGTERM", deed=NEVER_CONFIRM),
    Row("e", "killed while waking", killed_while_unconfirmed, "unconfirmed", deed=NEVER_CONFIRM),
]
