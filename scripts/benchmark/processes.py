"""What the system tells about processes: the time they used, their memory, their children."""

import os
from pathlib import Path
from typing import Final

from msgspec import Struct

TICKS: Final = os.sysconf("SC_CLK_TCK")
PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class ProcessTimes(Struct, frozen=True):
    """One look at a process and all it started."""

    cpu_s: float
    resident_mib: float


def family(pid: int) -> list[int]:
    """The process and all its descendants that still run."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [pid]
    for each in found:
        found.extend(children.get(each, []))
    return found


def process_times(pids: list[int]) -> ProcessTimes:
    """CPU seconds (user and system) and resident MiB, added up; ended processes count 0."""
    stats = [fields for pid in pids if (fields := _stat(pid))]
    return ProcessTimes(
        cpu_s=sum(int(fields[11]) + int(fields[12]) for fields in stats) / TICKS,
        resident_mib=sum(int(fields[21]) for fields in stats) * PAGE / 2**20,
    )


def _stat(pid: int) -> list[str]:
    """The fields of `/proc/PID/stat` from the state on; empty when the process has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text.rpartition(")")[2].split()
