"""The hub that is measured: started on a fresh database, watched from outside, stopped."""

import http.client
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import apsw
import msgspec

from schemas.scalars import TaskState
from scripts.benchmark.faults import NO_HUB, BenchmarkError

START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 30.0
PATIENCE: Final = 60
"""How often a request is repeated, a second apart or as told, while the hub says "later"."""
TICKS: Final = os.sysconf("SC_CLK_TCK")
PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class Served(msgspec.Struct):
    """The line a hub prints when it serves."""

    url: str


class ProcessTimes(msgspec.Struct, frozen=True):
    """One look at a process and all it started."""

    cpu_s: float
    resident_mib: float


class Hub:
    """A running hub, known by its process, its port and its data directory."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, data: Path) -> None:
        """Take over a hub that serves already."""
        self.process = process
        self.port = port
        self.data = data

    def admin_token(self) -> str:
        """The credential the hub wrote at its first start."""
        return (self.data / "admin.token").read_text().strip()

    def register(self, agents: list[str]) -> Iterator[str]:
        """One agent after the other through an invitation; yields their tokens in order."""
        admin = {"Authorization": f"Bearer {self.admin_token()}"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            for agent in agents:
                code = _post(connection, "/api/v1/invites", {"agent_id": agent}, admin)["code"]
                body = {"code": code, "agent_id": agent}
                yield str(_post(connection, "/api/v1/register", body, {})["token"])
        finally:
            connection.close()

    def viewers(self, count: int) -> list[str]:
        """Tokens of so many fresh viewers."""
        admin = {"Authorization": f"Bearer {self.admin_token()}"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        wishes = [{"role": "viewer", "name": f"bench-viewer-{number}"} for number in range(count)]
        with closing(connection):
            return [_post(connection, "/api/v1/tokens", wish, admin)["token"] for wish in wishes]

    def processes(self) -> list[int]:
        """The process that was started and all its descendants that still run."""
        return family(self.process.pid)

    def stop(self) -> None:
        """Ask it to end and wait; raises BenchmarkError when it has to be killed."""
        family = self.processes()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            for pid in family:
                _kill(pid)
            self.process.wait()
            raise BenchmarkError(NO_HUB, f"the hub did not stop in {STOP_SECONDS:.0f} s") from None


@contextmanager
def running_hub(command: list[str], folder: Path, cores: set[int] | None) -> Iterator[Hub]:
    """A hub with its data and log in `folder`, on `cores` if given; stopped at the end.

    Raises BenchmarkError when it does not serve within half a minute, with the end of its log.
    """
    log = folder / "hub.log"
    data = folder / "data"
    process = _started([*command, "--data", str(data), "--port", "0", "--json"], log)
    if cores:
        os.sched_setaffinity(process.pid, cores)
    hub = Hub(process, 0, data)
    try:
        hub.port = _served_port(process, log)
        yield hub
    finally:
        if process.stdout:
            process.stdout.close()
        if process.poll() is None:
            hub.stop()


def rows_of(database: Path, *, ended: bool) -> int:
    """How many tasks are in the database of a hub that has ended: completed, or in the queue.

    Raises BenchmarkError when the file is missing or holds no task table.
    """
    query = "SELECT count(*) FROM task WHERE state = ?"
    state = TaskState.COMPLETED if ended else TaskState.QUEUED
    try:
        with closing(apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)) as rows:
            return int(rows.execute(query, (int(state),)).get)
    except apsw.Error as wrong:
        raise BenchmarkError(
            NO_HUB, f"cannot count the rows of {database.name}: {wrong}"
        ) from wrong


def process_times(pids: list[int]) -> ProcessTimes:
    """CPU seconds (user and system) and resident MiB, added up; ended processes count 0."""
    stats = [fields for pid in pids if (fields := _stat(pid))]
    return ProcessTimes(
        cpu_s=sum(int(fields[11]) + int(fields[12]) for fields in stats) / TICKS,
        resident_mib=sum(int(fields[21]) for fields in stats) * PAGE / 2**20,
    )


def family(pid: int) -> list[int]:
    """A process and all its descendants that still run, ancestors first."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [pid]
    for each in found:
        found.extend(children.get(each, []))
    return found


def _stat(pid: int) -> list[str]:
    """The fields of `/proc/PID/stat` from the state on; empty when the process has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text.rpartition(")")[2].split()


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _started(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as errors:
        try:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors
            )
        except OSError as wrong:
            raise BenchmarkError(NO_HUB, f"cannot start {command[0]}: {wrong}") from wrong


def _served_port(process: subprocess.Popen[bytes], log: Path) -> int:
    output = process.stdout
    if output is None:
        raise BenchmarkError(NO_HUB, "the hub was started without a pipe for its first line")
    os.set_blocking(output.fileno(), False)
    line = b""
    deadline = time.monotonic() + START_SECONDS
    while not line.endswith(b"\n"):
        line += output.read() or b""
        if process.poll() is not None or time.monotonic() > deadline:
            raise BenchmarkError(NO_HUB, _epitaph(process.poll(), log))
        time.sleep(0.01)
    try:
        served = msgspec.json.decode(line.splitlines()[0], type=Served)
    except msgspec.MsgspecError as wrong:
        raise BenchmarkError(NO_HUB, f"the hub's first line is not as expected: {wrong}") from None
    return urlsplit(served.url).port or 0


def _epitaph(status: int | None, log: Path) -> str:
    ended = "did not serve in time" if status is None else f"ended with status {status}"
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    return f"the hub {ended}; the end of its log:\n{tail or '(empty)'}"


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
