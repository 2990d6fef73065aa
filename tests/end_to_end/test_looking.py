"""`corral doctor` and `corral top` with a real hub, in a real terminal."""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.cli.locate import ADMIN_TOKEN
from schemas.scalars import Role
from tests.transport.conftest import StartHub
from tests.transport.ranch import WITH_SEARCH, Hub, until

CORRAL = [sys.executable, "-m", "hub.cli"]


def environment(hub: Hub) -> dict[str, str]:
    """What a person on the hub's machine has."""
    named = {"CORRAL_DATA": str(hub.data), "CORRAL_CONFIG": "", "COLUMNS": "80"}
    return {**os.environ, **named, "TERM": "xterm-256color"}


def corral(hub: Hub, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*CORRAL, *arguments],
        env=environment(hub),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def examined(hub: Hub, exit_code: int = 0) -> dict[str, Any]:
    """What the doctor finds, by check."""
    ended = corral(hub, "doctor", "--json")
    assert (ended.returncode, ended.stderr) == (exit_code, "")
    return {each["check"]: each for each in json.loads(ended.stdout)["checks"]}


def with_token(hub: Hub) -> Hub:
    """The hub, with the admin's token where the command line finds it."""
    (hub.data / ADMIN_TOKEN).write_text(hub.tokens[Role.ADMIN])
    return hub


def names(folder: Path) -> set[str]:
    """Every file in a directory."""
    return {path.name for path in folder.iterdir()}


def test_a_sound_hub_has_no_failure(own_hub: StartHub) -> None:
    """Everything is looked at, and nothing is left behind."""
    hub = with_token(own_hub())
    hub.submit()
    before = names(hub.data)
    found = examined(hub)
    assert {"lock", "database", "history", "port", "hub", "token", "clock"} <= found.keys()
    assert all(found[name]["verdict"] == "ok" for name in ("database", "history", "token", "lock"))
    assert str(hub.pid) in found["lock"]["message"]
    assert "role admin" in found["token"]["message"]
    assert names(hub.data) == before


def test_a_killed_hub_is_found_and_its_wal_left_alone(own_hub: StartHub) -> None:
    """What it had made durable is read from the WAL, and the next start goes on with it."""
    hub = with_token(own_hub())
    task_id = hub.submit()
    hub.kill()
    before = {path.name: path.read_bytes() for path in hub.data.iterdir() if path.is_file()}
    assert before["hub.db-wal"]
    found = examined(hub, exit_code=10)
    assert "died" in found["lock"]["message"]
    assert found["hub"]["verdict"] == "fail"
    assert found["database"]["verdict"] == found["history"]["verdict"] == "ok"
    after = {path.name: path.read_bytes() for path in hub.data.iterdir() if path.is_file()}
    assert after == before
    hub.start()
    assert hub.task(task_id)["id"] == task_id


def test_a_hub_that_hangs_is_told_from_one_that_is_gone(own_hub: StartHub) -> None:
    """It holds its directory and does not answer."""
    hub = with_token(own_hub())
    hub.signal(signal.SIGSTOP)
    try:
        found = examined(hub, exit_code=10)
    finally:
        hub.signal(signal.SIGCONT)
    assert found["lock"]["verdict"] == "ok"
    assert f"process {hub.pid}, does not answer" in found["hub"]["message"]


class Screen:
    """A terminal of 80 columns and 24 lines with `corral top` in it."""

    def __init__(self, hub: Hub) -> None:
        """Start it."""
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        variables = environment(hub)
        del variables["COLUMNS"]
        self.process = subprocess.Popen(
            [*CORRAL, "top"], env=variables, stdin=slave, stdout=slave, stderr=slave
        )
        os.close(slave)
        self.text = ""

    def press(self, keys: bytes) -> None:
        """Type something."""
        os.write(self.master, keys)

    def shows(self, text: str, within_s: float = 15.0) -> None:
        """Wait until it has drawn this."""
        self._until(lambda: text in self.text, within_s)
        self.text = self.text.partition(text)[2]

    def ends(self, within_s: float = 15.0) -> int:
        """Wait for its end; the exit code."""
        self._until(lambda: self.process.poll() is not None, within_s)
        return self.process.wait()

    def _until(self, fact: Callable[[], bool], within_s: float) -> None:
        deadline = time.monotonic() + within_s
        while not fact():
            assert time.monotonic() < deadline, self.text[-2000:]
            if select.select([self.master], [], [], 0.1)[0]:
                self._read()

    def _read(self) -> None:
        try:
            self.text += os.read(self.master, 65_536).decode(errors="replace")
        except OSError:
            # The other end is closed, which is how a terminal says that the program ended.
            self.process.wait(5)

    def close(self) -> None:
        """End it, if it still runs."""
        self.process.kill()
        self.process.wait()
        os.close(self.master)


@pytest.fixture
def screen(own_hub: StartHub) -> Iterator[tuple[Hub, Screen]]:
    """A hub and a terminal that watches it."""
    hub = with_token(own_hub())
    screen = Screen(hub)
    yield hub, screen
    screen.close()


def test_what_happens_is_seen_live(screen: tuple[Hub, Screen]) -> None:
    """Events come by themselves; p holds the picture, q ends it and gives the terminal back."""
    hub, top = screen
    top.shows("corral top")
    task_id = hub.submit()
    top.shows(task_id[-11:])
    top.press(b"p")
    top.shows("held: p goes on")
    top.press(b"pq")
    assert top.ends() == 0
    assert top.text.rstrip().endswith("\x1b[?1049l")


def test_a_hub_that_goes_away_comes_back(screen: tuple[Hub, Screen]) -> None:
    """The last picture stays, with how long nobody has answered."""
    hub, top = screen
    top.shows("corral top")
    hub.kill()
    top.shows("no answer for")
    hub.start()
    task_id = hub.submit()
    top.shows(task_id[-11:])
    top.press(b"q")
    assert top.ends() == 0


def test_one_frame_and_one_document(own_hub: StartHub) -> None:
    """For those who do not watch."""
    hub = with_token(own_hub())
    hub.submit()
    until(lambda: json.loads(corral(hub, "top", "--json").stdout)["tasks"]["states"]["queued"] == 1)
    page = corral(hub, "top", "--once").stdout
    assert "task.created" in page
    assert max(map(len, page.splitlines())) <= 80


def test_the_doctor_looks_at_the_search(own_hub: StartHub) -> None:
    """How far its index is; a hub without one has nothing to be looked at."""
    hub = with_token(own_hub(**WITH_SEARCH))
    hub.submit()
    until(lambda: hub.get("/search?q=test")["items"])
    assert examined(hub)["search"]["verdict"] == "ok"
    assert examined(with_token(own_hub()))["search"]["verdict"] == "skip"
