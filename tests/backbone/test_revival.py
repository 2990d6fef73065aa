"""The double behaves as recorded when its process ends and is started again (e)."""

from typing import Final

import pytest

from tests.backbone.script import HANG, NEVER_CONFIRM, Deed, Version
from tests.backbone.stage import Played, Row, Stage, each_version
from tests.backbone.stub import until

BEGUN: Final = "identify, accepted"
BEGUN_14: Final = "identify, accepted, wake_result success 1"
BACK: Final = f"{BEGUN}, |, identify, recovering working"
BACK_14: Final = f"{BEGUN_14}, |, identify, recovering working"
SLOW_WAKE: Final = {"wake_gaps": (0.0, 8.0, 8.0, 8.0)}
SLOW_CONFIRM: Final = {"confirm_within": 8.0}


async def kill_at_work(on: Stage) -> None:
    """End the process while the agent works, and start it again."""
    await on.begun()
    await on.revived()


async def continue_after_kill(on: Stage) -> None:
    """Let the task go on under a new number; the agent ends later."""
    await kill_at_work(on)
    await on.hub.say("task_continue", generation=5)
    await on.status("working")
    on.client.finish("t1")


async def continue_without_number(on: Stage) -> None:
    """Let the task go on without a number; a cut shows what the client believes."""
    await kill_at_work(on)
    await on.hub.say("task_continue")
    await on.status("working")
    await on.returned()
    on.client.finish("t1")


async def reassign_after_kill(on: Stage) -> None:
    """Take the task back and push it again: its old `.started` hides the new one."""
    await kill_at_work(on)
    await on.hub.say("task_reassign")
    await until(lambda: on.client.recovering is None)
    await on.hub.assign(generation=4)


async def reassign_to_a_tidy_agent(on: Stage) -> None:
    """The same with a wake command that clears the folder first."""
    on.client.deeds["t1"] = HANG
    await kill_at_work(on)
    await on.hub.say("task_reassign")
    await until(lambda: on.client.recovering is None)
    on.client.deeds["t1"] = Deed(cleans=True)
    await on.hub.assign(generation=4)


async def leave_unanswered(on: Stage) -> None:
    """Say nothing to the recovery: it is repeated, and a new task is accepted meanwhile."""
    await kill_at_work(on)
    on.client.deeds["t2"] = Deed()
    await on.returned()
    await on.hub.assign("t2")


async def continue_late(on: Stage) -> None:
    """Answer the recovery after a new task was accepted: the new one is lost in silence."""
    await kill_at_work(on)
    await on.begun("t2")
    await on.hub.say("task_continue", generation=5)
    await on.status("working", "t1")
    on.client.finish("t2")
    await on.noted("ignored file: t2.json")
    on.client.finish("t1")


async def end_while_dead(on: Stage) -> None:
    """The result is written while no process runs: only a file that is new again is seen."""
    await on.begun()
    await on.killed()
    on.client.finish("t1")
    on.client.start()
    await on.opened(2)
    await on.hub.say("task_continue", generation=5)
    await on.status("working")
    on.client.finish("t1")
    await on.quiet()
    assert on.client.working_on == "t1"
    on.client.results.remove("t1")
    on.client.finish("t1")


async def kill_while_waking(on: Stage) -> None:
    """End the process between two wake tries: they are never made up for."""
    await on.hub.assign()
    await on.status("waking")
    await on.revived()
    await on.hub.say("task_continue", generation=5)
    await on.status("working")


async def kill_while_unconfirmed(on: Stage) -> None:
    """End the process while `.started` is awaited."""
    await on.hub.assign()
    await on.status("waking_confirmation")
    await on.revived()


async def terminate_at_work(on: Stage) -> None:
    """End the process politely and start it again."""
    await on.begun()
    assert await on.client.terminate() == 0
    await until(lambda: on.hub.codes)
    on.client.start()
    await on.opened(2)


async def terminate_while_unconfirmed(on: Stage) -> None:
    """SIGTERM meets a queue that cannot be written."""
    await on.hub.assign()
    await on.status("waking_confirmation")
    await on.settled()
    assert await on.client.terminate() == 1
    await until(lambda: on.hub.codes)
    on.client.start()
    await on.opened(2)


