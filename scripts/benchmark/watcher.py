"""The hub as it looks from outside while a load runs."""

import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from scripts.benchmark.bench import Say
from scripts.benchmark.figures import Settings
from scripts.benchmark.processes import cpu_seconds, memory_mib
from scripts.benchmark.subject import Hub


class Look(NamedTuple):
    """One look at the hub."""

    at: float
    """In seconds, on the monotonic clock."""
    cpu_s: float
    memory_mib: float


class Watcher:
    """Looks at the hub when the measured window begins and when it ends."""

    def __init__(self, hub: Hub, settings: Settings, profile: Path | None, say: Say) -> None:
        """Find the hub's processes now, so that nobody looks for them within the window."""
        self.hub = hub
        self.pids = hub.processes()
        self.settings = settings
        self.profile = profile
        self.say = say
        self.joined_mib: float | None = None
        """Its memory when all were connected, and nothing else had happened."""
        self.looks: list[Look] = []
        self.profiler: subprocess.Popen[bytes] | None = None

    def tick(self, word: str, numbers: list[int]) -> None:
        """Take one word of the load generator."""
        if word == "tick":
            second, results = numbers
            self.say(f"second {second} of {self.settings.seconds:g}: {results:,} results")
            return
        if word == "joined":
            self.joined_mib = memory_mib(self.pids)
            return
        # Memory is read after the other two at both ends: it takes longest.
        self.looks.append(Look(time.monotonic(), cpu_seconds(self.pids), memory_mib(self.pids)))
        if word == "begin" and self.profile:
            self.profiler = _start_profiler(self.hub.pid(), self.profile, self.settings.seconds)

    def hub_cores(self) -> float:
        """The share of a core the hub used within the window."""
        begin, end = self.looks[0], self.looks[-1]
        return (end.cpu_s - begin.cpu_s) / max(end.at - begin.at, 1e-9)

    def memory_mib(self) -> float:
        """The hub's memory at the window's begin or its end, whichever is more."""
        return max(look.memory_mib for look in self.looks)

    def close(self) -> None:
        """Wait for the profiler, if one runs, so that its file is whole."""
        if self.profiler:
            self.profiler.wait(60)


def _start_profiler(pid: int, path: Path, seconds: float) -> "subprocess.Popen[bytes]":
    """py-spy on one process."""
    return subprocess.Popen(
        ["py-spy", "record", "-p", str(pid), "-d", str(max(1, int(seconds) - 1)), "-o", str(path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
