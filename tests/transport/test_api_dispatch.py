"""Pauses of dispatch over HTTP, with a real agent at a real socket."""

from typing import Any

from schemas.scalars import Role
from tests.transport.conftest import StartHub
from tests.transport.ranch import Hub, Reply
from tests.transport.wire import open_door

LABEL = {"key": "env", "value": "prod"}


def ask(hub: Hub, what: str, body: Any = None, role: Role = Role.OPERATOR) -> Reply:
    """Pause or resume."""
    reply = hub.http("POST", f"/api/v1/dispatch/{what}", body, role=role)
    assert reply.status == 200, reply
    return reply


def reason(hub: Hub, task: str) -> dict[str, str]:
    """Why a task waits."""
    found: dict[str, str] = hub.get(f"/tasks/{task}/explain")["reasons"][0]
    return found


async def test_everything_waits_and_then_goes_on(own_hub: StartHub) -> None:
    """Also over a restart; reports are heard meanwhile."""
    hub = own_hub()
    async with open_door(hub) as door:
        agent = await door.agent("oak", slots=2)
        fence = await agent.accepts(hub.submit())
        ask(hub, "pause", {"note": "freeze"})
        task = hub.submit()
        assert (await agent.completes(fence))["status"] == "complete"
        assert reason(hub, task) == {
            "code": "dispatch_paused",
            "message": "dispatch is paused: freeze",
        }
        hub.restart()
        agent = await door.agent("oak")
        assert not [frame for frame in await agent.everything() if frame["type"] == "task_assign"]
        shown = hub.get("/dispatch")
        assert (shown["paused"], shown["pauses"][0]["created_by"]) == (True, "operator")
        assert ask(hub, "resume").json == {"paused": False, "pauses": []}
        await agent.accepts(task)


async def test_a_label_waits_and_the_rest_does_not(own_hub: StartHub) -> None:
    """A parked task can be cancelled; after the end of the pause the others run."""
    hub = own_hub()
    async with open_door(hub) as door:
        pause = ask(hub, "pause", {"label": LABEL, "note": "release"}).json
        assert pause["label"] == LABEL
        kept, dropped = (hub.submit(labels={"env": "prod"}) for _ in range(2))
        agent = await door.agent("oak", slots=4)
        await agent.accepts(hub.submit())
        assert hub.task(kept)["state"] == "queued"
        assert reason(hub, kept)["message"] == "dispatch of env=prod is paused: release"
        assert hub.cancel(dropped).json["state"] == "cancelled"
        hub.restart()
        agent = await door.agent("oak", slots=4)
        await agent.accepts(hub.submit())
        assert hub.task(kept)["state"] == "queued"
        ask(hub, "resume", {"id": pause["id"]})
        await agent.accepts(kept)


async def test_a_pause_ends_by_itself(own_hub: StartHub) -> None:
    """Nobody has to remember it."""
    hub = own_hub()
    async with open_door(hub) as door:
        agent = await door.agent("oak")
        ask(hub, "pause", {"label": LABEL, "for_ms": 300})
        await agent.accepts(hub.submit(labels={"env": "prod"}))
        assert hub.get("/dispatch")["pauses"] == []


async def test_ten_run_past_many_that_are_kept_back(own_hub: StartHub) -> None:
    """20,000 stand before them, in the database: their records are read once, not again."""
    hub = own_hub()
    batch = {"tasks": [{"description": "x", "labels": {"env": "prod"}}] * 1_000}
    for _ in range(20):
        assert hub.http("POST", "/api/v1/tasks", batch).status == 201
    ask(hub, "pause", {"label": LABEL})
    others = [hub.submit() for _ in range(10)]
    hub.restart()
    async with open_door(hub) as door:
        agent = await door.agent("oak", slots=10)
        for task in others:
            await agent.accepts(task)


def test_bad_wishes_are_refused(calm_hub: Hub) -> None:
    """Nothing is paused by them."""

    def status(what: str, body: Any) -> int:
        path = f"/api/v1/dispatch/{what}"
        return calm_hub.http("POST", path, body, role=Role.OPERATOR).status

    assert status("pause", {"label": {"key": ""}}) == 422
    assert status("pause", {"for_ms": 0}) == 422
    assert status("pause", {"until": 5}) == 422
    assert status("resume", {"id": "pause-nobody"}) == 404
    assert not calm_hub.get("/dispatch")["paused"]
