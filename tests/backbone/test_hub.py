"""The double against a real hub: its work is done, whatever happens on the way."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.backbone.double import OldClient
from tests.backbone.fleet import PACE, ended, old_client
from tests.backbone.script import HANG, VERSIONS, Version, big, fail
from tests.transport.wire import Door, new_name, until


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_task_is_done(calm: Door, version: Version, tmp_path: Path) -> None:
    """One after the other, each once, with its result."""
    async with old_client(calm, version, tmp_path) as client:
        for _ in range(2):
            task = calm.hub.submit(assign_to=client.agent_id)
            found = await until(ended(calm.hub, task))
            assert (found["state"], found["attempt"]) == ("completed", 1)
            assert found["result"]["status"] == "success"


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_failure_has_its_reason(calm: Door, version: Version, tmp_path: Path) -> None:
    """It is in `reason`, where others have `error`."""
    async with old_client(calm, version, tmp_path, fail("boom")) as client:
        task = calm.hub.submit(assign_to=client.agent_id, max_attempts=1)
        found = await until(ended(calm.hub, task))
        assert (found["state"], found["error"]) == ("dead_letter", "boom")


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_large_result_is_kept_in_part(calm: Door, version: Version, tmp_path: Path) -> None:
    """Three megabytes in one frame end in a completed task, with a flag."""
    async with old_client(calm, version, tmp_path, big(3_000_000)) as client:
        task = calm.hub.submit(assign_to=client.agent_id)
        found = await until(ended(calm.hub, task))
        assert found["state"] == "completed"
        assert found["result"]["truncated"]


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_cut_connection_loses_no_work(calm: Door, version: Version, tmp_path: Path) -> None:
    """The attempt goes on, and its result counts."""
    async with old_client(calm, version, tmp_path, HANG) as client:
        task = calm.hub.submit(assign_to=client.agent_id)
        await until(lambda: calm.hub.task(task)["state"] == "running")
        await until(lambda: client.working_on == task)
        generation = calm.hub.task(task)["generation"]
        sessions = len([each for each in client.heard if each["type"] == "identified"])
        client.process.link.cut()
        await until(lambda: len([e for e in client.heard if e["type"] == "identified"]) > sessions)
        client.finish(task, {"status": "success", "n": 1})
        found = await until(ended(calm.hub, task))
        assert (found["state"], found["attempt"]) == ("completed", 1)
        assert found["generation"] == generation


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_killed_client_goes_on(calm: Door, version: Version, tmp_path: Path) -> None:
    """It asks about its task, and is told to continue under the same number."""
    async with old_client(calm, version, tmp_path, HANG) as client:
        task = calm.hub.submit(assign_to=client.agent_id)
        await until(lambda: client.status == "working")
        await until(lambda: calm.hub.task(task)["state"] == "running")
        await client.kill()
        client.start()
        await until(lambda: any(frame["type"] == "task_continue" for frame in client.heard))
        client.finish(task, {"status": "success"})
        found = await until(ended(calm.hub, task))
        assert (found["state"], found["attempt"]) == ("completed", 1)


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_bad_token_makes_no_storm(calm: Door, version: Version, tmp_path: Path) -> None:
    """An error, and then silence: one try for as long as it takes to miss a pong."""
    name = new_name()
    pace = replace(PACE, ping_every=0.3, pong_within=0.3)
    client = OldClient(version, calm.hub.socket_url, name, "no-token", tmp_path, pace)
    async with client:
        await until(lambda: any(frame["type"] == "error" for frame in client.heard))
        await asyncio.sleep(0.5)
        assert len([frame for frame in client.sent if frame["type"] == "identify"]) == 1


async def test_a_lost_result_is_noticed(calm: Door, tmp_path: Path) -> None:
    """The newer one names what it has: what it does not name is run again."""
    async with old_client(calm, "1.4", tmp_path, HANG) as client:
        task = calm.hub.submit(assign_to=client.agent_id)
        await until(lambda: client.status == "working")
        await until(lambda: calm.hub.task(task)["state"] == "running")
        await until(lambda: any(each["type"] == "resource_report" for each in client.sent))
        before = calm.hub.task(task)["generation"]
        await client.kill()
        client.queue.write(None, None)
        client.start()
        await until(lambda: calm.hub.task(task)["generation"] > before)
        assert calm.hub.task(task)["reclaims"] == 1


async def test_a_cancelled_task_is_dropped(calm: Door, tmp_path: Path) -> None:
    """The newer one frees its slot at once; the hub waits for nothing but its grace."""
    async with old_client(calm, "1.4", tmp_path, HANG) as client:
        task = calm.hub.submit(assign_to=client.agent_id)
        await until(lambda: client.status == "working")
        await until(lambda: calm.hub.task(task)["state"] == "running")
        calm.hub.http("POST", f"/api/v1/tasks/{task}/cancel", {})
        await until(lambda: client.working_on is None)
        assert any(frame["type"] == "task_cancelled" for frame in client.heard)


@pytest.mark.parametrize("version", VERSIONS)
async def test_two_of_one_name_do_not_circle(calm: Door, version: Version, tmp_path: Path) -> None:
    """After two turns the standing session stays, and work is done by it."""
    async with old_client(calm, version, tmp_path / "a") as one:
        other = OldClient(
            version, calm.hub.socket_url, one.agent_id, one.token, tmp_path / "b", PACE
        )
        async with other:
            await until(lambda: any(frame["type"] == "error" for frame in one.heard + other.heard))
            sessions = [frame for frame in one.heard + other.heard if frame["type"] == "identified"]
            assert len(sessions) == 3
            task = calm.hub.submit(assign_to=one.agent_id)
            assert (await until(ended(calm.hub, task)))["attempt"] == 1


async def test_a_task_cancelled_there_goes_to_another_first(calm: Door, tmp_path: Path) -> None:
    """Its timers of the first time still run, and would end the process."""
    async with old_client(calm, "1.4", tmp_path / "a", HANG) as client:
        task = calm.hub.submit(needs=["code"], labels={"only": client.agent_id})
        await until(lambda: calm.hub.task(task)["state"] == "running")
        calm.hub.http("POST", f"/api/v1/tasks/{task}/cancel", {})
        await until(ended(calm.hub, task))
        assert calm.hub.http("POST", f"/api/v1/tasks/{task}/retry", {}).status == 200
        found = calm.hub.get(f"/tasks/{task}/explain")
        codes = {
            reason["code"]
            for each in found["candidates"]
            if each["agent_id"] == client.agent_id
            for reason in each["reasons"]
        }
        assert "excluded" in codes


async def test_odd_frames_cost_nobody_anything(calm: Door, tmp_path: Path) -> None:
    """They are answered or mean nothing; the session stands, and work goes on."""
    name = new_name()
    peer = await calm.connect(calm.token(name))
    odd = [{"task_id": "t", "generation": 1, "state": "running"}]
    await peer.say("identify", agent_id=name, in_flight=odd, status=5)
    await peer.hears("identified")
    for fields in (
        {"type": "task_complete"},
        {"type": "task_complete", "task_id": {"a": 1}, "generation": "x", "result": []},
        {"type": "task_failed", "task_id": 5, "reason": ["x"]},
        {"type": "task_accepted", "task_id": "nobody's"},
        {"type": "state_report", "task_id": "nobody's", "generation": -1},
        {"type": "task_recovering", "task_id": "nobody's"},
        {"type": "no_such_type"},
        {"type": None},
        {"type": "identify", "agent_id": "another"},
    ):
        await peer.raw(json.dumps(fields))
    acks = [await peer.hears(kind) for kind in ("state_report_ack", "task_reassign")]
    assert [ack["task_id"] for ack in acks] == ["nobody's"] * 2
    assert acks[0]["action"] == "abort"
    task = calm.hub.submit(assign_to=name)
    fence = await peer.given(task)
    await peer.say("task_accepted", task_id=task)
    await peer.say("task_complete", task_id=task, result={"n": 1}, generation=fence["generation"])
    assert (await until(ended(calm.hub, task)))["result"] == {"n": 1}
