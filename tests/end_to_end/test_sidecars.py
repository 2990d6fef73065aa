"""A real hub, real sidecars, real commands; and one of them dies at the worst moment."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from sidecar.config import Config, save
from tests.transport.conftest import StartHub
from tests.transport.ranch import PATIENCE, Hub
from tests.transport.wire import Door, open_door, until

TERMS = {"heartbeat_ms": 300, "lease_ms": 15_000, "upkeep_ms": 50}
SHORT = pytest.mark.parametrize("door", [{"lease_ms": 1_500}], indirect=True)
"""For tests that wait for a lease to end."""
PATIENT = pytest.mark.parametrize("door", [{"lease_ms": 60_000}], indirect=True)
"""For tests in which no lease may end: a sidecar may wait for 30 s before it connects again."""


class Sidecar:
    """One sidecar over all of its starts."""

    def __init__(self, hub: Hub, folder: Path, name: str) -> None:
        """Join the hub; nothing runs yet."""
        self.hub, self.folder, self.name = hub, folder, name
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir()
        config = Config(
            url=f"http://127.0.0.1:{hub.port}",
            agent_id=name,
            token=hub.join(name),
            capabilities=(name, "any"),
            slots=2,
            allow=("sh", sys.executable),
            allow_python=("shop:*",),
            python_path=(str(folder),),
            grace_ms=500,
        )
        save(config, folder)

    async def start(self) -> "Sidecar":
        """Start it and wait until the hub sees it."""
        command = [sys.executable, "-m", "sidecar", "--config", str(self.folder)]
        log = (self.folder / "log").open("ab")
        self.process = await asyncio.to_thread(
            subprocess.Popen, command, stdout=log, stderr=log, start_new_session=True
        )
        log.close()
        await until(lambda: self.status in ("idle", "working"))
        return self

    @property
    def status(self) -> str:
        """How the hub sees it."""
        reply = self.hub.http("GET", f"/api/v1/agents/{self.name}")
        return str(reply.json["status"]) if reply.status == 200 else "unknown"

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self.process is not None
        os.kill(self.process.pid, number)

    async def kill(self) -> None:
        """Kill it without a word."""
        if self.process is not None:
            self.process.kill()
            await asyncio.to_thread(self.process.wait, PATIENCE)


@pytest.fixture
async def door(own_hub: StartHub, request: pytest.FixtureRequest) -> AsyncIterator[Door]:
    """The door of a hub; a test may change its terms."""
    async with open_door(own_hub(**TERMS | getattr(request, "param", {}))) as door:
        yield door


@pytest.fixture
async def sidecar(door: Door, tmp_path: Path) -> AsyncIterator[Sidecar]:
    """A sidecar that has joined; it is killed after the test."""
    made = Sidecar(door.hub, tmp_path / "sidecar-1", "sidecar-1")
    yield await made.start()
    await made.kill()


@pytest.fixture
async def second(door: Door, tmp_path: Path) -> AsyncIterator[Sidecar]:
    """Another one, not started yet."""
    made = Sidecar(door.hub, tmp_path / "sidecar-2", "sidecar-2")
    yield made
    await made.kill()


def shell(script: str) -> dict[str, object]:
    """A command that a shell runs."""
    return {"kind": "command", "argv": ["sh", "-c", script]}


async def test_a_command_runs(door: Door, sidecar: Sidecar) -> None:
    """Its output, its progress and its result come back."""
    script = "echo hello; echo ::progress 40 half; echo oops >&2; exit 0"
    task = door.hub.submit(run=shell(script), needs=["any"])
    ended = await door.reaches(task, "completed", attempt=1)
    assert ended["result"]["exit_code"] == 0
    assert ended["result"]["stdout"].startswith("hello\n")
    assert door.hub.get(f"/tasks/{task}/log")["text"].startswith("hello\n")
    assert door.hub.get(f"/tasks/{task}/log?stream=stderr")["text"] == "oops\n"


async def test_a_command_fails_and_is_tried_again(
    door: Door, sidecar: Sidecar, tmp_path: Path
) -> None:
    """Until it succeeds."""
    count = tmp_path / "count"
    script = f'echo x >> "{count}"; test $(wc -l < "{count}") -ge 3'
    retry = {"base_ms": 10, "factor": 1, "cap_ms": 10}
    task = door.hub.submit(run=shell(script), retry=retry, needs=["any"])
    await door.reaches(task, "completed", attempt=3)


async def test_a_command_is_cancelled(door: Door, sidecar: Sidecar) -> None:
    """The whole tree of processes is gone, and the sidecar said so."""
    task = door.hub.submit(run=shell("echo $$; sleep 61 & wait"), needs=["any"])
    await until(lambda: door.hub.get(f"/tasks/{task}/log")["text"])
    pid = int(door.hub.get(f"/tasks/{task}/log")["text"])
    door.hub.cancel(task)
    ended = await door.reaches(task, "cancelled")
    assert not ended.get("cancel_unconfirmed")
    await until(lambda: not Path(f"/proc/{pid}").exists())


SHOP = """
import time

