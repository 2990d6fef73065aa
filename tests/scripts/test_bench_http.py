"""The load of the HTTP rows, against a server that answers as it is told."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from scripts.benchmark.http_load import Load, run


class Answering(BaseHTTPRequestHandler):
    """Counts the tasks that it is given, and answers in two pieces."""

    protocol_version = "HTTP/1.1"
    status: ClassVar[int] = 201
    keys: ClassVar[list[str | None]] = []
    tasks: ClassVar[list[Any]] = []

    def do_POST(self) -> None:
        """Take one request."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.headers["Authorization"] == "Bearer secret"
        self.tasks.extend(body.get("tasks", [body]))
        self.keys.append(self.headers["Idempotency-Key"])
        self.send_response(self.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.flush()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """Where it listens."""
    Answering.tasks.clear()
    Answering.keys.clear()
    Answering.status = 201
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def load(
    port: int, connections: int, batch: int, *, keys: bool = False, total: int = 0
) -> tuple[Load, dict[str, Any]]:
    """A short run."""
    made = Load(port, "secret", connections, batch, keys=keys, total=total)
    words: list[str] = []
    found = run(made, 0.05, 0.2, words.append)
    for each in made.connections:
        each.socket.close()
    made.selector.close()
    assert words == ["begin", "end"]
    return made, found


@pytest.mark.parametrize(("connections", "batch"), [(1, 1), (4, 1), (2, 10)])
def test_every_task_is_counted_once(port: int, connections: int, batch: int) -> None:
    """What was sent, what was answered and what came there are the same."""
    made, found = load(port, connections, batch)

    assert found["submitted"] == found["acknowledged"] == len(Answering.tasks) > 0
    assert len(made.times) == 3 * found["acknowledged"]
    assert 0 < found["window_done"] <= found["done"]
    assert found["faults"] == {}


def test_a_refusal_is_a_fault(port: int) -> None:
    """It does not count as a task."""
    Answering.status = 429
    _, found = load(port, 1, 1)

    assert found["acknowledged"] == 0
    assert sum(found["faults"].values()) == found["submitted"]


def test_each_request_may_have_a_key_of_its_own(port: int) -> None:
    """Over all connections no key comes twice; without being asked for there is none."""
    load(port, 3, 1)
    assert set(Answering.keys) == {None}
    Answering.keys.clear()
    load(port, 3, 1, keys=True)

    assert None not in Answering.keys
    assert len(set(Answering.keys)) == len(Answering.keys) > 3


@pytest.mark.parametrize(("connections", "total"), [(1, 50), (4, 50), (4, 10)])
def test_a_total_is_posted_and_no_more(port: int, connections: int, total: int) -> None:
    """The load ends early when all of it was answered, also within the warm-up."""
    _, found = load(port, connections, 10, total=total)

    assert found["submitted"] == found["acknowledged"] == len(Answering.tasks) == total
    assert found["faults"] == {}
