"""The whole sidecar against a real WebSocket server, with real programs."""

import asyncio
import sys
from pathlib import Path

import pytest

from sidecar.exits import Exit
from sidecar.spool import Spool
from tests.sidecar.conftest import Sidecar, StartSidecar
from tests.sidecar.stage import Hub, evidence, is_gone, until

STUBBORN = "trap '' TERM; echo up; while :; do sleep 0.05; done"
"""A shell program that does not end on TERM."""
TASKS = ("task-1", "task-2", "task-3")


async def test_a_task_goes_all_the_way(hub: Hub, sidecar: Sidecar) -> None:
    """Accepted, logged, progress told, completed, and forgotten after the ack."""
    await hub.assign("sh", "-c", "echo hello; echo ::progress 40 half way; echo oops >&2")
    done = await hub.heard("task_complete")
    assert done["result"]["stdout"] == "hello\n::progress 40 half way\n"
    assert (done["result"]["exit_code"], done["result"]["truncated"]) == (0, False)
    kinds = [frame["type"] for frame in hub.frames if frame["type"].startswith("task")]
    assert (kinds[0], kinds[-1]) == ("task_accepted", "task_complete")
    (progress,) = hub.all("task_progress")
    assert (progress["progress"], progress["message"]) == (40, "half way")
    assert (hub.log_text("stdout"), hub.log_text("stderr")) == (done["result"]["stdout"], "oops\n")
    await until(lambda: not sidecar.supervisor._session.held)
    assert await sidecar.spool.unsettled() == []


async def test_the_sidecar_says_who_it_is(hub: Hub, sidecar: Sidecar) -> None:
    """The token goes with the upgrade, never in a frame."""
    identify = await hub.heard("identify")
    assert hub.tokens == ["Bearer secret-token"]
    assert identify["token"] is None
    assert (identify["agent_id"], identify["slots"]) == ("agent-1", 2)
    assert (identify["executors"], identify["protocol_version"]) == (["command"], 2)


async def test_a_result_file_is_the_result(hub: Hub, sidecar: Sidecar) -> None:
    """JSON written to CORRAL_RESULT arrives as it is; the payload is a file as well."""
    copy = 'cat "$CORRAL_PAYLOAD" > "$CORRAL_RESULT"; echo "$CORRAL_TASK_ID $CORRAL_ATTEMPT"'
    await hub.assign("sh", "-c", copy, payload={"a": [1, 2.5, "é"]}, attempt=3)
    done = await hub.heard("task_complete")
    assert done["result"] == {"a": [1, 2.5, "é"]}
    assert hub.log_text() == "task-1 3\n"


@pytest.mark.parametrize(
    ("script", "failure", "error"),
    [
        ("exit 3", "agent", "The program ended with exit code 3."),
        ("exit 75", "quota", "The program ended with exit code 75."),
        ("kill -SEGV $$", "infra", "The program was killed by SIGSEGV."),
    ],
)
async def test_a_failure_has_a_class(
    hub: Hub, sidecar: Sidecar, script: str, failure: str, error: str
) -> None:
    """The table in the configuration decides; otherwise it is the agent's."""
    await hub.assign("sh", "-c", f"echo seen; {script}")
    failed = await hub.heard("task_failed")
    assert (failed["class"], failed["error"]) == (failure, error)
    assert failed["result"]["stdout"] == "seen\n"


async def test_what_is_not_allowed_is_rejected(hub: Hub, start: StartSidecar) -> None:
    """Rejected with the reason, and nothing remembered."""
    sidecar = await start(slots=3)
    await hub.assign("cat", "/etc/passwd", task="task-1")
    await hub.assign(task="task-2")
    await hub.assign(
        "sh", "-c", "true", task="task-3", run={"kind": "command", "argv": ["no-such"]}
    )
    reasons = {task: (await hub.heard("task_rejected", task))["reason"] for task in TASKS}
    assert reasons == {"task-1": "not_allowed", "task-2": "no_executor", "task-3": "bad_task"}
    assert await sidecar.spool.unsettled() == []


async def test_a_task_beyond_the_slots_is_rejected(hub: Hub, sidecar: Sidecar) -> None:
    """Two slots, three tasks."""
    for task in TASKS:
        await hub.assign("sleep", "60", task=task)
    assert (await hub.heard("task_rejected", "task-3"))["reason"] == "busy"


async def test_a_timeout_ends_the_tree(hub: Hub, sidecar: Sidecar) -> None:
    """The sidecar itself enforces it, with the ladder."""
    await hub.assign("sh", "-c", STUBBORN, timeout_ms=300)
    failed = await hub.heard("task_failed")
    assert failed["class"] == "timeout"
    assert failed["result"]["signal"] == "SIGKILL"


async def test_a_cancel_ends_the_tree(hub: Hub, sidecar: Sidecar) -> None:
    """TERM, grace, KILL, then the confirmation."""
    await hub.assign("sh", "-c", STUBBORN)
    await until(lambda: hub.log_text() == "up\n")
    await hub.say("task_cancel", task_id="task-1", generation=1, reason="requested", grace_ms=100)
    cancelled = await hub.heard("task_cancelled")
    assert cancelled["result"]["signal"] == "SIGKILL"


