"""Rows of the scenario table about what only v1.4 does (j, k)."""

from functools import partial
from typing import Any, Final

from tests.backbone.rows import Play, Row
from tests.backbone.scene import Scene
from tests.backbone.script import HANG, NEVER_CONFIRM, SUCCEED, Deed, Setup
from tests.backbone.verify import DEFAULT_TIER
from tests.transport.wire import until

COMMAND: Final = {"shell_command": "echo hello"}
STEPS: Final = [{"type": "file_exists", "target": "README.md"}]
LEAKY: Final[dict[str, Any]] = {
    **COMMAND,
    "routing_decision": {"target_type": "sidecar"},
    "verification_steps": STEPS,
    "skip_verification": True,
}
"""What a submitter may write, and what must not become a field of the assignment."""


def routed(target: str | None, **more: Any) -> Setup:
    """A client whose assignments name a target, as an old hub's do."""
    return Setup(assigned_more={"routing_decision": {"target_type": target}, **more})


def verified(**more: Any) -> Setup:
    """A client whose assignments have steps to verify, as an old hub's do."""
    return Setup(assigned_more={"verification_steps": STEPS, **more})


async def never_direct(on: Scene) -> None:
    """What a submitter writes stays in the metadata: the agent is woken, nothing is run."""
    await on.ends(await on.submit(metadata=LEAKY), "completed", 1)
    assert not on.said("task_progress")
    (frame,) = on.told("task_assign")
    assert frame["metadata"] == LEAKY
    assert (await on.says("task_complete"))["verification_report"]["status"] == "auto_pass"


async def directly(on: Scene) -> None:
    """Its progress is shown, and its completion counts."""
    task = await on.submit(metadata=COMMAND)
    found = await on.ends(task, "completed", 1)
    assert found["result"]["verification_status"] == "verified"
    assert len(on.said("task_progress")) == 2
    assert not on.said("wake_result")


async def fails_directly(on: Scene, **metadata: Any) -> None:
    """A completion that tells of a failure is one."""
    task = await on.submit(metadata=metadata, max_attempts=1)
    found = await on.ends(task, "dead_letter", 1)
    assert (await on.says("task_complete"))["result"]["status"] == "failed"
    assert found["error"] == "the result says failed"
    assert found["result"]["verification_status"] == "execution_failed"
    assert found["failure_class"] == "agent"


async def fails_to_be_routed(on: Scene) -> None:
    """The reason is the client's."""
    found = await on.ends(await on.submit(max_attempts=1), "dead_letter", 1)
    assert found["error"] == "Unknown target type: moon"


async def completes(on: Scene) -> None:
    """It is woken, and done in one attempt."""
    await on.ends(await on.submit(metadata=COMMAND), "completed", 1)
    assert not on.said("task_progress")


async def has_nothing_to_wake(on: Scene) -> None:
    """It fails at once, whatever the target."""
    found = await on.ends(await on.submit(max_attempts=1), "dead_letter", 1)
    assert found["error"] == "no_wake_command_configured"


async def report_is_kept(on: Scene, status: str) -> None:
    """A good verification, or none, is a completion with the report in its result."""
    found = await on.ends(await on.submit(max_attempts=1), "completed", 1)
    assert found["result"]["verification_report"]["status"] == status


async def verification_fails(on: Scene, status: str) -> None:
    """The client calls it complete; the hub does not, and shows the report."""
    found = await on.ends(await on.submit(max_attempts=1), "dead_letter", 1)
    assert found["failure_class"] == "verification"
    assert found["result"]["output"] == "done"
    assert found["result"]["verification_report"]["status"] == status
    assert found["result"]["verification_report"]["checks"]


async def deaf_for_a_while(on: Scene) -> None:
    """Nobody drops it while it verifies: the result comes on the same connection."""
    task = await on.submit()
    second = await on.submit("second")
    await until(lambda: on.client.process.link.is_deaf)
    assert (await on.task(second))["state"] == "queued"
    await on.ends(task, "completed", 1)
    await on.ends(second, "completed", 1)
    assert (on.sessions, on.said("task_rejected")) == (1, [])


async def restarted_at_work(on: Scene) -> None:
    """Its result counts before it goes; its old files harm nothing afterwards."""
    task = await on.begun()
    on.client.process.restart_reason = "by its operator"
    on.client.finish(task)
    assert await on.client.exited() == 0
    found = await on.ends(task, "completed", 1)
    assert on.client.results.names() == {f"{task}.started", f"{task}.json"}
    await on.back()
    assert await on.task(task) == found
    assert not on.said("task_recovering")


async def restarted_idle(on: Scene) -> None:
    """It goes and comes back."""
    on.client.process.restart("by its operator")
    assert await on.client.exited() == 0
    await on.back()


async def restarted_unconfirmed(on: Scene) -> None:
    """Its task is taken back and given out again."""
    task = await on.submit("first")
    await on.status("waking_confirmation", task)
    on.client.process.restart("by its operator")
    assert await on.client.exited() == 0
    on.client.deeds["first"] = SUCCEED
    await on.back()
    await on.ends(task, "completed", 2, reclaims=1)
    assert on.place("task_reassign", task) > on.place("task_assign", task)


async def cut_in_direct_execution(on: Scene) -> None:
    """The result comes on the next connection."""
    task = await on.submit(metadata=COMMAND)
    await on.status("working", task)
    await on.says("task_progress")
    await on.cut()
    assert (await on.hears("state_report_ack"))["action"] == "continue"
    found = await on.ends(task, "completed", 1)
    assert found["result"]["verification_status"] == "verified"


