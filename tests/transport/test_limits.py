"""Limits at the door: real hubs, and peers that want too much."""

import asyncio
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from schemas.scalars import Role
from tests.transport.conftest import StartHub
from tests.transport.ranch import Hub
from tests.transport.wire import Door, Frame, Peer, new_name, open_door

TASK = {"description": "x", "needs": ["nobody"]}
BAD = '{"type": "task_accepted", "task_id": 7, "generation": -1}'


async def offend(peer: Peer) -> tuple[int, Frame]:
    """Send bad frames until the hub ends it."""
    for _ in range(10):
        await peer.raw(BAD)
    return await peer.bye()


async def test_a_flood_of_bad_frames_hurts_only_its_sender(calm: Door) -> None:
    """It is closed with a cooldown; an agent beside it works on."""
    worker, name = await calm.agent(), new_name()
    flooder = await calm.agent(name)
    flooder.still()
    for _ in range(300):
        flooder.socket.protocol.send_text(BAD.encode())
    flooder.socket.transport.write(b"".join(flooder.socket.protocol.data_to_send()))
    closed, bye = await flooder.bye()
    assert (closed, bye["code"], bye["reconnect"]) == (4005, 4005, True)
    assert bye["retry_after_ms"] == 30_000
    assert len([frame for frame in flooder.frames if frame["type"] == "error"]) == 9
    await worker.everything()


async def test_a_cooldown_keeps_the_door_shut(calm: Door) -> None:
    """On the upgrade with 429, after a token in the first frame with the same close code."""
    name = new_name()
    await offend(await calm.agent(name))
    with pytest.raises(InvalidStatus) as refused:
        await calm.connect(calm.token(name))
    response = refused.value.response
    assert response.status_code == 429
    assert 25 <= int(response.headers["Retry-After"]) <= 30
    peer = await calm.connect()
    await peer.say("identify", agent_id=name, token=calm.token(name), protocol_version=2)
    closed, bye = await peer.bye()
    assert closed == 4005
    assert 25_000 <= bye["retry_after_ms"] <= 30_000
    await calm.agent()
    told = calm.hub.get("/events?type=rate_limit.violated&limit=200")["items"]
    (event,) = [each for each in told if each["target"] == name]
    assert event["payload"]["cooldown_ms"] == 30_000
    assert event["meta"]["actor_id"] == name


async def test_what_is_not_built_is_no_violation(calm: Door) -> None:
    """However often it comes, the session stays; past its rate it is refused for later."""
    agent = await calm.agent()
    for _ in range(100):
        await agent.say("list_agents")
    for code, times in (("unsupported", 60), ("rate_limited", 40)):
        for _ in range(times):
            error = await agent.hears("error", error=code)
            assert error["retryable"] == (code == "rate_limited")
    await agent.everything()


async def test_reports_are_taken_while_submits_are_not(own_hub: StartHub) -> None:
    """An agent that submitted too much still ends its work."""
    hub = own_hub(agent_submit_per_minute=60, agent_submit_burst=10)
    async with open_door(hub) as door:
        name = new_name()
        agent = await door.agent(name)
        fence = await agent.accepts(hub.submit(assign_to=name))
        for ref in range(12):
            await agent.say("task_submit", ref=str(ref), tasks=[TASK])
        error = await agent.hears("error", ref="11")
        assert (error["error"], error["retryable"]) == ("rate_limited", True)
        assert 0 < error["retry_after_ms"] <= 2_000
        assert (await agent.completes(fence, 1))["status"] == "complete"


