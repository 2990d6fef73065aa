"""What runs out: acceptance, leases, time, grace; with terms of parts of a second."""

import asyncio
import signal
import time

import pytest

from tests.transport.conftest import StartHub
from tests.transport.ranch import HASTY
from tests.transport.wire import Door, Frame, Peer, new_name, open_door, until

LEASE_S = HASTY["lease_ms"] / 1000
PASSES = "corral_loop_lag_seconds_count"
"""Counts the passes of the upkeep."""


async def working(door: Door, **spec: object) -> tuple[Peer, Frame, str]:
    """An agent that has accepted a task."""
    name = new_name()
    agent = await door.agent(name)
    task = door.hub.submit(assign_to=name, **spec)
    return agent, await agent.accepts(task), task


async def test_heartbeats_renew_leases(hasty: Door) -> None:
    """For as long as they list the attempt."""
    _, fence, task = await working(hasty)
    await asyncio.sleep(1.5 * LEASE_S)
    after = hasty.hub.task(task)
    assert (after["state"], after["generation"]) == ("running", fence["generation"])


async def test_a_heartbeat_renews_only_what_it_lists(hasty: Door) -> None:
    """A process that is gone is noticed, although its agent is alive."""
    agent, fence, task = await working(hasty)
    agent.running.clear()
    again = await agent.hears("task_assign", task_id=task)
    assert again["generation"] > fence["generation"]
    assert hasty.hub.task(task)["reclaims"] == 1


async def test_an_unaccepted_task_goes_back(hasty: Door) -> None:
    """And the silent agent gets nothing until it says something about a task."""
    name = new_name()
    agent = await hasty.agent(name)
    task = hasty.hub.submit(assign_to=name)
    fence = await agent.given(task)
    await hasty.reaches(task, "queued")
    assert await agent.everything() == []
    codes = [
        reason["code"]
        for each in hasty.hub.get(f"/tasks/{task}/explain")["candidates"]
        if each["agent_id"] == name
        for reason in each["reasons"]
    ]
    assert codes == ["not_answering"]
    await agent.say("task_accepted", **fence)
    again = await agent.given(task)
    assert again["generation"] > fence["generation"]


async def test_a_lost_agents_task_is_done_by_another(hasty: Door) -> None:
    """When the lease is over, and the lost one's report comes too late."""
    need = new_name("need")
    first, second = new_name(), new_name()
    one = await hasty.agent(first, capabilities=[need])
    task = hasty.hub.submit(needs=[need])
    fence = await one.accepts(task)
    one.vanish()
    began = time.monotonic()
    two = await hasty.agent(second, capabilities=[need])
    next_fence = await two.accepts(task)
    assert time.monotonic() - began > 0.5 * LEASE_S
    back = await hasty.connect(hasty.token(first))
    told = await back.identify(first, in_flight=[{**fence, "state": "reported"}])
    assert told["verdicts"][0]["verdict"] == "stop"
    assert (await back.completes(fence, "late"))["error"] == "stale_generation"
    assert (await two.completes(next_fence, "good"))["status"] == "complete"
    assert hasty.hub.task(task)["result"] == "good"


async def test_late_work_is_welcome_while_nobody_else_has_it(hasty: Door) -> None:
    """It leaves the queue and is never done twice."""
    agent, fence, task = await working(hasty)
    name = hasty.hub.task(task)["assigned_to"]
    agent.vanish()
    await hasty.reaches(task, "queued")
    back = await hasty.connect(hasty.token(name))
    told = await back.identify(name, slots=0, in_flight=[{**fence, "state": "reported"}])
    assert told["verdicts"][0]["verdict"] == "resend"
    assert (await back.completes(fence, "late"))["status"] == "complete"
    back.beat(0.1)
    other = await hasty.agent(name)
    assert await other.everything() == []


