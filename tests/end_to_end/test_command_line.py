"""The command line with a real hub and a real sidecar, all of them processes of their own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.transport.browser import Browser
from tests.transport.ranch import Hub

CORRAL = [sys.executable, "-m", "hub.cli"]
WAIT_S = 20.0
ENDED = {"completed", "dead_letter", "cancelled"}


def until(fact: Callable[[], Any], within_s: float = WAIT_S) -> Any:
    """Wait for a fact and return it; fails when it does not come true in time."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        found = fact()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come true in time")


class House:
    """A hub under `corral up`, and a sidecar that `corral join` brought in."""

    def __init__(self, folder: Path) -> None:
        """Start the hub with short terms and wait until it serves."""
        self.folder = folder
        self.data = folder / "data"
        self._processes: list[subprocess.Popen[bytes]] = []
        terms = {"CORRAL_HEARTBEAT_MS": "500", "CORRAL_LEASE_MS": "3000"}
        self.up = self.start("up", "--port", "0", "--json", "--data", str(self.data), env=terms)
        assert self.up.stdout is not None
        serving = json.loads(self.up.stdout.readline())
        self.url, self.login_url = serving["url"], serving["login_url"]

    def start(self, *arguments: str, env: Mapping[str, str] | None = None) -> Any:
        """Start `corral …` and leave it running."""
        with (self.folder / f"{arguments[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                [*CORRAL, *arguments],
                env=os.environ | (env or {}),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self._processes.append(process)
        return process

    def corral(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `corral …` to its end, against this hub."""
        return subprocess.run(
            [*CORRAL, *arguments],
            env=os.environ | {"CORRAL_DATA": str(self.data), "COLUMNS": "80"},
            capture_output=True,
            text=True,
            timeout=WAIT_S,
            check=check,
        )

    def json(self, *arguments: str) -> Any:
        """What `corral … --json` prints."""
        return json.loads(self.corral(*arguments, "--json").stdout)

    def join(self, name: str, *programs: str) -> None:
        """Bring a sidecar in and wait until the hub sees it."""
        code = self.json("invite")["code"]
        allowed = [part for program in programs for part in ("--allow", program)]
        config = str(self.folder / name)
        rest = ["--config", config, "--name", name, "--capabilities", "small"]
        self.start("join", self.url, code, *rest, *allowed)
        until(lambda: any(a["status"] == "idle" for a in self.json("agents")["items"]))

    def hub_pid(self) -> int:
        """The process id of the hub itself, below `corral up`."""
        return int(json.loads((self.data / "runtime.json").read_text())["pid"])

    def close(self) -> None:
        """Stop everything that was started, the sidecars first."""
        for process in reversed(self._processes):
            process.terminate()
            try:
                process.wait(15)
            finally:
                process.kill()
                process.communicate()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A hub and a sidecar named birch that may run `sh` and `uname`."""
    house = House(tmp_path_factory.mktemp("house"))
    try:
        house.join("birch", "sh", "uname")
        yield house
    finally:
        house.close()


def test_the_links_log_in(house: House) -> None:
    """That of `up` and a fresh one, each once; no log has either of them."""
    address = urlsplit(house.url)
    hub = Hub.at(house.data, address.port or 0)
    for link in (house.login_url, house.json("dashboard")["login_url"]):
        page, _, code = link.partition("#code=")
        assert page == f"{house.url}/dashboard"
        assert Browser(hub).log_in(code=code).json["principal"] == "admin"
        assert Browser(hub).log_in(code=code).code == "invalid_code"
        assert code not in (house.folder / "up.log").read_text()


def test_a_command_runs_and_its_output_comes_back(house: House) -> None:
    """The one-minute promise of the README."""
    ended = house.corral("run", "--follow", "--", "uname", "-s")
    assert ended.stdout == os.uname().sysname + "\n"
    assert "ended as completed on birch" in ended.stderr


def test_a_failing_command_ends_with_its_own_exit_code(house: House) -> None:
    """Both streams are shown, and a script can see that it failed."""
    script = "echo out; echo err >&2; exit 3"
    ended = house.corral("run", "-f", "--attempts", "1", "--", "sh", "-c", script, check=False)
    assert ended.returncode == 8
    assert ended.stdout == "out\n"
    assert "err\n" in ended.stderr
    assert "ended as dead_letter" in ended.stderr


def test_output_comes_while_the_task_runs(house: House) -> None:
    """Following does not wait for the end."""
    script = "echo first; read line < gate"
    process = house.start(
        "run", "-f", "--data", str(house.data), "--", "sh", "-c", f"mkfifo gate; {script}"
    )
    assert process.stdout.readline() == b"first\n"
    running = house.json("tasks", "--state", "running")["items"]
    assert house.json("task", "cancel", running[0]["id"])["cancel_requested"]
    assert process.wait(WAIT_S) == 9


def test_what_nobody_offers_is_explained(house: House) -> None:
    """A person learns which capability is missing."""
    task_id = house.corral("run", "--needs", "quantum", "--", "uname").stdout.strip()
    assert "quantum" in house.corral("explain", task_id).stdout
    house.corral("task", "cancel", task_id)
    assert house.json("task", "show", task_id)["state"] == "cancelled"


def test_what_is_not_allowed_is_explained(house: House) -> None:
    """A program outside of the list is given back and waits for another agent."""
    task_id = house.corral("run", "--", "ls").stdout.strip()
    until(lambda: house.json("task", "show", task_id).get("rejections"))
    assert "birch" in house.corral("explain", task_id).stdout
    house.corral("task", "cancel", task_id)


def test_a_file_of_tasks_runs_to_its_end(house: House, tmp_path: Path) -> None:
    """Many tasks, one command."""
    task = {"description": "d", "run": {"kind": "command", "argv": ["uname"]}, "needs": ["small"]}
    file = tmp_path / "work.jsonl"
    file.write_text((json.dumps(task) + "\n") * 20)
    ended = house.corral("submit", str(file), "--json")
    ids = [json.loads(line)["id"] for line in ended.stdout.splitlines()]
    assert len(set(ids)) == 20
    until(lambda: all(house.json("task", "show", one)["state"] in ENDED for one in ids[-3:]))
    assert house.json("task", "show", ids[0])["state"] == "completed"


def test_a_killed_hub_comes_back_and_the_follower_stays(house: House) -> None:
    """`corral up` restarts it on its port, and a task that was followed ends well."""
    script = "echo before; sleep 3; echo after"
    process = house.start("run", "-f", "--data", str(house.data), "--", "sh", "-c", script)
    assert process.stdout.readline() == b"before\n"
    before = house.hub_pid()
    os.kill(before, signal.SIGKILL)
    until(lambda: house.hub_pid() != before)
    out, _ = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0
    assert out == b"after\n"


def test_a_second_hub_on_the_same_data_is_refused(house: House) -> None:
    """It says so at once, and is not tried again and again."""
    ended = house.corral("up", "--port", "0", "--data", str(house.data), check=False)
    assert ended.returncode == 2


def test_an_unknown_task_and_a_wrong_token(house: House) -> None:
    """Both are one sentence and an exit code."""
    assert house.corral("task", "show", "task-nope", check=False).returncode == 5
    ended = house.corral("tasks", "--url", house.url, "--token", "wrong", check=False)
    assert ended.returncode == 4
    assert "admin.token" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_up_ends_well_when_it_is_asked_to(tmp_path: Path) -> None:
    """SIGTERM reaches the hub, which stops gracefully."""
    house = House(tmp_path)
    try:
        house.up.send_signal(signal.SIGTERM)
        assert house.up.wait(WAIT_S) == 0
    finally:
        house.close()
    ended = house.corral("tasks", check=False)
    assert ended.returncode == 3
    assert "corral up" in ended.stderr