async def test_a_warning_comes_before_the_refusal(own_hub: StartHub) -> None:
    """Once, below a fifth of what the tier holds; shared by all sessions of the agent."""
    hub = own_hub(submit_per_minute=60, submit_burst=10)
    async with open_door(hub) as door:
        first, second = await door.submitter(), await door.submitter()
        await first.say("task_submit", ref="a", tasks=[TASK] * 5)
        await first.hears("task_submitted")
        await second.say("task_submit", ref="b", tasks=[TASK] * 4)
        warning = await second.hears("rate_limit_warning")
        assert warning == {
            "type": "rate_limit_warning",
            "tier": "submit",
            "remaining": 1,
            "capacity": 10,
        }
        await second.hears("task_submitted")
        await first.say("task_submit", ref="c", tasks=[TASK] * 5)
        assert (await first.hears("error", ref="c"))["error"] == "rate_limited"
        assert "rate_limit_warning" not in {frame["type"] for frame in await second.everything()}


async def test_a_refused_ping_ends_nothing(own_hub: StartHub) -> None:
    """It is a sign of life all the same."""
    hub = own_hub(pings_burst=1, pings_per_minute=1, heartbeat_ms=60_000, lease_ms=120_000)
    async with open_door(hub) as door:
        agent = await door.agent()
        agent.still()
        for _ in range(30):
            await agent.say("ping")
        refused = await agent.hears("error", message_type="ping")
        assert refused["error"] == "rate_limited"
        await agent.everything()


async def test_made_up_reports_are_limited(calm: Door) -> None:
    """Each would be looked for in the database; those of the agent's own work are free."""
    name = new_name()
    agent = await calm.agent(name)
    for number in range(4_200):
        await agent.say("task_complete", task_id=f"task-{number}", generation=1)
    error = await agent.hears("error", error="rate_limited")
    assert (error["message_type"], error["generation"]) == ("task_complete", 1)
    fence = await agent.accepts(calm.hub.submit(assign_to=name))
    assert (await agent.completes(fence, 1))["status"] == "complete"


async def test_handshakes_of_one_address(own_hub: StartHub) -> None:
    """Before anything else is looked at, with a time to come back."""
    hub = own_hub(limit_loopback=1, handshakes_per_minute=60, handshakes_burst=3)
    async with open_door(hub) as door:
        for _ in range(3):
            await door.connect(hub.tokens[Role.OPERATOR])
        with pytest.raises(InvalidStatus) as refused:
            await door.connect(hub.tokens[Role.OPERATOR])
        assert refused.value.response.status_code == 429
        assert refused.value.response.headers["Retry-After"] == "1"


def test_guessing_over_http_is_limited(own_hub: Any) -> None:
    """After ten failures 429 instead of 401; a good token still works from there."""
    hub: Hub = own_hub(limit_loopback=1)
    answers = [hub.http("GET", "/api/v1/me", token="corral_o_guess") for _ in range(12)]
    assert [answer.status for answer in answers] == [401] * 10 + [429] * 2
    assert answers[-1].code == "rate_limited"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert hub.http("GET", "/api/v1/me").status == 200


async def test_guessing_over_the_socket_is_limited(own_hub: StartHub) -> None:
    """The same count for upgrades and first frames; a good token still works from there."""
    hub = own_hub(limit_loopback=1)
    async with open_door(hub) as door:
        for _ in range(10):
            with pytest.raises(InvalidStatus) as refused:
                await door.connect("corral_o_guess")
            assert refused.value.response.status_code == 401
        with pytest.raises(InvalidStatus) as refused:
            await door.connect("corral_o_guess")
        assert refused.value.response.status_code == 429
        peer = await door.connect()
        await peer.say("identify", agent_id="x", token="corral_o_guess", protocol_version=2)
        closed, bye = await peer.bye()
        assert (closed, bye["reconnect"]) == (4003, True)
        assert bye["retry_after_ms"] > 0
        await door.submitter()


async def test_an_address_without_a_credential(own_hub: StartHub) -> None:
    """What is open to anybody is open at a rate."""
    hub = own_hub(limit_loopback=1, anonymous_per_minute=60, anonymous_burst=5)
    answers = [await asyncio.to_thread(hub.http, "GET", "/health", role=None) for _ in range(7)]
    assert {answer.status for answer in answers} == {200, 429}
    assert hub.http("GET", "/api/v1/me").status == 200
