"""What becomes of a task through what its agent says: the fence, repeats, retries, cancels."""

import asyncio
import time
from typing import Any

import pytest

from tests.transport.ranch import Hub
from tests.transport.wire import Door, Frame, Peer, new_name

SOON = {"base_ms": 0, "factor": 1, "cap_ms": 0}


async def working(calm: Door, **spec: Any) -> tuple[Peer, Frame, str]:
    """An agent that has accepted a task."""
    name = new_name()
    agent = await calm.agent(name)
    task = calm.hub.submit(assign_to=name, **spec)
    return agent, await agent.accepts(task), task


async def test_a_result_is_taken_once(calm: Door) -> None:
    """The same report again gets the same ack; another one a conflict."""
    agent, fence, task = await working(calm)
    first = await agent.completes(fence, {"n": 1})
    assert first["status"] == "complete"
    assert await agent.completes(fence, {"n": 1}) == first
    other = await agent.completes(fence, {"n": 2})
    assert (other["error"], other["retryable"]) == ("conflict", False)
    assert (await agent.reports("task_failed", fence))["error"] == "conflict"
    assert calm.hub.task(task)["result"] == {"n": 1}


async def test_the_fence_keeps_strangers_out(calm: Door) -> None:
    """Neither another agent nor another generation may report."""
    agent, fence, task = await working(calm)
    stranger = await calm.agent()
    assert (await stranger.completes(fence, 1))["error"] == "stale_generation"
    for wrong in (fence["generation"] - 1, fence["generation"] + 1, 0):
        answer = await agent.completes({**fence, "generation": wrong}, 1)
        assert (answer["error"], answer["generation"]) == ("stale_generation", wrong)
    assert calm.hub.task(task)["state"] == "running"
    assert (await agent.completes(fence, 2))["status"] == "complete"


async def test_a_report_counts_without_an_acceptance(calm: Door) -> None:
    """The attempt is counted all the same."""
    name = new_name()
    agent = await calm.agent(name)
    fence = await agent.given(calm.hub.submit(assign_to=name))
    assert (await agent.completes(fence, 1))["status"] == "complete"
    assert calm.hub.task(fence["task_id"])["attempt"] == 1


async def test_failures_are_tried_again(calm: Door) -> None:
    """With a new generation each, until the attempts are used up."""
    agent, fence, task = await working(calm, max_attempts=3, retry=SOON)
    seen = [fence["generation"]]
    for number in (2, 3):
        answer = await agent.reports("task_failed", fence, error="no luck")
        assert answer["status"] == "retried"
        fence = await agent.accepts(task)
        seen.append(fence["generation"])
        assert calm.hub.task(task)["attempt"] == number
    assert sorted(set(seen)) == seen
    answer = await agent.reports("task_failed", fence, error="the end", result={"code": 1})
    assert answer["status"] == "dead_letter"
    ended = calm.hub.task(task)
    assert (ended["state"], ended["error"], ended["result"]) == (
        "dead_letter",
        "the end",
        {"code": 1},
    )


async def test_a_backoff_is_waited_for(calm: Door) -> None:
    """The task says when it comes back, and does not come back earlier."""
    agent, fence, task = await working(calm, retry={"base_ms": 500, "factor": 1, "cap_ms": 500})
    began = time.monotonic()
    await agent.reports("task_failed", fence, error="x")
    waiting = calm.hub.task(task)
    assert waiting["state"] == "scheduled"
    assert waiting["retry_at"] > time.time() * 1000
    await agent.given(task)
    assert time.monotonic() - began > 0.39


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"class": "config"}, "dead_letter"),
        ({"class": "config", "retryable": True}, "retried"),
        ({"class": "infra"}, "retried"),
        ({"class": "infra", "retryable": False}, "dead_letter"),
    ],
)
async def test_the_class_decides_about_another_attempt(
    calm: Door, told: dict[str, Any], status: str
) -> None:
    """Unless the agent says so itself."""
    agent, fence, _ = await working(calm)
    assert (await agent.reports("task_failed", fence, error="x", **told))["status"] == status


async def test_the_agent_may_say_when(calm: Door) -> None:
    """Instead of the backoff."""
    agent, fence, task = await working(calm)
    await agent.reports("task_failed", fence, error="x", retry_after_ms=0)
    await agent.given(task)


async def test_a_rejection_for_good_excludes(calm: Door) -> None:
    """The task goes to another agent, and explain says why not to the first."""
    need = new_name("need")
    first, second = new_name(), new_name()
    one = await calm.agent(first, capabilities=[need])
    task = calm.hub.submit(needs=[need])
    fence = await one.given(task)
    await one.say("task_rejected", **fence, reason="not_allowed")
    await one.everything()
    reasons = {
        each["agent_id"]: [reason["code"] for reason in each["reasons"]]
        for each in calm.hub.get(f"/tasks/{task}/explain")["candidates"]
    }
    assert reasons[first] == ["excluded"]
    assert "task_assign" not in [frame["type"] for frame in one.frames]
    two = await calm.agent(second, capabilities=[need])
    await two.completes(await two.accepts(task), 1)
    after = calm.hub.task(task)
    assert (after["rejections"], after["attempt"]) == (1, 1)


