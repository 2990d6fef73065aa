"""A hub that is killed and started again: what it promised holds, and work goes on."""

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path

from schemas.scalars import Role
from tests.transport.conftest import StartHub
from tests.transport.ranch import HASTY, PATIENCE
from tests.transport.wire import Door, Frame, Peer, open_door, until

NAME = "agent-1"


async def holding(door: Door, *, accepted: bool) -> tuple[Peer, Frame, str]:
    """An agent that was given a task."""
    agent = await door.agent(NAME)
    task = door.hub.submit(assign_to=NAME)
    fence = await (agent.accepts(task) if accepted else agent.given(task))
    if accepted:
        await door.reaches(task, "running")
    return agent, fence, task


async def test_a_running_task_goes_on(own_hub: StartHub) -> None:
    """Same holder, same generation, one attempt."""
    hub = own_hub()
    async with open_door(hub) as door:
        _, fence, task = await holding(door, accepted=True)
        hub.restart()
        back = await door.connect(door.token(NAME))
        told = await back.identify(NAME, in_flight=[{**fence, "state": "running"}])
        assert told["verdicts"][0]["verdict"] == "continue"
        assert (await back.completes(fence, 1))["status"] == "complete"
        after = hub.task(task)
        assert (after["attempt"], after["generation"]) == (1, fence["generation"])


async def test_an_assigned_task_that_is_listed_was_accepted(own_hub: StartHub) -> None:
    """The acceptance was lost with the hub."""
    hub = own_hub()
    async with open_door(hub) as door:
        _, fence, task = await holding(door, accepted=False)
        hub.restart()
        await door.agent(NAME, in_flight=[{**fence, "state": "running"}])
        after = await door.reaches(task, "running")
        assert (after["attempt"], after["generation"]) == (1, fence["generation"])


async def test_an_assigned_task_that_is_not_listed_returns(own_hub: StartHub) -> None:
    """At once, untried, with a new generation."""
    hub = own_hub()
    async with open_door(hub) as door:
        _, fence, task = await holding(door, accepted=False)
        hub.restart()
        back = await door.agent(NAME)
        assert (await back.given(task))["generation"] > fence["generation"]
        after = hub.task(task)
        assert (after["attempt"], after.get("reclaims")) == (0, None)


async def test_a_running_task_that_is_not_listed_is_lost(own_hub: StartHub) -> None:
    """At once: its agent knows nothing of it."""
    hub = own_hub()
    async with open_door(hub) as door:
        _, fence, task = await holding(door, accepted=True)
        hub.restart()
        back = await door.agent(NAME)
        assert (await back.given(task))["generation"] > fence["generation"]
        assert hub.task(task)["reclaims"] == 1


async def test_leases_begin_anew(own_hub: StartHub) -> None:
    """The time the hub was down is not counted; then the lease ends as ever."""
    hub = own_hub(**HASTY)
    async with open_door(hub) as door:
        agent, fence, task = await holding(door, accepted=True)
        agent.vanish()
        hub.kill()
        await asyncio.sleep(1.2 * HASTY["lease_ms"] / 1000)
        hub.start()
        began = time.monotonic()
        assert hub.task(task)["state"] == "running"
        await door.reaches(task, "queued")
        assert time.monotonic() - began > 0.6 * HASTY["lease_ms"] / 1000
        assert hub.task(task)["generation"] == fence["generation"]


async def test_a_cancel_that_was_asked_for_is_remembered(own_hub: StartHub) -> None:
    """The agent is asked again when it is back."""
    hub = own_hub()
    async with open_door(hub) as door:
        _, fence, task = await holding(door, accepted=True)
        hub.cancel(task)
        hub.restart()
        back = await door.agent(NAME, in_flight=[{**fence, "state": "running"}])
        await back.hears("task_cancel", **fence)
        await back.reports("task_cancelled", fence)
        assert hub.task(task)["state"] == "cancelled"


async def test_nothing_that_waits_is_forgotten(own_hub: StartHub) -> None:
    """The queue with its order, backoffs, times to come, what has ended, who may come in."""
    hub = own_hub()
    later = int(time.time() * 1000) + 3_600_000
    async with open_door(hub) as door:
        agent = await door.agent(NAME)
        failed = hub.submit(assign_to=NAME, retry={"base_ms": 86_400_000, "cap_ms": 86_400_000})
        await agent.reports("task_failed", await agent.accepts(failed), error="x")
        done = hub.submit(assign_to=NAME)
        await agent.completes(await agent.accepts(done), {"kept": True})
        agent.vanish()
        await until(lambda: hub.get(f"/agents/{NAME}")["status"] == "offline")
        low = hub.submit(assign_to=NAME, priority="low")
        first = hub.submit(assign_to=NAME, fairness_key="f")
        future = hub.submit(assign_to=NAME, not_before=later)
        expiring = hub.submit(assign_to=NAME, complete_by=later)
        hub.restart()
        states = [hub.task(each)["state"] for each in (failed, done, low, future)]
        assert states == ["scheduled", "completed", "queued", "scheduled"]
        assert hub.task(done)["result"] == {"kept": True}
        back = await door.agent(NAME, slots=3)
        given = {(await back.hears("task_assign"))["task_id"] for _ in range(3)}
        assert given == {low, first, expiring}
        assert hub.metric("corral_tasks", '{org="main",state="scheduled"}') == 2


