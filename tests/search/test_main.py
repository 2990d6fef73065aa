"""The process that feeds the index: how it gives way to the hub, and how it ends."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from hub.search.__main__ import _die_with_input, _give_way
from tests.search.desk import Desk
from tests.transport.ranch import PATIENCE, until


def test_it_goes_on_where_it_may_not_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container may forbid to change the class of a process."""
    asked: list[str] = []

    def refuse(*_: object) -> None:
        asked.append("class")
        raise PermissionError

    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(os, "nice", lambda _: asked.append("nice"))
    for name, value in (("SCHED_IDLE", 5), ("sched_param", int), ("sched_setscheduler", refuse)):
        monkeypatch.setattr(os, name, value, raising=False)
    _give_way()
    assert asked == ["nice", "class"]


def test_it_goes_on_where_it_cannot_be_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it sees by itself that its input has ended."""
    asked: list[str] = []

    def refuse(*_: object) -> None:
        asked.append("owner")
        raise PermissionError

    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(fcntl, "fcntl", refuse)
    _die_with_input()
    assert asked == ["owner"]


@contextmanager
def feeder(desk: Desk, source: int) -> Iterator[subprocess.Popen[bytes]]:
    """The process itself, with this input, which it alone keeps open."""
    command = [sys.executable, "-m", "hub.search", str(desk.folder)]
    with subprocess.Popen(command, stdin=source) as child:
        os.close(source)
        try:
            yield child
        finally:
            child.kill()


def feeds(desk: Desk, child: subprocess.Popen[bytes]) -> bool:
    """Whether the process is at work."""
    lock = desk.folder / "search.lock"
    return lock.exists() and lock.read_text() == f"{child.pid}\n"


def test_it_ends_at_once_with_its_input(desk: Desk) -> None:
    """It is killed where the system can do so: an orderly end may take it a minute."""
    source, hub_end = os.pipe()
    with feeder(desk, source) as child:
        until(partial(feeds, desk, child))
        os.close(hub_end)
        killed = -signal.SIGIO if sys.platform == "linux" else 0
        assert child.wait(PATIENCE) == killed


def test_it_ends_when_its_input_had_ended_before(desk: Desk) -> None:
    """The hub may die while its child begins."""
    source, hub_end = os.pipe()
    os.close(hub_end)
    with feeder(desk, source) as child:
        assert child.wait(PATIENCE) == 0
    assert not (desk.folder / "search.lock").exists()
