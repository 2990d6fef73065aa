"""One contestant in one round: its server, worker and client from start to end."""

import json
import os
import selectors
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from scripts.benchmark.faults import NO_LOAD, BenchmarkError
from scripts.benchmark.launch import running_hub
from scripts.benchmark.peers import environments
from scripts.benchmark.peers.contestant import Contestant, program
from scripts.benchmark.peers.figures import Course, Round, round_of
from scripts.benchmark.peers.processes import Cores, last_words, running
from scripts.benchmark.peers.servers import SERVERS, Server
from scripts.benchmark.processes import cpu_seconds, family
from scripts.benchmark.subject import Hub

COURSE_SECONDS: Final = 240.0
"""A client that needs longer is ended, and its round is flawed."""
QUICK: Final = 10
"""A quick batch is this much smaller."""
WARMUP_SHARE: Final = 20
AGENT: Final = "bench-agent"


class Ring(msgspec.Struct, frozen=True):
    """What all contests share."""

    folder: Path
    """Where servers keep their data; it decides which disk is measured."""
    hub_command: list[str]
    server_cores: Cores
    """For the server and the client."""
    worker_cores: Cores
    is_quick: bool


class Listener:
    """Reads what a client says, and looks at the processes when its batch begins and ends."""

    def __init__(self, parts: dict[str, list[int]]) -> None:
        """`parts`: the first process of server, client and worker, as far as there are any."""
        self._parts = parts
        self._looks: list[dict[str, float]] = []
        self.course: Course | None = None

    def take(self, line: bytes) -> None:
        """One line of the client."""
        said: dict[str, Any] = json.loads(line)
        if said["event"] == "done":
            self.course = msgspec.convert(said, Course)
        else:
            self._looks.append({name: _cpu(pids) for name, pids in self._parts.items()})

    def used(self, part: str) -> float:
        """CPU seconds of one part while the batch ran."""
        begin, end = self._looks[0], self._looks[-1]
        return end[part] - begin[part]


def _cpu(pids: list[int]) -> float:
    return cpu_seconds([each for pid in pids for each in family(pid)])


def missing(contestant: Contestant) -> str:
    """Why a contestant cannot be measured here; empty when it can.

    Its packages are installed if they are not yet.
    """
    try:
        environments.prepare(contestant.environment)
    except BenchmarkError as fault:
        return f"its packages could not be installed: {fault}"
    return "" if contestant.server == "hub" else SERVERS[contestant.server].missing()


def versions(contestant: Contestant) -> list[str]:
    """What is measured: the server and the packages that matter."""
    server = [] if contestant.server == "hub" else [SERVERS[contestant.server].version()]
    packages = environments.versions(contestant.environment, contestant.packages)
    return [name for name in (*server, *packages) if name]


def contest(ring: Ring, contestant: Contestant) -> Round:
    """Measure once; raises BenchmarkError when there is nothing to measure."""
    with tempfile.TemporaryDirectory(prefix=f"{contestant.name}-", dir=ring.folder) as made:
        folder = Path(made)
        with _server(ring, contestant, folder) as server:
            return _driven(ring, contestant, folder, server)


def _driven(ring: Ring, contestant: Contestant, folder: Path, server: Server) -> Round:
    tasks = contestant.tasks // QUICK if ring.is_quick else contestant.tasks
    sequential = min(contestant.sequential, 10) if ring.is_quick else contestant.sequential
    asked = {"tasks": tasks, "warmup": max(1, tasks // WARMUP_SHARE), "sequential": sequential}
    environment = _environment(contestant.options | server.options | asked)
    python = str(environments.python(contestant.environment))
    stop = signal.SIGINT if contestant.stop_by_interrupt else signal.SIGTERM
    log = folder / "worker.log"
    with running(
        [python, *contestant.worker], log, ring.worker_cores, environment=environment, stop=stop
    ) as worker:
        command = [python, *program(contestant.client, "drive")]
        with _client(command, folder / "client.log", ring.server_cores, environment) as client:
            parts = {"server": server.pids, "client": [client.pid], "worker": [worker.pid]}
            listener = Listener(parts)
            _listen(client, listener, worker)
        if listener.course is None:
            words = f"client: {last_words(folder / 'client.log')}; worker: {last_words(log)}"
            raise BenchmarkError(NO_LOAD, f"{contestant.name} gave no figures; {words}")
        used = (listener.used(part) for part in ("server", "client", "worker"))
        return round_of(listener.course, *used)


def _environment(options: dict[str, Any]) -> dict[str, str]:
    """This process's, but for what would change how an interpreter finds its packages."""
    kept = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    return kept | {
        "PYTHONPATH": str(environments.ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PEER_OPTIONS": json.dumps(options),
    }


@contextmanager
def _client(
    command: list[str], log: Path, cores: Cores, environment: dict[str, str]
) -> Iterator["subprocess.Popen[bytes]"]:
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
            cwd=log.parent,
        )
    try:
        if cores:
            os.sched_setaffinity(process.pid, cores)
        yield process
    finally:
        if process.stdout:
            process.stdout.close()
        if process.poll() is None:
            process.kill()
            process.wait()


def _listen(
    client: "subprocess.Popen[bytes]", listener: Listener, worker: "subprocess.Popen[bytes]"
) -> None:
    """Take the client's lines until it ends, the worker dies or the time is over."""
    deadline = time.monotonic() + COURSE_SECONDS
    output = client.stdout
    if output is None:
        raise BenchmarkError(NO_LOAD, "the client was started without a pipe for its lines")
    came = b""
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while time.monotonic() < deadline and worker.poll() is None:
            if not selector.select(0.2):
                continue
            data = os.read(output.fileno(), 65_536)
            if not data:
                client.wait(COURSE_SECONDS)
                return
            *lines, came = (came + data).split(b"\n")
            for line in lines:
                listener.take(line)


@contextmanager
def _server(ring: Ring, contestant: Contestant, folder: Path) -> Iterator[Server]:
    if contestant.server != "hub":
        with SERVERS[contestant.server].start(folder, ring.server_cores) as server:
            yield server
        return
    with running_hub(ring.hub_command, folder, ring.server_cores) as hub:
        options = {
            "port": hub.port,
            "agent": AGENT,
            "agent_token": next(hub.register([AGENT])),
            "submitter_token": operator_token(hub),
        }
        yield Server(options, [hub.process.pid])


def operator_token(hub: Hub) -> str:
    """A fresh operator's credential."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{hub.port}/api/v1/tokens",
        json.dumps({"role": "operator", "name": "bench-operator"}).encode(),
        {"Authorization": f"Bearer {hub.admin_token()}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(json.load(answer)["token"])
