"""What holds for every route: what a body may be, what an error looks like, what is logged."""

import http.client
import json
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest

from hub.transport.problems import STATUS
from schemas.scalars import ErrorCode, Role
from tests.transport.ranch import Hub
from tests.transport.wire import new_name


def test_every_refusal_has_a_status() -> None:
    """None can break its own answer."""
    assert set(STATUS) == set(ErrorCode)


def test_a_request_id_comes_back(calm_hub: Hub) -> None:
    """The caller's own, or a new one of 16 hex digits; in errors also in the body."""
    mine = calm_hub.http("GET", "/health", headers={"X-Request-Id": "my-id-1"})
    assert mine.headers["x-request-id"] == "my-id-1"
    for unfit in ("x" * 129, "a\tb"):
        reply = calm_hub.http("GET", "/health", headers={"X-Request-Id": unfit})
        assert re.fullmatch("[0-9a-f]{16}", reply.headers["x-request-id"])
    refused = calm_hub.http("GET", "/api/v1/nothing", headers={"X-Request-Id": "my-id-2"})
    assert refused.json["request_id"] == refused.headers["x-request-id"] == "my-id-2"


def test_a_refusal_is_one_line_in_the_log(calm_hub: Hub) -> None:
    """With what is needed to find it, and no traceback."""
    name = new_name("request")
    calm_hub.http("POST", "/api/v1/tasks", {"priority": 1}, headers={"X-Request-Id": name})
    (line,) = [line for line in calm_hub.log_lines() if line.get("request_id") == name]
    assert (line["status"], line["code"], line["path"]) == (
        422,
        "validation_failed",
        "/api/v1/tasks",
    )
    assert "traceback" not in line


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/api/v1/tasks/task-nobody", 404, "not_found"),
        ("GET", "/api/v1/tasks/%00%ff", 404, "not_found"),
        ("GET", "/api/v1/tasks/" + "x" * 5_000, 404, "not_found"),
        ("GET", "/api/v1/agents/nobody", 404, "not_found"),
        ("GET", "/api/v1/tasks/", 404, "not_found"),
        ("GET", "/health/", 404, "not_found"),
        ("DELETE", "/api/v1/tasks", 405, "method_not_allowed"),
        ("PUT", "/health", 405, "method_not_allowed"),
        ("GET", "/api/v1/tasks?limit=0", 422, "validation_failed"),
        ("GET", "/api/v1/tasks?limit=x", 422, "validation_failed"),
        ("GET", "/api/v1/tasks?limit=99999999999999999999", 422, "validation_failed"),
        ("GET", "/api/v1/tasks?limit=%D9%A3", 422, "validation_failed"),
        ("GET", "/api/v1/tasks?state=asleep", 422, "validation_failed"),
        ("GET", "/api/v1/tasks?cursor=nonsense", 400, "invalid_cursor"),
        ("GET", "/api/v1/tasks?cursor=%FF", 400, "invalid_cursor"),
        ("GET", "/api/v1/agents?cursor=nonsense", 400, "invalid_cursor"),
    ],
)
def test_a_bad_address(calm_hub: Hub, method: str, path: str, status: int, code: str) -> None:
    """Each has its status and code."""
    reply = calm_hub.http(method, path)
    assert (reply.status, reply.code) == (status, code)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid_json"),
        (b"{", 400, "invalid_json"),
        (b"\xff\xfe", 400, "invalid_json"),
        (b'{"description": "\xff"}', 400, "invalid_json"),
        (b'{"description": "\\ud800"}', 400, "invalid_json"),
        (b'{"description": ' + b"[" * 100_000, 422, "validation_failed"),
        (b'{"pad": ' + b"[" * 100_000, 422, "validation_failed"),
        (b"[]", 422, "validation_failed"),
        (b"null", 422, "validation_failed"),
        (b'{"description": "x", "payload": 9007199254740992}', 422, "validation_failed"),
        (b'{"description": "x", "metadata": [1]}', 422, "validation_failed"),
        (b'{"tasks": []}', 422, "validation_failed"),
        (b'{"tasks": [{"description": "x"}], "more": 1}', 422, "validation_failed"),
        (b'{"description": "' + b"x" * 1024 * 1024 + b'"}', 413, "too_large"),
    ],
)
def test_a_bad_body(calm_hub: Hub, body: bytes, status: int, code: str) -> None:
    """Each has its status and code, and nothing is taken."""
    before = newest(calm_hub)
    reply = calm_hub.http("POST", "/api/v1/tasks", body)
    assert (reply.status, reply.code) == (status, code)
    assert newest(calm_hub) == before


def newest(hub: Hub) -> Any:
    """The id of the newest task."""
    items = hub.get("/tasks?limit=1")["items"]
    return items[0]["id"] if items else None


def test_all_flaws_of_a_body_are_named(calm_hub: Hub) -> None:
    """Also those in the tenth task, and the likely name of a mistyped field."""
    tasks: list[dict[str, Any]] = [{"description": "x"} for _ in range(12)]
    tasks[3]["priority"] = "soon"
    tasks[10] = {"descripton": "x", "timeout_ms": 1}
    reply = calm_hub.http("POST", "/api/v1/tasks", {"tasks": tasks})
    assert reply.status == 422
    assert reply.paths == {
        "$.tasks[3].priority",
        "$.tasks[10].description",
        "$.tasks[10].descripton",
        "$.tasks[10].timeout_ms",
    }
    assert "did you mean `description`" in reply.text


