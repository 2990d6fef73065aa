"""A hub in which everything is there to be seen: agents and tasks in every state, and bad names.

It is made once for a module and stays as it is, so that every screen has the same things to
show. Whatever a submitter or a program may write is hostile: markup, an override of the
direction of text, colours of a terminal, a word without an end, and emoji.
"""

import os
import time
from pathlib import Path
from typing import Final

from schemas.scalars import Role
from tests.dashboard.fleet import Sidecar, shell
from tests.transport.ranch import CALM, WITH_SEARCH, Hub, until

HOSTILE: Final = (
    "<b onclick=alert(1)>bold</b> \u202edenrut \x1b[31mred "
    + "Donaudampfschifffahrtsgesellschaft" * 8
    + " 🦙👩‍🚀🏳️‍🌈 <script>alert(1)</script>"
)
OUTPUT: Final = r"""
printf 'step one\n\033[31mred \033[1;32mgreen\033[0m plain\n<b>not bold</b> \342\200\256 turned\n'
printf '\360\237\246\231 llama\tand\ttabs \377\376 broken\n'
i=0; while [ $i -lt 400 ]; do printf 'word%s' $i; i=$((i+1)); done; echo
i=0; while [ $i -lt 120 ]; do echo "line $i of what a program says"; i=$((i+1)); done
"""
HOUR_MS: Final = 3_600_000


class Herd:
    """The hub, its agents by name, and the ids of its tasks by what became of them."""

    def __init__(self, root: Path) -> None:
        """Start all of it, and wait until everything is as it should be."""
        self.hub = Hub(root / "data", **(CALM | WITH_SEARCH)).start()
        self.sidecars: dict[str, Sidecar] = {}
        self.tasks: dict[str, str] = {}
        self.gate = root / "gate"
        os.mkfifo(self.gate)
        try:
            for name in ("worker", "spare", "resting", "leaving", "lost"):
                sidecar = Sidecar(self.hub, root / name, name)
                self.sidecars[name] = sidecar.start()
            self._give_work()
            self._turn_agents()
        except BaseException:
            self.close()
            raise

    def _give_work(self) -> None:
        gated = f"echo '::progress 40 <i>halfway</i>'; {OUTPUT} cat '{self.gate}'"
        for name, agent in (("running", "worker"), ("last", "leaving")):
            self._submit(name, "running", assign_to=agent, run=shell(gated), priority="high")
        self._submit("done", "completed", assign_to="worker", run=shell(f"{OUTPUT}\necho >&2 oops"))
        failing = shell("echo '<i>no</i> \u202e good'; exit 3")
        more = {"max_attempts": 2, "retry": {"base_ms": 1}}
        self._submit("failed", "dead_letter", assign_to="spare", run=failing, **more)
        self._submit("stuck", "queued", needs=["nobody-has-this"], priority="urgent")
        self._submit("low", "queued", needs=["nobody-has-this"], priority="low")
        later = int(time.time() * 1000) + HOUR_MS
        self._submit("scheduled", "scheduled", not_before=later, needs=["any"])
        self._submit("cancelled", "queued", needs=["nobody-has-this"])
        self.hub.cancel(self.tasks["cancelled"])
        self.hub.reaches(self.tasks["cancelled"], "cancelled")

    def _submit(self, name: str, state: str, **spec: object) -> None:
        labels = {"team": "ops", "shift": "<i>night</i>"}
        payload = {"prompt": HOSTILE, "size": [1, 2.5, None, True]}
        self.tasks[name] = self.hub.submit(
            description=f"{name}: {HOSTILE}", labels=labels, payload=payload, **spec
        )
        self.hub.reaches(self.tasks[name], state)

    def _turn_agents(self) -> None:
        self._ask("/agents/resting/pause", {"note": HOSTILE[:120].replace("\x1b", "")})
        self._ask("/agents/leaving/drain")
        self.sidecars["lost"].kill()
        until(lambda: self.sidecars["lost"].status == "offline")
        self._ask("/invites", {"agent_id": "gpu-1"})
        self._ask("/dispatch/pause", {"label": {"key": "team", "value": "none"}, "note": "a move"})
        search = "/search?q=stuck"
        until(lambda: any(self.hub.get(search)["items"]))

    def _ask(self, path: str, body: object = None) -> None:
        reply = self.hub.http("POST", f"/api/v1{path}", body, role=Role.ADMIN)
        assert reply.status in (200, 201), reply

    def close(self) -> None:
        """End all of it; what waits at the gate goes home."""
        os.close(os.open(self.gate, os.O_RDWR | os.O_NONBLOCK))
        for sidecar in self.sidecars.values():
            sidecar.kill()
        self.hub.kill()
