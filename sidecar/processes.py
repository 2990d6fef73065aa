"""The process table: who descends from whom, and how to end a whole tree.

On Linux it reads `/proc`, and the sidecar is a child subreaper: a descendant that left its
session and lost its parents becomes our child, so it can still be found. Elsewhere `ps`
gives the tree and the process group.
"""

import ctypes
import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

LINUX: Final = sys.platform.startswith("linux")
_PR_SET_CHILD_SUBREAPER: Final = 36
_LOOKS: Final = 5
_LOOK_SECONDS: Final = 0.002
_PS: Final = ("ps", "-A", "-o", "pid=,ppid=,pgid=,stat=,lstart=")


class Process(NamedTuple):
    """One line of the process table."""

    pid: int
    parent: int
    group: int
    session: int
    """0 where it cannot be known."""
    started: str
    """When it started, in a form that is only good for comparing."""
    zombie: bool


Table = dict[int, Process]


def become_subreaper() -> bool:
    """Adopt orphaned descendants. False where the system cannot do it."""
    if not LINUX:
        return False
    return bool(ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


def read_table() -> Table:
    """Every process of the machine."""
    if not LINUX:
        listing = subprocess.run(_PS, capture_output=True, text=True, check=True, timeout=10)
        return parse_listing(listing.stdout)
    found = (read_process(int(name)) for name in os.listdir("/proc") if name.isdecimal())
    return {one.pid: one for one in found if one is not None}


def parse_listing(listing: str) -> Table:
    """The table in the output of `ps` with the columns pid, ppid, pgid, stat, lstart."""
    table = {}
    for line in listing.splitlines():
        pid, parent, group, state, started = line.split(maxsplit=4)
        table[int(pid)] = Process(
            int(pid), int(parent), int(group), 0, started, state.startswith("Z")
        )
    return table


def read_process(pid: int) -> Process | None:
    """One process, or None when it is gone."""
    if not LINUX:
        return read_table().get(pid)
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name stands in brackets and may itself hold brackets and spaces.
    fields = stat[stat.rindex(b")") + 2 :].split()
    started = f"{_boot()}:{int(fields[19])}"
    return Process(pid, int(fields[1]), int(fields[2]), int(fields[3]), started, fields[0] in b"ZX")


@functools.cache
def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def is_marked(pid: int, mark: bytes, *, patient: bool = False) -> bool:
    """Whether the process began with `NAME=value` bytes `mark` in its environment.

    While a process replaces its program its environment reads as empty; `patient` looks
    again for a few milliseconds.
    """
    for _ in range(_LOOKS if patient else 1):
        try:
            environ = Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            return False
        if environ:
            return mark in environ.split(b"\0")
        if patient:
            time.sleep(_LOOK_SECONDS)
    return False


def tree(
    table: Table, root: int, since: str | None, mark: bytes, *, adopter: int | None = None
) -> list[Process]:
    """The processes of the tree that `root`, started at `since`, began; zombies as well.

    They are known by session, group and descent, and by the mark where the chain of parents
    is broken. With `adopter`, only its children can be such orphans; without it every
    process may be, and a missing `root` proves nothing about its session.
    """
    leader = table.get(root)
    ours = adopter is not None if leader is None else leader.started == since
    found = {
        one.pid for one in table.values() if ours and root in (one.pid, one.group, one.session)
    }
    orphans = [p.pid for p in table.values() if not p.zombie and adopter in (None, p.parent)]
    patient = adopter is not None
    found.update(p for p in orphans if p not in found and is_marked(p, mark, patient=patient))
    found = _with_descendants(table, found)
    return [table[pid] for pid in found - {os.getpid()}]


def living(found: Iterable[Process]) -> list[Process]:
    """Those that can still do something."""
    return [one for one in found if not one.zombie]


def end_strays() -> int:
    """Kill every child we did not start, when nothing of ours runs; how many there were.

    They are what a task hid from us: without mark, session or parent. They can only be told
    apart while no task runs.
    """
    table, me = read_table(), os.getpid()
    children = {one.pid for one in table.values() if one.parent == me}
    reap(pid for pid in children if table[pid].zombie)
    strays = living(table[pid] for pid in _with_descendants(table, children))
    send_signal(strays, signal.SIGKILL)
    return len(strays)


def _with_descendants(table: Table, roots: set[int]) -> set[int]:
    found = fresh = roots
    while fresh:
        fresh = {one.pid for one in table.values() if one.parent in fresh} - found
        found = found | fresh
    return found


def send_signal(processes: Iterable[Process], number: signal.Signals) -> None:
    """Signal each process that is still the one it was when the table was read."""
    for one in processes:
        now = read_process(one.pid)
        if now is not None and now.started == one.started:
            try:
                os.kill(one.pid, number)
            except (ProcessLookupError, PermissionError):
                continue


def reap(pids: Iterable[int]) -> None:
    """Take the exit status of adopted processes that ended, so that no zombie stays."""
    for pid in pids:
        try:
            os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            continue
