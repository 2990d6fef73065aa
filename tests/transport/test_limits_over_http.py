"""Limits of requests over HTTP: what they cost, who pays, and what is said about it."""

import threading
import time
from typing import Final

from schemas.scalars import Role
from tests.transport.conftest import StartHub
from tests.transport.ranch import Hub, Reply

TASK: Final = {"description": "x", "needs": ["nobody"]}


def batch(hub: Hub, token: str, size: int) -> Reply:
    """Submit so many tasks at once."""
    return hub.http("POST", "/api/v1/tasks", {"tasks": [TASK] * size}, token=token)


def test_a_batch_above_the_burst_passes_a_full_bucket(own_hub: StartHub) -> None:
    """Otherwise nobody could ever send it; what follows has to wait for the debt."""
    hub = own_hub(agent_submit_per_minute=600, agent_submit_burst=600)
    token = hub.join("worker")
    whole, more = batch(hub, token, 1_000), batch(hub, token, 1)

    assert whole.status == 201
    assert (more.status, more.code) == (429, "rate_limited")
    assert int(more.headers["retry-after"]) >= 40


def test_what_is_forbidden_costs_as_well(own_hub: StartHub) -> None:
    """Somebody who may not can not ask for ever."""
    hub = own_hub(control_per_minute=60, control_burst=5)
    replies = [hub.http("POST", "/api/v1/tokens", {}, role=Role.VIEWER) for _ in range(8)]

    assert [each.status for each in replies] == [403] * 5 + [429] * 3


def test_little_that_is_left_is_told(own_hub: StartHub) -> None:
    """Below a fifth, in a header of every answer."""
    hub = own_hub(reads_per_minute=60, reads_burst=20)
    replies = [hub.http("GET", "/api/v1/me", role=Role.VIEWER) for _ in range(20)]
    told = [each.headers.get("ratelimit") for each in replies]

    assert told[:16] == [None] * 16
    assert told[16:] == [f'"reads";r={left}' for left in (3, 2, 1, 0)]


def test_a_request_that_waits_ends_with_its_token(own_hub: StartHub) -> None:
    """A revoked token is worth nothing a second later, also for what was begun with it."""
    hub = own_hub()
    made = hub.http("POST", "/api/v1/tokens", {"role": "viewer", "name": "guest"}).json
    task = hub.submit(needs=["nobody"])
    heard: list[tuple[int, float]] = []

    def wait() -> None:
        reply = hub.http("GET", f"/api/v1/tasks/{task}?wait_ms=20000", token=made["token"])
        heard.append((reply.status, time.monotonic()))

    waiting = threading.Thread(target=wait)
    waiting.start()
    seen(hub)
    hub.http("DELETE", f"/api/v1/tokens/{made['id']}")
    revoked = time.monotonic()
    waiting.join()
    ((status, ended),) = heard

    assert status == 401
    assert ended - revoked < 1.0


def seen(hub: Hub) -> None:
    """Wait until the token was used: then the request is under way."""
    give_up = time.monotonic() + 10
    while time.monotonic() < give_up:
        tokens = hub.get("/tokens?role=viewer")["items"]
        if any(each["name"] == "guest" and each.get("last_used_at") for each in tokens):
            return
        time.sleep(0.02)
    raise AssertionError("the token was never used")