async def test_work_that_is_done_is_not_given_again_while_its_report_is_on_its_way(
    hasty: Door,
) -> None:
    """Neither to the agent that did it, which has a free slot, nor to another."""
    need = new_name("need")
    name = new_name()
    agent = await hasty.agent(name, capabilities=[need])
    task = hasty.hub.submit(needs=[need])
    fence = await agent.given(task)
    agent.vanish()
    await hasty.reaches(task, "queued")
    back = await hasty.agent(name, capabilities=[need], in_flight=[{**fence, "state": "reported"}])
    other = await hasty.agent(new_name(), capabilities=[need])
    assert await back.everything() == []
    assert await other.everything() == []
    assert (await back.completes(fence, "done"))["status"] == "complete"
    ended = hasty.hub.task(task)
    assert (ended["generation"], ended["attempt"]) == (fence["generation"], 1)


async def test_a_report_that_never_comes_has_one_lease(hasty: Door) -> None:
    """An agent that comes back again and again only to say that it has one keeps nothing."""
    need = new_name("need")
    name = new_name()
    agent = await hasty.agent(name, capabilities=[need])
    task = hasty.hub.submit(needs=[need])
    fence = await agent.accepts(task)
    other = await hasty.agent(new_name(), capabilities=[need])
    given = asyncio.create_task(other.given(task))
    while not given.done():
        agent.vanish()
        agent = await hasty.agent(name, slots=0, in_flight=[{**fence, "state": "reported"}])
        await asyncio.wait([given], timeout=LEASE_S / 2)
    assert given.result()["generation"] > fence["generation"]


async def test_late_work_counts_also_when_its_time_was_up(hasty: Door) -> None:
    """The hub asked for a stop and heard nothing; then comes a report of work that was done."""
    name = new_name()
    agent = await hasty.agent(name)
    task = hasty.hub.submit(assign_to=name, timeout_ms=300, retry={"base_ms": 1})
    fence = await agent.accepts(task)
    agent.vanish()
    await hasty.reaches(task, "queued", failure_class="timeout")
    back = await hasty.agent(name, in_flight=[{**fence, "state": "reported"}])
    assert await back.everything() == []
    assert (await back.completes(fence, "done"))["status"] == "complete"


async def test_a_lost_attempt_goes_on_in_a_new_session(hasty: Door) -> None:
    """When it still runs and is still free, by being listed."""
    agent, fence, task = await working(hasty)
    name = hasty.hub.task(task)["assigned_to"]
    agent.vanish()
    await hasty.reaches(task, "queued")
    back = await hasty.agent(name, in_flight=[{**fence, "state": "running"}])
    await hasty.reaches(task, "running", generation=fence["generation"], attempt=1)
    assert (await back.completes(fence, 1))["status"] == "complete"


async def test_a_lost_attempt_goes_on_with_a_ping(hasty: Door) -> None:
    """The agent was only slow to list it."""
    need = new_name("need")
    agent = await hasty.agent(capabilities=[need], slots=1)
    task = hasty.hub.submit(needs=[need])
    fence = await agent.accepts(task)
    agent.running = [{"task_id": "task-foreign", "generation": 1}]
    await hasty.reaches(task, "queued")
    agent.running = [fence]
    await hasty.reaches(task, "running", generation=fence["generation"])
    assert (await agent.completes(fence, 1))["status"] == "complete"


async def test_five_lost_leases_are_enough(hasty: Door) -> None:
    """Such a task kills its agents."""
    name = new_name()
    task = hasty.hub.submit(assign_to=name)
    for _ in range(5):
        agent = await hasty.agent(name)
        await agent.accepts(task)
        agent.vanish()
    await hasty.agent(name)
    ended = await hasty.reaches(task, "dead_letter")
    assert (ended["failure_class"], ended["reclaims"]) == ("lost", 5)


async def test_the_hub_has_a_net_under_timeouts(hasty: Door) -> None:
    """It asks for a stop, and the agent's word makes it a timeout."""
    retry = {"base_ms": 0, "factor": 1, "cap_ms": 0}
    agent, fence, task = await working(hasty, timeout_ms=100, retry=retry)
    assert (await agent.hears("task_cancel", **fence))["reason"] == "timeout"
    assert (await agent.reports("task_cancelled", fence))["status"] == "retried"
    assert hasty.hub.task(task)["failure_class"] == "timeout"
    await agent.given(task)


