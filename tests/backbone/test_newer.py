"""What only v1.4 does: the direct path, verification, restart and cancellation (j, k)."""

from pathlib import Path
from typing import Any, Final

import pytest

from tests.backbone.script import HANG, SUCCEED, WAKE_FAILS, Deed, Setup, Version
from tests.backbone.stage import QUICK, Played, Row, Stage, each_version, stage
from tests.backbone.stub import until
from tests.backbone.stub_api import StubApi
from tests.backbone.verify import DEFAULT_TIER

BEGUN: Final = "identify, accepted, wake_result success 1"
DIRECT: Final = {"target_type": "sidecar"}
COMMAND: Final = {"shell_command": "echo hello"}
STEPS: Final = [
    {"type": "file_exists", "target": "README.md"},
    {"type": "command_succeeds", "target": "true"},
]


def assigns(**fields: Any) -> Any:
    """A play that pushes a task with these fields."""

    async def play(on: Stage) -> None:
        await on.hub.assign(**fields)

    return play


async def cut_in_direct_execution(on: Stage) -> None:
    """Cut the connection while the client itself does the work."""
    await on.begun(routing_decision=DIRECT, metadata=COMMAND)
    await until(lambda: on.hub.counts["task_progress"])
    await on.returned()


async def restart_at_work(on: Stage) -> None:
    """Tell it to restart while the agent works."""
    await on.begun()
    await on.hub.say("restart_sidecar", reason="new version")
    await on.quiet()
    on.client.finish("t1")
    assert await on.client.exited() == 0
    await until(lambda: on.hub.codes)


async def restart_idle(on: Stage) -> None:
    """Tell it to restart while it has nothing to do."""
    await on.hub.say("restart_sidecar")
    assert await on.client.exited() == 0
    await until(lambda: on.hub.codes)


async def restart_unconfirmed(on: Stage) -> None:
    """Tell it to restart while `.started` is awaited, then start it again."""
    await on.hub.assign()
    await on.status("waking_confirmation")
    await restart_idle(on)
    on.client.start()
    await on.opened(2)


async def cancel_at_work(on: Stage) -> None:
    """Cancel the running task; its agent ends all the same."""
    await on.begun()
    await on.hub.say("task_cancelled")
    await on.idle()
    on.client.finish("t1")
    await on.noted("ignored file: t1.json")


async def cancel_recovering(on: Stage) -> None:
    """Cancel a task that waits for the hub's word: it is not reported again."""
    await on.begun()
    await on.revived()
    await on.hub.say("task_cancelled")
    await until(lambda: on.client.recovering is None)
    await on.returned()


async def cancel_between_tries(on: Stage) -> None:
    """Cancel during the wake tries and push another task: the old tries end that one."""
    on.client.deeds["t2"] = HANG
    await on.hub.assign()
    await on.status("waking")
    await on.hub.say("task_cancelled")
    await on.hub.assign("t2")
    await on.hub.more("task_failed", 1)
    await on.idle()
    on.client.finish("t2")
    await on.noted("ignored file: t2.json")


async def cancel_and_push_again(on: Stage) -> None:
    """Cancel before `.started` and push the same id: the old timer ends the process."""
    await on.hub.assign()
    await on.status("waking_confirmation")
    await on.hub.say("task_cancelled")
    await on.hub.assign(generation=4)
    assert await on.client.exited() == 1
    await until(lambda: on.hub.codes)


def kept_files(on: Stage) -> None:
    """The result files of the last task are still there."""
    assert on.client.results.names() == {"t1.started", "t1.json"}
    assert on.hub.codes[0] == 1006


def left_without_a_word(on: Stage) -> None:
    """No close frame was sent."""
    assert on.hub.codes[0] == 1006


def failed_completion(on: Stage) -> None:
    """The failure is in the result's status; its text is in the progress before."""
    frame = on.hub.last("task_complete")
    assert frame["result"]["verification_status"] == "execution_failed"
    assert (frame["verification_report"], frame["verification_history"]) == (None, [])
    assert on.hub.last("task_progress")["execution_event"]["text"]


