"""HTTP for old clients: their fields are understood, and nobody may more than elsewhere."""

import http.client
import json
from typing import Any, Final

import pytest

from schemas.scalars import Role
from tests.transport.conftest import StartHub
from tests.transport.ranch import PATIENCE, Hub
from tests.transport.wire import new_name, open_door

NEEDS: Final = {"needed_capabilities": ["nobody"]}
"""Keeps a task in the queue, whoever else is there."""


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({}, {"max_attempts": 3, "assign_to": None, "priority": "normal"}),
        ({"max_retries": 7}, {"max_attempts": 7}),
        ({"max_retries": 0}, {"max_attempts": 1}),
        ({"max_retries": 7, "max_attempts": 2}, {"max_attempts": 2}),
        ({"priority": "medium"}, {"priority": "normal"}),
        ({"priority": None, "metadata": None, "max_retries": None}, {"priority": "normal"}),
        ({"metadata": {"target_agent": None}}, {"assign_to": None}),
        ({"assign_to": "a", "metadata": {"target_agent": "b"}}, {"assign_to": "a"}),
        ({"complete_by": 9_000_000_000_000}, {"complete_by": 9_000_000_000_000}),
        ({"verification_steps": [{"x": 1}], "run": {"kind": "no"}}, {"run": None}),
    ],
)
def test_fields_of_a_submission(calm_hub: Hub, sent: dict[str, Any], kept: dict[str, Any]) -> None:
    """Old names are understood, unknown fields are ignored, null is absent."""
    made = calm_hub.http("POST", "/api/tasks", {"description": "x", **NEEDS, **sent})
    assert made.status == 201, made
    task = calm_hub.task(made.json["task_id"])

    assert {name: task.get(name) for name in kept} == kept


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "$.description"),
        ({"description": ""}, "$.description"),
        ({"description": 5}, "$.description"),
        ({"description": "x", "priority": "soon"}, "$.priority"),
        ({"description": "x", "metadata": [1]}, "$.metadata"),
        ({"description": "x", "metadata": "text"}, "$.metadata"),
        ({"description": "x", "metadata": {"target_agent": 5}}, "$.metadata.target_agent"),
        ({"description": "x", "metadata": {"target_agent": "a b"}}, "$.metadata.target_agent"),
        ({"description": "x", "metadata": {"a": 2**60}}, "$.metadata"),
        ({"description": "x", "max_retries": -1}, "$.max_retries"),
        ({"description": "x", "needed_capabilities": "all"}, "$.needed_capabilities"),
    ],
)
def test_a_submission_that_is_not_taken(calm_hub: Hub, body: Any, place: str) -> None:
    """422, with the place that is wrong."""
    reply = calm_hub.http("POST", "/api/tasks", body)

    assert (reply.status, reply.code) == (422, "validation_failed")
    assert place in reply.paths


def test_a_key_makes_a_submission_happen_once(calm_hub: Hub) -> None:
    """The same bytes come back; they are no answer to the newer route."""
    headers = {"Idempotency-Key": new_name("key")}
    body = {"description": "once", **NEEDS}
    first, second = (calm_hub.http("POST", "/api/tasks", body, headers=headers) for _ in range(2))
    newer = calm_hub.http(
        "POST", "/api/v1/tasks", {"description": "once", "needs": ["nobody"]}, headers=headers
    )

    assert (first.status, first.text) == (201, second.text)
    assert second.headers["idempotent-replayed"] == "true"
    assert newer.status == 201


async def test_only_who_has_the_task_may_classify(calm_hub: Hub) -> None:
    """Or an operator; in pieces, as the old client sends it."""
    changes = {"lines_added": 3, "lines_deleted": 1, "files_changed": ["a.py"], "files_added": []}
    changes |= {"tests_exist": True}
    async with open_door(calm_hub) as door:
        name, other = new_name(), new_name()
        agent = await door.agent(name)
        spec = {"description": "x", "metadata": {"target_agent": name}}
        task_id = calm_hub.http("POST", "/api/tasks", spec).json["task_id"]
        await agent.given(task_id)
        path = f"/api/tasks/{task_id}/classify"
        low = {"tier": 1, "reasons": ["small, and tested"], "auto_merge_eligible": False}
        assert in_pieces(calm_hub, path, door.token(name), changes) == (200, low)
        assert in_pieces(calm_hub, path, door.token(other), changes)[0] == 403
    operator = calm_hub.tokens[Role.OPERATOR]
    assert in_pieces(calm_hub, path, operator, {"files_added": ["src/auth.py"]})[1]["tier"] == 3
    assert (
        in_pieces(calm_hub, path, operator, {"files_changed": 2, "files_added": 0})[1]["tier"] == 2
    )
    assert in_pieces(calm_hub, f"/api/tasks/none{path[-9:]}", operator, {})[0] == 404


def in_pieces(hub: Hub, path: str, token: str, body: Any) -> tuple[int, Any]:
    """Post without a length, in chunks."""
    link = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=PATIENCE)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    text = json.dumps(body).encode()
    try:
        link.request("POST", path, iter((text[:5], text[5:])), headers, encode_chunked=True)
        reply = link.getresponse()
        return reply.status, json.loads(reply.read())
    finally:
        link.close()


def test_writes_tell_what_they_did(own_hub: StartHub) -> None:
    """A task, a registration, and the end of a token."""
    program = ("-m", "hub.app", "--open-registration")
    hub = own_hub(program)
    task_id = hub.http("POST", "/api/tasks", {"description": "x"}).json["task_id"]
    body = {"agent_id": "birch"}
    made = hub.http("POST", "/api/onboard/register", body, role=None)
    hub.http("DELETE", "/admin/tokens/birch", token=made.json["token"])
    told = [(each["type"], each["meta"]["actor_id"]) for each in hub.get("/events")["items"]]

    assert ("task.created", "admin") in told
    assert ("auth.registered", "birch") in told
    assert ("token.deleted", "birch") in told
    assert hub.task(task_id)["state"] == "queued"
    assert made.json["default_repo"] is None
    assert any("open registration" in line["message"] for line in hub.log_lines())
