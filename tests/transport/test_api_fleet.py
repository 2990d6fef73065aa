"""Agents over HTTP as operators handle them, with real agents at real sockets."""

import asyncio
from typing import Any

from schemas.scalars import Role
from tests.transport.conftest import StartHub
from tests.transport.ranch import Hub, Reply
from tests.transport.wire import Door, Peer, new_name, open_door, until


def ask(hub: Hub, method: str, path: str, body: Any = None, **options: Any) -> Reply:
    """A request under `/api/v1/agents`, as an operator unless another role is named."""
    return hub.http(method, f"/api/v1/agents{path}", body, **({"role": Role.OPERATOR} | options))


def ids(hub: Hub, query: str) -> list[str]:
    """The agents that a query finds."""
    reply = ask(hub, "GET", f"?{query}")
    assert reply.status == 200, reply
    return [agent["id"] for agent in reply.json["items"]]


def why_not(hub: Hub, task: str, agent: str) -> list[str]:
    """What stands between a task and an agent."""
    found = hub.get(f"/tasks/{task}/explain")["candidates"]
    (reasons,) = [each["reasons"] for each in found if each["agent_id"] == agent]
    return [reason["code"] for reason in reasons]


async def agent_and_task(door: Door) -> tuple[Peer, str, str]:
    """A paused agent and a task that only it may have."""
    name = new_name()
    agent = await door.agent(name)
    assert ask(door.hub, "POST", f"/{name}/pause", {"note": "new disk"}).status == 200
    return agent, name, door.hub.submit(assign_to=name)


async def test_a_paused_agent_gets_nothing_until_it_is_resumed(calm: Door) -> None:
    """The task waits with a reason, and then runs."""
    agent, name, task = await agent_and_task(calm)
    assert not [frame for frame in await agent.everything() if frame["type"] == "task_assign"]
    assert why_not(calm.hub, task, name) == ["paused"]
    seen = calm.hub.get(f"/agents/{name}")
    assert (seen["status"], seen["paused"], seen["pause_note"]) == ("idle", True, "new disk")
    resumed = ask(calm.hub, "POST", f"/{name}/resume").json
    assert (resumed["paused"], resumed["pause_note"]) == (False, None)
    await agent.completes(await agent.accepts(task))


async def test_a_pause_ends_by_itself(calm: Door) -> None:
    """Somebody said when."""
    agent, name, task = await agent_and_task(calm)
    again = ask(calm.hub, "POST", f"/{name}/pause", {"for_ms": 300})
    assert again.json["paused_until"] > 0
    await agent.completes(await agent.accepts(task))
    assert calm.hub.get(f"/agents/{name}")["paused_until"] is None


async def test_a_pause_outlives_the_hub(own_hub: StartHub) -> None:
    """Also what the agent is told anew when it logs in does not end it."""
    hub = own_hub()
    async with open_door(hub) as door:
        _, name, task = await agent_and_task(door)
        hub.restart()
        agent = await door.agent(name)
        assert not [frame for frame in await agent.everything() if frame["type"] == "task_assign"]
        assert ask(hub, "POST", f"/{name}/resume").status == 200
        await agent.accepts(task)


async def test_a_drained_agent_finishes_first(calm: Door) -> None:
    """What it has goes on to its end, and nothing follows."""
    name = new_name()
    agent = await calm.agent(name)
    fence = await agent.accepts(calm.hub.submit(assign_to=name))
    assert ask(calm.hub, "POST", f"/{name}/drain").json["status"] == "draining"
    waiting = calm.hub.submit(assign_to=name)
    await agent.completes(fence)
    assert calm.hub.get(f"/agents/{name}")["status"] == "drained"
    assert why_not(calm.hub, waiting, name) == ["draining"]
    assert ids(calm.hub, f"draining=true&text={name}") == [name]
    ask(calm.hub, "POST", f"/{name}/resume")
    await agent.accepts(waiting)


