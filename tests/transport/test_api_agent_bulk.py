"""Bulk actions on agents over HTTP: who may, what is shown, and what a kill leaves behind."""

import random
import time
from typing import Any, Final

import pytest

from schemas.http.bulk import TARGET_IDS
from schemas.scalars import Role
from tests.transport.conftest import StartHub
from tests.transport.ranch import Hub, Reply, until
from tests.transport.test_api_bulk import ended
from tests.transport.wire import Door, new_name

MANY: Final = 3_000


def ask(hub: Hub, path: str = "", *, role: Role = Role.OPERATOR, **request: Any) -> Reply:
    """Ask for a bulk action, or for its preview."""
    return hub.http("POST", f"/api/v1/agents/bulk{path}", request, role=role)


def bulk(hub: Hub, **request: Any) -> Any:
    """Begin a bulk action."""
    reply = ask(hub, role=Role.ADMIN, **request)
    assert reply.status == 202, reply
    return reply.json


def herd(hub: Hub, count: int) -> tuple[str, list[str]]:
    """So many agents with a label of their own."""
    name = new_name()
    ids = [f"{name}-{n:04}" for n in range(count)]
    agents = [{"id": each, "labels": {"herd": name}} for each in ids]
    wanted = {"agents": agents, "deactivate_missing": False}
    assert hub.http("POST", "/api/v1/agents/sync", wanted).status == 200
    return f"label:herd={name}", ids


def listed(hub: Hub, words: str) -> list[str]:
    """The agents that the list finds by these words."""
    found = hub.get(f"/agents?limit=200&filter={words.replace(' ', '%20').replace('=', '%3D')}")
    return [each["id"] for each in found["items"]]


def test_a_preview_changes_nothing(calm_hub: Hub) -> None:
    """It counts, tells who is left out, and shows some."""
    words, ids = herd(calm_hub, 25)
    calm_hub.http("POST", f"/api/v1/agents/{ids[0]}/pause")
    shown = ask(calm_hub, "/preview", action="pause", filter=words).json
    assert (shown["total"], shown["already"]) == ({"count": 24, "more": False}, 1)
    assert [each["id"] for each in shown["sample"]] == ids[1:11]
    named = ask(calm_hub, "/preview", action="drain", ids=[*ids[:3], "nobody"]).json
    assert (named["total"]["count"], named["unknown"]) == (3, 1)
    assert listed(calm_hub, f"{words} status:paused") == ids[:1]


def test_pause_and_resume_by_filter(calm_hub: Hub) -> None:
    """All of them at once, with a note and an end; it can be looked at, and is an event."""
    words, ids = herd(calm_hub, 130)
    job = bulk(calm_hub, action="pause", filter=words, note="new disks", for_ms=3_600_000)
    assert (job["about"], job["state"], job["total"]["count"]) == ("agents", "waiting", 130)
    done = ended(calm_hub, job)
    assert (done["state"], done["done"], done["failed"]) == ("completed", 130, 0)
    assert (done["target"], done["reason"]) == ({"filter": words}, "new disks")
    agent = calm_hub.get(f"/agents/{ids[7]}")
    assert (agent["paused"], agent["pause_note"]) == (True, "new disks")
    assert 0 < agent["paused_until"] - job["created_at"] <= 3_600_100
    assert calm_hub.get("/bulk?limit=1")["items"][0] == done
    began, over = calm_hub.events_of(job["id"])
    assert began["payload"] == {"action": "pause", "total": 130, "about": "agents"}
    assert (over["payload"]["to"], over["payload"]["done"]) == ("completed", 130)
    (_, told) = calm_hub.events_of(ids[7])
    assert (told["meta"]["actor_id"], told["payload"]["note"]) == ("admin", "new disks")
    assert ended(calm_hub, bulk(calm_hub, action="resume", filter=words))["done"] == 130
    assert listed(calm_hub, f"{words} status:paused") == []


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        ({"action": "pause"}, "$"),
        ({"action": "pause", "all": True, "filter": "oak"}, "$"),
        ({"action": "pause", "ids": []}, "$.ids"),
        ({"action": "pause", "ids": ["no name"]}, "$.ids[0]"),
        ({"action": "pause", "filter": ""}, "$.filter"),
        ({"action": "pause", "filter": " "}, "$.filter"),
        ({"action": "pause", "filter": "-status:ofline"}, "$.filter"),
        ({"action": "cancel", "all": True}, "$.action"),
        ({"action": "pause", "all": True, "until": 1}, "$.until"),
        ({"action": "pause", "all": True, "force": True}, "$.force"),
        ({"action": "pause", "everybody": True}, "$.everybody"),
    ],
)
@pytest.mark.parametrize("route", ["", "/preview"])
def test_a_bad_request(calm_hub: Hub, request_: Any, path: str, route: str) -> None:
    """It is refused by name, before anything begins."""
    reply = ask(calm_hub, route, **request_)
    assert (reply.status, reply.paths) == (422, {path})


def test_only_admins_delete(calm_hub: Hub) -> None:
    """Operators do the rest, and may stop what an admin began; others may only look."""
    words, ids = herd(calm_hub, 3)
    for route in ("", "/preview"):
        assert ask(calm_hub, route, action="delete", filter=words).code == "forbidden"
        assert ask(calm_hub, route, role=Role.VIEWER, action="drain", all=True).status == 403
    assert listed(calm_hub, words) == ids
    job = bulk(calm_hub, action="delete", filter=words)
    assert calm_hub.http("GET", f"/api/v1/bulk/{job['id']}", role=Role.VIEWER).status == 200
    assert ended(calm_hub, job)["done"] == 3
    assert listed(calm_hub, words) == []
    again = ended(calm_hub, bulk(calm_hub, action="delete", ids=ids[:1]))
    (failure,) = again["failures"]
    assert (failure["agent_id"], failure["code"]) == (ids[0], "not_found")


