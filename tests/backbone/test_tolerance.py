"""The double reads odd frames as the real client did."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.backbone.script import HANG, VERSIONS, Version
from tests.backbone.stage import Played, Row, Stage, each_version, stage
from tests.backbone.stub import until

WOKEN: Final = "identify, accepted, wake_result success 1"
BARE: Final = {"type": "task_assign", "task_id": "t1"}


def sends(*frames: Any) -> Any:
    """A play that sends these frames, text as it is."""

    async def play(on: Stage) -> None:
        for frame in frames:
            await on.hub.raw(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    return play


def assigned(generation: str, *frames: Any) -> tuple[Any, str, str]:
    """Frames that are taken as an ordinary task, whose result has this generation."""
    end = f"complete g{generation}"
    return sends(*frames), f"identify, accepted, {end}", f"{WOKEN}, {end}"


def forgiven(**fields: Any) -> Any:
    """A bare assignment with a generation and these fields."""
    return BARE | {"generation": 3} | fields


async def describe_by_number(on: Stage) -> None:
    """A description that is no string ends the wake in the middle."""
    await on.hub.assign(description=5)
    await on.noted("unhandled rejection")
    await on.hub.say("task_cancelled")
    await on.quiet()
    await on.hub.assign("t2")


async def assign_before_identified(on: Stage) -> None:
    """A task comes before the answer to `identify`."""
    await on.hub.assign()
    await on.status("working")
    await on.hub.say("identified")
    await on.quiet()
    on.client.finish("t1")


async def identified_twice(on: Stage) -> None:
    """The answer to `identify` comes again."""
    await on.begun()
    await on.hub.say("identified")
    await on.quiet()
    on.client.finish("t1")


async def assign_by_number(on: Stage) -> None:
    """An id that is a number never matches a file."""
    await on.hub.assign(task_id=7)  # type: ignore[arg-type]  # the point of this row


UNNAMED: Final = {"type": "task_assign", "generation": 3, "description": "do it"}
ROWS: Final = [
    Row("no generation", *assigned("0", BARE)),
    Row("null generation", *assigned("0", BARE | {"generation": None})),
    Row("string generation", *assigned('"7"', BARE | {"generation": "7"})),
    Row("null description", *assigned("3", forgiven(description=None, metadata=None))),
    Row("2 MiB description", *assigned("3", forgiven(description="x" * 2**21))),
    Row("extra fields", *assigned("3", forgiven(priority=9, colour="red", run={"a": 1}))),
    Row("binary frame", *assigned("3", json.dumps(forgiven()).encode())),
    Row(
        "description no string",
        describe_by_number,
        "identify, accepted, rejected busy t2",
        "identify, accepted, accepted t2, wake_result success 1 t2, complete g3 t2",
    ),
    Row(
        "no id",
        sends(UNNAMED),
        "identify, accepted no-id, failed confirmation_timeout g3 no-id",
        "identify, accepted no-id, wake_result success 1, wake_result timeout, "
        "failed confirmation_timeout g3 no-id",
    ),
    Row(
        "numeric id",
        assign_by_number,
        "identify, accepted 7, failed confirmation_timeout g3 7",
        "identify, accepted 7, wake_result success 1 7, wake_result timeout 7, "
        "failed confirmation_timeout g3 7",
    ),
    Row(
        "before identified",
        assign_before_identified,
        "identify, accepted, complete g3",
        f"{WOKEN}, state_report working g3, complete g3",
        HANG,
        hub={"identified": False},
    ),
    Row(
        "identified twice",
        identified_twice,
        "identify, accepted, complete g3",
        f"{WOKEN}, state_report working g3, complete g3",
        HANG,
    ),
    Row("null, broken and empty", *assigned("3", "null", "{oops", "", forgiven())),
    Row(
        "no object",
        *assigned("3", "[]", [forgiven(task_id="t9")], '"text"', "5", forgiven()),
    ),
    Row(
        "unknown types",
        *assigned(
            "3",
            {},
            {"type": 5},
            {"type": None},
            *({"type": kind} for kind in ("message", "agent_joined", "status_changed", "bye")),
            forgiven(),
        ),
    ),
    Row(
        "errors of all kinds",
        *assigned(
            "3",
            {"type": "error"},
            {"type": "error", "error": "unauthorized"},
            {"type": "error", "error": {"code": 1}, "close": True},
            {"type": "rate_limited", "retry_after_ms": 60_000},
            {"type": "rate_limit_warning"},
            {"type": "task_ack", "task_id": "t9", "status": "weird"},
            {"type": "task_continue", "task_id": "t9"},
            {"type": "task_reassign", "task_id": "t9"},
            {"type": "state_report_ack", "task_id": "t9", "action": "abort"},
            {"type": "task_cancelled", "task_id": "t9"},
            forgiven(),
        ),
    ),
]


@pytest.mark.parametrize(("row", "version"), each_version(ROWS))
@pytest.mark.asyncio(loop_scope="module")
async def test_odd_frames_are_read_as_in_the_runs(
    row: Row, version: Version, played: Played
) -> None:
    """Each deviation has the recorded effect, and never ends the connection."""
    await played(row, version)


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_refused_completion_is_not_sent_again(version: Version, tmp_path: Path) -> None:
    """Whatever the hub answers to a result, it came once."""
    async with stage(version, tmp_path) as on:
        await on.opened()
        await on.hub.assign()
        await on.hub.more("task_complete", 1)
        await on.hub.say("rate_limited", retry_after_ms=10)
        await on.hub.say("error", error="stale_generation")
        await on.quiet()

        assert on.hub.counts["task_complete"] == 1
        assert on.hub.connections == 1


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_room_message_reaches_the_shell_of_the_newer_one(
    version: Version, tmp_path: Path
) -> None:
    """v1.4 gives the text away, v1.1 knows no rooms."""
    async with stage(version, tmp_path) as on:
        await on.opened()
        await on.hub.say("room_message", text="hello", seq=1)
        await on.quiet()

        assert on.client.shelled == (["hello"] if version == "1.4" else [])


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_client_without_an_answer_to_identify_works(
    version: Version, tmp_path: Path
) -> None:
    """It takes tasks, but reports neither recovery nor resources."""
    async with stage(version, tmp_path, otherwise=HANG, identified=False) as on:
        await on.begun()
        await on.client.kill()
        on.client.start()
        await until(lambda: on.hub.counts["identify"] == 2)
        await on.quiet()

        assert on.client.recovering == "t1"
        assert not {"task_recovering", "resource_report"} & set(on.hub.counts)


@pytest.mark.parametrize("version", VERSIONS)
async def test_deeds_are_found_by_id_and_by_words(version: Version, tmp_path: Path) -> None:
    """A script can be given before the hub has chosen an id."""
    async with stage(version, tmp_path) as on:
        await on.opened()
        on.client.deeds["stay"] = HANG
        await on.hub.assign("t2", description="stay")

        await on.status("working", "t2")