async def test_a_busy_agent_gets_nothing_until_it_has_room(calm: Door) -> None:
    """A ping without anything running says so."""
    name = new_name()
    agent = await calm.agent(name)
    task = calm.hub.submit(assign_to=name)
    fence = await agent.given(task)
    agent.running = [{"task_id": "task-foreign", "generation": 1}]
    await agent.pings()
    await agent.say("task_rejected", **fence, reason="busy")
    await agent.everything()
    assert calm.hub.task(task)["state"] == "queued"
    agent.running = []
    await agent.say("ping", running=[])
    await agent.given(task)


async def test_ten_rejections_are_enough(calm: Door) -> None:
    """Then nobody is asked any more."""
    need = new_name("need")
    task = calm.hub.submit(needs=[need])
    for _ in range(10):
        agent = await calm.agent(capabilities=[need])
        fence = await agent.given(task)
        await agent.say("task_rejected", **fence, reason="bad_task")
        await agent.everything()
    ended = calm.hub.task(task)
    assert (ended["state"], ended["failure_class"]) == ("dead_letter", "rejected")


async def test_a_repeated_acceptance_changes_nothing(calm: Door) -> None:
    """It is one attempt."""
    agent, fence, task = await working(calm)
    await agent.say("task_accepted", **fence)
    assert [frame["type"] for frame in await agent.everything()] == []
    assert calm.hub.task(task)["attempt"] == 1


async def test_cancel_of_a_queued_task(calm: Door) -> None:
    """It is over at once, it never starts, and asking again changes nothing."""
    name = new_name()
    task = calm.hub.submit(assign_to=name)
    assert calm.hub.cancel(task).json["state"] == "cancelled"
    again = calm.hub.cancel(task)
    assert (again.status, again.json["version"]) == (202, calm.hub.task(task)["version"])
    agent = await calm.agent(name)
    assert await agent.everything() == []


async def test_cancel_of_a_task_that_waits_for_its_time(calm: Door) -> None:
    """The same."""
    later = int(time.time() * 1000) + 60_000
    task = calm.hub.submit(not_before=later)
    assert calm.hub.task(task)["state"] == "scheduled"
    assert calm.hub.cancel(task).json["state"] == "cancelled"


@pytest.mark.parametrize("accepted", [True, False])
async def test_cancel_of_a_held_task(calm: Door, accepted: bool) -> None:
    """The agent is asked, once, and its word ends it."""
    name = new_name()
    agent = await calm.agent(name)
    task = calm.hub.submit(assign_to=name)
    fence = await (agent.accepts(task) if accepted else agent.given(task))
    answer = calm.hub.cancel(task)
    assert (answer.status, answer.json["cancel_requested"]) == (202, True)
    assert (await agent.hears("task_cancel", **fence))["reason"] == "requested"
    calm.hub.cancel(task)
    assert await agent.everything() == []
    assert (await agent.reports("task_cancelled", fence))["status"] == "cancelled"
    ended = calm.hub.task(task)
    assert ended["state"] == "cancelled"
    assert not ended.get("cancel_unconfirmed")


async def test_a_result_beats_a_cancel(calm: Door) -> None:
    """Work that was done is not thrown away; a failure is not tried again."""
    agent, fence, task = await working(calm)
    calm.hub.cancel(task)
    assert (await agent.completes(fence, 1))["status"] == "complete"
    agent, fence, task = await working(calm)
    calm.hub.cancel(task)
    answer = await agent.reports("task_failed", fence, error="x")
    assert answer["status"] == "cancelled"


async def test_cancel_after_the_end(calm: Door) -> None:
    """What has ended otherwise cannot be cancelled."""
    agent, fence, task = await working(calm)
    await agent.completes(fence, 1)
    refused = calm.hub.cancel(task)
    assert (refused.status, refused.code) == (409, "invalid_state")


async def test_progress_is_shown(calm: Door) -> None:
    """The last one, while it runs; of a stale one nothing."""
    agent, fence, task = await working(calm)
    await agent.say("task_progress", **fence, progress=40, message="half")
    await agent.say("task_progress", **{**fence, "generation": 1}, progress=99)
    await agent.everything()
    shown = calm.hub.task(task)["progress"]
    assert (shown["percent"], shown["message"]) == (40, "half")


async def test_a_vanished_agents_unaccepted_task_returns_at_once(calm: Door) -> None:
    """And the accepted one waits for its lease."""
    name = new_name()
    agent = await calm.agent(name, slots=2)
    accepted, given = calm.hub.submit(assign_to=name), calm.hub.submit(assign_to=name)
    await agent.accepts(accepted)
    await agent.given(given)
    agent.vanish()
    await calm.reaches(given, "queued")
    await asyncio.sleep(5 * calm.hub.settings["upkeep_ms"] / 1000)
    assert calm.hub.task(accepted)["state"] == "running"
    assert calm.hub.get(f"/agents/{name}")["status"] == "stale"


