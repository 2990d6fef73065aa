"""The hub as it looks from outside while a load runs."""

import subprocess
import time
from pathlib import Path

from scripts.benchmark.bench import Say
from scripts.benchmark.figures import Settings
from scripts.benchmark.processes import ProcessTimes, process_times
from scripts.benchmark.subject import Hub


class Watcher:
    """Looks at the hub when the measured window begins and when it ends."""

    def __init__(self, hub: Hub, settings: Settings, profile: Path | None, say: Say) -> None:
        """Find the hub's processes now, so that a look within the window costs next to nothing."""
        self.pids = hub.processes()
        self.settings = settings
        self.profile = profile
        self.say = say
        self.joined: ProcessTimes | None = None
        """When all were connected, and nothing else had happened."""
        self.looks: list[tuple[float, ProcessTimes]] = []
        self.profiler: subprocess.Popen[bytes] | None = None

    def tick(self, word: str, numbers: list[int]) -> None:
        """Take one word of the load generator."""
        if word == "tick":
            second, results = numbers
            self.say(f"second {second} of {self.settings.seconds:g}: {results:,} results")
            return
        look = process_times(self.pids)
        if word == "joined":
            self.joined = look
            return
        self.looks.append((time.monotonic(), look))
        if word == "begin" and self.profile:
            self.profiler = _start_profiler(self.pids[-1], self.profile, self.settings.seconds)

    def hub_cores(self) -> float:
        """The share of a core the hub used within the window."""
        (begin, before), (end, after) = self.looks[0], self.looks[-1]
        return (after.cpu_s - before.cpu_s) / max(end - begin, 1e-9)

    def resident_mib(self) -> float:
        """The hub's memory at the window's begin or its end, whichever is more."""
        return max(look.resident_mib for _, look in self.looks)

    def close(self) -> None:
        """Wait for the profiler, if one runs, so that its file is whole."""
        if self.profiler:
            self.profiler.wait(60)


def _start_profiler(pid: int, path: Path, seconds: float) -> "subprocess.Popen[bytes]":
    """py-spy on the hub itself: the last descendant, whoever started it on the way."""
    return subprocess.Popen(
        ["py-spy", "record", "-p", str(pid), "-d", str(max(1, int(seconds) - 1)), "-o", str(path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
