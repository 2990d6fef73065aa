"""A hub of a few lines on a real socket, which can be told to do one thing wrong."""

import itertools
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus

import msgspec
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from schemas.attempts import AckStatus
from schemas.from_agent import FromAgent, Identify, Ping, TaskComplete, TaskSubmit
from schemas.scalars import ErrorCode, StateName
from schemas.to_agent import (
    Error,
    Identified,
    Limits,
    Pong,
    TaskAck,
    TaskAssign,
    TaskResult,
    TaskSubmitted,
    ToAgent,
)

GENERATION = (3 << 24) + 1
HEARTBEAT_MS = 50
decode = msgspec.json.Decoder(FromAgent).decode


class FakeHub:
    """Gives each task to the next agent and pushes its result; keeps every frame it saw."""

    def __init__(self, wrong: str = "") -> None:
        """`wrong` is one of `twice`, `dead_letter`, `refused`, `stranger`, `drops_agents`."""
        self.wrong = wrong
        self.port = 0
        self.seen: list[FromAgent] = []
        self.tokens: set[str] = set()
        self.most_open = 0
        self._open: set[str] = set()
        self._agents: list[ServerConnection] = []
        self._submitter: ServerConnection | None = None
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()

    def greet(self, connection: ServerConnection, request: Request) -> Response | None:
        """Let in whoever brings a token that does not say `bad`."""
        token = request.headers.get("Authorization", "")
        if token.endswith("bad"):
            return connection.respond(HTTPStatus.UNAUTHORIZED, "no such token\n")
        self.tokens.add(token.removeprefix("Bearer "))
        return None

    def serve(self, connection: ServerConnection) -> None:
        """Answer one peer until it leaves."""
        with suppress(ConnectionClosed):
            for frame in connection:
                with self._lock:
                    message = decode(frame)
                    self.seen.append(message)
                    self._take(connection, message)

    def _take(self, connection: ServerConnection, message: FromAgent) -> None:
        match message:
            case Identify():
                self._identify(connection, message)
            case Ping():
                self._send(connection, Pong(timestamp=1))
            case TaskSubmit(ref=ref) if self.wrong == "refused":
                self._send(connection, Error(ErrorCode.BUSY, "later", True, ref=ref))
            case TaskSubmit():
                self._submit(message)
            case TaskComplete():
                self._complete(connection, message)
            case _:
                pass

    def _identify(self, connection: ServerConnection, message: Identify) -> None:
        if message.slots:
            self._agents.append(connection)
        else:
            self._submitter = connection
        limits = Limits(1, 1, 1, 1)
        answer = Identified(message.agent_id, 1, 3, HEARTBEAT_MS, 60_000, limits, [])
        self._send(connection, answer)

    def _submit(self, message: TaskSubmit) -> None:
        number = next(self._numbers)
        task_id = f"task-{number:026}"
        self._open.add(task_id)
        self.most_open = max(self.most_open, len(self._open))
        self._send(self._submitter, TaskSubmitted(message.ref, [task_id]))
        agent = self._agents[number % len(self._agents)]
        (spec,) = message.tasks
        # The payload names the scanner's own fields, in depth and within a string.
        payload = msgspec.Raw(b'{"task_id": "no", "list": [{"generation": 7}], "text": "\\"}"}')
        assign = TaskAssign(task_id, GENERATION, 1, spec.description, 1, spec.run, payload)
        if self.wrong == "drops_agents":
            for lost in self._agents:
                with suppress(OSError):
                    lost.socket.shutdown(socket.SHUT_RDWR)
        else:
            self._send(agent, assign)

    def _complete(self, connection: ServerConnection, message: TaskComplete) -> None:
        self._open.discard(message.task_id)
        ack = TaskAck(message.task_id, message.generation, AckStatus.COMPLETE)
        self._send(connection, ack)
        state = StateName.DEAD_LETTER if self.wrong == "dead_letter" else StateName.COMPLETED
        result = TaskResult(message.task_id, state, 1)
        self._send(self._submitter, result)
        if self.wrong == "twice":
            self._send(self._submitter, result)
        if self.wrong == "stranger":
            self._send(self._submitter, TaskResult("task-nobody-knows", state, 1))

    def _send(self, connection: ServerConnection | None, message: ToAgent) -> None:
        assert connection is not None
        raw = msgspec.json.encode(message)
        # Readable and compact JSON mean the same: the load must take both.
        if len(self.seen) % 2:
            raw = msgspec.json.format(raw, indent=2)
        connection.send(raw, text=True)


@contextmanager
def fake_hub(wrong: str = "") -> Iterator[FakeHub]:
    """A fake hub on a free port, which asks for pongs and drops who does not give them."""
    hub = FakeHub(wrong)
    with serve(
        hub.serve,
        "127.0.0.1",
        0,
        process_request=hub.greet,
        compression=None,
        ping_interval=0.05,
        ping_timeout=5,
    ) as server:
        hub.port = server.socket.getsockname()[1]
        with _in_thread(server):
            yield hub


@contextmanager
def _in_thread(server: Server) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