def test_no_more_are_deleted_than_were_shown(calm_hub: Hub) -> None:
    """Whoever came meanwhile was not meant; who saw the new number may go on."""
    words, ids = herd(calm_hub, 3)
    late = ask(calm_hub, role=Role.ADMIN, action="delete", filter=words, at_most=2)
    assert (late.status, late.code) == (409, "conflict")
    assert listed(calm_hub, words) == ids
    job = bulk(calm_hub, action="delete", filter=words, at_most=3)
    assert ended(calm_hub, job)["done"] == 3


async def test_an_agent_with_work_is_deleted_by_force_only(calm: Door) -> None:
    """As when it is deleted alone."""
    name = new_name()
    agent = await calm.agent(name)
    task = calm.hub.submit(assign_to=name)
    await agent.accepts(task)
    done = ended(calm.hub, bulk(calm.hub, action="delete", ids=[name]))
    assert [each["code"] for each in done["failures"]] == ["invalid_state"]
    done = ended(calm.hub, bulk(calm.hub, action="delete", ids=[name], force=True))
    assert done["done"] == 1
    assert calm.hub.task(task)["state"] == "queued"


def test_a_key_makes_it_happen_once(calm_hub: Hub) -> None:
    """Who did not hear the answer asks again, and gets the same action."""
    words, _ = herd(calm_hub, 2)
    request = {"action": "drain", "filter": words}
    headers = {"Idempotency-Key": new_name()}
    replies = [
        calm_hub.http("POST", "/api/v1/agents/bulk", request, headers=headers) for _ in range(2)
    ]
    assert replies[0].json["id"] == replies[1].json["id"]
    assert replies[1].headers["idempotent-replayed"] == "true"


def test_the_list_takes_the_filter(calm_hub: Hub) -> None:
    """With its pages and its count, beside its other conditions."""
    words, ids = herd(calm_hub, 5)
    assert listed(calm_hub, f"{words} -0003") == [*ids[:3], ids[4]]
    query = f"/agents?filter={words.replace('=', '%3D')}&limit=2&count=true"
    first = calm_hub.get(query)
    assert (first["total"], [each["id"] for each in first["items"]]) == (5, ids[:2])
    rest = calm_hub.get(f"{query}&cursor={first['next_cursor']}")
    assert [each["id"] for each in rest["items"]] == ids[2:4]
    refused = calm_hub.http("GET", "/api/v1/agents?filter=status%3Aawake")
    assert (refused.status, refused.paths) == (422, {"query.filter"})


def test_many_names_are_kept_and_few_are_shown(own_hub: StartHub) -> None:
    """Each look would have to carry all of them."""
    hub = own_hub()
    _, ids = herd(hub, MANY)
    done = ended(hub, bulk(hub, action="drain", ids=ids))
    assert done["done"] == MANY
    assert done["target"]["ids"] == ids[:TARGET_IDS]


def test_a_kill_neither_repeats_nor_skips(own_hub: StartHub) -> None:
    """A hub that is killed again and again: each agent is paused once, each resumed once."""
    hub = own_hub()
    herd(hub, MANY)
    for action in ("pause", "resume"):
        job = bulk(hub, action=action, all=True)
        for _ in range(2):
            time.sleep(random.uniform(0, 0.05))
            hub.restart()
        assert ended(hub, job)["done"] == MANY
    (agent, *_) = hub.get("/agents?limit=1")["items"]
    names = [each["type"] for each in hub.events_of(agent["id"])]
    assert names.count("agent.status.changed") == 2


def test_it_ends_with_the_token_that_began_it(own_hub: StartHub) -> None:
    """Whoever looks at it reads why."""
    hub = own_hub()
    herd(hub, MANY)
    wish = {"role": "operator", "name": "olga"}
    token = hub.http("POST", "/api/v1/tokens", wish, role=Role.ADMIN).json
    request = {"action": "pause", "all": True}
    job = hub.http("POST", "/api/v1/agents/bulk", request, token=token["token"]).json
    until(lambda: hub.get(f"/bulk/{job['id']}")["done"])
    gone = hub.http("DELETE", f"/api/v1/tokens/{token['id']}", role=Role.ADMIN)
    assert gone.status == 204
    stopped = ended(hub, job)
    assert (stopped["state"], stopped["done"] < MANY) == ("cancelled", True)
    assert "was revoked" in stopped["why_stopped"]
    last = hub.events_of(job["id"])[-1]
    assert (last["type"], last["meta"]["actor_id"]) == ("bulk.status.changed", "hub")
    assert last["payload"]["why_stopped"] == stopped["why_stopped"]


def test_it_can_be_stopped(own_hub: StartHub) -> None:
    """What was done stays done."""
    hub = own_hub()
    herd(hub, MANY)
    job = bulk(hub, action="pause", all=True)
    until(lambda: hub.get(f"/bulk/{job['id']}")["done"])
    stopped = hub.http("POST", f"/api/v1/bulk/{job['id']}/cancel", role=Role.OPERATOR)
    assert (stopped.status, stopped.json["state"]) == (200, "cancelled")
    paused = hub.get("/agents?filter=status%3Apaused&count=true&limit=1")["total"]
    assert 0 < paused == hub.get(f"/bulk/{job['id']}")["done"] < MANY