async def test_a_deleted_agent_is_gone(calm: Door) -> None:
    """Its session ends for good, its token is void, and what it had goes to somebody else."""
    name, heir = new_name(), new_name()
    agent = await calm.agent(name, capabilities=[name])
    task = calm.hub.submit(needs=[name])
    await agent.accepts(task)
    await calm.reaches(task, "running")
    refused = ask(calm.hub, "DELETE", f"/{name}", role=Role.ADMIN)
    assert (refused.status, refused.code) == (409, "invalid_state")
    next_one = await calm.agent(heir, capabilities=[name])
    assert ask(calm.hub, "DELETE", f"/{name}?force=true", role=Role.ADMIN).status == 204
    code, bye = await agent.bye()
    assert (code, bye["reconnect"]) == (4503, False)
    await next_one.completes(await next_one.accepts(task))
    assert calm.hub.task(task)["reclaims"] == 1
    assert calm.hub.http("GET", "/api/v1/me", token=calm.token(name)).status == 401
    assert ask(calm.hub, "DELETE", f"/{name}", role=Role.ADMIN).status == 404
    assert ask(calm.hub, "GET", f"/{name}").status == 404


async def test_an_agent_that_the_list_lost_may_not_come_in(own_hub: StartHub) -> None:
    """Until a list has it again."""
    hub = own_hub()
    async with open_door(hub) as door:
        agent = await door.agent("oak")
        wanted: dict[str, Any] = {"agents": [{"id": "oak", "slots": 3}]}
        assert ask(hub, "POST", "/sync", wanted, role=Role.ADMIN).json["updated"] == 1
        assert hub.get("/agents/oak")["slots"] == 3
        gone = ask(hub, "POST", "/sync", {"agents": [{"id": "elm"}]}, role=Role.ADMIN).json
        assert (gone["created"], gone["deactivated"]) == (1, 1)
        assert (await agent.bye())[0] == 4503
        barred = await door.connect(door.token("oak"))
        await barred.say("identify", agent_id="oak", protocol_version=2, slots=1)
        code, bye = await barred.bye()
        assert (code, bye["reconnect"]) == (4503, False)
        assert submitted_by(door, "oak") == 403
        assert ask(hub, "POST", "/sync", wanted, role=Role.ADMIN).json["updated"] == 1
        assert submitted_by(door, "oak") == 201
        await door.agent("oak")
        assert hub.get("/agents/oak")["slots"] == 3


def submitted_by(door: Door, name: str) -> int:
    """The status of the answer to an agent that submits over HTTP."""
    body = {"description": "x", "needs": ["nothing has this"]}
    return door.hub.http("POST", "/api/v1/tasks", body, token=door.token(name)).status


def test_a_list_takes_no_persons_name(own_hub: StartHub) -> None:
    """Also after that person's token was revoked; the entry is named in the answer."""
    hub = own_hub()
    wish = {"role": "viewer", "name": "anna"}
    made = hub.http("POST", "/api/v1/tokens", wish).json
    hub.http("DELETE", f"/api/v1/tokens/{made['id']}")
    wanted = {"agents": [{"id": "elm"}, {"id": "anna"}]}
    report = ask(hub, "POST", "/sync", wanted, role=Role.ADMIN).json

    assert [(each["index"], each["id"]) for each in report["errors"]] == [(1, "anna")]
    assert report["created"] == 1
    assert ask(hub, "GET", "/anna").status == 404


async def test_only_one_of_many_edits_of_a_version_is_taken(calm: Door) -> None:
    """The others are told; what was taken is shown with its new version."""
    name = new_name()
    await calm.agent(name)
    tag = ask(calm.hub, "GET", f"/{name}").headers["etag"]

    def edit(number: int) -> Reply:
        headers = {"If-Match": tag}
        return ask(calm.hub, "PATCH", f"/{name}", {"note": f"n{number}"}, headers=headers)

    replies = await asyncio.gather(*[asyncio.to_thread(edit, number) for number in range(10)])
    taken = [reply for reply in replies if reply.status == 200]
    assert len(taken) == 1
    assert taken[0].headers["etag"] != tag
    assert {reply.code for reply in replies if reply.status != 200} == {"version_conflict"}
    assert calm.hub.get(f"/agents/{name}")["note"] == taken[0].json["note"]


