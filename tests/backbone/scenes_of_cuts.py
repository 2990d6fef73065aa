"""Rows of the scenario table about connections that are cut (d)."""

from typing import Final

from tests.backbone.fleet import begins
from tests.backbone.rows import Row
from tests.backbone.scene import Scene
from tests.backbone.script import NEVER_CONFIRM, SUCCEED, WAKE_FAILS, Deed

STALE: Final = frozenset({"stale_generation"})


async def cut_at_work(on: Scene) -> None:
    """The attempt goes on under its number."""
    task = await on.begun(max_attempts=1)
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
    async with on.away():
        await on.cancel(task)
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
    await on.retry(task)
    await on.goes_elsewhere(task)


async def cut_by_a_dead_hub(on: Scene) -> None:
    """A hub that was killed and came back remembers who is at it."""
    task = await on.begun()
    await on.hub_killed()
    await on.hub_back()
    on.client.finish(task)
    await on.ends(task, "completed", 1)
    assert not on.said("task_rejected")


async def cut_after_a_newer_one(on: Scene) -> None:
    """Its name was a newer one's before: what it does not say means nothing all the same."""
    newer = await on.twin()
    await newer.say("resource_report", agent_id=on.client.agent_id, cpu_percent=None)
    await newer.say("ping")
    await newer.hears("pong")
    on.client.process.link.cut()
    await on.identified(2)
    task = await on.begun(max_attempts=1)
    await on.cut()
    await on.hears("pong", len(on.told("pong")) + 6)
    on.client.finish(task)
    await on.ends(task, "completed", 1)


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
    async with on.away():
        number = await on.usurped(task) if on.is_newer else await pushed_to_twin(on, task)
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
    before = len(on.told("pong"))
    task = await on.submit("second")
    await on.says("task_rejected", 3)
    assert on.pushed(task) <= len(on.told("pong")) - before + 1
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


ROWS: Final = [
    Row("d", "cut at work", cut_at_work),
    Row("d", "cut at work", cut_by_a_dead_hub, "hub killed", hub="own"),
    Row("d", "cut at work", cut_after_a_newer_one, "after a newer one"),
    Row("d", "abort", aborted, hub="hasty", errors=STALE),
    Row(
        "d",
        "same id after an abort",
        not_given_again,
        newer_only=True,
        hub="hasty",
    ),
    Row("d", "state report unanswered", always_answered, newer_only=True),
    Row("d", "continue under another number", renumbered),
    Row("d", "reassign at work", never_reassigned_at_work, hub="hasty", errors=STALE),
    Row("d", "result while the hub is away", ends_while_hub_is_away, hub="own"),
    Row(
        "d",
        "result while the hub is away",
        ends_for_good_while_hub_is_away,
        "one attempt",
        hub="own",
    ),
    Row(
        "d",
        "wake fails while the hub is away",
        wake_fails_while_hub_is_away,
        hub="own",
        pace={"wake_gaps": (0.0, 0.4, 0.4, 0.4)},
    ),
    Row("d", "cut before it began", cut_while_waking, "waking", deed=Deed(wake_takes=3.0)),
    Row("d", "cut before it began", cut_while_unconfirmed, "unconfirmed", deed=NEVER_CONFIRM),
]
