"""The double says what the real client said: one task at a time, and how tasks end (a, b, c)."""

from typing import Final

import pytest

from tests.backbone.script import HANG, NEVER_CONFIRM, WAKE_FAILS, Deed, Setup, Version, big, fail
from tests.backbone.stage import Play, Played, Row, Stage, each_version


async def assign(on: Stage) -> None:
    """Push a task and leave it at that."""
    await on.hub.assign()


async def assign_next_unacknowledged(on: Stage) -> None:
    """Push a second task right behind the result of the first one."""
    await on.hub.assign()
    await on.hub.more("task_complete", 1)
    await on.hub.assign("t2")


async def assign_too_much(on: Stage) -> None:
    """Let a result break the hub's limit, then use the slot again."""
    on.client.deeds["t2"] = Deed()
    await on.hub.assign()
    await on.opened(2)
    await on.hub.assign("t2")


async def assign_two(on: Stage) -> None:
    """Push a second task while the first one is at work."""
    await on.begun()
    await on.hub.assign("t2")
    await on.hub.more("task_rejected", 1)
    on.client.finish("t1")


async def assign_again(on: Stage) -> None:
    """Push the task at work again, under a new generation."""
    await on.begun()
    await on.hub.assign(generation=4)
    await on.hub.more("task_rejected", 1)
    on.client.finish("t1")


async def assign_without_wake(on: Stage) -> None:
    """Push a task to a client that cannot wake its agent."""
    await on.hub.assign()
    if on.client.version == "1.1":
        await on.status("working")
        on.client.finish("t1")


def left_nothing(on: Stage) -> None:
    """The files of the task are gone."""
    assert not on.client.results.names()


def one_big_frame(on: Stage) -> None:
    """The whole result came in one frame."""
    assert max(on.hub.sizes) > 3_000_000


def closed_as_too_big(on: Stage) -> None:
    """The hub ended the first connection with 1009, and the result is deleted."""
    assert "closed 1009" in on.client.notes
    left_nothing(on)


def text_came(on: Stage) -> None:
    """Half a character too."""
    assert on.hub.last("task_complete")["result"]["output"] == "é \ud800 \n \u2028"


def told_why(on: Stage) -> None:
    """The parser's words are in the reason."""
    assert len(on.hub.last("task_failed")["reason"]) > len("result_parse_error: ")


DONE: Final = "identify, accepted, complete g3"
DONE_14: Final = "identify, accepted, wake_result success 1, complete g3"


def failing(name: str, deed: Deed, reason: str, play: Play = assign) -> Row:
    """A row whose agent is woken and whose task then fails."""
    end = f"failed {reason} g3"
    woken = f"identify, accepted, wake_result success 1, {end}"
    return Row(name, play, f"identify, accepted, {end}", woken, deed)


ROWS: Final = [
    Row("a done", assign, DONE, DONE_14, also=left_nothing),
    Row(
        "a never acked",
        assign_next_unacknowledged,
        f"{DONE}, accepted t2, complete g3 t2",
        f"{DONE_14}, accepted t2, wake_result success 1 t2, complete g3 t2",
    ),
    Row("a 3 MB", assign, DONE, DONE_14, big(3_000_000), also=one_big_frame),
    Row(
        "a too big",
        assign_too_much,
        "identify, accepted, |, identify, accepted t2, complete g3 t2",
        "identify, accepted, wake_result success 1, |, identify, accepted t2, "
        "wake_result success 1 t2, complete g3 t2",
        big(200_000),
        hub={"options": {"max_size": 50_000}},
        also=closed_as_too_big,
    ),
    Row(
        "b busy",
        assign_two,
        "identify, accepted, rejected busy t2, complete g3",
        "identify, accepted, wake_result success 1, rejected busy t2, complete g3",
        HANG,
    ),
    Row(
        "b same id again",
        assign_again,
        "identify, accepted, rejected busy, complete g3",
        "identify, accepted, wake_result success 1, rejected busy, complete g3",
        HANG,
    ),
    failing("c failed", fail("boom"), "boom"),
    failing("c only error", Deed(result={"error": "boom"}), "boom"),
    failing("c empty object", Deed(result={}), "unknown"),
    Row(
        "c not JSON",
        assign,
        "identify, accepted, failed result_parse_error g3",
        "identify, accepted, wake_result success 1, failed result_parse_error g3",
        Deed(text="{oops"),
        also=told_why,
    ),
    Row(
        "c no .started",
        assign,
        "identify, accepted, failed confirmation_timeout g3",
        "identify, accepted, wake_result success 1, wake_result timeout, "
        "failed confirmation_timeout g3",
        NEVER_CONFIRM,
    ),
    Row(
        "c hostile text",
        assign,
        "identify, accepted, complete g3",
        DONE_14,
        Deed(result={"status": "success", "output": "é \ud800 \n \u2028"}),
        also=text_came,
    ),
    Row("c result without .started", assign, DONE, DONE_14, Deed(starts=None)),
    Row(
        "c wake command does it all",
        assign,
        DONE,
        "identify, accepted, complete g3, wake_result success 1",
        Deed(wake_takes=0.12, starts=None, ends=-0.11),
    ),
    Row(
        "c .started too early",
        assign,
        "identify, accepted, failed confirmation_timeout g3",
        "identify, accepted, wake_result success 1, wake_result timeout, "
        "failed confirmation_timeout g3",
        Deed(wake_takes=0.12, starts=-0.11, ends=None),
    ),
    Row(
        "c wake fails 4 times",
        assign,
        "identify, accepted, failed wake_failed_after_3_attempts g3",
        "identify, accepted, wake_result failed 4, failed wake_failed_after_3_attempts g3",
        WAKE_FAILS,
    ),
    Row(
        "c wake never ends",
        assign,
        "identify, accepted, failed wake_failed_after_3_attempts g3",
        "identify, accepted, wake_result failed 4, failed wake_failed_after_3_attempts g3",
        Deed(wake_hangs=True),
    ),
    Row(
        "c wake fails once",
        assign,
        DONE,
        "identify, accepted, wake_result success 2, complete g3",
        Deed(wake_fails=1),
    ),
    Row(
        "c no wake command",
        assign_without_wake,
        DONE,
        "identify, accepted, failed no_wake_command_configured g3, wake_result failed 0",
        setup=Setup(wake_command=False),
    ),
]


@pytest.mark.parametrize(("row", "version"), each_version(ROWS))
@pytest.mark.asyncio(loop_scope="module")
async def test_a_task_ends_as_it_did_in_the_runs(
    row: Row, version: Version, played: Played
) -> None:
    """Each row about a client and its agent gives the recorded sequence."""
    await played(row, version)
