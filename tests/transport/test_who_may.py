"""Who may use which route, and in whose name: every role on every one of them."""

import re
from typing import Any, Final

import pytest

from hub.transport.routes_backbone import SERVED
from schemas.scalars import Role
from tests.transport.browser import WHO_MAY as WHO_MAY_OF_SESSIONS
from tests.transport.ranch import Hub
from tests.transport.wire import new_name

Roles = frozenset[Role | None]
READERS: Final[Roles] = frozenset(Role)
EVERYBODY: Final[Roles] = READERS | {None}
SUBMITTERS: Final[Roles] = READERS - {Role.VIEWER}
OPERATORS: Final[Roles] = frozenset({Role.OPERATOR, Role.ADMIN})
ADMINS: Final[Roles] = frozenset({Role.ADMIN})
WHO_MAY: Final[dict[tuple[str, str], Roles]] = WHO_MAY_OF_SESSIONS | {
    ("POST", "/api/v1/tasks"): SUBMITTERS,
    ("GET", "/api/v1/tasks"): READERS,
    ("GET", "/api/v1/tasks/{task_id}"): READERS,
    ("POST", "/api/v1/tasks/{task_id}/cancel"): SUBMITTERS,
    ("GET", "/api/v1/tasks/{task_id}/log"): READERS,
    ("GET", "/api/v1/tasks/{task_id}/explain"): READERS,
    ("GET", "/api/v1/agents"): READERS,
    ("GET", "/api/v1/agents/{agent_id}"): READERS,
    ("PATCH", "/api/v1/agents/{agent_id}"): OPERATORS,
    ("POST", "/api/v1/agents/{agent_id}/pause"): OPERATORS,
    ("POST", "/api/v1/agents/{agent_id}/resume"): OPERATORS,
    ("POST", "/api/v1/agents/{agent_id}/drain"): OPERATORS,
    ("DELETE", "/api/v1/agents/{agent_id}"): ADMINS,
    ("POST", "/api/v1/agents/sync"): ADMINS,
    ("GET", "/api/v1/dispatch"): READERS,
    ("POST", "/api/v1/dispatch/pause"): OPERATORS,
    ("POST", "/api/v1/dispatch/resume"): OPERATORS,
    ("PATCH", "/api/v1/tasks/{task_id}"): SUBMITTERS,
    ("POST", "/api/v1/tasks/{task_id}/retry"): OPERATORS,
    ("GET", "/api/v1/tasks/{task_id}/events"): READERS,
    ("GET", "/api/v1/tasks/stats"): READERS,
    ("GET", "/api/v1/dead-letters"): READERS,
    ("POST", "/api/v1/tasks/bulk"): OPERATORS,
    ("POST", "/api/v1/tasks/bulk/preview"): OPERATORS,
    ("POST", "/api/v1/agents/bulk"): OPERATORS,
    ("POST", "/api/v1/agents/bulk/preview"): OPERATORS,
    ("GET", "/api/v1/bulk"): READERS,
    ("GET", "/api/v1/bulk/{bulk_id}"): READERS,
    ("POST", "/api/v1/bulk/{bulk_id}/cancel"): OPERATORS,
    ("GET", "/api/v1/events"): READERS,
    ("GET", "/api/v1/events/stream"): READERS,
    ("POST", "/api/v1/tokens"): ADMINS,
    ("GET", "/api/v1/tokens"): ADMINS,
    ("GET", "/api/v1/tokens/{token_id}"): ADMINS,
    ("POST", "/api/v1/tokens/{token_id}/rotate"): ADMINS,
    ("DELETE", "/api/v1/tokens/{token_id}"): frozenset({Role.AGENT, Role.ADMIN}),
    ("POST", "/api/v1/invites"): ADMINS,
    ("GET", "/api/v1/invites"): ADMINS,
    ("DELETE", "/api/v1/invites/{invite_id}"): ADMINS,
    ("GET", "/api/v1/admin/limits"): ADMINS,
    ("GET", "/api/v1/admin/log-level"): ADMINS,
    ("PUT", "/api/v1/admin/log-level"): ADMINS,
    ("POST", "/api/v1/register"): EVERYBODY,
    ("GET", "/api/v1/me"): READERS,
    ("GET", "/health"): EVERYBODY,
    ("GET", "/healthz"): EVERYBODY,
    ("GET", "/ready"): EVERYBODY,
    ("GET", "/readyz"): EVERYBODY,
    ("GET", "/metrics"): EVERYBODY,
    ("GET", "/api/schemas"): EVERYBODY,
    ("GET", "/api/openapi.json"): EVERYBODY,
    ("GET", "/api/asyncapi.json"): EVERYBODY,
    ("POST", "/api/tasks"): SUBMITTERS,
    ("GET", "/api/tasks/{task_id}"): READERS,
    ("POST", "/api/tasks/{task_id}/classify"): SUBMITTERS,
    ("POST", "/api/goals"): SUBMITTERS,
    ("GET", "/api/agents"): EVERYBODY,
    ("DELETE", "/admin/tokens/{name}"): frozenset({Role.AGENT, Role.ADMIN}),
    ("GET", "/api/config/default-repo"): EVERYBODY,
}
"""Written out on purpose: a new route has to be judged here too. `/metrics`: see its own test."""
CLOSED: Final = frozenset({("POST", "/api/onboard/register")})
"""For nobody, unless the operator says so: see `tests/backbone/test_scripts.py`."""
BODIES: Final[dict[str, Any]] = {
    "/api/v1/tasks": {"description": "x", "needs": ["nobody"]},
    "/api/tasks": {"description": "x", "needed_capabilities": ["nobody"]},
    "/api/v1/invites": {},
    "/api/v1/agents/sync": {"agents": [], "deactivate_missing": False},
    "/api/v1/dispatch/pause": {"label": {"key": "nobody", "value": "has"}},
    "/api/v1/admin/log-level": {"level": "INFO"},
    "/api/v1/register": {"code": "x", "agent_id": "x"},
}