def has_report(status: str, history: bool = False) -> Any:
    """Looks for a verification report of this status."""

    def look(on: Stage) -> None:
        frame = on.hub.last("task_complete")
        report = frame["verification_report"]
        assert report["status"] == status
        assert set(report) == {
            *("task_id", "run_number", "status", "started_at", "duration_ms", "timeout_ms"),
            *("checks", "summary"),
        }
        assert frame["verification_history"] == ([report] if history else None)

    return look


def verifying(name: str, status: str, verdict: str = "pass", **fields: Any) -> Row:
    """A row whose result is verified by the client."""
    return Row(
        name,
        assigns(**fields),
        None,
        f"{BEGUN}, complete g3",
        Deed(verdict=verdict),
        also=has_report(status),
    )


NO_WAKE: Final = "identify, accepted, failed no_wake_command_configured g3, wake_result failed 0"
ROWS: Final = [
    Row(
        "j direct",
        assigns(routing_decision=DIRECT, metadata=COMMAND),
        None,
        "identify, accepted, progress stdout, progress stderr, complete g3",
        Deed(lines=(("stdout", "one"), ("stderr", "two"))),
        also=has_report("auto_pass", history=True),
    ),
    Row(
        "j direct fails",
        assigns(routing_decision=DIRECT, metadata=COMMAND),
        None,
        "identify, accepted, progress stdout, progress error, progress stdout, progress error, "
        "complete failed g3",
        Deed(direct_fails=True),
        also=failed_completion,
    ),
    Row(
        "j direct takes too long",
        assigns(
            routing_decision=DIRECT, metadata=COMMAND, complexity={"effective_tier": "trivial"}
        ),
        None,
        "identify, accepted, progress stdout, progress error, complete failed g3",
        Deed(direct_takes=30.0),
        {"trivial_within": 0.05},
        also=failed_completion,
    ),
    Row(
        "j no shell_command",
        assigns(routing_decision=DIRECT),
        None,
        "identify, accepted, progress error, complete failed g3",
    ),
    Row(
        "j ollama away",
        assigns(routing_decision={"target_type": "ollama"}),
        None,
        "identify, accepted, progress error, complete failed g3",
    ),
    Row(
        "j unknown target",
        assigns(routing_decision={"target_type": "moon"}),
        None,
        "identify, accepted, failed Unknown target type g3",
    ),
    Row(
        "j target wake",
        assigns(routing_decision={"target_type": "wake"}),
        None,
        f"{BEGUN}, complete g3",
    ),
    Row(
        "j target null",
        assigns(routing_decision={"target_type": None}),
        None,
        f"{BEGUN}, complete g3",
    ),
    Row(
        "j direct without a wake command",
        assigns(routing_decision=DIRECT, metadata=COMMAND),
        None,
        NO_WAKE,
        setup=Setup(wake_command=False),
    ),
    Row(
        "j direct without a generation",
        assigns(generation=None, routing_decision=DIRECT, metadata=COMMAND),
        None,
        "identify, accepted",
    ),
    verifying("j steps pass", "pass", verification_steps=STEPS),
    verifying("j steps fail", "fail", "fail", verification_steps=STEPS),
    verifying("j steps err", "error", "error", verification_steps=STEPS),
    verifying("j no steps", "auto_pass"),
    verifying("j skipped", "skip", verification_steps=STEPS, skip_verification=True),
    Row(
        "k restart at work",
        restart_at_work,
        None,
        f"{BEGUN}, complete g3, restarting new version",
        HANG,
        also=kept_files,
    ),
    Row(
        "k restart idle",
        restart_idle,
        None,
        "identify, restarting hub_commanded",
        also=left_without_a_word,
    ),
    Row(
        "k restart unconfirmed",
        restart_unconfirmed,
        None,
        f"{BEGUN}, restarting hub_commanded, |, identify, recovering waking_confirmation",
        Deed(starts=None, ends=None),
        {"confirm_within": 8.0},
    ),
    Row(
        "k cut in direct execution",
        cut_in_direct_execution,
        None,
        "identify, accepted, progress stdout, |, identify, state_report working g3, "
        "progress error, progress stdout, progress error, complete failed g3",
        Deed(direct_fails=True, direct_takes=0.25),
    ),
    Row("k cancel at work", cancel_at_work, None, BEGUN, HANG),
    Row(
        "k cancel recovering",
        cancel_recovering,
        None,
        f"{BEGUN}, |, identify, recovering working, |, identify",
        HANG,
    ),
    Row(
        "k cancel between wake tries",
        cancel_between_tries,
        None,
        "identify, accepted, accepted t2, wake_result success 1 t2, wake_result failed 4, "
        "failed wake_failed_after_3_attempts g0",
        WAKE_FAILS,
        {"wake_gaps": (0.0, 0.1, 0.1, 0.1)},
    ),
    Row(
        "k cancel, then the same id",
        cancel_and_push_again,
        None,
        f"{BEGUN}, accepted, wake_result success 1",
        Deed(starts=None, ends=None),
        also=left_without_a_word,
    ),
]


