"""Tokens and join codes over HTTP, and what becomes of those who use them."""

import asyncio
import time
from binascii import crc32
from typing import Any

import pytest

from hub.core.credentials import _base62, new_token
from schemas.scalars import Role
from tests.transport.conftest import StartHub
from tests.transport.ranch import Hub, Reply, until
from tests.transport.wire import Door, new_name, open_door

TOKENS = "/api/v1/tokens"


def make(hub: Hub, **wish: Any) -> Any:
    """A new token."""
    reply = hub.http("POST", TOKENS, wish)
    assert reply.status == 201, reply
    return reply.json


def person(hub: Hub, role: str = "operator", **wish: Any) -> Any:
    """A person's new token."""
    return make(hub, role=role, name=new_name("person"), **wish)


def me(hub: Hub, token: str) -> Reply:
    """Who the hub says that is."""
    return hub.http("GET", "/api/v1/me", token=token)


def test_a_token_is_shown_once(calm_hub: Hub) -> None:
    """Later there is everything about it but its secret."""
    made = person(calm_hub, "viewer", ttl_ms=60_000)
    secret = made.pop("token")
    found = calm_hub.http("GET", f"{TOKENS}/{made['id']}")

    assert me(calm_hub, secret).json["role"] == "viewer"
    assert found.json == made
    assert (made["state"], made["created_by"]) == ("active", "admin")
    assert made["expires_at"] == made["created_at"] + 60_000
    assert secret.rpartition("_")[2] not in calm_hub.http("GET", TOKENS).text
    assert secret.rpartition("_")[2] not in calm_hub.log.read_text()


@pytest.mark.parametrize(
    ("wish", "path"),
    [
        ({"role": "viewer"}, "name"),
        ({"role": "agent", "name": "x"}, "agent_id"),
        ({"role": "agent", "agent_id": "x", "name": "y"}, "name"),
        ({"role": "admin", "name": "x", "agent_id": "x"}, "agent_id"),
        ({"role": "boss", "name": "x"}, "role"),
        ({"role": "viewer", "name": "corral_d_abcdefghi_0123"}, "name"),
        ({"role": "viewer", "name": "x", "ttl_ms": 1}, "ttl_ms"),
        ({"role": "viewer", "name": "x", "more": 1}, "more"),
    ],
)
def test_what_is_no_wish_for_a_token(calm_hub: Hub, wish: Any, path: str) -> None:
    """The answer says where."""
    reply = calm_hub.http("POST", TOKENS, wish)

    assert (reply.status, reply.paths) == (422, {f"$.{path}"})


def test_names_are_not_shared(calm_hub: Hub) -> None:
    """Neither between people, nor between people and agents."""
    made, agent = person(calm_hub), new_name()
    calm_hub.join(agent)
    for name in (made["name"], agent, "hub"):
        assert calm_hub.http("POST", TOKENS, {"role": "viewer", "name": name}).status == 409
    code = calm_hub.http("POST", "/api/v1/invites").json["code"]
    body = {"code": code, "agent_id": made["name"]}
    assert calm_hub.http("POST", "/api/v1/register", body).code == "agent_exists"


def test_tokens_are_listed_page_by_page(own_hub: StartHub) -> None:
    """The oldest first, each once, filtered by role and state."""
    hub = own_hub()
    made = [person(hub)["id"] for _ in range(5)]
    hub.http("DELETE", f"{TOKENS}/{made[0]}")
    seen: list[str] = []
    page = hub.get("/tokens?limit=2&role=operator&state=active")
    while page["next_cursor"] is not None:
        seen += [each["id"] for each in page["items"]]
        cursor = page["next_cursor"]
        page = hub.get(f"/tokens?limit=2&role=operator&state=active&cursor={cursor}")
    seen += [each["id"] for each in page["items"]]

    assert [each for each in seen if each in made] == sorted(made[1:], key=made.index)
    revoked = hub.get("/tokens?state=revoked")["items"]
    assert [each["id"] for each in revoked] == [made[0]]
    cursor = hub.get("/tokens?limit=2&role=operator")["next_cursor"]
    assert hub.http("GET", f"{TOKENS}?role=operator&cursor={cursor}").status == 200
    for foreign in ("!", cursor, f"{cursor}&role=viewer", f"{cursor[:-1]}&role=operator"):
        assert hub.http("GET", f"{TOKENS}?cursor={foreign}").code == "invalid_cursor"
    assert hub.http("GET", f"/api/v1/invites?cursor={cursor}").code == "invalid_cursor"


def test_a_revoked_token_opens_nothing(calm_hub: Hub) -> None:
    """From the answer on; gone is gone."""
    made = person(calm_hub)

    assert calm_hub.http("DELETE", f"{TOKENS}/{made['id']}").status == 204
    assert me(calm_hub, made["token"]).status == 401
    assert calm_hub.http("DELETE", f"{TOKENS}/{made['id']}").status == 404
    assert calm_hub.get(f"/tokens/{made['id']}")["state"] == "revoked"
    assert calm_hub.http("DELETE", f"{TOKENS}/nothing").status == 404


