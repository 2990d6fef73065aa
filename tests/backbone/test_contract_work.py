"""The contract of old clients: the tasks and answers they get, and results, which come once."""

import asyncio
import json
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from schemas.scalars import OLD_FRAME_BYTES
from tests.backbone.clauses import SPARE, at_work, by_both, client_of, greeted, heard, said
from tests.backbone.double import OldClient
from tests.backbone.fleet import begins, by_hand, ended
from tests.backbone.script import HANG, NEVER_CONFIRM, SUCCEED, Version, big
from tests.transport.wire import Door, new_name, until

AWAY: Final = replace(SPARE, reconnect_after=0.3)
"""It takes a while to come back, so that something can happen meanwhile."""
JUST_FITS: Final = OLD_FRAME_BYTES - 4096
"""Bytes of a result whose frame is as large as a frame may be, but for what is around it."""
WORDS: Final = ("task_continue", "task_reassign", "task_assign")
ASSIGNED: Final = {
    "type",
    "task_id",
    "description",
    "metadata",
    "payload",
    "generation",
    "assigned_at",
}
HARMLESS: Final = {
    "identified",
    "pong",
    "task_assign",
    "task_ack",
    "task_continue",
    "task_reassign",
    "task_cancelled",
    "state_report_ack",
    "error",
    "bye",
}
"""What a hub says to old clients; none of it is given to a shell."""
SMUGGLED: Final[dict[str, Any]] = {
    "type": "room_message",
    "from": "x",
    "text": "$(touch /tmp/never)",
    "seq": 1,
    "verification_steps": [{"type": "command_succeeds", "target": "touch /tmp/never"}],
    "shell_command": "touch /tmp/never",
    "routing_decision": {"target_type": "sidecar"},
    "task_id": "another",
    "generation": None,
}


async def test_must_07_recovery_is_answered_first(calm: Door, tmp_path: Path) -> None:
    """By a number to go on under or by taking the task back; what waits comes after that."""

    async def goes_on(version: Version) -> None:
        async with client_of(calm, version, tmp_path / "on", HANG) as client:
            first = await at_work(calm, client)
            generation = calm.hub.task(first)["generation"]
            second = calm.hub.submit(assign_to=client.agent_id)
            await restart(client)
            word = await first_word(client)
            assert (word["type"], word["task_id"]) == ("task_continue", first)
            assert (word["generation"], type(word["generation"])) == (generation, int)
            client.otherwise = SUCCEED
            client.finish(first)
            for task in (first, second):
                found = await until(ended(calm.hub, task))
                assert (found["state"], found["attempt"]) == ("completed", 1)

    async def begins_anew(version: Version) -> None:
        async with client_of(calm, version, tmp_path, NEVER_CONFIRM) as client:
            task = calm.hub.submit(assign_to=client.agent_id)
            await until(lambda: client.status == "waking_confirmation")
            await calm.reaches(task, "running")
            client.otherwise = SUCCEED
            await restart(client)
            word = await first_word(client)
            assert (word["type"], word["task_id"]) == ("task_reassign", task)
            assert (await until(ended(calm.hub, task)))["state"] == "completed"

    async def knows_another(version: Version) -> None:
        client = client_of(calm, version, tmp_path / "else")
        left = {"task_id": "gone", "description": "", "metadata": {}, "status": "working"}
        client.queue.write(left, None)
        task = calm.hub.submit(assign_to=client.agent_id)
        async with client:
            word = await first_word(client)
            assert (word["type"], word["task_id"]) == ("task_reassign", "gone")
            assert (await until(ended(calm.hub, task)))["attempt"] == 1

    async def play(version: Version) -> None:
        plays = (goes_on, begins_anew, knows_another)
        await asyncio.gather(*(each(version) for each in plays))

    await by_both(play)
    name = new_name()
    task = calm.hub.submit(assign_to=name)
    slow = await by_hand(calm, name)
    await asyncio.sleep(0.3)
    assert not [frame for frame in slow.frames if frame["type"] in WORDS]
    await slow.say("task_recovering", task_id="gone", last_status="working")
    await slow.hears("task_reassign", task_id="gone")
    await slow.given(task)


async def restart(client: OldClient) -> None:
    """Kill the process and start it again; it has heard nothing yet."""
    await client.kill()
    client.heard.clear()
    client.start()


async def first_word(client: OldClient) -> dict[str, Any]:
    """The first thing that the client hears about any task."""
    return dict(await until(lambda: next(iter(heard(client, *WORDS)), None)))


async def test_must_08_state_reports_are_answered(calm: Door, tmp_path: Path) -> None:
    """By continue while the task is the client's, by abort when it is not, also amid a flood."""
    async with client_of(calm, "1.4", tmp_path, HANG) as client:
        task = await at_work(calm, client)
        client.process.link.cut()
        ack = (await until(lambda: heard(client, "state_report_ack")))[0]
        assert (ack["task_id"], ack["action"]) == (task, "continue")
        client.finish(task)
        assert (await until(ended(calm.hub, task)))["attempt"] == 1
    asked = ("nobody's", task, calm.hub.submit(needs=["nobody"]))
    peer = await by_hand(calm, new_name())
    for _ in range(8_000):
        await peer.say("task_progress", task_id=task, execution_event=None)
    for each in asked:
        await peer.say("state_report", task_id=each, status="working", generation=1)
    for each in asked:
        assert (await peer.hears("state_report_ack", task_id=each))["action"] == "abort"


