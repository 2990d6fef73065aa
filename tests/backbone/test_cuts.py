"""The double behaves as recorded when the connection is cut while it has a task (d)."""

from typing import Final

import pytest

from tests.backbone.script import HANG, NEVER_CONFIRM, WAKE_FAILS, Deed, Version
from tests.backbone.stage import Played, Row, Stage, each_version

BEGUN: Final = "identify, accepted"
BEGUN_14: Final = "identify, accepted, wake_result success 1"
CUT_14: Final = f"{BEGUN_14}, |, identify, state_report working g3"


async def cut_at_work(on: Stage) -> None:
    """Cut the connection, and let the agent end afterwards."""
    await on.begun()
    await on.returned()
    await on.quiet()
    on.client.finish("t1")


async def abort(on: Stage) -> None:
    """Answer the state report by abort, then let the agent end all the same."""
    await on.begun()
    await on.returned()
    await on.hub.say("state_report_ack", action="abort")
    await on.idle()
    on.client.finish("t1")
    await on.noted("ignored file: t1.json")


async def abort_and_assign_again(on: Stage) -> None:
    """The aborted task comes back to the same client, whose folder still has its files."""
    await abort(on)
    await on.hub.assign(generation=4)


async def abort_something_else(on: Stage) -> None:
    """An abort that names another task does nothing."""
    await on.begun()
    await on.returned()
    await on.hub.say("state_report_ack", task_id="t9", action="abort")
    await on.quiet()
    on.client.finish("t1")


async def continue_under_new_number(on: Stage) -> None:
    """Move the running task to another generation."""
    await on.begun()
    await on.hub.say("task_continue", generation=6)
    await on.quiet()
    on.client.finish("t1")


async def continue_without_number(on: Stage) -> None:
    """The running task keeps its number."""
    await on.begun()
    await on.hub.say("task_continue")
    await on.quiet()
    on.client.finish("t1")


async def reassign_at_work(on: Stage) -> None:
    """Take the running task back: the client stays busy and forgets the number only."""
    await on.begun()
    await on.hub.say("task_reassign")
    await on.hub.assign("t2")
    await on.hub.more("task_rejected", 1)
    on.client.finish("t1")


async def end_while_away(on: Stage) -> None:
    """The agent ends while the hub is down."""
    await on.begun()
    await on.away()
    on.client.finish("t1")
    await on.idle()
    await on.hub.open()
    await on.opened(2)


async def fail_while_away(on: Stage) -> None:
    """The last try of the wake command fails while the hub is down."""
    await on.hub.assign()
    await on.status("waking")
    await on.away()
    await on.idle()
    await on.hub.open()
    await on.opened(2)


async def cut_while_waking(on: Stage) -> None:
    """Cut the connection while the wake command runs."""
    await on.hub.assign()
    await on.status("waking")
    await on.returned()


async def cut_while_unconfirmed(on: Stage) -> None:
    """Cut the connection while `.started` is awaited, which comes later."""
    await on.hub.assign()
    await on.status("waking_confirmation")
    await on.returned()
    on.client.confirm("t1")
    await on.status("working")
    on.client.finish("t1")


def lost_for_good(on: Stage) -> None:
    """The result could not be sent, and nothing of it is left."""
    assert any(note.startswith("lost: task_") for note in on.client.notes)
    assert not on.client.results.names()
    assert on.client.queue.read() == (None, None)


def left_its_files(on: Stage) -> None:
    """What the aborted agent wrote lies about."""
    assert on.client.results.names() == {"t1.started", "t1.json"}


ROWS: Final = [
    Row(
        "d cut at work",
        cut_at_work,
        f"{BEGUN}, |, identify, complete g3",
        f"{CUT_14}, complete g3",
        HANG,
    ),
    Row("d abort", abort, None, CUT_14, HANG, also=left_its_files),
    Row("d abort of another", abort_something_else, None, f"{CUT_14}, complete g3", HANG),
    Row(
        "d abort, then the same id",
        abort_and_assign_again,
        None,
        f"{CUT_14}, accepted, wake_result success 1, wake_result timeout, "
        "failed confirmation_timeout g4",
        HANG,
    ),
    Row(
        "d continue with g6",
        continue_under_new_number,
        f"{BEGUN}, complete g6",
        f"{BEGUN_14}, complete g6",
        HANG,
    ),
    Row(
        "d continue without a number",
        continue_without_number,
        f"{BEGUN}, complete g3",
        f"{BEGUN_14}, complete g3",
        HANG,
    ),
    Row(
        "d reassign at work",
        reassign_at_work,
        f"{BEGUN}, rejected busy t2, complete g0",
        f"{BEGUN_14}, rejected busy t2, complete g0",
        HANG,
    ),
    Row(
        "d result while away",
        end_while_away,
        f"{BEGUN}, |, identify",
        f"{BEGUN_14}, |, identify",
        HANG,
        also=lost_for_good,
    ),
    Row(
        "d wake fails while away",
        fail_while_away,
        f"{BEGUN}, |, identify",
        f"{BEGUN}, |, identify",
        WAKE_FAILS,
        pace={"wake_gaps": (0.0, 0.1, 0.1, 0.1)},
        also=lost_for_good,
    ),
    Row(
        "d cut while waking",
        cut_while_waking,
        f"{BEGUN}, |, identify, complete g3",
        f"{BEGUN}, |, identify, state_report waking g3, wake_result success 1, complete g3",
        Deed(wake_takes=0.3),
    ),
    Row(
        "d cut while unconfirmed",
        cut_while_unconfirmed,
        f"{BEGUN}, |, identify, complete g3",
        f"{BEGUN_14}, |, identify, state_report waking_confirmation g3, complete g3",
        NEVER_CONFIRM,
        pace={"confirm_within": 8.0},
    ),
]


@pytest.mark.parametrize(("row", "version"), each_version(ROWS))
@pytest.mark.asyncio(loop_scope="module")
async def test_a_cut_is_met_as_in_the_runs(row: Row, version: Version, played: Played) -> None:
    """Each row about a cut connection gives the recorded sequence."""
    await played(row, version)
