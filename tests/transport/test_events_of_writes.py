"""Every write tells what it did: the events of each route, told by a real hub."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from hub.transport.route import Route
from hub.transport.routes import ROUTES
from schemas.events import EVENT_NAMES
from tests.transport.conftest import StartHub
from tests.transport.ranch import Hub

V1 = "/api/v1"
CODE = {"code": "{code}", "agent_id": "joins"}


class Act(NamedTuple):
    """A write, and what it tells: the type of each event and what it is about."""

    route: str
    body: Any
    told: tuple[tuple[str, str], ...]
    learns: Mapping[str, str] = {}
    """What later acts need: its name here, and its field in the answer."""
    more: str = ""
    """A query."""


ACTS = (
    Act("POST /tasks", {"description": "x", "needs": ["nobody"]}, (("task.created", "{task_id}"),),
        {"task_id": "id"}),
    Act("PATCH /tasks/{task_id}", {"priority": "low"}, (("task.updated", "{task_id}"),)),
    Act("POST /tasks/{task_id}/cancel", None, (("task.status.changed", "{task_id}"),)),
    Act("POST /tasks/{task_id}/retry", None, (("task.status.changed", "{task_id}"),)),
    Act("POST /agents/sync", {"agents": [{"id": "a-1"}]},
        (("agent.created", "a-1"), ("admin.agents.synced", "*"))),
    Act("POST /agents/sync", {"agents": []},
        (("agent.status.changed", "a-1"), ("admin.agents.synced", "*"))),
    Act("POST /agents/sync", {"agents": [{"id": "a-1"}]},
        (("agent.status.changed", "a-1"), ("admin.agents.synced", "*"))),
    Act("PATCH /agents/{agent_id}", {"note": "mine"}, (("agent.updated", "a-1"),)),
    Act("POST /agents/{agent_id}/pause", {"note": "x"}, (("agent.status.changed", "a-1"),)),
    Act("POST /agents/{agent_id}/resume", None, (("agent.status.changed", "a-1"),)),
    Act("POST /agents/{agent_id}/drain", None, (("agent.status.changed", "a-1"),)),
    Act("DELETE /agents/{agent_id}", None, (("agent.deleted", "a-1"),), more="?force=true"),
    Act("PUT /admin/log-level", {"level": "ERROR"}, (("admin.log_level.changed", "log"),)),
    Act("POST /dispatch/pause", {"note": "x"}, (("dispatch.paused", "*"),)),
    Act("POST /dispatch/resume", {}, (("dispatch.resumed", "*"),)),
    Act("POST /tokens", {"role": "viewer", "name": "guest"}, (("token.created", "{token_id}"),),
        {"token_id": "id"}),
    Act("POST /tokens/{token_id}/rotate", {},
        (("token.updated", "{token_id}"), ("token.created", "{next_id}")), {"next_id": "id"}),
    Act("DELETE /tokens/{token_id}", None, (("token.deleted", "{token_id}"),)),
    Act("POST /invites", {}, (("auth.invited", "{invite_id}"),),
        {"invite_id": "id", "code": "code"}),
    Act("POST /register", CODE, (("auth.registered", "*"),)),
    Act("POST /invites", {}, (("auth.invited", "{invite_id}"),), {"invite_id": "id"}),
    Act("DELETE /invites/{invite_id}", None, (("auth.invite.revoked", "{invite_id}"),)),
    Act("POST /login-codes", None, (("auth.login_code.created", "*"),), {"login": "code"}),
    Act("POST /session", {"code": "{login}"}, (("auth.session.began", "{session_id}"),),
        {"session_id": "id"}),
    Act("DELETE /sessions/{session_id}", None, (("auth.session.ended", "{session_id}"),)),
)  # fmt: skip
ELSEWHERE = {
    "POST /tasks/bulk/preview": "it only looks",
    "POST /tasks/bulk": "it goes on after its answer: see the tests of bulk actions",
    "POST /bulk/{bulk_id}/cancel": "likewise",
    "POST /agents/bulk/preview": "it only looks",
    "POST /agents/bulk": "it goes on after its answer: see the tests of bulk actions on agents",
    "DELETE /session": "it needs a cookie: see the tests of browser sessions",
}
"""Routes that are not tried here, each with its reason."""


def line(route: Route) -> str:
    """A route as the table above names it."""
    return f"{route.method} {route.path.removeprefix(V1)}"


def newest(hub: Hub) -> str:
    """The cursor of the last event."""
    reply = hub.http("GET", f"{V1}/events?after=1:9007199254740991")
    (found,) = (each for each in reply.json["error"]["details"] if each["path"] == "newest")
    return str(found["message"])


def filled(value: Any, known: Mapping[str, str]) -> Any:
    """The value with what was learned in its places."""
    if isinstance(value, dict):
        return {name: filled(each, known) for name, each in value.items()}
    return value.format(**known) if isinstance(value, str) else value


def act(hub: Hub, each: Act, known: dict[str, str]) -> list[Any]:
    """Do it; the events it left."""
    before = newest(hub)
    method, path = each.route.split()
    body = None if each.body is None else filled(each.body, known)
    reply = hub.http(method, f"{V1}{path.format(**known)}{each.more}", body)
    assert reply.status < 300, (each.route, reply)
    known.update({name: str(reply.json[field]) for name, field in each.learns.items()})
    items = hub.get(f"/events?after={before}")["items"]
    return list(items)


def test_every_write_tells_what_it_did(untold_hub: StartHub) -> None:
    """One event for each entity that changed, of the types that the route table names."""
    hub = untold_hub()
    named = {
        f"{route.method} {route.path.removeprefix(V1)}": {
            EVENT_NAMES[kind] for kind in route.events
        }
        for route in ROUTES
    }
    known = {"agent_id": "a-1"}
    for each in ACTS:
        events = act(hub, each, known)
        told = [(event["type"], event["target"]) for event in events]
        wanted = [(kind, filled(entity, known)) for kind, entity in each.told]
        assert [kind for kind, _ in told] == [kind for kind, _ in wanted], (each.route, told)
        assert all(b in ("*", a) for (_, a), (_, b) in zip(told, wanted, strict=True)), each.route
        assert {kind for kind, _ in told} <= named[each.route], each.route


def test_no_write_is_left_out() -> None:
    """A route that changes something is tried here, or its reason is given."""
    writes = {line(route) for route in ROUTES if route.method != "GET"}
    assert writes == {each.route for each in ACTS} | set(ELSEWHERE)
