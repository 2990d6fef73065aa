"""The load of the HTTP rows: connections that each post, wait for the answer, and post again.

A program of its own, so that it has a core of its own: `python -m scripts.benchmark.http_load`.
It knows as much of HTTP as it needs, because a client library would be the bottleneck.
"""

import argparse
import json
import resource
import selectors
import socket
import sys
import time
from array import array
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, Final

from scripts.benchmark.ledger import NEVER

TASK: Final = {"description": "a benchmark's task", "needs": ["nobody"], "payload": "x" * 200}
"""About 250 bytes as JSON; no agent offers what it needs, so it stays in the queue."""
HEAD_END: Final = b"\r\n\r\n"
PATIENCE_SECONDS: Final = 30.0


class Connection:
    """One keep-alive connection with at most one request under way."""

    def __init__(self, port: int, request: Callable[[], bytes]) -> None:
        """Connect; nothing is sent yet. `request` makes the next request."""
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request = request
        self._came = b""
        self.sent_ns = 0

    def post(self) -> None:
        """Send the request."""
        self.sent_ns = time.monotonic_ns()
        self.socket.sendall(self._request())

    def answer(self) -> bytes | None:
        """Read what came: a whole answer, or None when more has to come."""
        data = self.socket.recv(262_144)
        if not data:
            raise SystemExit("the hub closed a connection")
        self._came += data
        head, end, body = self._came.partition(HEAD_END)
        if not end:
            return None
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if len(body) < length:
            return None
        self._came = body[length:]
        return head


class Load:
    """All connections, and what was counted."""

    def __init__(
        self,
        port: int,
        token: str,
        connections: int,
        batch: int,
        *,
        keys: bool = False,
        total: int = 0,
    ) -> None:
        """Connect all of them. With a `total` no more than so many tasks are posted."""
        self.batch = batch
        self.total = total
        request = _requests(token, batch, keys=keys)
        self.selector = selectors.EpollSelector()
        self.connections = [Connection(port, request) for _ in range(connections)]
        for each in self.connections:
            self.selector.register(each.socket, selectors.EVENT_READ, each)
        self.times = array("q")
        """Three a task: sent, answered, answered, as the ledger has them."""
        self.submitted = 0
        self.acknowledged = 0
        self.faults: Counter[str] = Counter()

    def until(self, end_ns: int, *, again: bool) -> None:
        """Take answers until then, and post again if so asked."""
        while (now := time.monotonic_ns()) < end_ns and not self._is_done(again):
            for key, _ in self.selector.select((end_ns - now) / 1e9):
                self._take(key.data, again)

    def _is_done(self, again: bool) -> bool:
        return self.is_complete if again else not self._open()

    def _open(self) -> bool:
        return self.acknowledged + sum(self.faults.values()) * self.batch < self.submitted

    def _take(self, connection: Connection, again: bool) -> None:
        head = connection.answer()
        if head is None:
            return
        if head.startswith(b"HTTP/1.1 201"):
            answered = time.monotonic_ns()
            self.times.extend((connection.sent_ns, answered, answered) * self.batch)
            self.acknowledged += self.batch
        else:
            self.faults[head.split(b"\r\n", 1)[0].decode()] += 1
        if again:
            self.post(connection)

    @property
    def is_complete(self) -> bool:
        """All that was to be posted was answered."""
        return bool(self.total) and self.submitted >= self.total and not self._open()

    def post(self, connection: Connection) -> None:
        """Send one more request, unless all were sent."""
        if self.total and self.submitted >= self.total:
            return
        self.submitted += self.batch
        connection.post()


def _requests(token: str, batch: int, *, keys: bool) -> Callable[[], bytes]:
    """Makes one request after the other; with `keys` each has an idempotency key of its own."""
    body = json.dumps(TASK if batch == 1 else {"tasks": [TASK] * batch}).encode()
    head = (
        f"POST /api/v1/tasks HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    ).encode()
    if not keys:
        request = head + b"\r\n" + body
        return lambda: request
    numbers = count()
    return lambda: b"%bIdempotency-Key: benchmark-%020d\r\n\r\n%b" % (head, next(numbers), body)


def run(load: Load, warmup_s: float, window_s: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Warm up, measure, let what is under way end; what is written as JSON."""
    for connection in load.connections:
        load.post(connection)
    load.until(time.monotonic_ns() + int(warmup_s * 1e9), again=True)
    begin, before, cpu = time.monotonic_ns(), load.acknowledged, _cpu()
    say("begin")
    load.until(begin + int(window_s * 1e9), again=True)
    end, done, used = time.monotonic_ns(), load.acknowledged, _cpu() - cpu
    say("end")
    load.until(end + int(PATIENCE_SECONDS * 1e9), again=False)
    load.times = array("q", (each - begin if each != NEVER else each for each in load.times))
    return {
        "window_s": (end - begin) / 1e9,
        "cpu_s": used,
        "late_ms": 0.0,
        "submitted": load.submitted,
        "acknowledged": load.acknowledged,
        "done": load.acknowledged,
        "window_done": done - before,
        "assigned": 0,
        "task_acks": 0,
        "faults": dict(load.faults),
    }


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Put the load on a hub; the token comes on the standard input."""
    parser = argparse.ArgumentParser()
    for name in ("port", "connections", "batch", "keys", "total", "warmup-ms", "window-ms"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("ledger", type=Path)
    asked = parser.parse_args()
    token = sys.stdin.readline().strip()
    numbers = (asked.connections, asked.batch)
    load = Load(asked.port, token, *numbers, keys=bool(asked.keys), total=asked.total)

    def say(word: str) -> None:
        print(word, file=sys.stderr, flush=True)

    found = run(load, asked.warmup_ms / 1000, asked.window_ms / 1000, say)
    asked.ledger.write_bytes(load.times.tobytes())
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
