"""Real sidecars for the tests of the page."""

import subprocess
import sys
from pathlib import Path

from sidecar.config import Config, save
from tests.transport.ranch import PATIENCE, Hub, until


class Sidecar:
    """One sidecar, which may run shells and Python."""

    def __init__(self, hub: Hub, folder: Path, name: str, slots: int = 2) -> None:
        """Join the hub; nothing runs yet."""
        self.hub, self.folder, self.name = hub, folder, name
        folder.mkdir()
        config = Config(
            url=f"http://127.0.0.1:{hub.port}",
            agent_id=name,
            token=hub.join(name),
            capabilities=(name, "any"),
            slots=slots,
            allow=("sh", sys.executable),
            grace_ms=500,
        )
        save(config, folder)

    def start(self) -> "Sidecar":
        """Start it and wait until the hub sees it."""
        command = [sys.executable, "-m", "sidecar", "--config", str(self.folder)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        until(lambda: self.status in ("idle", "working"))
        return self

    @property
    def status(self) -> str:
        """How the hub sees it."""
        reply = self.hub.http("GET", f"/api/v1/agents/{self.name}")
        return str(reply.json["status"]) if reply.status == 200 else "unknown"

    def kill(self) -> None:
        """Kill it without a word."""
        self.process.kill()
        self.process.wait(PATIENCE)


def shell(script: str) -> dict[str, object]:
    """A command that a shell runs."""
    return {"kind": "command", "argv": ["sh", "-c", script]}
