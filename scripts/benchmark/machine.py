"""The machine the benchmark runs on: what it is, how fast its disk syncs, which cores to use."""

import os
import platform
import subprocess
import time
from pathlib import Path
from typing import Final

import apsw

from scripts.benchmark.figures import Machine, percentile

SYNCS: Final = 200
SYNC_BYTES: Final = 4096
PAGES: Final = ":(exclude)docs/benchmarks*"


def two_cores() -> tuple[set[int], set[int]] | None:
    """A core for the hub and another for the load; None when this process has only one.

    Ask before pinning this process itself: afterwards it has only the one it was given.
    """
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        return None
    return {allowed[0]}, {allowed[1]}


def describe(folder: Path) -> Machine:
    """Look at the machine and time the disk under `folder`, which must exist."""
    p50, p99 = sync_times(folder)
    return Machine(
        cores=os.cpu_count() or 1,
        processor=processor_name(Path("/proc/cpuinfo").read_text()),
        kernel=platform.release(),
        python=platform.python_version(),
        sqlite=apsw.sqlite_lib_version(),
        pinned=two_cores() is not None,
        load_before=os.getloadavg()[0],
        filesystem=filesystem(folder, Path("/proc/mounts").read_text()),
        sync_p50_ms=p50,
        sync_p99_ms=p99,
    )


def processor_name(cpuinfo: str) -> str:
    """The name of the first processor in the text of `/proc/cpuinfo`, or its architecture."""
    for line in cpuinfo.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.machine()


def filesystem(folder: Path, mounts: str) -> str:
    """The type of the file system that holds `folder`, by the text of `/proc/mounts`."""
    best, kind = "", "unknown"
    place = folder.resolve()
    for line in mounts.splitlines():
        _, point, found, *_ = line.split()
        if place.is_relative_to(point) and len(point) >= len(best):
            best, kind = point, found
    return kind


def sync_times(folder: Path) -> tuple[float, float]:
    """p50 and p99 in ms of appending a page to a file in `folder` and syncing it."""
    path = folder / "sync-probe"
    page = bytes(SYNC_BYTES)
    times = []
    with path.open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            file.write(page)
            begin = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - begin) * 1000)
    path.unlink()
    times.sort()
    return percentile(times, 50), percentile(times, 99)


def commit(root: Path) -> tuple[str, bool]:
    """The commit the checkout stands on, and whether any tracked file differs from it.

    Pages of benchmarks do not count: one that was just written changes nothing in the next.
    """
    return (
        _git(root, "rev-parse", "--short=12", "HEAD") or "unknown",
        bool(_git(root, "status", "--porcelain", "--untracked-files=no", "--", ".", PAGES)),
    )


def _git(root: Path, *arguments: str) -> str:
    try:
        asked = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return ""
    return asked.stdout.strip()