async def cancelled_at_work(on: Scene) -> None:
    """Its slot is free at once, and at the hub after the grace: it says nothing."""
    task = await on.begun()
    await on.cancel(task)
    await on.idle()
    on.client.finish(task)
    await on.noted(f"ignored file: {task}.json")
    found = await on.task(task)
    assert (found["state"], found["cancel_unconfirmed"]) == ("cancelled", True)


async def cancelled_between_wake_tries(on: Scene) -> None:
    """The old tries end the next task in silence; their failure shows that it is lost."""
    on.client.deeds["first"] = Deed(wake_fails=9)
    first = await on.submit("first")
    await on.status("waking", first)
    await on.cancel(first)
    second = await on.begun("second", max_attempts=1)
    late = await on.says("task_failed")
    assert (late["task_id"], late["generation"]) == (first, 0)
    await on.idle()
    on.client.finish(second)
    await on.noted(f"ignored file: {second}.json")
    found = await on.ends(second, "dead_letter", 1, 1)
    assert found["failure_class"] == "lost"
    assert (await on.task(first))["state"] == "cancelled"


async def cancelled_unconfirmed(on: Scene) -> None:
    """The same id would end its process: another agent gets it, and the old timer harms nobody."""
    task = await on.submit(needs=[on.only])
    await on.status("waking_confirmation", task)
    await on.cancel(task)
    await on.idle()
    await on.retry(task)
    await on.goes_elsewhere(task)
    assert on.client.exit_codes == []


async def classified(on: Scene) -> None:
    """The hub's answer is in the result that the client sends."""
    found = await on.ends(await on.submit(), "completed", 1)
    answer = found["result"]["risk_classification"]
    assert answer["tier"] in (1, 2, 3)
    assert answer != DEFAULT_TIER


async def reassigned_before_the_next(on: Scene) -> None:
    """The answer comes before the next task, so the queue can still be written."""
    on.client.deeds["second"] = NEVER_CONFIRM
    first = await on.begun()
    await on.killed()
    await on.cancel(first)
    second = await on.submit("second")
    await on.back()
    await on.status("waking_confirmation", second)
    assert on.place("task_reassign", first) < on.place("task_assign", second)
    assert not [note for note in on.client.notes if "cannot be written" in note]
    on.client.confirm(second)
    await on.status("working", second)
    on.client.finish(second)
    await on.ends(second, "completed", 1)


def row(letter: str, of: str, play: Play, variant: str = "", **more: Any) -> Row:
    """A row of this page."""
    return Row(letter, of, play, variant, newer_only=True, **more)


DIRECT: Final = routed("sidecar")
ROWS: Final = [
    row("j", "direct", never_direct, "never asked for"),
    row(
        "j",
        "direct",
        directly,
        setup=DIRECT,
        deed=Deed(lines=(("stdout", "1"), ("stderr", "2"))),
        goes_on=False,
    ),
    row(
        "j",
        "direct fails",
        partial(fails_directly, shell_command="false"),
        setup=DIRECT,
        deed=Deed(direct_fails=True),
        goes_on=False,
    ),
    row("j", "direct without a command", fails_directly, setup=DIRECT, goes_on=False),
    row(
        "j",
        "direct without a command",
        fails_directly,
        "ollama away",
        setup=routed("ollama"),
        goes_on=False,
    ),
    row("j", "unknown target", fails_to_be_routed, setup=routed("moon"), goes_on=False),
    row("j", "target wake", completes, setup=routed("wake")),
    row("j", "target wake", completes, "null", setup=routed(None)),
    row(
        "j", "no wake command", has_nothing_to_wake, goes_on=False, setup=Setup(wake_command=False)
    ),
    row(
        "j",
        "no wake command",
        has_nothing_to_wake,
        "direct",
        goes_on=False,
        setup=Setup(wake_command=False, assigned_more=DIRECT.assigned_more),
    ),
    row("j", "verification", partial(report_is_kept, status="pass"), setup=verified()),
    row(
        "j",
        "verification",
        partial(report_is_kept, status="skip"),
        "skipped",
        setup=verified(skip_verification=True),
    ),
    row(
        "j",
        "verification",
        partial(verification_fails, status="fail"),
        "fails",
        setup=verified(),
        deed=Deed(verdict="fail"),
    ),
    row(
        "j",
        "verification",
        partial(verification_fails, status="error"),
        "breaks",
        setup=verified(),
        deed=Deed(verdict="error"),
    ),
    row("j", "long verification", deaf_for_a_while, setup=verified(), deed=Deed(verify_takes=1.5)),
    row(
        "j",
        "pings while it verifies",
        deaf_for_a_while,
        "hasty hub",
        hub="hasty",
        setup=verified(),
        deed=Deed(verify_takes=2.5),
    ),
    row(
        "j",
        "cut in direct execution",
        cut_in_direct_execution,
        setup=DIRECT,
        deed=Deed(direct_takes=1.0),
        goes_on=False,
    ),
    row("j", "classified changes", classified, setup=Setup(repo_dir=True)),
    row("k", "restart at work", restarted_at_work, deed=HANG),
    row("k", "restart idle or unconfirmed", restarted_idle),
    row(
        "k", "restart idle or unconfirmed", restarted_unconfirmed, "unconfirmed", deed=NEVER_CONFIRM
    ),
    row("k", "cancel at work", cancelled_at_work, hub="hasty"),
    row(
        "k",
        "cancel between wake tries",
        cancelled_between_wake_tries,
        hub="hasty",
        pace={"wake_gaps": (0.0, 1.0, 1.0, 1.0)},
    ),
    row(
        "k",
        "cancel, then the same id",
        cancelled_unconfirmed,
        hub="hasty",
        deed=NEVER_CONFIRM,
        pace={"confirm_within": 2.5},
    ),
    row("k", "late reassign", reassigned_before_the_next, hub="hasty"),
]
