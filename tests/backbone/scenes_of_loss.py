"""Rows of the scenario table about cuts and dead processes (d, e)."""

from typing import Any, Final

from tests.backbone.fleet import begins
from tests.backbone.scene import Row, Scene
from tests.backbone.script import HANG, NEVER_CONFIRM, SUCCEED, WAKE_FAILS, Deed

STALE: Final = frozenset({"stale_generation"})
SLOW_RETURN: Final = {"reconnect_after": 2.0}
SLOWER_RETURN: Final = {"reconnect_after": 5.0}
SLOW_WAKE: Final = {"wake_gaps": (0.0, 8.0, 8.0, 8.0)}


async def cut_at_work(on: Scene) -> None:
    """The attempt goes on under its number."""
    task = await on.begun()
    generation = (await on.task(task))["generation"]
    await on.cut()
    if on.is_newer:
        assert (await on.hears("state_report_ack"))["action"] == "continue"
    on.client.finish(task)
    found = await on.ends(task, "completed", 1)
    assert found["generation"] == generation
    assert len(on.said("state_report")) == on.is_newer


async def cancelled_while_away(on: Scene) -> str:
    """Its task is cancelled while the connection is cut."""
    task = await on.begun(needs=[on.only])
    on.client.process.link.cut()
    await on.cancel(task)
    assert on.sessions == 1, "it was back before the cancel was over"
    await on.identified(2)
    return task


async def aborted(on: Scene) -> None:
    """The newer one is told to drop it. The older one works on, and its result is stale."""
    task = await cancelled_while_away(on)
    if on.is_newer:
        assert (await on.hears("state_report_ack"))["action"] == "abort"
        await on.idle()
        on.client.finish(task)
        await on.noted(f"ignored file: {task}.json")
    else:
        on.client.finish(task)
        assert (await on.hears("error"))["error"] == "stale_generation"
    assert (await on.task(task))["state"] == "cancelled"


async def not_given_again(on: Scene) -> None:
    """Its old files would hide the new run: another agent gets it."""
    task = await cancelled_while_away(on)
    await on.idle()
    await on.goes_elsewhere(task)


async def always_answered(on: Scene) -> None:
    """Each report has its own answer, on its own connection."""
    task = await on.begun()
    for times in (1, 2):
        await on.cut()
        assert (await on.hears("state_report_ack", times))["action"] == "continue"
    on.client.finish(task)
    await on.ends(task, "completed", 1)
    assert len(on.said("state_report")) == len(on.told("state_report_ack")) == 2


async def renumbered(on: Scene) -> None:
    """Its task got another number while it was away: it learns that, and its result counts."""
    task = await on.begun()
    on.client.process.link.cut()
    number = await on.usurped(task) if on.is_newer else await pushed_to_twin(on, task)
    assert on.sessions == 1, "it was back too early"
    await on.identified(2)
    told = await on.hears("task_continue")
    assert (told["task_id"], told["generation"]) == (task, number)
    on.client.finish(task)
    found = await on.ends(task, "completed", 2, reclaims=1)
    assert found["generation"] == number


async def pushed_to_twin(on: Scene, task: str) -> int:
    """Another process of its name is free, gets the task anew, and leaves without a word."""
    second = await on.submit("second")
    twin = await on.twin()
    fence = await begins(twin, second)
    await twin.completes(fence, "done")
    number = (await twin.given(task))["generation"]
    twin.vanish()
    return int(number)


async def never_reassigned_at_work(on: Scene) -> None:
    """What is taken from it is cancelled; the older one works on, and harms nobody."""
    task = await on.begun()
    await on.cancel(task)
    assert (await on.hears("task_cancelled"))["task_id"] == task
    assert (on.client.working_on is None) == on.is_newer
    second = None if on.is_newer else await refused_as_busy(on)
    on.client.finish(task)
    if second is not None:
        assert (await on.hears("error"))["error"] == "stale_generation"
        found = await on.ends(second, "completed", 1)
        assert "rejections" not in found
    assert not on.told("task_reassign")
    assert (await on.task(task))["state"] == "cancelled"


async def refused_as_busy(on: Scene) -> str:
    """A task that the client rejects as it still works: it is asked once a ping, no more."""
    task = await on.submit("second")
    await on.says("task_rejected", 2)
    pushed, pinged = on.pushed(task), len(on.said("ping"))
    assert pushed <= pinged + 1
    return task


async def ends_while_hub_is_away(on: Scene) -> None:
    """Nothing is left of its result; the hub notices and has the task done again."""
    first = await on.begun()
    await on.hub_killed()
    await on.loses_result(first)
    await done_again(on, first)


