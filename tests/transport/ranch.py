"""A real hub in a process of its own, and what a test may do to it."""

import http.client
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple

from hub.core import credentials
from hub.core.credentials import Credential
from hub.recovery import MAIN
from hub.store.contract import Batch
from hub.store.opening import open_data
from schemas.scalars import Role

PATIENCE: Final = 20.0
"""Seconds until a test gives up waiting for a fact."""
HUB: Final = ("-m", "hub.app")
CALM: Final = {"heartbeat_ms": 5_000, "lease_ms": 20_000, "upkeep_ms": 50}
"""Terms under which nothing runs out while a test looks on."""
HASTY: Final = {
    "heartbeat_ms": 500,
    "lease_ms": 1_500,
    "accept_ms": 300,
    "cancel_grace_ms": 300,
    "stop_slack_ms": 200,
    "identify_ms": 500,
    "upkeep_ms": 20,
}
"""Terms that run out soon."""


EAGER: Final = {
    "reads_per_minute": 1_000_000,
    "reads_burst": 100_000,
    "control_per_minute": 1_000_000,
    "control_burst": 100_000,
    "pings_burst": 1_000,
}
"""Rates for tests, which ask again and again where people would wait."""
WITH_SEARCH: Final = {"no_search": 0}
"""A hub of a test has no search, and no second process, unless the test is about it."""


class Reply(NamedTuple):
    """What came back over HTTP."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.text)

    @property
    def code(self) -> str:
        """The error's code."""
        return str(self.json["error"]["code"])

    @property
    def paths(self) -> set[str]:
        """The places that the error names."""
        return {flaw["path"] for flaw in self.json["error"]["details"]}