@pytest.mark.parametrize(("row", "version"), each_version(ROWS))
@pytest.mark.asyncio(loop_scope="module")
async def test_the_newer_one_does_as_in_the_runs(
    row: Row, version: Version, played: Played
) -> None:
    """Each row of v1.4 alone gives the recorded sequence."""
    await played(row, version)


async def test_a_long_step_makes_it_deaf(tmp_path: Path) -> None:
    """A task that comes meanwhile waits, and is accepted: the client is free by then."""
    slow = Deed(verify_takes=0.25)
    async with stage("1.4", tmp_path, otherwise=slow) as on:
        await on.opened()
        await on.hub.assign(verification_steps=STEPS)
        await until(lambda: on.client.process.link.is_deaf)
        pings = on.hub.counts["ping"]
        await on.hub.assign("t2")
        await on.hub.more("task_complete", 1)

        assert on.hub.counts["ping"] <= pings + 2
        await on.hub.heard(
            *("identify", "accepted", "wake_result success 1", "complete g3"),
            *("accepted t2", "wake_result success 1 t2", "complete g3 t2"),
        )


async def test_a_step_longer_than_the_hubs_patience_loses_the_result(tmp_path: Path) -> None:
    """A hub that pings at the WebSocket level drops the deaf client; the result is gone."""
    slow = Deed(verify_takes=0.3)
    options = {"ping_interval": 0.05, "ping_timeout": 0.1}
    async with stage("1.4", tmp_path, otherwise=slow, options=options) as on:
        await on.opened()
        await on.hub.assign(verification_steps=STEPS)
        await on.opened(2)
        await on.idle()
        await on.quiet()

        assert "task_complete" not in on.hub.counts
        assert not on.client.results.names()


async def test_changes_are_classified_before_the_completion(tmp_path: Path) -> None:
    """The body comes in chunks, and the answer goes into the result as it is."""
    api = StubApi()
    api.answers["POST /api/tasks/t1/classify"] = (200, {"tier": 1, "odd": True})
    setup = Setup(repo_dir=True, hub_api_url=api.url)
    try:
        async with stage("1.4", tmp_path, QUICK, setup, SUCCEED) as on:
            await on.opened()
            await on.hub.assign()
            await on.hub.more("task_complete", 1)
            classified = on.hub.last("task_complete")["result"]["risk_classification"]
            await on.hub.assign("t2")
            await on.hub.more("task_complete", 1)
            unclassified = on.hub.last("task_complete")["result"]["risk_classification"]
    finally:
        api.close()

    asked = api.asked[0]
    assert classified == {"tier": 1, "odd": True}
    assert unclassified == DEFAULT_TIER
    assert asked.headers["transfer-encoding"] == "chunked"
    assert "content-length" not in asked.headers
    assert asked.headers["authorization"] == "Bearer tok-1"
    assert set(asked.json) == {
        *("lines_added", "lines_deleted", "files_changed", "files_added", "tests_exist")
    }
