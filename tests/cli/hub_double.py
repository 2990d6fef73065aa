"""A real HTTP server that gives prepared answers and remembers what it was asked."""

import threading
from collections import defaultdict, deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import msgspec

TASK_ID = "task-01j9zzzzzzzzzzzzzzzzzzzzzz"


class Asked(NamedTuple):
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    token: str | None
    body: Any


class HubDouble:
    """Answers each route with what was prepared for it; the last answer is repeated."""

    def __init__(self) -> None:
        """Listen on a free port of the loopback interface."""
        self.asked: list[Asked] = []
        self._answers: dict[str, deque[tuple[int, bytes, dict[str, str]]]] = defaultdict(deque)
        double = self

        class Door(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                self._answer()

            def do_PATCH(self) -> None:
                self._answer()

            def do_DELETE(self) -> None:
                self._answer()

            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                status, body, headers = double._take(self, self.rfile.read(length))
                # An answer may have a clock of its own.
                begin = self.send_response_only if "Date" in headers else self.send_response
                begin(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Stay silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def prepare(self, route: str, body: Any, status: int = 200, **headers: str) -> None:
        """The next answer to a route such as `GET /api/v1/tasks`."""
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._answers[route].append((status, raw, named))

    def refuse(self, route: str, status: int, code: str, **headers: str) -> None:
        """The next answer to a route is a refusal with this code."""
        problem = {"code": code, "message": f"It is {code}.", "details": []}
        self.prepare(route, {"error": problem, "request_id": "r-1"}, status, **headers)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def _take(
        self, request: BaseHTTPRequestHandler, body: bytes
    ) -> tuple[int, bytes, dict[str, str]]:
        parts = urlsplit(request.path)
        token = (request.headers.get("Authorization") or "").removeprefix("Bearer ") or None
        document = msgspec.json.decode(body) if body else None
        query = dict(parse_qsl(parts.query))
        self.asked.append(Asked(request.command, parts.path, query, token, document))
        answers = self._answers[f"{request.command} {parts.path}"]
        if not answers:
            return 404, b'{"error":{"code":"not_found","message":"No."},"request_id":"r-0"}', {}
        return answers.popleft() if len(answers) > 1 else answers[0]


def task(state: str = "queued", **fields: Any) -> dict[str, Any]:
    """A task as the hub shows it."""
    return {
        "id": TASK_ID,
        "org": "main",
        "state": state,
        "description": "say hello",
        "priority": "normal",
        "submitted_by": "admin",
        "created_at": 1_750_000_000_000,
        "version": 1,
        "generation": 16_777_217,
        "attempt": 0,
        "max_attempts": 3,
    } | fields


def log(text: str, *, offset: int = 0, ended: bool = False, generation: int = 1) -> dict[str, Any]:
    """A piece of output as the hub shows it."""
    return {
        "task_id": TASK_ID,
        "generation": generation,
        "stream": "stdout",
        "offset": offset,
        "next_offset": offset + len(text.encode()),
        "text": text,
        "ended": ended,
    }
