"""The hub that is measured, as one of its administrators sees it, and its rows at the end."""

import http.client
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import apsw
import msgspec

from schemas.scalars import TaskState
from scripts.benchmark.faults import NO_HUB, BenchmarkError
from scripts.benchmark.processes import family, memory_mib

OPERATOR: Final = "bench-operator"
STOP_SECONDS: Final = 30.0
PATIENCE: Final = 60
"""How often a request is repeated, a second apart or as told, while the hub says "later"."""


class Hub:
    """A running hub, known by its process, its port and its data directory."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, data: Path) -> None:
        """Take over a hub that serves already."""
        self.process = process
        self.port = port
        self.data = data
        self.start_s = 0.0
        """How long it took from the start of its command to its first 200."""

    def admin_token(self) -> str:
        """The credential the hub wrote at its first start."""
        return (self.data / "admin.token").read_text().strip()

    def register(self, agents: Sequence[str]) -> Iterator[str]:
        """One agent after the other through an invitation; yields their tokens in order."""
        admin = self._admin()
        with closing(self._connection()) as connection:
            for agent in agents:
                code = _post(connection, "/api/v1/invites", {"agent_id": agent}, admin)["code"]
                body = {"code": code, "agent_id": agent}
                yield str(_post(connection, "/api/v1/register", body, {})["token"])

    def agent_tokens(self, agents: Sequence[str]) -> Iterator[str]:
        """The same without invitations: one request each."""
        yield from self._tokens([{"role": "agent", "agent_id": agent} for agent in agents])

    def operator(self, name: str = OPERATOR) -> tuple[str, str]:
        """Name and token of a fresh operator."""
        return name, next(self._tokens([{"role": "operator", "name": name}]))

    def viewers(self, count: int) -> list[str]:
        """Tokens of so many fresh viewers."""
        names = [f"bench-viewer-{number}" for number in range(count)]
        return list(self._tokens([{"role": "viewer", "name": name} for name in names]))

    def _tokens(self, wishes: Sequence[dict[str, str]]) -> Iterator[str]:
        admin = self._admin()
        with closing(self._connection()) as connection:
            for wish in wishes:
                yield _post(connection, "/api/v1/tokens", wish, admin)["token"]

    def _admin(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.admin_token()}"}

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def pid(self) -> int:
        """The process that serves; `process` may have started it."""
        return int(msgspec.json.decode((self.data / "runtime.json").read_bytes())["pid"])

    def processes(self) -> list[int]:
        """The process that was started and all its descendants that still run."""
        return family(self.process.pid)

    def memory_mib(self) -> float:
        """Memory of all its processes now."""
        return memory_mib(self.processes())

    def stop(self) -> None:
        """Ask it to end and wait; raises BenchmarkError when it has to be killed."""
        pids = self.processes()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            for pid in pids:
                _kill(pid)
            self.process.wait()
            raise BenchmarkError(NO_HUB, f"the hub did not stop in {STOP_SECONDS:.0f} s") from None


def rows_of(database: Path, state: TaskState) -> int:
    """How many tasks of this state are in the database of a hub that has stopped.

    Raises BenchmarkError when the file is missing or holds no task table.
    """
    query = "SELECT count(*) FROM task WHERE state = ?"
    try:
        with closing(apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)) as rows:
            return int(rows.execute(query, (int(state),)).get)
    except apsw.Error as wrong:
        raise BenchmarkError(
            NO_HUB, f"cannot count the rows of {database.name}: {wrong}"
        ) from wrong


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _post(
    connection: http.client.HTTPConnection, path: str, body: object, headers: dict[str, str]
) -> dict[str, Any]:
    """Post JSON and return the answer's; waits as long as the hub asks to come back later."""
    raw = msgspec.json.encode(body)
    for _ in range(PATIENCE):
        connection.request("POST", path, raw, {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status < 300:
            return msgspec.json.decode(text, type=dict[str, Any])
        if answer.status not in (429, 503):
            break
        time.sleep(float(answer.headers.get("Retry-After", 1)))
    raise BenchmarkError(NO_HUB, f"POST {path}: {answer.status} {text.decode(errors='replace')}")
