"""The process table, with real processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sidecar import processes
from tests.transport.ranch import until

LISTING = """
    1     0     1 Ss   Thu Nov 20 10:00:00 2026
   77     1    77 S+   Thu Nov 20 10:00:01 2026
   78    77    77 Z    Thu Nov 20 10:00:02 2026
   79    77    79 R    Thu Nov 20 10:00:03 2026
"""


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing, in its own session, with a mark."""
    with subprocess.Popen(
        ["sleep", "60"], start_new_session=True, env={**os.environ, "SHEEP": "17"}
    ) as popen:
        if sys.platform == "linux":
            # A new program has its environment a moment after it has begun.
            until(Path(f"/proc/{popen.pid}/environ").read_bytes)
        yield popen
        popen.kill()


def test_a_listing_of_ps_is_read() -> None:
    """Where there is no /proc, `ps` gives the same table."""
    table = processes.parse_listing(LISTING.strip())
    found = processes.tree(table, 77, "Thu Nov 20 10:00:01 2026", b"")
    assert {one.pid for one in found} == {77, 78, 79}
    assert {one.pid for one in processes.living(found)} == {77, 79}


def test_a_process_is_known_by_its_start(sleeper: subprocess.Popen[bytes]) -> None:
    """The table shows parent, session and a start time that stays the same."""
    one = processes.read_process(sleeper.pid)
    assert one is not None
    assert (one.parent, one.session, one.zombie) == (os.getpid(), sleeper.pid, False)
    assert processes.read_table()[sleeper.pid].started == one.started


def test_another_process_with_the_same_number_is_not_ours(
    sleeper: subprocess.Popen[bytes],
) -> None:
    """A reused process id does not get anybody killed."""
    table = processes.read_table()
    assert processes.tree(table, sleeper.pid, "another start", b"NO=mark") == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_the_mark_finds_a_process_without_parents(sleeper: subprocess.Popen[bytes]) -> None:
    """Whoever has it in its environment belongs to the tree."""
    found = processes.tree(processes.read_table(), -1, None, b"SHEEP=17")
    assert [one.pid for one in found] == [sleeper.pid]


def test_a_signal_does_not_reach_a_successor(sleeper: subprocess.Popen[bytes]) -> None:
    """Between reading the table and the signal the number may have changed hands."""
    one = processes.read_process(sleeper.pid)
    assert one is not None
    processes.send_signal([one._replace(started="earlier")], signal.SIGKILL)
    assert sleeper.poll() is None
    processes.send_signal([one], signal.SIGKILL)
    assert sleeper.wait(5) == -signal.SIGKILL


def test_a_process_that_is_gone_is_none() -> None:
    """It is not an error to ask."""
    with subprocess.Popen(["true"]) as popen:
        popen.wait()
    assert processes.read_process(popen.pid) is None
    processes.reap([popen.pid])


@pytest.mark.skipif(sys.platform != "linux", reason="needs a subreaper")
def test_strays_are_killed_when_nothing_runs() -> None:
    """Without mark, session or parents, a hidden daemon is still the subreaper's child."""
    code = (
        "import os, subprocess, sys, time\n"
        "from sidecar import processes\n"
        "assert processes.become_subreaper()\n"
        "hide = 'import os, time; os.fork() and os._exit(0); os.setsid(); time.sleep(60)'\n"
        "subprocess.run(['env', '-i', sys.executable, '-c', hide])\n"
        "assert processes.end_strays() == 1\n"
        "end = time.monotonic() + 5\n"
        "def children():\n"
        "    processes.end_strays()\n"
        "    return [p for p in processes.read_table().values() if p.parent == os.getpid()]\n"
        "while children() and time.monotonic() < end: time.sleep(0.01)\n"
        "sys.exit(bool(children()))\n"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=20, check=False).returncode == 0