def until(fact: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Wait until `fact()` is true and return it; fails when it never becomes so."""
    give_up = time.monotonic() + patience
    while not (found := fact()):
        assert time.monotonic() < give_up, f"never true: {fact}"
        time.sleep(0.02)
    return found


class Hub:
    """One hub over all of its starts: the same data directory and the same port."""

    def __init__(self, data: Path, **settings: int) -> None:
        """Make tokens for every role; nothing runs yet."""
        self.data = data
        self.port = 0
        self.program: Sequence[str] = HUB
        """What Python is given to run."""
        self.settings = EAGER | {"no_search": 1} | settings
        self.process: subprocess.Popen[bytes] | None = None
        self.log = data.parent / f"{data.name}.log"
        self.tokens = mint(data)

    @classmethod
    def at(cls, data: Path, port: int) -> "Hub":
        """A hub that somebody else started; it can be asked, not stopped."""
        hub = cls.__new__(cls)
        hub.data, hub.port = data, port
        hub.tokens = {Role.ADMIN: (data / "admin.token").read_text().strip()}
        return hub

    # The process

    def start(self, *prefix: str) -> "Hub":
        """Start it and wait until it serves; `prefix` is a command to run it under."""
        environment = os.environ | {"CORRAL_CONFIG": ""}
        environment |= {
            f"CORRAL_{name.upper()}": str(value) for name, value in self.settings.items()
        }
        command = [*prefix, sys.executable, *self.program]
        arguments = ["--data", str(self.data), "--port", str(self.port), "--json"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *arguments], env=environment, stdout=subprocess.PIPE, stderr=log
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the hub did not start: {self.log.read_text()[-2000:]}"
        self.port = int(json.loads(line)["url"].rpartition(":")[2])
        return self

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self.process is not None
        return self.process.pid

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def ended(self) -> int:
        """Wait for its end; the exit code."""
        assert self.process is not None
        code = self.process.wait(PATIENCE)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    def stop(self) -> int:
        """Ask it to stop; the exit code."""
        self.signal(signal.SIGTERM)
        return self.ended()

    def kill(self) -> None:
        """Kill it without a word, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.ended()
        elif self.process is not None and self.process.stdout is not None:
            self.process.stdout.close()

    def restart(self) -> None:
        """Kill it without a word and start it again."""
        self.kill()
        self.start()

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None

    def log_lines(self) -> list[dict[str, Any]]:
        """What it logged so far; every line has to be one JSON object."""
        lines = self.log.read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    # HTTP

    @property
    def socket_url(self) -> str:
        """Where agents connect."""
        return f"ws://127.0.0.1:{self.port}/ws"

    def http(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        role: Role | None = Role.ADMIN,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Ask for something; a body that is not bytes travels as JSON."""
        bearer = token or (self.tokens[role] if role is not None else None)
        (reply,) = self._http(1, method, path, body, bearer, headers)
        return reply

    def http_at_once(
        self, times: int, method: str, path: str, body: Any, headers: Mapping[str, str]
    ) -> list[Reply]:
        """The same as the admin so many times: all of it is sent before any answer is read."""
        return self._http(times, method, path, body, self.tokens[Role.ADMIN], headers)

    def _http(
        self,
        times: int,
        method: str,
        path: str,
        body: Any,
        bearer: str | None,
        headers: Mapping[str, str] | None,
    ) -> list[Reply]:
        sent = dict(headers or {})
        if bearer is not None:
            sent.setdefault("Authorization", f"Bearer {bearer}")
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        with ExitStack() as open_ones:
            connections = [
                http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
                for _ in range(times)
            ]
            for connection in connections:
                open_ones.callback(connection.close)
                connection.connect()
            for connection in connections:
                connection.request(method, path, raw, sent)
            return [_read(connection) for connection in connections]

    def get(self, path: str) -> Any:
        """What is under `/api/v1` at this path, for the admin."""
        reply = self.http("GET", f"/api/v1{path}")
        assert reply.status == 200, reply
        return reply.json

    def events_of(self, entity: str) -> list[Any]:
        """The events about one entity, the oldest first; a page that is filtered may be short."""
        found: list[Any] = []
        page: dict[str, Any] = {"next_cursor": "", "at_end": False}
        while not page["at_end"]:
            after = f"&after={page['next_cursor']}" if page["next_cursor"] else ""
            page = self.get(f"/events?entity={entity}{after}")
            found += page["items"]
        return found

    def submit(self, **spec: Any) -> str:
        """Submit one task; its id."""
        reply = self.http("POST", "/api/v1/tasks", {"description": "a test", **spec})
        assert reply.status == 201, reply
        return str(reply.json["id"])

    def task(self, task_id: str) -> Any:
        """How a task stands."""
        return self.get(f"/tasks/{task_id}")

    def reaches(self, task_id: str, state: str, **fields: Any) -> Any:
        """Wait until the task is in a state, with these fields; the task."""

        def there() -> Any:
            task = self.task(task_id)
            wanted = {"state": state, **fields}
            return task if all(task.get(k) == v for k, v in wanted.items()) else None

        return until(there)

    def cancel(self, task_id: str) -> Reply:
        """Ask for a cancel."""
        return self.http("POST", f"/api/v1/tasks/{task_id}/cancel")

    def join(self, agent_id: str) -> str:
        """Let an agent join; its token."""
        code = self.http("POST", "/api/v1/invites", {"agent_id": agent_id}).json["code"]
        reply = self.http("POST", "/api/v1/register", {"code": code, "agent_id": agent_id})
        assert reply.status == 201, reply
        return str(reply.json["token"])

    def metric(self, name: str, labels: str = "") -> float:
        """One number of the exposition."""
        for line in self.http("GET", "/metrics").text.splitlines():
            if line.startswith(f"{name}{labels} "):
                return float(line.rpartition(" ")[2])
        raise AssertionError(f"no series {name}{labels}")


def _read(connection: http.client.HTTPConnection) -> Reply:
    answer = connection.getresponse()
    found = {name.lower(): value for name, value in answer.getheaders()}
    return Reply(answer.status, found, answer.read().decode())


def mint(data: Path) -> dict[Role, str]:
    """Make a data directory with a token for every role that is not an agent's."""
    tokens: dict[Role, str] = {}
    opened = open_data(data)
    try:
        batch = Batch()
        batch.units = batch.position = 1
        for role in (Role.VIEWER, Role.OPERATOR, Role.ADMIN):
            made = credentials.new_token(role, secrets.randbits(304))
            tokens[role] = made.text
            batch.credentials[made.public_id] = Credential(
                public_id=made.public_id,
                org=MAIN,
                role=role,
                subject=role.name.lower(),
                mac=credentials.mac_of(opened.pepper, made.text),
                created_at=1,
                created_by="test",
            )
        batch.orgs.add(MAIN)
        batch.rows = len(batch.credentials)
        opened.store.write(batch)
        opened.store.commit()
    finally:
        opened.close()
    return tokens
