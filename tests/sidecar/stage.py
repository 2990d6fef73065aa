"""A small real hub for the sidecar's tests: a WebSocket server that says what a test wants."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import msgspec
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from schemas.scalars import ERROR_CHARS, FRAME_BYTES, LOG_CHUNK_BYTES, OPAQUE_BYTES
from sidecar import processes
from sidecar.spool import Spool
from sidecar.steps import Key

Frame = dict[str, Any]
PATIENCE = 10.0
"""Seconds until a test gives up waiting for a fact."""


async def until(fact: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Wait until `fact()` is true and return it; fails when it never becomes so."""
    give_up = time.monotonic() + patience
    while not (found := fact()):
        if time.monotonic() > give_up:
            raise AssertionError(f"never true: {fact}")
        await asyncio.sleep(0.01)
    return found


def is_gone(pid: int) -> bool:
    """Whether the process has ended; who takes its exit status does not matter."""
    found = processes.read_process(pid)
    return found is None or found.zombie


class Hub:
    """Everything the sidecar said, and ways to answer it."""

    def __init__(self, *, heartbeat_ms: int = 200) -> None:
        """Answers pings, logs and reports by itself until told otherwise."""
        self.frames: list[Frame] = []
        self.tokens: list[str | None] = []
        self.sockets: list[ServerConnection] = []
        self.verdicts: list[Frame] = []
        self.heartbeat_ms = heartbeat_ms
        self.acking = True
        self.ponging = True
        self.refusing: list[tuple[int, dict[str, str]]] = []
        """Statuses for the next upgrades, with headers."""
        self.port = 0
        self._server: Server | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        self._server = await serve(
            self._serve,
            "127.0.0.1",
            self.port,
            process_request=self._upgrade,
            ping_interval=None,
            compression=None,
            close_timeout=0.5,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Go away and cut every connection."""
        assert self._server is not None
        for socket in self.sockets:
            socket.transport.abort()
        self._server.close()
        await self._server.wait_closed()

    async def say(self, kind: str, **fields: Any) -> None:
        """Send a frame on the newest connection."""
        await self.sockets[-1].send(msgspec.json.encode({"type": kind, **fields}).decode())

    async def assign(
        self, *argv: str, task: str = "task-1", generation: int = 1, **more: Any
    ) -> None:
        """Assign a command."""
        fields: Frame = {
            "task_id": task,
            "generation": generation,
            "attempt": 1,
            "description": "a test",
            "assigned_at": 0,
        }
        if argv:
            fields["run"] = {"kind": "command", "argv": list(argv)}
        await self.say("task_assign", **fields | more)

    async def heard(self, kind: str, task: str | None = None, count: int = 1, **more: Any) -> Frame:
        """Wait for the `count`-th frame of this kind (about this task) and return it."""
        wanted = more | ({"task_id": task} if task else {})
        found: list[Frame] = await until(
            lambda: len(all_of := self.all(kind, **wanted)) >= count and all_of
        )
        return found[count - 1]

    def all(self, kind: str, **wanted: Any) -> list[Frame]:
        """Every frame of this kind so far."""
        return [
            frame
            for frame in self.frames
            if frame["type"] == kind and all(frame.get(k) == v for k, v in wanted.items())
        ]

    def log_text(self, stream: str = "stdout") -> str:
        """The log as a hub would keep it: overlap ignored, gaps shown."""
        text = b""
        for frame in self.all("task_log", stream=stream):
            data, offset = frame["text"].encode(), frame["offset"]
            assert offset <= len(text), "a gap in the log"
            text += data[len(text) - offset :]
        return text.decode()

    def _upgrade(self, socket: ServerConnection, request: Request) -> Response | None:
        self.tokens.append(request.headers.get("Authorization"))
        if not self.refusing:
            return None
        status, headers = self.refusing.pop(0)
        response = socket.respond(HTTPStatus(status), "no\n")
        for name, value in headers.items():
            response.headers[name] = value
        return response

    async def _serve(self, socket: ServerConnection) -> None:
        self.sockets.append(socket)
        try:
            async for message in socket:
                frame = msgspec.json.decode(message)
                self.frames.append(frame)
                await self._answer(frame)
        except ConnectionClosed:
            return

    async def _answer(self, frame: Frame) -> None:
        kind, about = frame["type"], {k: frame.get(k) for k in ("task_id", "generation")}
        if kind == "identify":
            await self.say("identified", **self._welcome(frame))
        elif kind == "ping" and self.ponging:
            await self.say("pong", timestamp=0)
        elif kind == "task_log":
            end = frame["offset"] + len(frame["text"].encode())
            await self.say("log_ack", **about, stream=frame["stream"], offset=end)
        elif self.acking and kind in ("task_complete", "task_failed", "task_cancelled"):
            await self.say("task_ack", **about, status="complete")

    def _welcome(self, frame: Frame) -> Frame:
        given = {(one["task_id"], one["generation"]) for one in self.verdicts}
        go_on = [
            {**one, "verdict": "continue" if one["state"] == "running" else "resend"}
            for one in frame["in_flight"]
            if (one["task_id"], one["generation"]) not in given
        ]
        return {
            "agent_id": frame["agent_id"],
            "session": len(self.sockets),
            "epoch": 1,
            "heartbeat_ms": self.heartbeat_ms,
            "lease_ms": 4 * self.heartbeat_ms,
            "limits": {
                "frame_bytes": FRAME_BYTES,
                "result_bytes": OPAQUE_BYTES,
                "log_chunk_bytes": LOG_CHUNK_BYTES,
                "error_chars": ERROR_CHARS,
            },
            "verdicts": self.verdicts + go_on,
        }


@asynccontextmanager
async def listening(**options: Any) -> AsyncIterator[Hub]:
    """A hub for the time of a test."""
    hub = Hub(**options)
    await hub.start()
    try:
        yield hub
    finally:
        await hub.stop()


async def evidence(spool: Spool) -> list[tuple[Key, bytes, str]]:
    """Refused reports in the spool with the hub's reason, oldest first."""
    rows = await spool._db.execute_fetchall(
        "SELECT task_id, generation, refused, error FROM attempt"
        " WHERE settled AND refused IS NOT NULL ORDER BY seq"
    )
    return [((row[0], row[1]), row[2], row[3]) for row in rows]


async def pragmas(spool: Spool) -> tuple[str, int]:
    """Journal mode and synchronous level of the spool, as SQLite tells them."""
    (mode,) = await spool._db.execute_fetchall("PRAGMA journal_mode")
    (level,) = await spool._db.execute_fetchall("PRAGMA synchronous")
    return mode[0], level[0]