def test_a_rotation_overlaps(calm_hub: Hub) -> None:
    """The old one goes on for as long as was asked for, or ends at once."""
    first = person(calm_hub)
    second = calm_hub.http("POST", f"{TOKENS}/{first['id']}/rotate").json
    old = calm_hub.get(f"/tokens/{first['id']}")

    assert (old["state"], old["rotated_to"]) == ("rotated", second["id"])
    assert old["revoked_at"] > old["created_at"] + 86_000_000
    assert me(calm_hub, first["token"]).status == me(calm_hub, second["token"]).status == 200
    body = {"overlap_ms": 0}
    third = calm_hub.http("POST", f"{TOKENS}/{second['id']}/rotate", body).json
    good = [me(calm_hub, each["token"]).status for each in (first, second, third)]
    assert good == [401, 401, 200]


def test_the_answer_of_a_repetition_holds_no_secret(calm_hub: Hub) -> None:
    """Under the same key there is one token, which is named and not shown."""
    body, key = {"role": "viewer", "name": new_name("person")}, {"Idempotency-Key": new_name()}
    made = calm_hub.http("POST", TOKENS, body, headers=key).json
    again = calm_hub.http("POST", TOKENS, body, headers=key)

    assert (again.status, again.code) == (409, "already_done")
    assert made["id"] in again.text
    assert '"token":"corral' not in again.text


def test_the_last_admin_token_stays(own_hub: StartHub) -> None:
    """Nobody locks everybody out."""
    hub = own_hub()
    admins = hub.get("/tokens?role=admin")["items"]
    mine = hub.get("/me")["token_id"]
    for each in admins:
        if each["id"] != mine:
            assert hub.http("DELETE", f"{TOKENS}/{each['id']}").status == 204
    last = hub.http("DELETE", f"{TOKENS}/{mine}")
    assert (last.status, last.code) == (409, "invalid_state")
    hub.restart()
    assert hub.http("GET", "/api/v1/me").status == 200


def test_an_agent_may_end_its_own_token(calm_hub: Hub) -> None:
    """And no other; it may not even ask for it."""
    name, other = new_name(), person(calm_hub)
    token = calm_hub.join(name)
    mine = me(calm_hub, token).json["token_id"]

    assert calm_hub.http("DELETE", f"{TOKENS}/{other['id']}", token=token).status == 404
    assert calm_hub.http("GET", f"{TOKENS}/{mine}", token=token).status == 403
    assert calm_hub.http("DELETE", f"{TOKENS}/{mine}", token=token).status == 204
    assert me(calm_hub, token).status == 401


async def session_of(door: Door, name: str) -> tuple[Any, str]:
    """An agent's session and its token's public id."""
    agent = await door.agent(name)
    (token,) = [
        each
        for each in door.hub.get("/tokens?role=agent&limit=200")["items"]
        if each["name"] == name and each["state"] == "active"
    ]
    return agent, token["id"]


async def test_revoking_ends_the_session_within_a_second(calm: Door) -> None:
    """With the close code after which a client stays away."""
    agent, token_id = await session_of(calm, new_name())
    began = time.monotonic()
    reply = await asyncio.to_thread(calm.hub.http, "DELETE", f"{TOKENS}/{token_id}")
    code, bye = await agent.bye()

    assert reply.status == 204
    assert time.monotonic() - began < 1
    assert (code, bye["type"], bye["reconnect"]) == (4500, "bye", False)


async def test_an_expired_token_ends_its_session(calm: Door) -> None:
    """Without anybody's doing."""
    hub, name = calm.hub, new_name()
    token = make(hub, role="agent", agent_id=name, ttl_ms=1_000)["token"]
    agent = await calm.connect(token)
    await agent.identify(name)
    began = time.monotonic()
    code, bye = await agent.bye()

    assert (code, bye["reconnect"]) == (4500, False)
    assert time.monotonic() - began < 2.5


async def test_a_connection_that_only_showed_its_token_ends_too(calm: Door) -> None:
    """Before it has identified."""
    hub = calm.hub
    made = person(hub)
    peer = await calm.connect(made["token"])
    await asyncio.to_thread(hub.http, "DELETE", f"{TOKENS}/{made['id']}")
    code, _ = await peer.bye()

    assert code == 4500


async def test_a_token_in_identify_ends_its_session(calm: Door) -> None:
    """It makes no difference how the token came."""
    hub = calm.hub
    made = person(hub)
    peer = await calm.connect(None)
    await peer.identify(made["name"], token=made["token"])
    await asyncio.to_thread(hub.http, "DELETE", f"{TOKENS}/{made['id']}")
    code, _ = await peer.bye()

    assert code == 4500