async def reassign_while_unconfirmed(on: Stage) -> None:
    """Answer the recovery while a new task awaits `.started`: the write fails, and heals."""
    on.client.deeds["t2"] = NEVER_CONFIRM
    await kill_at_work(on)
    await on.hub.assign("t2")
    await on.status("waking_confirmation", "t2")
    await on.hub.say("task_reassign")
    await on.noted("the queue cannot be written")
    kept = on.client.queue.read()[1]
    assert kept is not None
    assert kept["task_id"] == "t1"
    on.client.confirm("t2")
    await on.status("working", "t2")


def told_all(on: Stage) -> None:
    """The recovery carries what the task was, and no generation."""
    frame = on.hub.last("task_recovering")
    assert set(frame) == {
        *("type", "task_id", "description", "metadata", "last_status", "protocol_version")
    }
    assert frame["description"] == "do it"


def still_taken(on: Stage) -> None:
    """The slot is taken, for ever."""
    assert on.client.working_on == "t1"


def left_politely(on: Stage) -> None:
    """With a close frame."""
    assert on.hub.codes[0] == 1000


def left_rudely(on: Stage) -> None:
    """Without one."""
    assert on.hub.codes[0] == 1006


def healed(on: Stage) -> None:
    """The queue file is right again."""
    active, waiting = on.client.queue.read()
    assert active is not None
    assert (active["task_id"], waiting) == ("t2", None)


ROWS: Final = [
    Row("e killed at work", kill_at_work, BACK, BACK_14, HANG, also=told_all),
    Row(
        "e continue g5",
        continue_after_kill,
        f"{BACK}, complete g5",
        f"{BACK_14}, complete g5",
        HANG,
    ),
    Row(
        "e continue without a number",
        continue_without_number,
        f"{BACK}, |, identify, complete g0",
        f"{BACK_14}, |, identify, state_report working g3, complete g0",
        HANG,
    ),
    Row(
        "e reassign",
        reassign_after_kill,
        f"{BACK}, accepted, failed confirmation_timeout g4",
        f"{BACK_14}, accepted, wake_result success 1, wake_result timeout, "
        "failed confirmation_timeout g4",
        HANG,
    ),
    Row(
        "e reassign to a tidy agent",
        reassign_to_a_tidy_agent,
        f"{BACK}, accepted, complete g4",
        f"{BACK_14}, accepted, wake_result success 1, complete g4",
    ),
    Row(
        "e no answer",
        leave_unanswered,
        f"{BACK}, |, identify, recovering working, accepted t2, complete g3 t2",
        f"{BACK_14}, |, identify, recovering working, accepted t2, "
        "wake_result success 1 t2, complete g3 t2",
        HANG,
    ),
    Row(
        "e late continue",
        continue_late,
        f"{BACK}, accepted t2, complete g5",
        f"{BACK_14}, accepted t2, wake_result success 1 t2, complete g5",
        HANG,
    ),
    Row(
        "e result while dead",
        end_while_dead,
        f"{BACK}, complete g5",
        f"{BACK_14}, complete g5",
        HANG,
    ),
    Row(
        "e killed while waking",
        kill_while_waking,
        f"{BEGUN}, |, identify, recovering waking",
        f"{BEGUN}, |, identify, recovering waking",
        Deed(wake_fails=1),
        SLOW_WAKE,
        also=still_taken,
    ),
    Row(
        "e killed while unconfirmed",
        kill_while_unconfirmed,
        f"{BEGUN}, |, identify, recovering waking_confirmation",
        f"{BEGUN_14}, |, identify, recovering waking_confirmation",
        NEVER_CONFIRM,
        SLOW_CONFIRM,
    ),
    Row("SIGTERM at work", terminate_at_work, BACK, BACK_14, HANG, also=left_politely),
    Row(
        "SIGTERM while unconfirmed",
        terminate_while_unconfirmed,
        f"{BEGUN}, |, identify, recovering waking_confirmation",
        f"{BEGUN_14}, |, identify, recovering waking_confirmation",
        NEVER_CONFIRM,
        SLOW_CONFIRM,
        also=left_rudely,
    ),
    Row(
        "late reassign while a new task is unconfirmed",
        reassign_while_unconfirmed,
        f"{BACK}, accepted t2",
        f"{BACK_14}, accepted t2, wake_result success 1 t2",
        HANG,
        SLOW_CONFIRM,
        also=healed,
    ),
]


@pytest.mark.parametrize(("row", "version"), each_version(ROWS))
@pytest.mark.asyncio(loop_scope="module")
async def test_a_revival_is_met_as_in_the_runs(row: Row, version: Version, played: Played) -> None:
    """Each row about a process that ended gives the recorded sequence."""
    await played(row, version)