def test_flaws_of_opaque_parts_are_among_them(calm_hub: Hub) -> None:
    """Nobody has to send a task twice to hear of its second flaw."""
    task = {"description": 7, "payload": 2**53, "metadata": [1]}
    reply = calm_hub.http("POST", "/api/v1/tasks", {"tasks": [{"description": "x"}, task]})
    assert reply.paths == {f"$.tasks[1].{name}" for name in task}


def test_half_a_surrogate_pair_is_named(calm_hub: Hub) -> None:
    """The decoder alone would call it truncated."""
    reply = calm_hub.http("POST", "/api/v1/tasks", b'{"description": "\\ud800"}')
    assert "surrogate" in reply.json["error"]["message"]


def test_all_flaws_of_a_query_are_named(calm_hub: Hub) -> None:
    """Also a parameter that does not exist, with those that do."""
    query = "stream=x&offset=x&wait_ms=x&generatoin=1"
    reply = calm_hub.http("GET", f"/api/v1/tasks/task-nobody/log?{query}")
    names = {pair.partition("=")[0] for pair in query.split("&")}
    assert (reply.status, reply.paths) == (422, {f"query.{name}" for name in names})
    assert "generation" in reply.text
    assert calm_hub.http("GET", "/health?verbose=1").status == 422


def test_a_body_is_json(calm_hub: Hub) -> None:
    """And says so."""
    headers = {"Content-Type": "text/plain"}
    reply = calm_hub.http("POST", "/api/v1/tasks", {"description": "x"}, headers=headers)
    assert (reply.status, reply.code) == (415, "unsupported_media_type")
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    body = {"description": "x", "needs": ["nobody"]}
    assert calm_hub.http("POST", "/api/v1/tasks", body, headers=headers).status == 201


def test_a_hub_that_is_full_says_when_to_come_back(own_hub: Any) -> None:
    """503 with Retry-After; what is taken up to then is kept."""
    hub = own_hub(backlog=2)
    for _ in range(2):
        hub.submit(needs=["nobody"])
    reply = hub.http("POST", "/api/v1/tasks", {"description": "x", "needs": ["nobody"]})
    assert (reply.status, reply.code) == (503, "busy")
    assert int(reply.headers["retry-after"]) >= 1
    assert len(hub.get("/tasks")["items"]) == 2


def test_requests_on_one_connection_do_not_mix(calm_hub: Hub) -> None:
    """Also after a refusal, and when they come at once."""
    connection = http.client.HTTPConnection("127.0.0.1", calm_hub.port, timeout=10)
    token = {"Authorization": f"Bearer {calm_hub.tokens[Role.ADMIN]}"}
    for path, status in (("/api/v1/me", 200), ("/none", 404), ("/api/v1/me", 200)):
        connection.request("GET", path, headers=token)
        answer = connection.getresponse()
        assert (answer.status, bool(json.loads(answer.read()))) == (status, True)
    connection.close()


@pytest.mark.parametrize(
    "data",
    [
        b"\x00" * 64 + b"\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /health HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/v1/tasks HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_no_http_harms_nobody(calm_hub: Hub, data: bytes) -> None:
    """The connection ends, the hub lives, and no traceback is written."""
    with socket.create_connection(("127.0.0.1", calm_hub.port), 10) as raw:
        raw.sendall(data)
        raw.settimeout(10)
        raw.recv(4096)
    assert calm_hub.http("GET", "/health").status == 200
    assert not [line for line in calm_hub.log_lines() if "traceback" in line]


def test_no_secret_reaches_the_log(calm_hub: Hub) -> None:
    """Neither from a header nor from a frame, a path or a body, good or bad."""
    token = calm_hub.tokens[Role.OPERATOR]
    calm_hub.http("GET", f"/api/v1/tasks/{token}", token=token)
    calm_hub.http("POST", "/api/v1/invites", {"agent_id": token}, token=token)
    calm_hub.http("POST", f"/api/v1/{token}", {"code": token, "agent_id": token, token: 1})
    calm_hub.http("POST", "/api/v1/register", {"code": token, "agent_id": token, token: 1})
    log = calm_hub.log.read_text()
    assert log.count("request refused") >= 4
    assert token[16:] not in log


SLOW_DISK: Final = (
    "import sys, time\n"
    "from hub import app\n"
    "from hub.store.sqlite import SqliteStore\n"
    "commit = SqliteStore.commit\n"
    "def slow(store):\n"
    "    time.sleep(0.7)\n"
    "    commit(store)\n"
    "SqliteStore.commit = slow\n"
    "sys.exit(app.main())\n"
)


def test_a_refusal_waits_for_what_it_looked_at(own_hub: Any, tmp_path: Path) -> None:
    """That a code is used up is not said before its use is durable."""
    program = tmp_path / "slow.py"
    program.write_text(SLOW_DISK)
    hub = own_hub(program=(str(program),))
    code = hub.http("POST", "/api/v1/invites", {}).json["code"]

    def register(name: str) -> tuple[int, float]:
        body = {"code": code, "agent_id": name}
        return -hub.http("POST", "/api/v1/register", body).status, time.monotonic()

    with ThreadPoolExecutor(2) as threads:
        (refused, heard), (taken, durable) = sorted(threads.map(register, ["one", "two"]))
    assert (refused, taken) == (-401, -201)
    assert heard > durable - 0.3
