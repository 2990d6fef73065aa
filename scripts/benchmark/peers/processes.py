"""Processes of the comparison: started on a core of their own, and ended whatever happens."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from scripts.benchmark.faults import NO_LOAD, BenchmarkError
from scripts.benchmark.processes import family

START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 10.0
Cores = set[int] | None


@contextmanager
def running(
    command: list[str],
    log: Path,
    cores: Cores,
    *,
    environment: Mapping[str, str] | None = None,
    user: str | None = None,
    stop: signal.Signals = signal.SIGTERM,
) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that writes into `log`; at the end it and all it started are gone.

    `user` runs it as another account, which only root may ask for. Raises BenchmarkError when
    it cannot be started at all.
    """
    with log.open("ab") as output:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=log.parent,
                user=user,
            )
        except OSError as wrong:
            raise BenchmarkError(NO_LOAD, f"cannot start {command[0]}: {wrong}") from wrong
    try:
        if cores:
            os.sched_setaffinity(process.pid, cores)
        yield process
    finally:
        end(process, stop)


def end(process: "subprocess.Popen[bytes]", stop: signal.Signals = signal.SIGTERM) -> None:
    """Ask a process to end, and kill what is left of it and its children after a while."""
    if process.poll() is not None:
        return
    pids = family(process.pid)
    process.send_signal(stop)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pid in pids[1:]:
        _kill(pid)


def _kill(pid: int) -> None:
    """Kill a process that is not our child, and wait until it is gone."""
    deadline = time.monotonic() + STOP_SECONDS
    while is_running(pid) and time.monotonic() < deadline:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    """Whether there is such a process, other than one that only waits to be forgotten."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(
    is_ready: Callable[[], bool], process: "subprocess.Popen[bytes]", log: Path, name: str
) -> None:
    """Wait for a server; raises BenchmarkError, with its last words, when it is not ready."""
    deadline = time.monotonic() + START_SECONDS
    while not is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise BenchmarkError(NO_LOAD, f"{name} did not start: {last_words(log)}")
        time.sleep(0.02)


def listens(port: int) -> bool:
    """Whether somebody accepts connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def last_words(log: Path) -> str:
    """The end of a log on one line, or `nothing said`."""
    lines = log.read_text(errors="replace").splitlines()[-3:] if log.exists() else []
    return " / ".join(line.strip() for line in lines if line.strip()) or "nothing said"