async def test_a_timeout_asked_for_by_the_hub_is_a_failure(hub: Hub, sidecar: Sidecar) -> None:
    """The hub's net under the sidecar's own clock."""
    await hub.assign("sleep", "60")
    await hub.heard("task_accepted")
    await hub.say("task_cancel", task_id="task-1", generation=1, reason="timeout", grace_ms=100)
    assert (await hub.heard("task_failed"))["class"] == "timeout"


async def test_a_result_written_before_the_kill_counts(hub: Hub, sidecar: Sidecar) -> None:
    """A program that succeeds although it is asked to stop is complete."""
    script = (
        "trap 'echo 42 > \"$CORRAL_RESULT\"; exit 0' TERM; echo up; while :; do sleep 0.05; done"
    )
    await hub.assign("sh", "-c", script)
    await until(lambda: hub.log_text() == "up\n")
    await hub.say("task_cancel", task_id="task-1", generation=1, reason="requested", grace_ms=5000)
    assert (await hub.heard("task_complete"))["result"] == 42


async def test_a_stale_attempt_is_killed_without_a_word(hub: Hub, sidecar: Sidecar) -> None:
    """Also when the acceptance came too late."""
    await hub.assign("sleep", "60")
    await hub.heard("task_accepted")
    about = {"task_id": "task-1", "generation": 1, "message_type": "task_accepted"}
    await hub.say("error", error="stale_generation", message="no", retryable=False, **about)
    await until(lambda: not sidecar.supervisor._session.held)
    assert not hub.all("task_failed")
    assert not hub.all("task_cancelled")
    assert await sidecar.spool.unsettled() == []


async def test_a_newer_generation_replaces_the_older(hub: Hub, sidecar: Sidecar) -> None:
    """The old tree is dead before the new one is accepted."""
    await hub.assign("sh", "-c", "echo $$; sleep 60")
    await until(lambda: hub.log_text().endswith("\n"))
    old = int(hub.log_text())
    await hub.assign("sleep", "60", generation=2)
    await hub.heard("task_accepted", generation=2)
    assert is_gone(old)
    assert not hub.all("task_failed")


async def test_work_goes_on_without_the_hub(hub: Hub, sidecar: Sidecar) -> None:
    """The hub goes, the task ends, the hub comes back and hears of it."""
    await hub.assign("sh", "-c", "echo one; sleep 0.3; echo two")
    await until(lambda: hub.log_text() == "one\n")
    await hub.stop()
    await until(lambda: not sidecar.supervisor._attempts)
    await hub.start()
    done = await hub.heard("task_complete")
    assert done["result"]["stdout"] == "one\ntwo\n"
    kinds = [frame["type"] for frame in hub.frames]
    assert kinds.index("task_complete") > max(i for i, k in enumerate(kinds) if k == "task_log")
    assert hub.log_text() == "one\ntwo\n"


async def test_logs_go_on_from_where_the_hub_is(hub: Hub, sidecar: Sidecar) -> None:
    """After a reconnect nothing is missing and nothing is sent without need."""
    await hub.assign("sh", "-c", "echo one; while [ ! -e go ]; do sleep 0.02; done; echo two")
    await until(lambda: hub.log_text() == "one\n")
    offsets = {"stdout": 4, "stderr": 0}
    go_on = {"task_id": "task-1", "generation": 1, "verdict": "continue", "log_offsets": offsets}
    hub.verdicts = [go_on]
    hub.sockets[-1].transport.abort()
    again = await hub.heard("identify", count=2)
    assert again["in_flight"] == [{"task_id": "task-1", "generation": 1, "state": "running"}]
    (attempt,) = sidecar.supervisor._attempts.values()
    assert attempt.home is not None
    await asyncio.to_thread((attempt.home / "work" / "go").touch)
    await hub.heard("task_complete")
    assert [frame["offset"] for frame in hub.all("task_log")] == [0, 4]


async def test_a_report_is_resent_until_it_is_acknowledged(hub: Hub, sidecar: Sidecar) -> None:
    """The same bytes, after each reconnect."""
    hub.acking = False
    await hub.assign("sh", "-c", "echo once")
    first = await hub.heard("task_complete")
    hub.acking = True
    hub.sockets[-1].transport.abort()
    again = await hub.heard("identify", count=2)
    assert again["in_flight"][0]["state"] == "reported"
    assert await hub.heard("task_complete", count=2) == first
    await until(lambda: not sidecar.supervisor._session.held)


async def test_a_refused_report_is_replaced(hub: Hub, sidecar: Sidecar) -> None:
    """The hub hears `report_refused`; the original is kept as evidence."""
    hub.acking = False
    await hub.assign("true")
    await hub.heard("task_complete")
    hub.acking = True
    about = {"task_id": "task-1", "generation": 1, "message_type": "task_complete"}
    await hub.say("error", error="validation_failed", message="no", retryable=False, **about)
    assert (await hub.heard("task_failed"))["class"] == "report_refused"
    await until(lambda: not sidecar.supervisor._session.held)
    await until(lambda: not sidecar.supervisor._jobs)
    ((key, report, _),) = await evidence(sidecar.spool)
    assert (key, b'"task_complete"' in report) == (("task-1", 1), True)


