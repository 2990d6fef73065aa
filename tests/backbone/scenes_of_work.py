"""Rows of the scenario table about a task and its end (a, b, c)."""

from typing import Final

from schemas.scalars import OLD_FRAME_BYTES
from tests.backbone.rows import Play, Row
from tests.backbone.scene import Scene
from tests.backbone.script import (
    NEVER_CONFIRM,
    SUCCEED,
    WAKE_FAILS,
    Deed,
    Setup,
    big,
    fail,
)

UNCONFIRMED: Final = {"confirm_within": 0.12}
STALE: Final = frozenset({"stale_generation"})


async def done(on: Scene) -> None:
    """It is done once, and what the client said of it is kept."""
    task = await on.submit()
    found = await on.ends(task, "completed", 1)
    assert found["result"]["output"] == "done"
    assert found["generation"] == on.said("task_complete")[0]["generation"]
    assert ("verification_report" in found["result"]) == on.is_newer
    assert found["assigned_to"] == on.client.agent_id


async def right_behind(on: Scene) -> None:
    """Results are acknowledged; the next task follows the answer and is taken."""
    first, second = await on.submit("first"), await on.submit("second")
    await on.ends(first, "completed", 1)
    await on.ends(second, "completed", 1)
    await on.hears("task_ack", 4)
    assert on.place("task_ack", first) < on.place("task_assign", second)
    said = [frame["status"] for frame in on.told("task_ack")]
    assert said == ["accepted", "complete"] * 2
    assert not on.said("task_rejected")


async def large(on: Scene) -> None:
    """It is kept in part, and says so; the connection stands."""
    found = await on.ends(await on.submit(), "completed", 1)
    assert found["result"]["truncated"]
    assert found["result"]["bytes"] > 3_000_000
    assert on.sessions == 1


async def too_large(on: Scene) -> None:
    """The connection ends with the result, which is noticed; the task runs again."""
    on.client.deeds["first"] = big(OLD_FRAME_BYTES)
    first = await on.submit("first")
    await on.identified(2)
    assert "closed 1009" in on.client.notes
    assert on.client.working_on is None
    assert not on.client.results.names()
    on.client.deeds["first"] = SUCCEED
    if not on.is_newer:
        # It says nothing of what it has; that it takes another task shows it.
        await on.ends(await on.submit("second"), "completed", 1)
    await on.ends(first, "completed", 2, reclaims=1)


async def second_waits(on: Scene) -> None:
    """Nothing is given to it while it works, so nothing is rejected."""
    first = await on.begun()
    second = await on.submit("second")
    await on.hears("pong", len(on.told("pong")) + 2)
    assert (await on.task(second))["state"] == "queued"
    assert on.pushed(second) == 0
    on.client.finish(first)
    await on.ends(first, "completed", 1)
    await on.ends(second, "completed", 1)
    assert not on.said("task_rejected")


async def not_the_same_again(on: Scene) -> None:
    """A task that was taken from it and begun again goes to another; its own result is stale."""
    task = await on.begun(needs=[on.only])
    await on.cancel(task)
    assert (on.client.working_on is None) == on.is_newer
    await on.retry(task)
    await on.goes_elsewhere(task)
    on.client.finish(task)
    if on.is_newer:
        await on.noted(f"ignored file: {task}.json")
    else:
        assert (await on.hears("error"))["error"] == "stale_generation"
    assert (await on.task(task))["result"] == {"by": "another"}
    assert on.pushed(task) == 1


def fails(error: str, exact: bool = True) -> Play:
    """The task ends with this reason, and leaves nothing behind."""

    async def play(on: Scene) -> None:
        found = await on.ends(await on.submit(max_attempts=1), "dead_letter", 1)
        assert found["error"] == error if exact else found["error"].startswith(error)
        assert found["failure_class"] == "agent"
        await on.idle()
        assert not on.client.results.names()

    return play


async def fails_and_is_tried_again(on: Scene) -> None:
    """The same client does it in the next attempt."""
    on.client.deeds["first"] = fail("boom")
    task = await on.submit("first", retry={"base_ms": 300})
    await on.says("task_failed")
    on.client.deeds["first"] = SUCCEED
    found = await on.ends(task, "completed", 2)
    assert "error" not in found


async def completes(on: Scene) -> None:
    """It is done in one attempt."""
    await on.ends(await on.submit(), "completed", 1)


async def completes_before_it_is_woken(on: Scene) -> None:
    """What comes after the end changes nothing."""
    task = await on.submit()
    found = await on.ends(task, "completed", 1)
    if on.is_newer:
        await on.says("wake_result")
        kinds = [frame["type"] for frame in on.client.sent]
        assert kinds.index("task_complete") < kinds.index("wake_result")
    await on.hears("pong", len(on.told("pong")) + 1)
    assert await on.task(task) == found
    assert on.sessions == 1


async def started_too_early(on: Scene) -> None:
    """It counts as failed; what its agent writes later counts for nothing."""
    task = await on.submit(max_attempts=1)
    found = await on.ends(task, "dead_letter", 1)
    assert found["error"] == "confirmation_timeout"
    await on.noted(f"ignored file: {task}.json")
    assert await on.task(task) == found


async def without_a_wake_command(on: Scene) -> None:
    """The older one waits for a file, the newer one gives up."""
    task = await on.submit(max_attempts=1)
    if on.is_newer:
        found = await on.ends(task, "dead_letter", 1)
        assert found["error"] == "no_wake_command_configured"
        assert (await on.says("wake_result"))["attempt"] == 0
        return
    for each in (task, await on.submit("second")):
        await on.status("working", each)
        on.client.finish(each)
        await on.ends(each, "completed", 1)


ROWS: Final = [
    Row("a", "assigned and done", done),
    Row("a", "no acknowledgement", right_behind),
    Row("a", "result of 3 MB", large, deed=big(3_000_000)),
    Row("a", "result over the frame limit", too_large),
    Row("b", "second task while busy", second_waits),
    Row("b", "same id under a higher number", not_the_same_again, hub="hasty", errors=STALE),
    Row("c", "failed", fails("boom"), deed=fail("boom")),
    Row("c", "failed", fails_and_is_tried_again, "then done"),
    Row("c", "only an error", fails("no disk"), deed=Deed(result={"error": "no disk"})),
    Row("c", "empty result", fails("unknown"), deed=Deed(result={})),
    Row("c", "no JSON", fails("result_parse_error: ", exact=False), deed=Deed(text="{no")),
    Row("c", "not started", fails("confirmation_timeout"), deed=NEVER_CONFIRM, pace=UNCONFIRMED),
    Row("c", "result without a start", completes, deed=Deed(starts=None, ends=0.02)),
    Row(
        "c",
        "wake command does the work",
        completes_before_it_is_woken,
        deed=Deed(wake_takes=0.8, starts=-0.7, ends=-0.6),
    ),
    Row(
        "c",
        "started before the wake command ends",
        started_too_early,
        deed=Deed(wake_takes=0.4, starts=-0.3, ends=0.6),
        pace=UNCONFIRMED,
    ),
    Row("c", "wake fails", fails("wake_failed_after_3_attempts"), deed=WAKE_FAILS),
    Row("c", "wake fails once", completes, deed=Deed(wake_fails=1)),
    Row(
        "c",
        "no wake command",
        without_a_wake_command,
        setup=Setup(wake_command=False),
        goes_on=False,
    ),
]