def test_join_codes_are_listed_and_taken_back(calm_hub: Hub) -> None:
    """Only while they are open, and never with their secret."""
    name = new_name()
    made = calm_hub.http("POST", "/api/v1/invites", {"agent_id": name}).json
    listed = {each["id"]: each for each in calm_hub.get("/invites?limit=200")["items"]}

    assert listed[made["id"]]["agent_id"] == name
    assert made["code"].rpartition("_")[2] not in str(listed)
    assert calm_hub.http("DELETE", f"/api/v1/invites/{made['id']}").status == 204
    assert calm_hub.http("DELETE", f"/api/v1/invites/{made['id']}").status == 404
    body = {"code": made["code"], "agent_id": name}
    assert calm_hub.http("POST", "/api/v1/register", body).status == 401


def test_guesses_are_limited_and_good_tokens_are_not(own_hub: StartHub) -> None:
    """Twenty wrong ones from an address, of tokens or of codes; then a good one."""
    hub = own_hub(limit_loopback=1)
    body = {"code": "wrong", "agent_id": "x"}
    told = [hub.http("POST", "/api/v1/register", body, role=None).status for _ in range(10)]
    told += [me(hub, "wrong").status for _ in range(10)]

    assert set(told[:10]) == {401}
    assert set(told[10:]) == {429}
    assert hub.http("GET", "/api/v1/me").status == 200
    code = hub.http("POST", "/api/v1/invites").json["code"]
    good = {"code": code, "agent_id": "birch"}
    assert hub.http("POST", "/api/v1/register", good, role=None).status == 201


def test_the_stream_tells_who_did_it(own_hub: StartHub) -> None:
    """Every write has its event, with the actor that an admin names."""
    hub = own_hub()
    headers = {"X-Actor-Id": "anna"}
    made = hub.http("POST", TOKENS, {"role": "viewer", "name": "v"}, headers=headers).json
    new = hub.http("POST", f"{TOKENS}/{made['id']}/rotate", headers=headers).json
    hub.http("DELETE", f"{TOKENS}/{new['id']}", headers=headers)
    invite = hub.http("POST", "/api/v1/invites", headers=headers).json
    hub.http("DELETE", f"/api/v1/invites/{invite['id']}", headers=headers)
    events = [
        (each["type"], each["target"])
        for each in hub.get("/events?limit=200")["items"]
        if each["meta"]["actor_id"] == "anna"
    ]

    assert events == [
        ("token.created", made["id"]),
        ("token.updated", made["id"]),
        ("token.created", new["id"]),
        ("token.deleted", new["id"]),
        ("auth.invited", invite["id"]),
        ("auth.invite.revoked", invite["id"]),
    ]


def test_a_use_is_seen(calm_hub: Hub) -> None:
    """When a token was used last."""
    made = person(calm_hub)
    assert calm_hub.get(f"/tokens/{made['id']}")["last_used_at"] is None
    me(calm_hub, made["token"])
    assert calm_hub.get(f"/tokens/{made['id']}")["last_used_at"] >= made["created_at"]


async def test_a_stream_of_events_ends_with_its_token(own_hub: StartHub) -> None:
    """Whoever reads along has to go."""
    hub = own_hub()
    made = person(hub, "viewer")
    async with open_door(hub):
        reading = asyncio.create_task(
            asyncio.to_thread(hub.http, "GET", "/api/v1/events/stream", token=made["token"])
        )
        await asyncio.to_thread(until, lambda: hub.metric("corral_event_readers") == 1)
        hub.http("DELETE", f"{TOKENS}/{made['id']}")
        async with asyncio.timeout(5):
            reply = await reading
    assert reply.status == 200


def failed_logins(hub: Hub) -> list[dict[str, Any]]:
    """The events of failed logins; they are durable a moment after the answer."""
    found: list[dict[str, Any]] = hub.get("/events?type=auth.login.failed")["items"]
    return found


def test_a_failed_login_is_an_event(untold_hub: StartHub) -> None:
    """It says from where and what was claimed, and never the secret; one tells of several."""
    hub = untold_hub()
    wrong = new_token(Role.OPERATOR, 5).text
    for _ in range(3):
        assert hub.http("GET", "/api/v1/me", token=wrong).status == 401
    (event,) = until(lambda: failed_logins(hub))
    public_id = wrong.split("_")[2]
    assert event["payload"] == {"address": "127.0.0.1", "attempts": 1, "token": public_id}
    assert (event["target"], event["meta"]["actor_id"]) == ("127.0.0.1", "nobody")
    assert wrong not in str(event)


def test_a_made_up_code_writes_nothing_of_its_own(untold_hub: StartHub) -> None:
    """Neither control characters nor the name of an agent become what an event is about."""
    hub = untold_hub()
    for public_id in ("evil\x1b[2J<", "builder-1"):
        body = f"corral_j_{public_id}_{'0' * 43}"
        code = body + _base62(crc32(body.encode()), 6)
        wish = {"code": code, "agent_id": "builder-2"}
        assert hub.http("POST", "/api/v1/register", wish, role=None).status == 401
    (event,) = until(lambda: failed_logins(hub))

    assert (event["target"], event["payload"]) == (
        "127.0.0.1",
        {"address": "127.0.0.1", "attempts": 1},
    )
