"""The program itself: signals, kill -9, the lock."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from sidecar.config import Config, save
from sidecar.exits import Exit
from tests.sidecar.stage import Hub, is_gone, until

Program = subprocess.Popen[bytes]
Launch = Callable[..., Program]


@pytest.fixture
async def launch(hub: Hub, config: Config, tmp_path: Path) -> AsyncIterator[Launch]:
    """Starts the real program; whatever still runs is killed after the test."""
    save(config, tmp_path)
    started: list[Program] = []

    def begin(named: str = str(tmp_path), cwd: Path | None = None) -> Program:
        command = [sys.executable, "-m", "sidecar", "--config", named]
        program = subprocess.Popen(command, stderr=subprocess.PIPE, cwd=cwd)
        started.append(program)
        return program

    yield begin
    for program in started:
        program.kill()
        program.wait(10)
        if program.stderr is not None:
            program.stderr.close()


async def ended(program: Program) -> int:
    """Its exit code."""
    code: int = await asyncio.to_thread(program.wait, 10)
    return code


async def running_task(hub: Hub, script: str = "echo $$; sleep 60") -> int:
    """Assign a task that says its process id."""
    await hub.assign("sh", "-c", script)
    await until(lambda: hub.log_text().endswith("\n"))
    return int(hub.log_text())


def resident(pid: int) -> int:
    """Bytes of memory it occupies."""
    pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


async def test_one_signal_drains(hub: Hub, launch: Callable[[], Program]) -> None:
    """The running task ends first; then the exit code is 0."""
    program = launch()
    await hub.heard("identify")
    await running_task(hub, "echo $$; sleep 0.5")
    program.send_signal(signal.SIGTERM)
    await hub.heard("task_complete")
    assert await ended(program) == Exit.DONE


async def test_two_signals_stop(hub: Hub, launch: Callable[[], Program]) -> None:
    """The ladder, a report, the end."""
    program = launch()
    await hub.heard("identify")
    pid = await running_task(hub)
    program.send_signal(signal.SIGINT)
    await asyncio.sleep(0.1)
    program.send_signal(signal.SIGINT)
    assert (await hub.heard("task_failed"))["class"] == "infra"
    assert await ended(program) == Exit.DONE
    assert is_gone(pid)


async def test_kill_9_leaves_nothing_running_for_long(
    hub: Hub, launch: Callable[[], Program]
) -> None:
    """The next start kills what is left and tells the hub."""
    program = launch()
    await hub.heard("identify")
    pid = await running_task(hub, "setsid sleep 61 & echo $$; sleep 60")
    program.kill()
    await ended(program)
    assert not is_gone(pid)
    launch()
    failed = await hub.heard("task_failed")
    assert (failed["class"], failed["retryable"]) == ("infra", True)
    await until(lambda: is_gone(pid))
    again = hub.all("identify")[1]
    assert again["in_flight"] == [{"task_id": "task-1", "generation": 1, "state": "reported"}]


async def test_kill_9_between_report_and_ack_loses_nothing(
    hub: Hub, launch: Callable[[], Program]
) -> None:
    """The next start sends the same report."""
    hub.acking = False
    program = launch()
    await hub.heard("identify")
    await hub.assign("sh", "-c", "echo precious")
    first = await hub.heard("task_complete")
    program.kill()
    await ended(program)
    launch()
    assert await hub.heard("task_complete", count=2) == first


async def test_two_sidecars_do_not_share_a_directory(
    hub: Hub, launch: Callable[[], Program]
) -> None:
    """The second says so and ends."""
    launch()
    await hub.heard("identify")
    second = launch()
    assert await ended(second) == Exit.CONFIG
    assert second.stderr is not None
    assert b"already runs" in second.stderr.read()


async def test_a_refused_token_ends_it(hub: Hub, launch: Callable[[], Program]) -> None:
    """With its own exit code and a sentence, and without the token in it."""
    program = launch()
    await hub.heard("identify")
    await hub.sockets[-1].close(4500)
    assert await ended(program) == Exit.CREDENTIAL
    assert program.stderr is not None
    said = program.stderr.read()
    assert b"join again" in said
    assert b"secret-token" not in said


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_it_is_small(hub: Hub, launch: Callable[[], Program]) -> None:
    """Resident memory after a task, in the program's own words."""
    program = launch()
    await hub.heard("identify")
    await hub.assign("true")
    await hub.heard("task_complete")
    print(f"resident: {resident(program.pid) / 1e6:.1f} MB")
    assert resident(program.pid) < 36e6


async def test_a_relative_directory_still_gives_tasks_whole_paths(
    hub: Hub, launch: Launch, tmp_path: Path
) -> None:
    """A task runs in a directory of its own, where a relative path would lead nowhere."""
    launch(".", tmp_path)
    await hub.heard("identify")
    await hub.assign("sh", "-c", 'cat "$CORRAL_PAYLOAD"; echo " $CORRAL_PAYLOAD $CORRAL_RESULT"')
    result = (await hub.heard("task_complete"))["result"]
    payload, where, answer = result["stdout"].split()
    assert payload == "null"
    assert os.path.isabs(where)
    assert os.path.isabs(answer)