async def test_a_backlog_larger_than_memory_is_read_in_order(own_hub: StartHub) -> None:
    """After a start all of it is cold, and every task runs, the oldest first."""
    hub = own_hub()
    ids: list[str] = []
    for _ in range(2):
        batch = [{"description": str(n), "assign_to": NAME} for n in range(500)]
        reply = hub.http("POST", "/api/v1/tasks", {"tasks": batch})
        ids += [item["id"] for item in reply.json["items"]]
    cancelled = ids[700]
    hub.restart()
    hub.cancel(cancelled)
    async with open_door(hub) as door:
        agent = await door.agent(NAME, slots=8)
        seen = []
        for _ in range(999):
            frame = await agent.hears("task_assign")
            seen.append(frame["task_id"])
            fence = {"task_id": frame["task_id"], "generation": frame["generation"]}
            await agent.say("task_complete", **fence, result=1)
        assert seen == [task for task in ids if task != cancelled]
        await door.reaches(ids[-1], "completed")
        assert hub.metric("corral_tasks", '{org="main",state="completed"}') == 999


async def test_a_full_cache_loses_nothing(own_hub: StartHub, tmp_path: Path) -> None:
    """When fresh records do not fit in memory they are read again before they are sent."""
    small = tmp_path / "small.py"
    small.write_text(
        "import sys\n"
        "from hub import app\n"
        "from hub.core import residents\n"
        "residents.FRESH_BYTES = residents.ENDED_BYTES = 8192\n"
        "sys.exit(app.main())\n"
    )
    hub = own_hub(program=(str(small),))
    async with open_door(hub) as door:
        batch = [{"description": str(n), "assign_to": NAME, "payload": n} for n in range(300)]
        hub.http("POST", "/api/v1/tasks", {"tasks": batch})
        agent = await door.agent(NAME, slots=4)
        for n in range(300):
            frame = await agent.hears("task_assign")
            assert frame["payload"] == n
            fence = {"task_id": frame["task_id"], "generation": frame["generation"]}
            assert (await agent.completes(fence, n))["status"] == "complete"
            if n % 50 == 0:
                # Its record has left the memory by now: it is read, and the ack is the same.
                assert (await agent.completes(fence, n))["status"] == "complete"


async def test_a_stop_in_order_loses_nothing(own_hub: StartHub) -> None:
    """What was acknowledged is there afterwards, and the log has no error."""
    hub = own_hub()
    async with open_door(hub) as door:
        submitter = await door.submitter(Role.ADMIN)
        for n in range(100):
            task = {"description": str(n), "needs": ["nobody"]}
            await submitter.say("task_submit", ref=str(n), tasks=[task])
        ids = [(await submitter.hears("task_submitted"))["ids"][0] for _ in range(100)]
        assert await asyncio.to_thread(hub.stop) == 0
    hub.start()
    assert {hub.task(task)["state"] for task in ids} == {"queued"}
    assert {line["level"] for line in hub.log_lines()} <= {"info", "warning"}


async def test_a_stop_does_not_wait_for_those_who_wait(own_hub: StartHub) -> None:
    """A request that waits for an end is let go."""
    hub = own_hub()
    task = hub.submit(needs=["nobody"])
    path = f"/api/v1/tasks/{task}?wait_ms=60000"
    asked = asyncio.create_task(asyncio.to_thread(hub.http, "GET", path))
    await asyncio.sleep(0.3)
    began = time.monotonic()
    assert await asyncio.to_thread(hub.stop) == 0
    assert time.monotonic() - began < 5
    assert (await asked).status == 200


def finished(command: list[str]) -> subprocess.CompletedProcess[bytes]:
    """What a command that ends by itself has to say."""
    return subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)


async def test_one_data_directory_one_hub(own_hub: StartHub) -> None:
    """A second one says so and leaves with a code of its own."""
    hub = own_hub()
    command = [sys.executable, "-m", "hub.app", "--data", str(hub.data), "--port", "0"]
    second = await asyncio.to_thread(finished, command)
    assert second.returncode == 3
    assert b"corral: " in second.stderr
    assert b"Traceback" not in second.stderr
    assert hub.http("GET", "/health").status == 200


async def test_a_taken_port_is_said(own_hub: StartHub, tmp_path: Path) -> None:
    """At once, with what to do."""
    hub = own_hub()
    data = tmp_path / "other"
    command = [sys.executable, "-m", "hub.app", "--data", str(data), "--port", str(hub.port)]
    second = await asyncio.to_thread(finished, command)
    assert second.returncode == 2
    assert b"choose another --port" in second.stderr
    assert b"Traceback" not in second.stderr


async def test_the_runtime_file_tells_where_it_is(own_hub: StartHub) -> None:
    """For the command line, and for nobody else."""
    hub = own_hub()
    runtime = json.loads((hub.data / "runtime.json").read_text())
    assert (runtime["pid"], runtime["url"]) == (hub.pid, f"http://127.0.0.1:{hub.port}")
    for name in ("runtime.json", "admin.token"):
        assert (hub.data / name).stat().st_mode & 0o077 == 0
    token = (hub.data / "admin.token").read_text().strip()
    assert hub.http("GET", "/api/v1/me", token=token).json["role"] == "admin"