async def test_a_ping_lists_what_runs(hub: Hub, sidecar: Sidecar) -> None:
    """At the hub's pace, with the age of the last output."""
    await hub.assign("sleep", "60")
    await hub.heard("task_accepted")
    running = await until(lambda: [p for p in hub.all("ping") if p["running"]])
    assert running[0]["running"][0]["task_id"] == "task-1"
    assert running[0]["running"][0]["output_age_ms"] >= 0


async def test_a_silent_hub_is_left_and_found_again(hub: Hub, sidecar: Sidecar) -> None:
    """Two heartbeats without a frame: a new connection."""
    hub.ponging = False
    await hub.heard("identify", count=2)


async def test_a_verdict_stop_kills(hub: Hub, sidecar: Sidecar) -> None:
    """What the hub gave to somebody else does not go on here."""
    await hub.assign("sh", "-c", "echo $$; sleep 60")
    await until(lambda: hub.log_text().endswith("\n"))
    hub.verdicts = [{"task_id": "task-1", "generation": 1, "verdict": "stop"}]
    hub.sockets[-1].transport.abort()
    await until(lambda: not sidecar.supervisor._session.held)
    assert is_gone(int(hub.log_text()))
    assert not hub.all("task_failed")


async def test_draining_lets_the_last_task_end(hub: Hub, sidecar: Sidecar) -> None:
    """New tasks are rejected, cancels still heard, then it leaves with success."""
    await hub.assign("sleep", "60")
    await hub.heard("task_accepted")
    sidecar.supervisor.drain()
    await hub.assign("true", task="task-2")
    assert (await hub.heard("task_rejected", "task-2"))["reason"] == "draining"
    assert not sidecar.running.done()
    await hub.say("task_cancel", task_id="task-1", generation=1, reason="requested", grace_ms=100)
    await hub.heard("task_cancelled", "task-1")
    assert (await sidecar.leave()).exit is Exit.DONE


async def test_halting_reports_what_was_stopped(hub: Hub, sidecar: Sidecar) -> None:
    """The task may run again elsewhere."""
    await hub.assign("sleep", "60")
    await hub.heard("task_accepted")
    sidecar.supervisor.halt()
    failed = await hub.heard("task_failed")
    assert (failed["class"], failed["retryable"]) == ("infra", True)
    assert (await sidecar.leave()).exit is Exit.DONE


async def test_a_superseded_sidecar_ends_its_work(hub: Hub, sidecar: Sidecar) -> None:
    """It does not come back, and what it ran is dead and in the spool."""
    await hub.assign("sh", "-c", "echo $$; sleep 60")
    await until(lambda: hub.log_text().endswith("\n"))
    await hub.say("bye", code=4502, reason="superseded", reconnect=False)
    await hub.sockets[-1].close(4502)
    assert (await sidecar.leave()).exit is Exit.SUPERSEDED
    assert is_gone(int(hub.log_text()))
    (entry,) = await sidecar.spool.unsettled()
    assert entry.report is not None


async def test_what_ran_when_the_sidecar_died_is_killed_and_told(
    hub: Hub, start: StartSidecar, tmp_path: Path
) -> None:
    """The next sidecar finds it in the spool."""
    spool = await Spool.open(tmp_path / "spool.db")
    await spool.begin(("task-1", 1), tmp_path / "work" / "attempt-x")
    await spool.begin(("task-2", 1), tmp_path / "work" / "attempt-y")
    await spool.report(("task-2", 1), b'{"type":"task_complete","task_id":"task-2","generation":1}')
    await spool.close()
    await start()
    identify = await hub.heard("identify")
    assert [one["state"] for one in identify["in_flight"]] == ["reported", "reported"]
    failed = await hub.heard("task_failed", "task-1")
    assert (failed["class"], failed["retryable"]) == ("infra", True)
    await hub.heard("task_complete", "task-2")


async def test_output_of_every_kind_arrives(hub: Hub, start: StartSidecar) -> None:
    """Invalid UTF-8, huge lines and more than the limit: honest, in order, and never stalling."""
    await start(log_bytes=300_000, output_bytes=2_000)
    code = (
        "import sys; w = sys.stdout.buffer.write; w(b'\\xff\\x00 start '); w(b'y' * 200_000);"
        "w('é'.encode() * 100_000); w(b' end')"
    )
    await hub.assign(sys.executable, "-c", code)
    result = (await hub.heard("task_complete"))["result"]
    assert result["truncated"] is True
    assert result["stdout"].startswith("\ufffd\0 start y")
    assert result["stdout"].endswith("é end")
    log = hub.log_text()
    assert log.startswith(result["stdout"][:100])
    assert log.endswith("more bytes were written and left out]\n")