async def test_a_timeout_nobody_confirms(hasty: Door) -> None:
    """Counts as one all the same, after the grace."""
    agent, fence, task = await working(hasty, timeout_ms=100, max_attempts=1)
    await agent.hears("task_cancel", **fence)
    ended = await hasty.reaches(task, "dead_letter")
    assert ended["failure_class"] == "timeout"
    assert (await agent.completes(fence, 1))["error"] == "stale_generation"


async def test_a_cancel_nobody_confirms(hasty: Door) -> None:
    """Ends the task after the grace, and says so."""
    agent, fence, task = await working(hasty)
    hasty.hub.cancel(task)
    await agent.hears("task_cancel", **fence)
    await hasty.reaches(task, "cancelled", cancel_unconfirmed=True)


async def test_a_cancel_while_the_agent_is_away(hasty: Door) -> None:
    """Is asked for again when it comes back."""
    agent, fence, task = await working(hasty)
    name = hasty.hub.task(task)["assigned_to"]
    agent.vanish()
    hasty.hub.cancel(task)
    back = await hasty.agent(name, in_flight=[{**fence, "state": "running"}])
    await back.hears("task_cancel", **fence)
    assert (await back.reports("task_cancelled", fence))["status"] == "cancelled"


async def test_not_before_is_waited_for(hasty: Door) -> None:
    """Then it runs."""
    name = new_name()
    agent = await hasty.agent(name)
    when = int(time.time() * 1000) + 400
    task = hasty.hub.submit(assign_to=name, not_before=when)
    await agent.given(task)
    assert time.time() * 1000 >= when


async def test_complete_by_ends_what_was_not_started(hasty: Door) -> None:
    """And leaves alone what runs."""
    soon = int(time.time() * 1000) + 400
    agent, fence, running = await working(hasty, complete_by=soon)
    waiting = hasty.hub.submit(needs=["nobody"], complete_by=soon)
    ended = await hasty.reaches(waiting, "dead_letter")
    assert ended["failure_class"] == "expired"
    assert (await agent.completes(fence, 1))["status"] == "complete"
    assert hasty.hub.task(running)["state"] == "completed"


@pytest.mark.parametrize("how", ["lost", "failed"])
async def test_complete_by_holds_for_what_comes_back(hasty: Door, how: str) -> None:
    """A task that returns to the queue after that is not started again."""
    retry = {"base_ms": 500, "factor": 1, "cap_ms": 500}
    soon = int(time.time() * 1000) + 300
    agent, fence, task = await working(hasty, complete_by=soon, retry=retry)
    await until(lambda: time.time() * 1000 > soon + 200)
    if how == "failed":
        assert (await agent.reports("task_failed", fence, error="x"))["status"] == "retried"
    else:
        agent.vanish()
    ended = await hasty.reaches(task, "dead_letter")
    assert ended["failure_class"] == "expired"


async def test_a_stopped_hub_blames_nobody(own_hub: StartHub) -> None:
    """After it was frozen, nothing expires before the agents could speak."""
    hub = own_hub(**HASTY)
    async with open_door(hub) as door:
        agent, fence, task = await working(door)
        # No heartbeat that waits in the socket may save the attempt.
        alive, agent.running = agent.running, []
        passes = hub.metric(PASSES)
        hub.signal(signal.SIGSTOP)
        await asyncio.sleep(2.0 + 2 * LEASE_S)
        hub.signal(signal.SIGCONT)
        agent.running = alive
        await until(lambda: hub.metric(PASSES) > passes + 1)
        after = hub.task(task)
        assert (after["state"], after.get("reclaims")) == ("running", None)
        assert (await agent.completes(fence, 1))["status"] == "complete"
