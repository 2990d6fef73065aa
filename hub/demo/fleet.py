"""The demo's own hub and sidecars: real processes in a temporary folder, ended by their ids."""

import select
import subprocess
import sys
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final, Self

import msgspec

from hub.cli.client import Client
from hub.cli.exits import Exit, Trouble
from hub.cli.locate import locate
from hub.cli.paging import PAGE, collect
from hub.cli.up import hub_command
from hub.supervise import Serving
from schemas.http.access import InviteRequest
from schemas.http.agents import AgentPage
from sidecar import app as sidecar

START_S: Final = 20.0
"""How long a process may take to start, in seconds."""
STOP_S: Final = 10.0
LOOK_S: Final = 0.05
"""How often the hub is asked whether a sidecar has come."""

SHORT_TERMS: Final = (
    "CORRAL_CONFIG=",
    "CORRAL_HEARTBEAT_MS=1000",
    "CORRAL_LEASE_MS=4000",
)
"""Settings that make a lost sidecar show after seconds instead of a minute."""


class Fleet:
    """One hub and its sidecars. Leaving the `with` block ends all of them."""

    def __init__(self, folder: Path) -> None:
        """Keep everything below `folder`; nothing is started yet."""
        self._folder = folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._programs: list[str] = []
        self._client: Client | None = None

    def __enter__(self) -> Self:
        """Nothing runs before `start_hub`."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the sidecars, then the hub."""
        hub = self._processes.pop("hub", None)
        for process in self._processes.values():
            process.terminate()
        for process in [*self._processes.values(), *([hub] if hub else [])]:
            self._end(process)

    @property
    def client(self) -> Client:
        """A client of the hub with its admin token."""
        if self._client is None:
            raise Trouble(Exit.UNREACHABLE, "The demo's hub has not been started.")
        return self._client

    def log_of(self, name: str) -> Path:
        """Where a process writes its log."""
        return self._folder / f"{name}.log"

    def start_hub(self) -> str:
        """Start a hub on a free port and return its address; raises `Trouble`."""
        data = self._folder / "data"
        command = ["env", *SHORT_TERMS, *hub_command(data, "127.0.0.1", 0)]
        process = self._start("hub", command, stdout=subprocess.PIPE)
        line = _first_line(process)
        try:
            url = msgspec.json.decode(line, type=Serving).url
        except msgspec.DecodeError as error:
            raise Trouble(
                Exit.UNREACHABLE, f"The demo's hub did not start: {self._last_words('hub')}"
            ) from error
        self._client = Client(locate(None, None, data))
        return url

    def join(self, name: str, capabilities: Sequence[str], slots: int, url: str) -> None:
        """Turn a fresh join code into a sidecar's configuration, and start the sidecar."""
        code = self.client.invite(InviteRequest(agent_id=name)).code
        sidecar.join(
            url,
            code,
            config_dir=self._folder / name,
            agent_id=name,
            capabilities=capabilities,
            slots=slots,
            allow=[sys.executable, "wc"],
        )
        self.start(name)

    def start(self, name: str) -> None:
        """Start a sidecar that has joined, also again after it was killed."""
        self._start(name, [sys.executable, "-m", "sidecar", "--config", str(self._folder / name)])

    def wait_until_here(self, names: Collection[str]) -> None:
        """Wait until the hub has heard of these sidecars; raises `Trouble` when it does not.

        A hub knows an agent from its first session on. What it says of a task before that,
        such as which agents cannot run it, would leave some of them out.
        """
        deadline = time.monotonic() + START_S
        while missing := sorted(set(names) - self._known()):
            if time.monotonic() > deadline:
                said = self._last_words(missing[0])
                raise Trouble(Exit.UNREACHABLE, f"{missing[0]} did not come: {said}")
            time.sleep(LOOK_S)

    def _known(self) -> set[str]:
        found, _ = collect(self.client, "/agents", AgentPage, {}, PAGE)
        return {agent.id for agent in found}

    def kill(self, name: str) -> None:
        """Kill a sidecar so that it can say nothing any more."""
        process = self._processes[name]
        process.kill()
        process.wait()

    def _start(
        self, name: str, command: Sequence[str], stdout: int | None = None
    ) -> subprocess.Popen[bytes]:
        with self.log_of(name).open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log if stdout is None else stdout,
                stderr=log,
                start_new_session=True,
            )
        self._processes[name] = process
        return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def _last_words(self, name: str) -> str:
        lines = self.log_of(name).read_text(errors="replace").splitlines()
        return lines[-1] if lines else "it said nothing"


def _first_line(process: subprocess.Popen[bytes]) -> bytes:
    if process.stdout is None or not select.select([process.stdout], [], [], START_S)[0]:
        return b""
    return process.stdout.readline()
