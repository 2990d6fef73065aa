"""The contract of old clients: what the hub should do for peace, and what it must not do."""

import asyncio
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from tests.backbone.clauses import SPARE, at_work, by_both, client_of, greeted, heard, said
from tests.backbone.double import OldClient
from tests.backbone.fleet import begins, by_hand, ended
from tests.backbone.script import HANG, NEVER_CONFIRM, SUCCEED, VERSIONS, Setup, Version, fail
from tests.transport.conftest import StartHub
from tests.transport.wire import Door, new_name, open_door, until

IMPATIENT: Final = replace(SPARE, ping_every=0.2, pong_within=0.2)
"""It drops a silent connection soon; otherwise a test would wait for 40 s."""
SILENCE: Final = IMPATIENT.ping_every + IMPATIENT.pong_within
"""From one try to the next, at least, on connections that are not answered."""
AT_ONCE: Final = {"base_ms": 0, "cap_ms": 0}
"""A failed task does not wait before it runs again."""


async def is_tried_rarely(client: OldClient, first: int, patience: int = 2) -> None:
    """From this try on the client ends each connection itself, for want of a pong."""
    await until(lambda: len(client.tries) > first + patience)
    tries = client.tries[first:]
    gaps = [after - before for before, after in pairwise(tries)]
    assert min(gaps) >= SILENCE
    assert client.notes.count("no pong") >= patience


async def test_should_1_a_bad_token_is_tried_rarely(calm: Door, tmp_path: Path) -> None:
    """It is told so once on each connection, which stays open until the client leaves it."""

    async def play(version: Version) -> None:
        async with client_of(calm, version, tmp_path, pace=IMPATIENT) as client:
            client.token = "not-a-token"
            await is_tried_rarely(client, 0)
            assert not heard(client, "identified", "pong", "bye")
            assert len(heard(client, "error")) in (len(client.tries), len(client.tries) - 1)
            assert len(said(client, "identify")) in (len(client.tries), len(client.tries) - 1)

    await by_both(play)


async def test_should_2_reports_are_acknowledged(calm: Door, tmp_path: Path) -> None:
    """The acceptance, the result and the failure, each by the task's id."""

    async def play(version: Version) -> None:
        async with client_of(calm, version, tmp_path) as client:
            client.deeds["fails"] = fail("boom")
            told = []
            for description, end in (("works", "complete"), ("fails", "dead_letter")):
                spec = {"description": description, "max_attempts": 1}
                task = calm.hub.submit(assign_to=client.agent_id, **spec)
                await until(ended(calm.hub, task))
                told += [(task, "accepted"), (task, end)]
            await until(lambda: len(heard(client, "task_ack")) >= len(told))
            acks = [(each["task_id"], each["status"]) for each in heard(client, "task_ack")]
            assert acks == told

    await by_both(play)


async def test_should_3_a_new_number_for_a_running_task(calm: Door, tmp_path: Path) -> None:
    """Who works on under an old number is told the new one, and reports under that."""
    name = new_name()
    peer = await by_hand(calm, name)
    task = calm.hub.submit(assign_to=name)
    old = await peer.given(task)
    await peer.say("task_rejected", task_id=task, reason="busy")
    await peer.hears("task_continue", task_id=task, generation=old["generation"])
    await calm.reaches(task, "queued")
    await peer.say("ping")
    fence = await begins(peer, task)
    peer.vanish()
    peer = await by_hand(calm, name)
    await peer.say("state_report", status="working", **old)
    told = await peer.hears("task_continue", task_id=task)
    assert told["generation"] == fence["generation"] > old["generation"]
    await peer.hears("state_report_ack", task_id=task, action="continue")
    await peer.completes(fence, "done")
    assert not [each for each in peer.frames if each["type"] == "task_assign"]

    async def play(version: Version) -> None:
        async with client_of(calm, version, tmp_path, HANG) as client:
            task = await at_work(calm, client)
            client.process.generations.clear()
            await client.kill()
            client.start()
            await until(lambda: heard(client, "task_continue"))
            client.finish(task)
            found = await until(ended(calm.hub, task))
            assert said(client, "task_complete")[0]["generation"] == found["generation"]
            assert (len(heard(client, "task_assign")), found["attempt"]) == (1, 1)

    await by_both(play)


async def test_must_not_1_no_close_code_keeps_anybody_away(
    calm: Door, own_hub: StartHub, tmp_path: Path
) -> None:
    """Whoever is closed for good comes back, and then finds silence; others find their work."""

    async def play(version: Version) -> None:
        paths = ("/admin/tokens/", "/api/v1/agents/")
        await asyncio.gather(*(expelled(version, path) for path in paths))

    async def expelled(version: Version, path: str) -> None:
        async with client_of(calm, version, tmp_path / path[1:], pace=IMPATIENT) as client:
            await greeted(client)
            reply = calm.hub.http("DELETE", f"{path}{client.agent_id}")
            assert reply.status in (200, 204)
            await is_tried_rarely(client, 1)
            assert len(heard(client, "identified")) == 1

    await by_both(play)
    name = new_name()
    peer = await by_hand(calm, name)
    await peer.raw(b"not text")
    await peer.bye()
    await (await by_hand(calm, name)).pings()
    hub = own_hub()
    async with open_door(hub) as door, client_of(door, "1.4", tmp_path / "own", HANG) as client:
        task = await at_work(door, client)
        assert hub.stop() == 0
        hub.start()
        await greeted(client, 2)
        await until(lambda: heard(client, "state_report_ack"))
        client.finish(task)
        assert (await until(ended(hub, task)))["attempt"] == 1


