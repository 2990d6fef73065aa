"""Agents over HTTP, and how they join."""

import asyncio

from schemas.scalars import Role
from tests.transport.conftest import StartHub
from tests.transport.ranch import Hub, until
from tests.transport.wire import Door, new_name, open_door


def invite(hub: Hub, **wish: object) -> str:
    """A join code."""
    reply = hub.http("POST", "/api/v1/invites", wish)
    assert reply.status == 201
    return str(reply.json["code"])


def register(hub: Hub, code: str, agent_id: str) -> int:
    """The status of a registration."""
    body = {"code": code, "agent_id": agent_id}
    return hub.http("POST", "/api/v1/register", body, role=None).status


def test_a_code_is_good_for_one(calm_hub: Hub) -> None:
    """Nobody comes in twice on it."""
    code, name = invite(calm_hub), new_name()
    assert register(calm_hub, code, name) == 201
    assert register(calm_hub, code, name) == 401
    assert register(calm_hub, code, new_name()) == 401


def test_a_code_may_name_its_agent(calm_hub: Hub) -> None:
    """Then no other may use it, and it is not used up by the attempt."""
    name = new_name()
    code = invite(calm_hub, agent_id=name)
    assert register(calm_hub, code, new_name()) == 401
    assert register(calm_hub, code, name) == 201


def test_a_name_is_not_taken_over(calm_hub: Hub) -> None:
    """Unless the code was made for it; and the refused code stays good."""
    name = new_name()
    assert register(calm_hub, invite(calm_hub), name) == 201
    code = invite(calm_hub)
    assert register(calm_hub, code, name) == 409
    assert register(calm_hub, code, new_name()) == 201
    assert register(calm_hub, invite(calm_hub, agent_id=name), name) == 201


def test_a_code_gets_old(calm_hub: Hub) -> None:
    """After its time it is nothing, also for the agent it was made for."""
    name = new_name()
    code = invite(calm_hub, agent_id=name, ttl_ms=1_000)
    until(lambda: "another agent" not in refusal(calm_hub, code))
    assert register(calm_hub, code, name) == 401


def refusal(hub: Hub, code: str) -> str:
    """What is said about a code that is used under another name than its own."""
    body = {"code": code, "agent_id": "someone-else"}
    return str(hub.http("POST", "/api/v1/register", body).json["error"]["message"])


def test_codes_and_tokens_are_not_the_same(calm_hub: Hub) -> None:
    """Neither opens what the other does."""
    code = invite(calm_hub)
    assert calm_hub.http("GET", "/api/v1/me", token=code).status == 401
    assert register(calm_hub, calm_hub.tokens[Role.ADMIN], new_name()) == 401
    assert register(calm_hub, "", new_name()) == 401
    assert register(calm_hub, code, "not a name") == 422


def test_who_am_i(calm_hub: Hub) -> None:
    """The credential decides."""
    name = new_name()
    token = calm_hub.join(name)
    told = calm_hub.http("GET", "/api/v1/me", token=token).json
    token_id = token.split("_")[2]
    assert told == {
        "id": name,
        "role": "agent",
        "org": "main",
        "token_id": token_id,
        "expires_at": None,
    }


async def test_an_agent_as_others_see_it(calm: Door) -> None:
    """What it offers, what it runs, whether it is there."""
    name = new_name()
    agent = await calm.agent(name, name="The agent", capabilities=["b", "a"], slots=2, host="h1")
    idle = calm.hub.get(f"/agents/{name}")
    assert idle | {"created_at": 0, "last_seen_at": 0} == {
        "id": name,
        "org": "main",
        "name": "The agent",
        "status": "idle",
        "capabilities": ["a", "b"],
        "executors": ["command"],
        "slots": 2,
        "running": [],
        "host": "h1",
        "created_at": 0,
        "last_seen_at": 0,
        "protocol_version": 2,
        "version": 1,
        "labels": {},
        "note": None,
        "paused": False,
        "pause_note": None,
        "paused_until": None,
        "draining": False,
        "active": True,
        "source": "self",
        "fixed": [],
    }
    task = calm.hub.submit(assign_to=name)
    await agent.accepts(task)
    working = calm.hub.get(f"/agents/{name}")
    assert (working["status"], working["running"]) == ("working", [task])
    agent.vanish()
    await asyncio.to_thread(until, lambda: calm.hub.get(f"/agents/{name}")["status"] == "stale")


async def test_agents_are_listed_page_by_page(own_hub: StartHub) -> None:
    """By id, each once."""
    hub = own_hub()
    names = sorted(f"agent-{n:02}" for n in range(11))
    async with open_door(hub) as door:
        for name in names:
            await door.agent(name)
        seen: list[str] = []
        page = hub.get("/agents?limit=3")
        while page["next_cursor"] is not None:
            seen += [agent["id"] for agent in page["items"]]
            page = hub.get(f"/agents?limit=3&cursor={page['next_cursor']}")
        assert seen + [agent["id"] for agent in page["items"]] == names


def test_codes_and_tokens_survive_a_restart(own_hub: StartHub) -> None:
    """An invited agent may come later; a used code stays used."""
    hub = own_hub()
    used, open_code = invite(hub), invite(hub)
    token = hub.http("POST", "/api/v1/register", {"code": used, "agent_id": "a"}).json["token"]
    hub.restart()
    assert hub.http("GET", "/api/v1/me", token=token).status == 200
    assert register(hub, used, "b") == 401
    assert register(hub, open_code, "b") == 201
