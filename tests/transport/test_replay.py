"""Idempotent writes over HTTP: one effect, and the same answer every time."""

import signal
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest

from schemas.scalars import Role
from tests.transport.conftest import StartHub
from tests.transport.ranch import Hub, Reply
from tests.transport.wire import new_name

TASK: Final = {"description": "once", "needs": ["nobody"]}
DIES_BEFORE_IT_ANSWERS: Final = """
import os, signal, sys
from hub import app
from hub.transport import edge

respond = edge._respond

def die(outcome, name, more):
    if outcome.status == 201 and not more:
        os.kill(os.getpid(), signal.SIGKILL)
    return respond(outcome, name, more)

edge._respond = die
sys.exit(app.main())
"""


def post(hub: Hub, key: str, body: Any = TASK, path: str = "/tasks", **more: Any) -> Reply:
    """Write something under a key."""
    headers = {"Idempotency-Key": key}
    return hub.http("POST", f"/api/v1{path}", body, headers=headers, **more)


def count(hub: Hub, mark: str) -> int:
    """How many tasks have this label."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = hub.get(f"/tasks?limit=200{cursor}")
        found += page["items"]
        if page["next_cursor"] is None:
            return sum(task.get("labels", {}).get("mark") == mark for task in found)
        cursor = f"&cursor={page['next_cursor']}"


def marked() -> dict[str, Any]:
    """A task that can be told from all others."""
    return TASK | {"labels": {"mark": new_name()}}


def test_the_same_write_again_gets_the_same_bytes(calm_hub: Hub) -> None:
    """Status and body are those of the first time, and say that they are."""
    key, body = new_name(), marked()
    first, again = post(calm_hub, key, body), post(calm_hub, key, body)

    assert (first.status, again.status) == (201, 201)
    assert again.text == first.text
    assert again.headers["etag"] == first.headers["etag"]
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert count(calm_hub, body["labels"]["mark"]) == 1


def test_both_headers_mean_the_same(calm_hub: Hub) -> None:
    """The older name is heard too; two that differ are refused."""
    key, body = new_name(), marked()
    first = post(calm_hub, key, body)
    old_name = {"X-Idempotency-Key": key}
    again = calm_hub.http("POST", "/api/v1/tasks", body, headers=old_name)
    torn = calm_hub.http(
        "POST", "/api/v1/tasks", body, headers=old_name | {"Idempotency-Key": "another"}
    )

    assert again.text == first.text
    assert (torn.status, torn.code) == (400, "invalid_header")


@pytest.mark.parametrize("key", ["", "x" * 256, "white space", "ümlaut"])
def test_a_key_is_plain(calm_hub: Hub, key: str) -> None:
    """A key that cannot be shown or is too long is refused, and nothing is done."""
    headers = {"Idempotency-Key": key.encode().decode("latin-1")}
    reply = calm_hub.http("POST", "/api/v1/tasks", TASK, headers=headers)

    assert (reply.status, reply.code) == (400, "invalid_header")


@pytest.mark.parametrize(
    ("path", "body"), [("/tasks", TASK | {"priority": "high"}), ("/tasks?", TASK | {"labels": {}})]
)
def test_another_write_under_the_key_is_refused(
    calm_hub: Hub, path: str, body: dict[str, Any]
) -> None:
    """The key belongs to one write; another body is a mistake of the client."""
    key = new_name()
    post(calm_hub, key)
    reply = post(calm_hub, key, body, path)

    assert (reply.status, reply.code) == (422, "key_reused")


def test_a_key_belongs_to_one_principal(calm_hub: Hub) -> None:
    """Two who choose the same key do not meet."""
    key, body = new_name(), marked()
    admins, operators = post(calm_hub, key, body), post(calm_hub, key, body, role=Role.OPERATOR)

    assert admins.json["id"] != operators.json["id"]


def test_what_was_refused_leaves_the_key_free(calm_hub: Hub) -> None:
    """Only what was done is kept."""
    key = new_name()
    refused = post(calm_hub, key, {"description": ""})
    taken = post(calm_hub, key)

    assert (refused.status, taken.status) == (422, 201)


def test_fifty_at_once_have_one_effect(calm_hub: Hub) -> None:
    """Each is answered with the one task, or told that it is being made."""
    key, body = new_name(), marked()
    replies = calm_hub.http_at_once(
        50, "POST", "/api/v1/tasks", body, headers={"Idempotency-Key": key}
    )

    statuses = Counter(reply.status for reply in replies)
    assert statuses[201] >= 1
    assert statuses[201] + statuses[409] == 50
    assert len({reply.text for reply in replies if reply.status == 201}) == 1
    assert all(
        reply.code == "in_progress" and reply.headers["retry-after"] == "1"
        for reply in replies
        if reply.status == 409
    )
    assert count(calm_hub, body["labels"]["mark"]) == 1


def test_a_secret_is_not_kept(calm_hub: Hub) -> None:
    """A join code is shown once; the repetition is told which one it was."""
    key = new_name()
    first = post(calm_hub, key, {}, "/invites")
    again = post(calm_hub, key, {}, "/invites")

    assert first.status == 201
    assert (again.status, again.code) == (409, "already_done")
    assert first.json["code"].split("_")[2] in again.json["error"]["message"]
    secret = first.json["code"].split("_")[3]
    assert not any(secret.encode() in path.read_bytes() for path in calm_hub.data.glob("hub.db*"))


def test_a_large_answer_is_made_again(calm_hub: Hub) -> None:
    """An answer above 64 KiB is not kept: the task is shown as it is now."""
    key, body = new_name(), TASK | {"payload": "x" * 100_000}
    first = post(calm_hub, key, body)
    calm_hub.http("POST", f"/api/v1/tasks/{first.json['id']}/cancel", {})
    again = post(calm_hub, key, body)

    assert (again.status, again.json["id"]) == (201, first.json["id"])
    assert again.headers["idempotent-replayed"] == "true"
    assert (first.json["state"], again.json["state"]) == ("queued", "cancelled")


def test_what_only_looks_needs_no_key(calm_hub: Hub) -> None:
    """A preview is made anew each time, with a key or without."""
    key, body = new_name(), {"action": "cancel", "filter": {"text": "nothing has this text"}}
    replies = [post(calm_hub, key, body, "/tasks/bulk/preview") for _ in range(2)]

    assert [each.status for each in replies] == [200, 200]
    assert "idempotent-replayed" not in replies[1].headers


def test_kill_9_between_commit_and_answer(own_hub: StartHub, tmp_path: Path) -> None:
    """The client heard nothing; it asks again, and gets what it would have heard."""
    program = tmp_path / "dies.py"
    program.write_text(DIES_BEFORE_IT_ANSWERS)
    hub = own_hub(program=(str(program),))
    body = marked()
    with pytest.raises(OSError, match=r"without response|reset"):
        post(hub, "k", body)
    assert hub.ended() == -signal.SIGKILL
    hub.program = ("-m", "hub.app")
    hub.start()

    (task,) = hub.get("/tasks")["items"]
    again, third = post(hub, "k", body), post(hub, "k", body)
    assert again.headers["idempotent-replayed"] == "true"
    assert (again.status, again.json["id"]) == (201, task["id"])
    assert again.text == third.text
    assert len(hub.get("/tasks")["items"]) == 1
