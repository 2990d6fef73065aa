"""What goes with a connection is noticed: old clients send everything once."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.backbone.double import OldClient
from tests.backbone.fleet import PACE, begins, by_hand, ended
from tests.backbone.script import HANG, SUCCEED
from tests.transport.wire import Door, Frame, Peer, new_name, until

SLOW_RETURN = replace(PACE, reconnect_after=0.3)


async def at_work(door: Door, client: OldClient, description: str, **spec: object) -> str:
    """A task that this client works on."""
    task = door.hub.submit(description=description, assign_to=client.agent_id, **spec)
    await until(lambda: client.working_on == task and client.status == "working")
    await until(lambda: door.hub.task(task)["state"] == "running")
    return task


async def lose_result(client: OldClient, task: str) -> None:
    """End the task while there is no connection."""
    client.process.link.cut()
    client.finish(task)
    await until(lambda: any(note.startswith("lost: task_complete") for note in client.notes))


def old(door: Door, work: Path) -> OldClient:
    """A client of the kind that says nothing after a cut; it hangs on "first"."""
    name = new_name()
    client = OldClient("1.1", door.hub.socket_url, name, door.token(name), work, SLOW_RETURN)
    client.deeds["first"] = HANG
    return client


async def back_at_work(door: Door) -> tuple[Peer, str, Frame]:
    """A client that was cut off at work, and came back: its session, its task and the number."""
    name = new_name()
    first = await by_hand(door, name)
    task = door.hub.submit(assign_to=name)
    fence = await begins(first, task)
    await door.reaches(task, "running")
    first.vanish()
    return await by_hand(door, name), task, fence


async def test_a_task_that_it_takes_shows_that_the_one_before_was_lost(
    calm: Door, tmp_path: Path
) -> None:
    """It does one at a time; so what it had has ended, and is run again."""
    async with old(calm, tmp_path) as client:
        first = await at_work(calm, client, "first")
        await lose_result(client, first)
        client.deeds["first"] = SUCCEED
        second = calm.hub.submit(description="second", assign_to=client.agent_id)
        assert (await until(ended(calm.hub, second)))["attempt"] == 1
        found = await until(ended(calm.hub, first))
        assert (found["state"], found["attempt"], found["reclaims"]) == ("completed", 2, 1)


async def test_a_lost_task_that_may_not_run_twice_ends_with_the_reason(
    calm: Door, tmp_path: Path
) -> None:
    """It may have done its work."""
    async with old(calm, tmp_path) as client:
        first = await at_work(calm, client, "first", max_attempts=1)
        await lose_result(client, first)
        second = calm.hub.submit(description="second", assign_to=client.agent_id)
        await until(ended(calm.hub, second))
        found = await until(ended(calm.hub, first))
        assert (found["state"], found["failure_class"]) == ("dead_letter", "lost")
        assert "result was lost with the connection" in found["error"]


async def test_a_busy_answer_shows_that_it_still_works(calm: Door, tmp_path: Path) -> None:
    """The task that asked goes back and waits; it has lost nothing by that."""
    async with old(calm, tmp_path) as client:
        first = await at_work(calm, client, "first")
        client.process.link.cut()
        second = calm.hub.submit(description="second", assign_to=client.agent_id)
        await until(lambda: any(frame["type"] == "task_rejected" for frame in client.sent))
        await calm.reaches(second, "queued")
        assert calm.hub.task(first)["state"] == "running"
        client.finish(first)
        assert (await until(ended(calm.hub, first)))["attempt"] == 1
        found = await until(ended(calm.hub, second))
        assert (found["state"], found["attempt"]) == ("completed", 1)


async def test_a_deadline_ends_what_nothing_else_shows(hasty: Door, tmp_path: Path) -> None:
    """Nothing else waits, so nothing asks; the attempt's own time is the net."""
    async with old(hasty, tmp_path) as client:
        first = await at_work(hasty, client, "first", timeout_ms=1_000, max_attempts=1)
        await lose_result(client, first)
        found = await until(ended(hasty.hub, first))
        assert (found["state"], found["failure_class"]) == ("dead_letter", "timeout")


@pytest.mark.parametrize("answer", ["task_accepted", "task_rejected"])
async def test_an_assignment_lost_with_the_connection_is_sent_again(
    calm: Door, answer: str
) -> None:
    """Under its number: the client begins it, or is busy with just that."""
    name = new_name()
    first = await by_hand(calm, name)
    task = calm.hub.submit(assign_to=name)
    fence = await first.given(task)
    first.vanish()
    second = await by_hand(calm, name)
    assert await second.given(task) == fence
    await second.say(answer, task_id=task, **({"reason": "busy"} if "rej" in answer else {}))
    await calm.reaches(task, "running", generation=fence["generation"], attempt=1)
    if answer == "task_accepted":
        await second.hears("task_ack", task_id=task, status="accepted")
    assert (await second.completes(fence, "done"))["status"] == "complete"


async def test_busy_answers_are_no_fault_of_the_task(calm: Door) -> None:
    """However often a client says so, for example because it cannot be told to cancel."""
    name = new_name()
    peer = await by_hand(calm, name)
    task = calm.hub.submit(assign_to=name)
    for _ in range(11):
        await peer.given(task)
        await peer.say("task_rejected", task_id=task, reason="busy")
        await peer.say("ping")
    fence = await begins(peer, task)
    assert (await peer.completes(fence, "done"))["status"] == "complete"


async def test_a_busy_client_learns_the_number_that_counts(calm: Door) -> None:
    """It may be at work on an earlier generation of the same task."""
    name = new_name()
    peer = await by_hand(calm, name)
    task = calm.hub.submit(assign_to=name)
    fence = await peer.given(task)
    await peer.say("task_rejected", task_id=task, reason="busy")
    told = await peer.hears("task_continue", task_id=task)
    assert told["generation"] == fence["generation"]
    await calm.reaches(task, "queued")
    assert (await peer.completes(fence, "late"))["status"] == "complete"


async def test_a_newer_client_is_known_by_what_it_sends_later(calm: Door) -> None:
    """It did not name its task at the begin of its session: so that has ended."""
    second, task, fence = await back_at_work(calm)
    await second.say("resource_report", cpu_percent=None)
    again = await second.given(task)
    assert again["generation"] > fence["generation"]


async def test_a_restarted_client_has_only_what_it_names(calm: Door) -> None:
    """Its process began anew: whatever else it was given is gone."""
    second, task, fence = await back_at_work(calm)
    await second.say("task_recovering", task_id="another", last_status="working")
    await second.hears("task_reassign", task_id="another")
    again = await second.given(task)
    assert again["generation"] > fence["generation"]


async def test_one_that_may_have_lost_a_result_is_told(calm: Door) -> None:
    """Who asks why a task runs on hears of it."""
    _, task, _ = await back_at_work(calm)
    (reason,) = calm.hub.get(f"/tasks/{task}/explain")["reasons"]
    assert "its result may be lost" in reason["message"]