async def total(prices, *, rate):
    print("adding")
    if rate < 0:
        raise ValueError("a negative rate")
    return {"total": sum(prices) * rate}

def unlike_json():
    return {1, 2}
"""


async def call(door: Door, sidecar: Sidecar, target: str, **kwargs: object) -> str:
    """Submit a task that calls a function; its module is there for the sidecar."""
    (sidecar.folder / "shop.py").write_text(SHOP)
    run = {"kind": "python", "target": target, "kwargs": kwargs}
    return door.hub.submit(run=run, needs=["any"], max_attempts=1)


async def test_a_function_is_called(door: Door, sidecar: Sidecar) -> None:
    """What it returns is the result, what it prints is the log, and readers see what was asked."""
    task = await call(door, sidecar, "shop:total", prices=[1, 2.5], rate=2)
    ended = await door.reaches(task, "completed", attempt=1)
    assert ended["result"] == {"total": 7.0}
    assert ended["run"]["kwargs"] == {"prices": [1, 2.5], "rate": 2}
    assert door.hub.get(f"/tasks/{task}/log")["text"] == "adding\n"


@pytest.mark.parametrize(
    ("target", "kwargs", "failure", "error"),
    [
        ("shop:total", {"prices": [], "rate": -1}, "agent", "ValueError: a negative rate"),
        ("shop:total", {}, "config", "The kwargs do not fit the function"),
        ("shop:unlike_json", {}, "config", "The function returned something that is not JSON"),
        ("shop:no_such", {}, "config", "shop has no function 'no_such'."),
    ],
)
async def test_a_function_fails(
    door: Door, sidecar: Sidecar, target: str, kwargs: dict[str, object], failure: str, error: str
) -> None:
    """The dead letter says what was wrong."""
    task = await call(door, sidecar, target, **kwargs)
    ended = await door.reaches(task, "dead_letter", failure_class=failure)
    assert error in ended["error"]


async def test_a_function_that_is_not_allowed_waits(door: Door, sidecar: Sidecar) -> None:
    """The sidecar gives it back for good, and somebody else may still take it."""
    task = await call(door, sidecar, "os:getcwd")
    await door.reaches(task, "queued", rejections=1)


async def test_a_command_takes_too_long(door: Door, sidecar: Sidecar) -> None:
    """The sidecar stops it; that is a failure like any other."""
    task = door.hub.submit(run=shell("sleep 60"), timeout_ms=300, max_attempts=1, needs=["any"])
    ended = await door.reaches(task, "dead_letter")
    assert ended["failure_class"] == "timeout"


@SHORT
async def test_kill_9_of_a_sidecar_while_it_works(
    door: Door, sidecar: Sidecar, second: Sidecar
) -> None:
    """The task ends at another one, on a later attempt."""
    await second.start()
    task = door.hub.submit(run=shell('sleep "$CORRAL_ATTEMPT"'), needs=["any"])
    running = await door.reaches(task, "running")
    victim = sidecar if running["assigned_to"] == sidecar.name else second
    await victim.kill()
    ended = await door.reaches(task, "completed")
    assert ended["attempt"] == 2
    assert ended["assigned_to"] != victim.name


async def test_kill_9_of_a_sidecar_that_comes_back(door: Door, sidecar: Sidecar) -> None:
    """It tells the truth about what died with it, and the task runs again there."""
    script = 'test "$CORRAL_ATTEMPT" -ge 2 || sleep 60'
    retry = {"base_ms": 10, "factor": 1, "cap_ms": 10}
    task = door.hub.submit(run=shell(script), needs=["any"], retry=retry)
    await door.reaches(task, "running")
    await sidecar.kill()
    await sidecar.start()
    await door.reaches(task, "completed", attempt=2)


async def test_kill_9_of_the_hub_while_a_sidecar_works(
    door: Door, sidecar: Sidecar, tmp_path: Path
) -> None:
    """The work is not stopped, and its result arrives, once."""
    ran, go = tmp_path / "ran", tmp_path / "go"
    wait = f'while [ ! -e "{go}" ]; do sleep 0.02; done'
    task = door.hub.submit(run=shell(f'echo x >> "{ran}"; {wait}; echo done'), needs=["any"])
    await door.reaches(task, "running")
    await asyncio.to_thread(door.hub.kill)
    await asyncio.to_thread(door.hub.start)
    go.touch()
    ended = await door.reaches(task, "completed")
    assert (ended["attempt"], ended.get("reclaims"), ended["result"]["stdout"]) == (
        1,
        None,
        "done\n",
    )
    assert ran.read_text() == "x\n"


async def test_a_result_made_while_the_hub_was_down(
    door: Door, sidecar: Sidecar, tmp_path: Path
) -> None:
    """It is kept and sent when the hub is back."""
    mark = tmp_path / "mark"
    task = door.hub.submit(run=shell(f'sleep 0.5; echo x > "{mark}"'), needs=["any"])
    await door.reaches(task, "running")
    await asyncio.to_thread(door.hub.kill)
    await until(mark.exists)
    await asyncio.to_thread(door.hub.start)
    await door.reaches(task, "completed", attempt=1)


@SHORT
async def test_a_frozen_sidecar_loses_its_lease(
    door: Door, sidecar: Sidecar, second: Sidecar
) -> None:
    """Another finishes; what the frozen one says afterwards is refused."""
    script = 'test "$CORRAL_ATTEMPT" -ge 2 || sleep 0.7'
    task = door.hub.submit(run=shell(script), needs=["any"])
    await door.reaches(task, "running", assigned_to=sidecar.name)
    sidecar.signal(signal.SIGSTOP)
    try:
        await second.start()
        ended = await door.reaches(task, "completed")
        assert (ended["assigned_to"], ended["attempt"]) == (second.name, 2)
    finally:
        sidecar.signal(signal.SIGCONT)
    await until(lambda: sidecar.status == "idle")
    await until(lambda: "stop" in log_of(sidecar) or "refused" in log_of(sidecar))
    assert door.hub.task(task)["version"] == ended["version"]


def log_of(sidecar: Sidecar) -> str:
    """What it logged."""
    return (sidecar.folder / "log").read_text()


def _begun(marks: Path, count: int) -> bool:
    """Whether so many commands have left their mark."""
    return len(list(marks.iterdir())) >= count


@PATIENT
@pytest.mark.timeout(120)
async def test_many_commands_through_everything(door: Door, sidecar: Sidecar) -> None:
    """While the hub is killed twice, each of them runs exactly once."""
    marks = sidecar.folder / "marks"
    marks.mkdir()
    batch = [
        {
            "description": str(n),
            "needs": ["any"],
            "run": shell(f'echo x >> "{marks}/{n}"; sleep 0.05; echo {n}'),
        }
        for n in range(40)
    ]
    items = door.hub.http("POST", "/api/v1/tasks", {"tasks": batch}).json["items"]
    for begun in (8, 24):
        await until(partial(_begun, marks, begun))
        await asyncio.to_thread(door.hub.restart)
    await until(partial(_begun, marks, len(items)), 3 * PATIENCE)
    for n, item in enumerate(items):
        ended = await door.reaches(item["id"], "completed")
        assert ended["result"]["stdout"] == f"{n}\n"
        assert (marks / str(n)).read_text() == "x\n" * ended["attempt"]
