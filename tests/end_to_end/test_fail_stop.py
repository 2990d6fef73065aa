"""A commit that fails for real: the hub stops itself, and promises nothing it does not keep.

The hub's process is forbidden to let any file grow, so the database cannot be written.
"""

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.transport.conftest import StartHub
from tests.transport.ranch import PATIENCE, Hub, until
from tests.transport.wire import open_door

pytestmark = pytest.mark.skipif(
    not hasattr(resource, "prlimit"), reason="limits another process, as only Linux can"
)
ROOM = 256 * 1024
"""Bytes that the files may still grow."""


def fill_the_disk(pid: int, data: Path) -> None:
    """Let no file of the hub grow by more than a little."""
    largest = max(file.stat().st_size for file in data.glob("hub.db*"))
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest + ROOM, largest + ROOM))


async def submit_until_it_ends(hub: Hub) -> tuple[list[str], int]:
    """What was acknowledged before the hub stopped, and how much was asked for."""
    acknowledged: list[str] = []
    async with open_door(hub) as door:
        peer = await door.submitter()
        fill_the_disk(hub.pid, hub.data)
        asked = 0
        while not peer.closed and asked < 1_000:
            asked += 1
            task = {"description": str(asked), "needs": ["nobody"], "payload": "x" * 10_000}
            await peer.say("task_submit", ref=str(asked), tasks=[task])
            await _answered(peer, asked)
        for frame in peer.frames:
            if frame["type"] == "task_submitted":
                acknowledged += frame["ids"]
    return acknowledged, asked


async def _answered(peer: Any, asked: int) -> None:
    """Keep a few submissions in the air."""
    async with peer.news:
        while not peer.closed and asked - answers(peer) > 5:
            await peer.news.wait()


def answers(peer: Any) -> int:
    """How many submissions were acknowledged."""
    return sum(frame["type"] == "task_submitted" for frame in peer.frames)


async def test_a_failed_commit_stops_the_hub(own_hub: StartHub) -> None:
    """With its own exit code; what was acknowledged is there, and nothing was made up."""
    hub = own_hub()
    before = hub.submit(needs=["nobody"])
    acknowledged, asked = await submit_until_it_ends(hub)
    assert hub.ended() == 70
    last = hub.log_lines()[-1]
    assert (last["level"], last["message"].startswith("a commit failed")) == ("critical", True)
    assert 0 < len(acknowledged) < asked
    hub.start()
    assert {hub.task(task)["state"] for task in [before, *acknowledged]} == {"queued"}
    stored = int(hub.metric("corral_tasks", '{org="main",state="queued"}'))
    assert len(acknowledged) + 1 <= stored <= asked + 1
    assert hub.submit(needs=["nobody"])


@pytest.fixture
def up(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A hub under `corral up`."""
    command = [sys.executable, "-m", "hub.cli", "up", "--port", "0", "--json"]
    with (tmp_path / "up.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--data", str(tmp_path / "data")],
            stdout=subprocess.PIPE,
            stderr=log,
            env=os.environ,
        )
    yield process
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
    assert process.stdout is not None
    process.stdout.close()


def test_corral_up_starts_it_again(up: subprocess.Popen[bytes], tmp_path: Path) -> None:
    """On the same address, with everything that was acknowledged."""
    assert up.stdout is not None
    said = json.loads(up.stdout.readline())
    hub = Hub.at(Path(said["data"]), int(said["url"].rpartition(":")[2]))
    task = hub.submit(needs=["nobody"])
    first = running(hub)
    fill_the_disk(first, hub.data)
    until(lambda: not accepts(hub))
    until(lambda: running(hub) != first and accepts(hub))
    assert hub.task(task)["state"] == "queued"


def running(hub: Hub) -> int:
    """The process id of the hub that serves."""
    return int(json.loads((hub.data / "runtime.json").read_text())["pid"])


def accepts(hub: Hub) -> bool:
    """Whether a big task is taken."""
    try:
        return hub.http("POST", "/api/v1/tasks", BIG).status == 201
    except OSError:
        return False


BIG = {"description": "big", "needs": ["nobody"], "payload": "x" * 100_000}