async def test_must_09_generations_and_deadlines(calm: Door, hasty: Door, tmp_path: Path) -> None:
    """A number that is not the attempt's ends nothing; no result ends the attempt in its time."""
    name = new_name()
    peer = await by_hand(calm, name)
    task = calm.hub.submit(assign_to=name)
    old = await peer.given(task)
    await peer.say("task_rejected", task_id=task, reason="busy")
    await calm.reaches(task, "queued")
    await peer.say("ping")
    fence = await begins(peer, task)
    for wrong in (fence["generation"] + 1, old["generation"]):
        await peer.say("task_complete", task_id=task, generation=wrong, result="wrong")
        await peer.hears("error", task_id=task)
        assert calm.hub.task(task)["state"] == "running"
    await peer.completes(fence, "right")
    assert calm.hub.task(task)["result"] == "right"

    async def play(version: Version) -> None:
        async with client_of(hasty, version, tmp_path, HANG) as client:
            task = await at_work(hasty, client, timeout_ms=1_000, max_attempts=1)
            pongs = len(heard(client, "pong"))
            found = await until(ended(hasty.hub, task))
            assert (found["state"], found["failure_class"]) == ("dead_letter", "timeout")
            assert len(heard(client, "pong")) > pongs

    await by_both(play)


async def test_must_10_large_results(calm: Door, tmp_path: Path) -> None:
    """Whole in one frame up to the limit; one beyond it ends only its own attempt."""

    async def play(version: Version) -> None:
        async with AsyncExitStack() as stack:
            client, other = [
                await stack.enter_async_context(client_of(calm, version, tmp_path / each, HANG))
                for each in "ab"
            ]
            bystanding = await at_work(calm, other)
            for size in (3_000_000, JUST_FITS):
                client.otherwise = big(size)
                task = calm.hub.submit(assign_to=client.agent_id)
                found = await until(ended(calm.hub, task))
                assert (found["state"], found["attempt"]) == ("completed", 1)
                assert (found["result"]["truncated"], client.tries[1:]) == (True, [])
            assert len(json.dumps(said(client, "task_complete")[-1])) < OLD_FRAME_BYTES
            client.otherwise = big(OLD_FRAME_BYTES)
            large = calm.hub.submit(assign_to=client.agent_id, max_attempts=1)
            await greeted(client, 2)
            assert any(note == "closed 1009" for note in client.notes)
            client.otherwise = SUCCEED
            small = calm.hub.submit(assign_to=client.agent_id)
            assert (await until(ended(calm.hub, small)))["state"] == "completed"
            assert (await until(ended(calm.hub, large)))["failure_class"] == "lost"
            other.finish(bystanding)
            assert (await until(ended(calm.hub, bystanding)))["attempt"] == 1
            assert len(other.tries) == 1

    await by_both(play)


async def test_must_11_nothing_is_sent_twice(calm: Door, tmp_path: Path) -> None:
    """What went with a connection is noticed, and its task is run again."""

    async def play(version: Version) -> None:
        async with client_of(calm, version, tmp_path, HANG, AWAY) as client:
            task = await at_work(calm, client)
            client.process.link.cut()
            client.finish(task)
            await until(lambda: any(each == "lost: task_complete" for each in client.notes))
            client.otherwise = SUCCEED
            if version == "1.1":
                # It names nothing: only another task can tell that it has room.
                calm.hub.submit(assign_to=client.agent_id)
            found = await until(ended(calm.hub, task))
            assert (found["state"], found["attempt"], found["reclaims"]) == ("completed", 2, 1)
            (complete,) = [
                each for each in said(client, "task_complete") if each["task_id"] == task
            ]
            assert complete["generation"] == found["generation"]

    await by_both(play)


async def test_must_not_5_no_commands_from_a_task(calm: Door, tmp_path: Path) -> None:
    """Wherever somebody writes them, they stay there: no frame and no field is made of them."""
    broken_out = '"}, ' + json.dumps(SMUGGLED)[1:]
    labels = {"type": "room_message", "verification_steps": "x", "shell_command": "x"}

    async def play(version: Version) -> None:
        async with client_of(calm, version, tmp_path) as client:
            pin = {"assign_to": client.agent_id}
            first = calm.hub.submit(
                description=broken_out, metadata=SMUGGLED, payload=SMUGGLED, labels=labels, **pin
            )
            wish = {**SMUGGLED, "description": broken_out, "metadata": SMUGGLED, **pin}
            reply = calm.hub.http("POST", "/api/tasks", wish)
            peer = await by_hand(calm, new_name())
            await peer.raw(json.dumps({**SMUGGLED, "to": client.agent_id}))
            for task in (first, reply.json["task_id"]):
                found = await until(ended(calm.hub, task))
                assert found["result"]["output"] == "done"
            assigned = heard(client, "task_assign")
            assert [set(each) for each in assigned] == [ASSIGNED] * 2
            assert [each["metadata"] for each in assigned] == [SMUGGLED] * 2
            assert [each["description"] for each in assigned] == [broken_out] * 2
            assert {each["type"] for each in client.heard} <= HARMLESS
            assert (client.shelled, said(client, "task_progress")) == ([], [])

    await by_both(play)
