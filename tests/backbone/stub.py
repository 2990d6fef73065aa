"""A hub that records what an old client says, and says what it is told."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tests.backbone.script import Frame

PATIENCE: Final = 10.0
"""Seconds until a test gives up waiting for a fact."""
SILENT: Final = frozenset({"ping", "resource_report"})
"""What the story leaves out."""


async def until(fact: Callable[[], Any], what: Callable[[], Any] = str) -> Any:
    """Wait until `fact()` is true and return it; `what()` tells how far it came."""
    give_up = time.monotonic() + PATIENCE
    while not (found := fact()):
        assert time.monotonic() < give_up, f"never true: {what()}"
        await asyncio.sleep(0.003)
    return found


def told(frame: Frame) -> str:
    """A frame in the short form of the scenario tables; the id is left out if it is `t1`."""
    kind = str(frame["type"])
    words = _SHORT[kind](frame) if kind in _SHORT else [kind]
    if kind.startswith("task_") and "task_id" not in frame:
        words.append("no-id")
    elif frame.get("task_id", "t1") != "t1":
        words.append(str(frame["task_id"]))
    return " ".join(str(word) for word in words if word is not None)


def _generation(frame: Frame) -> str:
    return f"g{json.dumps(frame['generation'])}"


def _completion(frame: Frame) -> list[Any]:
    status = frame["result"]["status"]
    return ["complete", status if status != "success" else None, _generation(frame)]


_SHORT: Final[dict[str, Callable[[Frame], list[Any]]]] = {
    "task_accepted": lambda _: ["accepted"],
    "task_rejected": lambda frame: ["rejected", frame["reason"]],
    "task_complete": _completion,
    "task_failed": lambda frame: ["failed", frame["reason"].split(":")[0], _generation(frame)],
    "task_recovering": lambda frame: ["recovering", frame["last_status"]],
    "state_report": lambda frame: ["state_report", frame["status"], _generation(frame)],
    "wake_result": lambda frame: ["wake_result", frame["status"], frame.get("attempt")],
    "task_progress": lambda frame: ["progress", frame["execution_event"]["event_type"]],
    "agent_restarting": lambda frame: ["restarting", frame["reason"]],
}


class StubHub:
    """A WebSocket server on a free port of 127.0.0.1.

    `story` holds what was said, `|` between connections. What it does on `identify` and on
    pings can be set; everything else it says only when told.
    """

    def __init__(self) -> None:
        """Closed until `open`."""
        self.story: list[str] = []
        self.frames: list[Frame] = []
        self.counts: Counter[str] = Counter()
        """Frames by type, the silent ones too."""
        self.newest: Frame = {}
        """The last frame that is no ping."""
        self.sizes: list[int] = []
        """Characters of each frame."""
        self.connections = 0
        self.requests: list[Request] = []
        self.codes: list[int | None] = []
        """How each connection ended, as seen from here."""
        self.identified = True
        """Whether `identify` is answered so."""
        self.pongs = True
        self.refusal: int | None = None
        """The status that a handshake is refused with."""
        self.on_identify: Callable[[], Mapping[str, Any]] | None = None
        """Says something else on `identify`."""
        self.close_with: int | None = None
        """Closes each connection with this code right after it was identified."""
        self.keeps_newest = False
        """Whether a new connection closes the older ones."""
        self.options: Frame = {}
        """More options of the server."""
        self._server: Server | None = None
        self._port = 0
        self._sockets: list[ServerConnection] = []

    @property
    def url(self) -> str:
        """Where a client connects."""
        return f"ws://127.0.0.1:{self._port}/ws"

    async def open(self) -> None:
        """Listen, again on the same port after `shut`."""
        self._server = await serve(
            self._serve,
            "127.0.0.1",
            self._port,
            process_request=self._greet,
            **{"ping_interval": None, "max_size": None, "close_timeout": 1, **self.options},
        )
        self._port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Cut every connection and stop listening."""
        assert self._server is not None
        self.cut()
        self._server.close()
        await self._server.wait_closed()

    def _greet(self, _: ServerConnection, request: Request) -> Response | None:
        self.requests.append(request)
        if self.refusal is None:
            return None
        response = Response(self.refusal, HTTPStatus(self.refusal).phrase, _headers(), b"")
        response.headers["Location"] = self.url
        return response

    async def _serve(self, socket: ServerConnection) -> None:
        self.connections += 1
        if self.connections > 1:
            self.story.append("|")
        older, self._sockets = self._sockets, [*self._sockets, socket]
        if self.keeps_newest:
            for each in older:
                await each.close(4502)
        try:
            async for data in socket:
                await self._take(socket, data)
        except ConnectionClosed:
            pass
        self._sockets.remove(socket)
        self.codes.append(socket.close_code)

    async def _take(self, socket: ServerConnection, data: str | bytes) -> None:
        frame = json.loads(data)
        assert isinstance(data, str)
        assert frame["protocol_version"] == 1
        self.counts[frame["type"]] += 1
        self.sizes.append(len(data))
        if frame["type"] != "ping":
            self.newest = frame
        if frame["type"] not in SILENT:
            self.frames.append(frame)
            self.story.append(told(frame))
        if frame["type"] == "ping" and self.pongs:
            await socket.send('{"type":"pong"}')
        if frame["type"] == "identify":
            await self._answer(socket)

    async def _answer(self, socket: ServerConnection) -> None:
        if self.on_identify is not None:
            await socket.send(json.dumps(self.on_identify()))
        elif self.identified:
            await socket.send('{"type":"identified","agent_id":"nobody-in-particular"}')
        if self.close_with is not None:
            await socket.close(self.close_with)

    # What a test does

    @property
    def socket(self) -> ServerConnection:
        """The newest connection."""
        return self._sockets[-1]

    async def say(self, kind: str, **fields: Any) -> None:
        """Send a frame on the newest connection; about `t1` if no id is given."""
        await self.raw(json.dumps({"type": kind, "task_id": "t1", **fields}))

    async def assign(self, task_id: str = "t1", generation: Any = 3, **fields: Any) -> None:
        """Push a task."""
        given = {"description": "do it", "metadata": {}, "assigned_at": 1_700_000_000_000}
        await self.say(
            "task_assign", **{**given, "task_id": task_id, "generation": generation, **fields}
        )

    async def raw(self, data: str | bytes) -> None:
        """Send a frame as it is."""
        await self.socket.send(data)

    def cut(self) -> None:
        """End every connection without a word."""
        for socket in self._sockets:
            socket.transport.abort()

    async def heard(self, *story: str) -> None:
        """Wait until this, from the very beginning, was said; fails when it differs."""
        want = [part for part in story if part]
        await until(lambda: self.story[: len(want)] == want or self._differs(want), self._told)
        assert self.story == want, f"{self.story} is not {want}"

    def _differs(self, want: list[str]) -> bool:
        return len(self.story) >= len(want)

    def _told(self) -> list[str]:
        return self.story

    async def more(self, kind: str, count: int) -> None:
        """Wait until a type of frame came so many more times."""
        target = self.counts[kind] + count
        await until(lambda: self.counts[kind] >= target, lambda: self.counts)

    def last(self, kind: str) -> Frame:
        """The newest frame of this type."""
        return next(frame for frame in reversed(self.frames) if frame["type"] == kind)


def _headers() -> Headers:
    return Headers({"Content-Length": "0"})