@pytest.fixture(scope="module")
def agent_token(calm_hub: Hub) -> str:
    """An agent's token."""
    return calm_hub.join(new_name())


def test_every_route_is_judged() -> None:
    """No route is protected, or open, by accident."""
    assert {(route.method, route.path) for route in SERVED} == {*WHO_MAY, *CLOSED}


@pytest.mark.parametrize("role", [None, *Role])
@pytest.mark.parametrize(("method", "path"), list(WHO_MAY))
def test_who_may(
    calm_hub: Hub, agent_token: str, method: str, path: str, role: Role | None
) -> None:
    """Every role on every route: 401 without a credential, 403 with the wrong one."""
    real = re.sub(r"{\w+}", "nobody", path)
    if path.endswith("/stream"):
        # A stream that is let in never ends: a cursor from nowhere ends it at once.
        real += "?after=0:0"
    body = BODIES.get(path) if method != "GET" else None
    token = agent_token if role is Role.AGENT else None
    other = None if role is Role.AGENT else role
    reply = calm_hub.http(method, real, body, role=other, token=token)
    if role in WHO_MAY[method, path]:
        assert reply.status not in (403, 405)
        assert reply.status != 401 or reply.code in ("invalid_code", "invalid_session")
    else:
        assert reply.status == (401 if role is None else 403)
        assert reply.code == ("invalid_token" if role is None else "forbidden")


@pytest.mark.parametrize(
    ("role", "cause"), [(Role.ADMIN, "ann"), (Role.OPERATOR, None), (Role.AGENT, None)]
)
def test_only_an_admin_names_another_actor(
    calm_hub: Hub, agent_token: str, role: Role, cause: str | None
) -> None:
    """Whoever else sends the header is written down as who the credential says."""
    token = agent_token if role is Role.AGENT else calm_hub.tokens[role]
    me = calm_hub.http("GET", "/api/v1/me", token=token).json["id"]
    body = {"description": "x", "needs": ["nobody"]}
    headers = {"X-Actor-Id": "ann"}
    made = calm_hub.http("POST", "/api/v1/tasks", body, token=token, headers=headers).json
    (told,) = calm_hub.get(f"/tasks/{made['id']}/events")["items"]

    assert told["meta"]["actor_id"] == (cause or me)


def test_what_is_no_name_of_an_actor(calm_hub: Hub) -> None:
    """A pasted token would stay in the events for ever, a reserved name would lie in them."""
    for named in (calm_hub.tokens[Role.OPERATOR], "x" * 129, "caf\xe9", "hub", "nobody"):
        headers = {"X-Actor-Id": named}
        reply = calm_hub.http("POST", "/api/v1/dispatch/resume", {}, headers=headers)
        assert (reply.status, reply.code) == (400, "invalid_header")


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer corral_d_x_y", "Basic dXNlcjpwYXNz", "Bearer a b c"],
)
def test_a_bad_credential(calm_hub: Hub, header: str) -> None:
    """401, with the scheme that is wanted."""
    headers = {"Authorization": header}
    reply = calm_hub.http("GET", "/api/v1/tasks", role=None, headers=headers)
    assert (reply.status, reply.code) == (401, "invalid_token")
    assert reply.headers["www-authenticate"] == "Bearer"


def test_a_token_with_one_wrong_character(calm_hub: Hub) -> None:
    """Is no token, wherever the character stands."""
    token = calm_hub.tokens[Role.ADMIN]
    for place in (0, 7, 12, 30, len(token) - 1):
        wrong = token[:place] + ("X" if token[place] != "X" else "Y") + token[place + 1 :]
        assert calm_hub.http("GET", "/api/v1/me", token=wrong).status == 401
