"""An HTTP server for the helper scripts: it records requests and gives the answers it was told."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Asked(NamedTuple):
    """A request that came over HTTP."""

    method: str
    path: str
    headers: dict[str, str]
    """With names in small letters."""
    body: str

    @property
    def json(self) -> Any:
        """The body, None if it is empty."""
        return json.loads(self.body) if self.body else None


class StubApi:
    """An HTTP server that records requests and gives the answers it was told, in a thread.

    An answer is a status and a body (an object or a text), by method and path, as
    `"POST /api/tasks"`; a list of them is given one by one, the last one for ever.
    """

    def __init__(self) -> None:
        """Listen at once on a free port of 127.0.0.1."""
        self.asked: list[Asked] = []
        self.answers: dict[str, tuple[int, Any] | list[tuple[int, Any]]] = {}
        stub = self

        class _Door(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, body = stub._take(
                    Asked(self.command, self.path, headers, self._body(headers))
                )
                data = (body if isinstance(body, str) else json.dumps(body)).encode()
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_DELETE = _serve

            def _body(self, headers: dict[str, str]) -> str:
                if headers.get("transfer-encoding") != "chunked":
                    return self.rfile.read(int(headers.get("content-length", "0"))).decode()
                data = b""
                while size := int(self.rfile.readline(), 16):
                    data += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return data.decode()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Door)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        """What a script is given as `--hub`."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def _take(self, asked: Asked) -> tuple[int, Any]:
        self.asked.append(asked)
        answer = self.answers.get(f"{asked.method} {asked.path}", (404, {"error": "not_found"}))
        if isinstance(answer, list):
            return answer.pop(0) if len(answer) > 1 else answer[0]
        return answer

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