async def test_must_not_2_two_of_one_name_do_not_circle(calm: Door, tmp_path: Path) -> None:
    """Soon one of them stays, whatever the other tries, and does the work."""

    async def play(version: Version) -> None:
        async with client_of(calm, version, tmp_path / "a", pace=IMPATIENT) as one:
            place = (calm.hub.socket_url, one.agent_id, one.token, tmp_path / "b" / version)
            async with OldClient(version, *place, IMPATIENT) as other:
                pair = (one, other)
                await until(lambda: any(heard(each, "error") for each in pair))
                loser, winner = sorted(pair, key=lambda each: not heard(each, "error"))
                sessions = [len(heard(each, "identified")) for each in pair]
                first = len(loser.tries) - 1
                await is_tried_rarely(loser, first)
                assert [len(heard(each, "identified")) for each in pair] == sessions
                assert sum(sessions) <= 3
                task = calm.hub.submit(assign_to=one.agent_id)
                assert (await until(ended(calm.hub, task)))["attempt"] == 1
                assert said(winner, "task_complete")

    await by_both(play)


async def test_must_not_3_deaf_is_not_dead(hasty: Door, tmp_path: Path) -> None:
    """A client that reads nothing keeps its session and its task, for far longer than others."""
    name = new_name()
    silent = await hasty.agent(name)
    theirs = hasty.hub.submit(assign_to=name)
    await silent.accepts(theirs)
    await hasty.reaches(theirs, "running")
    all_deaf = asyncio.Barrier(len(VERSIONS))

    async def play(version: Version) -> None:
        async with client_of(hasty, version, tmp_path, HANG) as client:
            task = await at_work(hasty, client)
            deaf = asyncio.create_task(client.process.link.block(60))
            await all_deaf.wait()
            silent.still()
            await hasty.reaches(theirs, "queued")
            assert hasty.hub.get(f"/agents/{name}")["status"] == "offline"
            assert hasty.hub.get(f"/agents/{client.agent_id}")["status"] == "working"
            deaf.cancel()
            client.finish(task)
            found = await until(ended(hasty.hub, task))
            assert (found["state"], found["attempt"]) == ("completed", 1)
            assert (len(client.tries), len(heard(client, "identified"))) == (1, 1)

    await by_both(play)


async def test_must_not_4_a_cancelled_task_does_not_come_again(
    own_hub: StartHub, tmp_path: Path
) -> None:
    """Neither retried, nor timed out, nor lost while it is to stop: the same id would kill it."""
    hub = own_hub(stop_slack_ms=100, cancel_grace_ms=2_500)

    async def retried(version: Version, door: Door) -> None:
        async with waking(version, door, "retried") as client:
            task = await woken(door, client)
            assert hub.cancel(task).status < 300
            await until(ended(hub, task))
            assert hub.http("POST", f"/api/v1/tasks/{task}/retry", {}).status == 200
            await is_kept_away(client, door, task)

    async def timed_out(version: Version, door: Door) -> None:
        async with waking(version, door, "late") as client:
            task = await woken(door, client, timeout_ms=300, retry=AT_ONCE)
            await door.reaches(task, "queued")
            await is_kept_away(client, door, task)

    async def lost(version: Version, door: Door) -> None:
        async with waking(version, door, "lost") as client:
            task = await woken(door, client, timeout_ms=300, retry=AT_ONCE)
            await until(lambda: heard(client, "task_cancelled"))
            client.process.link.cut()
            await door.reaches(task, "queued")
            await is_kept_away(client, door, task)

    def waking(version: Version, door: Door, word: str) -> OldClient:
        setup = Setup(capabilities=(f"{word}-{version}",))
        return client_of(door, version, tmp_path / word, NEVER_CONFIRM, setup=setup)

    async def play(version: Version) -> None:
        async with open_door(hub) as door:
            await asyncio.gather(*(each(version, door) for each in (retried, timed_out, lost)))

    await by_both(play)


async def woken(door: Door, client: OldClient, **spec: Any) -> str:
    """A task that only this client can do for now, and whose agent has not confirmed yet."""
    await greeted(client)
    task = door.hub.submit(needs=list(client.setup.capabilities), **spec)
    await until(lambda: client.status == "waking_confirmation")
    await door.reaches(task, "running")
    return task


async def is_kept_away(client: OldClient, door: Door, task: str) -> None:
    """Another one gets the task; this client does not, and lives."""
    found = door.hub.get(f"/tasks/{task}/explain")["candidates"]
    mine = [each["reasons"] for each in found if each["agent_id"] == client.agent_id]
    assert "excluded" in {reason["code"] for reasons in mine for reason in reasons}
    work = client.results.folder / "other"
    async with client_of(door, "1.1", work, SUCCEED, setup=client.setup) as other:
        assert (await until(ended(door.hub, task)))["assigned_to"] == other.agent_id
    assert [each["task_id"] for each in heard(client, "task_assign")] == [task]
    assert client.exit_codes == []