async def done_again(on: Scene, first: str) -> None:
    """The hub comes back; what was lost is done in a second attempt."""
    on.client.deeds["first"] = SUCCEED
    await on.hub_back()
    if not on.is_newer:
        # It says nothing of what it has; that it takes another task shows it.
        await on.ends(await on.submit("second"), "completed", 1)
    await on.ends(first, "completed", 2, reclaims=1)
    assert not on.said("state_report")


async def ends_for_good_while_hub_is_away(on: Scene) -> None:
    """It may have done its work: what may not run twice ends with the reason."""
    first = await on.begun(max_attempts=1)
    await on.hub_killed()
    await on.loses_result(first)
    await on.hub_back()
    if not on.is_newer:
        await on.ends(await on.submit("second"), "completed", 1)
    found = await on.ends(first, "dead_letter", 1, reclaims=1)
    assert found["failure_class"] == "lost"
    assert "result was lost with the connection" in found["error"]


async def wake_fails_while_hub_is_away(on: Scene) -> None:
    """The failure is lost just so."""
    on.client.deeds["first"] = WAKE_FAILS
    first = await on.submit("first")
    await on.status("waking", first)
    await on.hub_killed()
    await on.noted("lost: task_failed")
    await on.idle()
    await done_again(on, first)


async def cut_while_waking(on: Scene) -> None:
    """It goes on waking, and does the task."""
    task = await on.submit()
    await on.status("waking", task)
    await on.cut()
    await on.ends(task, "completed", 1)
    assert {frame["status"] for frame in on.said("state_report")} <= {"waking"}


async def cut_while_unconfirmed(on: Scene) -> None:
    """It goes on waiting for its agent, and does the task."""
    task = await on.submit()
    await on.status("waking_confirmation", task)
    await on.cut()
    on.client.confirm(task)
    await on.status("working", task)
    on.client.finish(task)
    await on.ends(task, "completed", 1)
    assert {frame["status"] for frame in on.said("state_report")} <= {"waking_confirmation"}


async def killed_at_work(on: Scene) -> None:
    """It asks, and goes on under the same number."""
    task = await on.begun()
    generation = (await on.task(task))["generation"]
    await on.killed()
    await on.back()
    assert (await on.says("task_recovering"))["last_status"] == "working"
    assert (await on.hears("task_continue"))["generation"] == generation
    await on.status("working", task)
    on.client.finish(task)
    found = await on.ends(task, "completed", 1)
    assert found["generation"] == generation


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
    await on.until(lambda: on.client.recovering is None)
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
    await on.hub_restarted()
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


def row(letter: str, of: str, play: Any, variant: str = "", **more: Any) -> Row:
    """A row of this page."""
    return Row(letter, of, play, variant, **more)


ROWS: Final = [
    row("d", "cut at work", cut_at_work),
    row("d", "abort", aborted, hub="hasty", pace=SLOW_RETURN, errors=STALE),
    row(
        "d",
        "same id after an abort",
        not_given_again,
        newer_only=True,
        hub="hasty",
        pace=SLOW_RETURN,
    ),
    row("d", "state report unanswered", always_answered, newer_only=True),
    row("d", "continue under another number", renumbered, pace=SLOWER_RETURN),
    row("d", "reassign at work", never_reassigned_at_work, hub="hasty", errors=STALE),
    row("d", "result while the hub is away", ends_while_hub_is_away, hub="own"),
    row(
        "d",
        "result while the hub is away",
        ends_for_good_while_hub_is_away,
        "one attempt",
        hub="own",
    ),
    row(
        "d",
        "wake fails while the hub is away",
        wake_fails_while_hub_is_away,
        hub="own",
        pace={"wake_gaps": (0.0, 0.4, 0.4, 0.4)},
    ),
    row("d", "cut before it began", cut_while_waking, "waking", deed=Deed(wake_takes=0.8)),
    row("d", "cut before it began", cut_while_unconfirmed, "unconfirmed", deed=NEVER_CONFIRM),
    row("e", "killed at work", killed_at_work),
    row("e", "continue under another number", continued_under_another_number),
    row("e", "continue without a number", continued_with_a_number),
    row("e", "reassign", reassigned, hub="hasty"),
    row(
        "e",
        "reassign",
        reassigned_over_old_files,
        "over old files",
        pace={"confirm_within": 1.5},
    ),
    row("e", "no answer", each_question_is_answered),
    row("e", "late continue", answered_before_the_next),
    row("e", "late continue", answered_before_the_next_from_disk, "from disk", hub="own hasty"),
    row("e", "result while dead", ended_while_dead, hub="hasty"),
    row("e", "killed while waking", killed_while_waking, deed=Deed(wake_fails=1), pace=SLOW_WAKE),
    row("e", "killed while waking", killed_while_unconfirmed, "unconfirmed", deed=NEVER_CONFIRM),
]
