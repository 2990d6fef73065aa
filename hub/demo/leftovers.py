"""Processes that tasks wrote down, and whether they still run.

A process id may be given to another process once its owner has ended. So a process only
counts as a task's while its arguments name the file that the task wrote the id into.
"""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")


def pids_in(notes: Path) -> list[int]:
    """The process ids in a file of notes, none when there is no such file."""
    return [int(line) for line in notes.read_text().split()] if notes.exists() else []


def runs(pid: int, notes: Path) -> bool:
    """Whether the process that wrote its id into `notes` still runs."""
    return str(notes) in _arguments(pid)


def wait_until_gone(pid: int, notes: Path, within_s: float) -> bool:
    """Whether the process ends in time."""
    deadline = time.monotonic() + within_s
    while runs(pid, notes) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not runs(pid, notes)


def end_all(folder: Path) -> None:
    """Kill every process noted in a folder that no sidecar took care of."""
    for notes in folder.iterdir():
        for pid in pids_in(notes):
            if runs(pid, notes):
                os.kill(pid, signal.SIGKILL)


def _arguments(pid: int) -> str:
    """The command line of a process, empty when there is none or it has ended."""
    if (PROC / "self").exists():
        try:
            return (PROC / str(pid) / "cmdline").read_text(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return ""
    shown = subprocess.run(
        ["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout
