"""Processes that tasks wrote down."""

import subprocess
import sys
from pathlib import Path

import pytest

from hub.demo import leftovers

STAY = "import os, pathlib, sys, time; pathlib.Path(sys.argv[1]).write_text(f'{os.getpid()}\\n');"


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Where a process writes its id."""
    return tmp_path / "notes"


def test_a_leftover_is_ended(notes: Path) -> None:
    """A process that names its notes is a task's, and is killed."""
    command = [sys.executable, "-c", STAY + "print(1, flush=True); time.sleep(60)", str(notes)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert leftovers.runs(process.pid, notes)
        leftovers.end_all(notes.parent)
        assert process.wait(5) == -9
    assert not leftovers.runs(process.pid, notes)


def test_a_process_id_of_somebody_else_is_left_alone(notes: Path) -> None:
    """An id may have been given to another process meanwhile."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        notes.write_text(f"{process.pid}\n")
        leftovers.end_all(notes.parent)
        assert process.poll() is None
        process.communicate(b"\n")
        assert process.returncode == 0


def test_one_that_has_ended_is_gone(notes: Path) -> None:
    """Waiting ends at once when there is nothing to wait for."""
    ended = subprocess.run([sys.executable, "-c", STAY, str(notes)], check=True)
    assert ended.returncode == 0
    assert leftovers.wait_until_gone(leftovers.pids_in(notes)[0], notes, within_s=0.0)
    assert leftovers.pids_in(notes.parent / "nothing") == []