async def test_agents_are_found_by_what_is_known_of_them(calm: Door) -> None:
    """Every filter narrows what the others found."""
    one, two = sorted((new_name("pine"), new_name("pine")))
    await calm.agent(one, capabilities=["gpu", one])
    await calm.agent(two, slots=0)
    edit = {"labels": {"zone": "a,b", "rack": one}, "note": "Corner"}
    ask(calm.hub, "PATCH", f"/{one}", edit)
    ask(calm.hub, "POST", f"/{two}/pause")
    assert ids(calm.hub, f"label=zone%3Da,b&label=rack%3D{one}") == [one]
    assert ids(calm.hub, f"label=rack%3D{one}&label=zone%3Dc") == []
    assert ids(calm.hub, f"capability={one}") == [one]
    assert two in ids(calm.hub, "paused=true&text=PINE&limit=200")
    assert one in ids(calm.hub, "paused=false&text=corner")
    assert {one, two} <= set(ids(calm.hub, "status=idle&text=pine&limit=200"))
    assert ask(calm.hub, "GET", "?label=zone").status == 422
    assert ask(calm.hub, "GET", "?status=asleep").status == 422


async def test_pages_show_every_agent_once(own_hub: StartHub) -> None:
    """In the order of their ids, with how many there are."""
    hub = own_hub()
    names = [f"a{number:02}" for number in range(25)]
    wanted = {"agents": [{"id": name} for name in reversed(names)]}
    assert ask(hub, "POST", "/sync", wanted, role=Role.ADMIN).json["created"] == 25
    found: list[str] = []
    cursor = ""
    while True:
        page = ask(hub, "GET", f"?limit=7&count=true{cursor}").json
        found += [agent["id"] for agent in page["items"]]
        assert page["total"] == 25
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == names
    first = ask(hub, "GET", "?limit=7").json["next_cursor"]
    assert ask(hub, "GET", f"?limit=3&count=true&cursor={first}").status == 200
    for foreign in ("?cursor=forged", "?cursor=MWEwNQ", f"?status=offline&cursor={first}"):
        assert ask(hub, "GET", foreign).code == "invalid_cursor"


def test_bad_wishes_are_refused(calm_hub: Hub) -> None:
    """With every flaw, and nothing half-done."""
    assert ask(calm_hub, "POST", "/nobody/pause").status == 404
    assert ask(calm_hub, "PATCH", "/nobody", {}).status == 404
    assert ask(calm_hub, "PATCH", "/nobody", {"slots": -1, "colour": 1}).status == 422
    listed = {"agents": [{"id": "no name"}, {"id": "x", "slots": 5_000}]}
    reply = ask(calm_hub, "POST", "/sync", listed, role=Role.ADMIN)
    assert reply.status == 422
    assert reply.paths == {"$.agents[0].id", "$.agents[1].slots"}


async def test_an_end_in_the_past_is_refused(calm: Door) -> None:
    """And so are two ends."""
    name = new_name()
    await calm.agent(name)
    for wish in ({"until": 1}, {"until": 9_000_000_000_000, "for_ms": 5}):
        reply = ask(calm.hub, "POST", f"/{name}/pause", wish)
        assert (reply.status, reply.paths) == (422, {"$.until"})
    assert not calm.hub.get(f"/agents/{name}")["paused"]


async def test_each_write_is_an_event_with_its_actor(calm: Door) -> None:
    """An admin may name who really did it."""
    name = new_name()
    await calm.agent(name)
    headers = {"X-Actor-Id": "maria"}
    ask(calm.hub, "POST", f"/{name}/drain", role=Role.ADMIN, headers=headers)
    ask(calm.hub, "PATCH", f"/{name}", {"note": "x"})

    def told() -> list[tuple[str, str]]:
        events = calm.hub.get(f"/events?limit=200&entity={name}")["items"]
        return [(each["type"], each["meta"]["actor_id"]) for each in events]

    await until(lambda: len(told()) >= 4)
    assert ("agent.status.changed", "maria") in told()
    assert ("agent.updated", "operator") in told()