async def test_work_goes_on_in_a_new_session(calm: Door) -> None:
    """What the agent lists as running stays its own; the result counts once."""
    agent, fence, task = await working(calm)
    name = calm.hub.task(task)["assigned_to"]
    agent.vanish()
    again = await calm.connect(calm.token(name))
    held = [{**fence, "state": "running"}]
    told = await again.identify(name, in_flight=held)
    assert [each["verdict"] for each in told["verdicts"]] == ["continue"]
    assert (await again.completes(fence, 1))["status"] == "complete"
    assert calm.hub.task(task)["attempt"] == 1


async def test_what_an_agent_does_not_list_is_lost_at_once(calm: Door) -> None:
    """Nobody has to wait for the lease."""
    agent, fence, task = await working(calm)
    name = calm.hub.task(task)["assigned_to"]
    agent.vanish()
    again = await calm.agent(name)
    next_fence = await again.accepts(task)
    assert next_fence["generation"] > fence["generation"]
    assert (await again.completes(fence, "old"))["error"] == "stale_generation"
    assert (await again.completes(next_fence, "new"))["status"] == "complete"
    assert calm.hub.task(task)["reclaims"] == 1


async def test_verdicts(calm: Door) -> None:
    """Each listed attempt gets its own."""
    agent, fence, task = await working(calm)
    name = calm.hub.task(task)["assigned_to"]
    await agent.completes(fence, 1)
    listed = [
        ({**fence, "state": "reported"}, "resend"),
        ({"task_id": "task-unknown", "generation": 1, "state": "running"}, "stop"),
        ({**fence, "generation": fence["generation"] - 1, "state": "running"}, "stop"),
    ]
    again = await calm.connect(calm.token(name))
    told = await again.identify(name, in_flight=[item for item, _ in listed])
    assert [each["verdict"] for each in told["verdicts"]] == [verdict for _, verdict in listed]


async def test_a_report_survives_the_end_of_its_connection(calm: Door) -> None:
    """Sent again on the next one, it is acknowledged again."""
    agent, fence, task = await working(calm)
    name = calm.hub.task(task)["assigned_to"]
    await agent.say("task_complete", **fence, result=[1])
    await calm.reaches(task, "completed")
    agent.vanish()
    again = await calm.agent(name, in_flight=[{**fence, "state": "reported"}])
    assert (await again.completes(fence, [1]))["status"] == "complete"


async def test_slots_are_never_exceeded(calm: Door) -> None:
    """Nothing more than fits is given."""
    name = new_name()
    tasks = [calm.hub.submit(assign_to=name) for _ in range(5)]
    agent = await calm.agent(name, slots=2)
    first, second = await agent.accepts(tasks[0]), await agent.accepts(tasks[1])
    assert await agent.everything() == []
    await agent.completes(second, 1)
    await agent.given(tasks[2])
    await agent.completes(first, 1)
    await agent.given(tasks[3])


async def test_what_else_an_agent_runs_fills_its_slots(calm: Door) -> None:
    """Also when the hub does not know what it is."""
    name = new_name()
    agent = await calm.agent(name, slots=1)
    agent.running = [{"task_id": "task-foreign", "generation": 1}]
    await agent.pings()
    task = calm.hub.submit(assign_to=name)
    assert await agent.everything() == []
    agent.running = []
    await agent.say("ping", running=[])
    await agent.given(task)


async def test_many_agents_and_tasks(calm: Door) -> None:
    """Every task ends, each at exactly one agent."""
    need = new_name("need")
    agents = [await calm.agent(capabilities=[need], slots=4) for _ in range(8)]
    batch = [{"description": str(n), "needs": [need]} for n in range(200)]
    reply = calm.hub.http("POST", "/api/v1/tasks", {"tasks": batch})
    ids = {item["id"] for item in reply.json["items"]}
    done: list[str] = []
    async with asyncio.timeout(20):
        await asyncio.gather(*(_work(agent, done, len(ids)) for agent in agents))
    assert sorted(done) == sorted(ids)
    assert completed(calm.hub, ids)


async def _work(agent: Peer, done: list[str], wanted: int) -> None:
    while len(done) < wanted:
        for frame in [f for f in agent.frames if f["type"] == "task_assign"]:
            agent.frames.remove(frame)
            fence = {"task_id": frame["task_id"], "generation": frame["generation"]}
            assert (await agent.completes(fence, 1))["status"] == "complete"
            done.append(frame["task_id"])
        await asyncio.sleep(0.01)


def completed(hub: Hub, ids: set[str]) -> bool:
    """Whether all of them are completed."""
    return all(hub.task(task)["state"] == "completed" for task in ids)
