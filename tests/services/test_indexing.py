"""The process that feeds the search index: it lives and dies with the hub, and never hurts it."""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hub.services import indexing
from hub.services.indexing import Indexing
from tests.transport.conftest import StartHub
from tests.transport.ranch import PATIENCE, WITH_SEARCH, Hub, until


def feeder_of(hub: Hub) -> int:
    """The process that feeds the index; waits until there is one."""
    lock = hub.data / "search.lock"

    def said() -> int:
        text = lock.read_text().strip() if lock.exists() else ""
        return int(text) if text and lives(int(text)) else 0

    return int(until(said))


def lives(pid: int) -> bool:
    """Whether the process is there, be it as a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def dies(pid: int) -> bool:
    """Whether it is gone."""
    return not lives(pid)


def titles(hub: Hub, query: str) -> list[str]:
    """What is found now."""
    return [item["title"] for item in hub.get(f"/search?q={query}")["items"]]


def test_it_comes_back_when_it_dies(own_hub: StartHub) -> None:
    """And goes on where it was; the hub says so in its log, and stays as it is."""
    hub = own_hub(**WITH_SEARCH)
    hub.submit(description="the first needle")
    until(lambda: titles(hub, "needle") == ["the first needle"])
    first = feeder_of(hub)
    os.kill(first, signal.SIGKILL)
    hub.submit(description="the second needle")
    until(lambda: titles(hub, "needle") == ["the second needle", "the first needle"])
    assert feeder_of(hub) != first
    assert any("not fed" in line["message"] for line in hub.log_lines())
    assert hub.http("GET", "/ready", role=None).status == 200


@pytest.mark.skipif(sys.platform != "linux", reason="other systems know no such class")
def test_it_gives_way_to_the_hub(own_hub: StartHub) -> None:
    """It has the processor only when nobody else wants it."""
    pid = feeder_of(own_hub(**WITH_SEARCH))
    assert os.sched_getscheduler(pid) == os.SCHED_IDLE


def test_it_ends_with_the_hub(own_hub: StartHub) -> None:
    """Whether that stops in order or is killed; nothing of it is left."""
    hub = own_hub(**WITH_SEARCH)
    for end in (hub.stop, hub.kill):
        pid = feeder_of(hub)
        until((hub.data / "search.db").exists)
        end()
        # It dies when it has the processor, for which it comes last.
        until(partial(dies, pid), 2 * PATIENCE)
        assert not (hub.data / "search.db.new").exists()
        hub.start()


def test_an_index_of_another_history_is_made_anew(own_hub: StartHub, tmp_path: Path) -> None:
    """An older database was put back: what it never had is not found, what is new is."""
    hub = own_hub(**WITH_SEARCH)
    hub.submit(description="kept needle")
    until(lambda: len(titles(hub, "needle")) == 1)
    hub.stop()
    shutil.copy(hub.data / "hub.db", tmp_path / "copy")
    hub.start()
    hub.submit(description="lost needle")
    until(lambda: len(titles(hub, "needle")) == 2)
    hub.stop()
    shutil.copy(tmp_path / "copy", hub.data / "hub.db")
    hub.start()
    hub.submit(description="new pin and needle")
    until(lambda: titles(hub, "needle") == ["new pin and needle", "kept needle"])
    assert titles(hub, "lost") == []


def test_a_damaged_index_is_made_anew(own_hub: StartHub) -> None:
    """It holds nothing that cannot be made again."""
    hub = own_hub(**WITH_SEARCH)
    hub.submit(description="the needle")
    until(lambda: len(titles(hub, "needle")) == 1)
    hub.stop()
    (hub.data / "search.db").write_bytes(b"no database" * 5_000)
    hub.start()
    until(lambda: len(titles(hub, "needle")) == 1)


def test_a_hub_without_search_has_no_second_process(own_hub: StartHub) -> None:
    """And says so to whoever asks."""
    hub = own_hub()
    reply = hub.http("GET", "/api/v1/search?q=needle")
    assert (reply.status, reply.code) == (400, "unsupported")
    assert not list(hub.data.glob("search*"))


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is logged of each end of the child, with short pauses between its lives."""
    ends: list[dict[str, Any]] = []

    class Log:
        def bind(self, **bound: Any) -> "Log":
            ends.append(bound)
            return self

        def warning(self, _text: str) -> None:
            """Nothing more is kept."""

    monkeypatch.setattr(indexing, "logger", Log())
    monkeypatch.setattr(indexing, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(indexing, "STOP_S", 0.2)
    return ends


async def reached(fact: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(20):
        while not fact():  # noqa: ASYNC110 - the fact is about a process
            await asyncio.sleep(0.01)


def python(text: str) -> Indexing:
    """A keeper of a child that does this."""
    return Indexing([sys.executable, "-c", text])


def fail(name: str, error: BaseException) -> None:
    """The keeper may not die."""
    raise AssertionError(name) from error


async def test_each_pause_is_longer(said: list[dict[str, Any]]) -> None:
    """A child that dies at once is not started in a hurry; its last words are kept."""
    keeper = python("import sys; sys.exit('x' * 9000 + 'sorry')")
    keeper.start(fail)
    await reached(lambda: len(said) >= 3)
    await keeper.stop()
    assert [end["pause_s"] for end in said[:3]] == [0.01, 0.02, 0.04]
    assert said[0]["status"] == 1
    assert said[0]["said"].strip().endswith("sorry")
    assert len(said[0]["said"]) <= indexing.SAID_BYTES


async def test_a_program_that_is_not_there_is_no_end(said: list[dict[str, Any]]) -> None:
    """It is tried again, later."""
    keeper = Indexing(["/nowhere/python"])
    keeper.start(fail)
    await reached(lambda: len(said) >= 2)
    await keeper.stop()
    assert said[0]["status"] is None


@pytest.mark.parametrize("text", ["import sys; sys.stdin.read()", "import time; time.sleep(600)"])
async def test_stopping_leaves_nothing(said: list[dict[str, Any]], text: str) -> None:
    """A child that does not end with its input is killed."""
    keeper = python(text)
    keeper.start(fail)
    await reached(lambda: keeper.pid is not None)
    pid = keeper.pid or 0
    await keeper.stop()
    await keeper.stop()
    assert not lives(pid)
    assert not said


LATE = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[1]).touch()
time.sleep(600)
"""


async def test_stopping_does_not_wait_for_a_child_that_dies_late(
    said: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub would be killed itself, by whoever waits for its end.

    No process can be made to outlive a SIGKILL for long; one that is deaf to a milder signal
    stands for it.
    """
    monkeypatch.setattr(asyncio.subprocess.Process, "kill", asyncio.subprocess.Process.terminate)
    deaf = tmp_path / "deaf"
    keeper = Indexing([sys.executable, "-c", LATE, str(deaf)])
    keeper.start(fail)
    await reached(deaf.exists)
    pid = keeper.pid or 0
    try:
        async with asyncio.timeout(20):
            await keeper.stop()
            await keeper.stop()
        assert lives(pid)
        assert keeper.pid is None
    finally:
        os.kill(pid, signal.SIGKILL)
        await reached(partial(dies, pid))
    assert not said
