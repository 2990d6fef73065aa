"""The stage of the pictures: a hub, real sidecars, simulated agents, and work for all of them."""

import asyncio
import os
import stat
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Final

from hub.cli.client import Client
from hub.demo.fleet import Fleet
from schemas.http.access import InviteRequest, NewToken, TokenRequest
from schemas.http.agents import AgentPause, AgentView
from schemas.scalars import RoleName
from schemas.work import TaskSpec
from scripts.gallery import cast, repertoire
from scripts.gallery.cast import Role
from sidecar import app as sidecar

SEED: Final = 4182
MACHINES: Final = ("forge-a", "forge-b", "forge-c", "forge-d", "forge-e", "mac-mini")
EACH: Final = 20
SLOTS: Final = 2
REAL: Final = ("forge-a-01", "forge-b-01", "forge-c-01")
"""Agents that are real sidecars: what is looked at closely runs on them."""
ABSENT: Final = ("forge-b-07", "forge-d-13", "forge-e-04", "forge-e-05")
"""Agents that were here and are not any more."""
DRAINED: Final = ("forge-d-02", "forge-d-03", "forge-d-04")
PAUSED: Final = {"forge-e-11": "disk almost full", "mac-mini-09": "Xcode is being updated"}
LOOK_S: Final = 0.1


def capabilities_of(machine: str, number: int) -> list[str]:
    """What an agent offers."""
    if machine == "mac-mini":
        return ["git", "macos"]
    found = ["git", "python"]
    found += ["node"] if number % 2 else ["docker"]
    found += ["rust"] if number % 5 == 0 else []
    return [*found, "gpu"] if machine == "forge-e" and number > 14 else found


class Stage(Fleet):
    """Everything that runs; leaving the `with` block ends it."""

    def __init__(self, folder: Path) -> None:
        """Nothing is started yet."""
        super().__init__(folder)
        self.url = ""
        self.ids: dict[str, str] = {}
        """The tasks that are looked at closely."""
        self._dice = Random(SEED)
        self._second = 0
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    def __exit__(self, *details: object) -> None:
        """End the work, then what does it."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        super().__exit__(*details)

    def open(self) -> str:
        """Start the hub and all agents; returns a token for whoever looks on."""
        _put_tools(self._folder / "bin")
        os.environ["CORRAL_CONTROL_BURST"] = str(10 * EACH * len(MACHINES))
        self.url = self.start_hub()
        for name in REAL:
            self._join_real(name)
        roles = [self._role(machine, n) for machine in MACHINES for n in range(1, EACH + 1)]
        actors = [role for role in roles if role.id not in REAL]
        self._begin(self._act, [each for each in actors if each.id not in ABSENT])
        self._show_once([each for each in actors if each.id in ABSENT])
        self.wait_until_here([role.id for role in roles])
        self._hold_back()
        self._begin(self._submit, Client(self.client.address))
        wish = TokenRequest(RoleName.ADMIN, "ann")
        return self.client.ask("POST", "/tokens", NewToken, body=wish).token

    def start(self, name: str) -> None:
        """Start a real sidecar, on a machine of its own as far as it says."""
        machine = name.rpartition("-")[0]
        program = [sys.executable, "-m", "scripts.gallery.machine", machine]
        self._start(name, [*program, "--config", str(self._folder / name)])

    def perform(self) -> None:
        """Submit what is looked at closely, and wait until each stands where it should."""
        special = {
            "failed": repertoire.FAILED,
            "lost": repertoire.LOST,
            "stuck": repertoire.STUCK,
            "running": repertoire.RUNNING,
        }
        self.ids = {name: self.client.submit(spec).id for name, spec in special.items()}
        self._wait(lambda: self._state("failed") == "dead_letter")
        self._wait(lambda: self._state("lost") == "running")
        self.kill("forge-c-01")
        self._wait(lambda: self._percent("running") >= 60)

    def _state(self, name: str) -> str:
        return str(self.client.task(self.ids[name]).state)

    def _percent(self, name: str) -> int:
        progress = self.client.task(self.ids[name]).progress
        return 0 if progress is None else progress.percent or 0

    def _wait(self, fact: Callable[[], bool]) -> None:
        while not fact():
            time.sleep(LOOK_S)

    # The agents

    def _join_real(self, name: str) -> None:
        machine, _, number = name.rpartition("-")
        code = self.client.invite(InviteRequest(agent_id=name)).code
        sidecar.join(
            self.url,
            code,
            config_dir=self._folder / name,
            agent_id=name,
            capabilities=capabilities_of(machine, int(number)),
            slots=SLOTS,
            allow=["pytest"],
        )
        self.start(name)

    def _role(self, machine: str, number: int) -> Role:
        name = f"{machine}-{number:02}"
        token = ""
        if name not in REAL:
            wish = TokenRequest(RoleName.AGENT, agent_id=name)
            token = self.client.ask("POST", "/tokens", NewToken, body=wish).token
        return Role(name, token, machine, capabilities_of(machine, number), SLOTS)

    def _begin(self, act: Callable[..., None], what: object) -> None:
        self._threads.append(threading.Thread(target=act, args=(what,)))
        self._threads[-1].start()

    def _act(self, roles: list[Role]) -> None:
        asyncio.run(self._until_over(roles))

    async def _until_over(self, roles: list[Role]) -> None:
        playing = asyncio.create_task(cast.play(roles, self.url))
        over = asyncio.create_task(asyncio.to_thread(self._over.wait))
        await asyncio.wait((playing, over), return_when=asyncio.FIRST_COMPLETED)
        playing.cancel()
        with suppress(asyncio.CancelledError):
            await playing

    def _show_once(self, roles: list[Role]) -> None:
        async def visit() -> None:
            with suppress(TimeoutError):
                await asyncio.wait_for(cast.play(roles, self.url), 1)

        asyncio.run(visit())

    def _hold_back(self) -> None:
        for name in DRAINED:
            self.client.ask("POST", f"/agents/{name}/drain", AgentView)
        for name, note in PAUSED.items():
            self.client.ask("POST", f"/agents/{name}/pause", AgentView, body=AgentPause(note=note))

    # The work

    def _submit(self, client: Client) -> None:
        began = time.monotonic()
        while not self._over.wait(max(0.0, began + self._second - time.monotonic())):
            tasks: list[TaskSpec] = repertoire.at(self._second, self._dice)
            if tasks:
                client.submit_all(tasks)
            self._second += 1


def _put_tools(folder: Path) -> None:
    """The program that tasks call, where sidecars look for programs."""
    folder.mkdir(parents=True)
    tool = folder / "pytest"
    prop = Path(__file__).parent / "prop.py"
    tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{prop}" "$@"\n')
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"
