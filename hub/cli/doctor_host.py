"""What `corral doctor` looks at on the machine: versions, open files, what contains a task."""

import ctypes
import os
import platform
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Final

import apsw

from hub.cli.doctor_report import Finding, Scene, fail, ok, skip, warn
from hub.store.connections import OLDEST_SQLITE
from sidecar.processes import LINUX

FEW_FILES: Final = 4_096
"""A hub with fewer open files serves about as many agents less what it needs itself."""
SPARE: Final = 256
OLDEST_PYTHON: Final = (3, 11)
PR_GET_CHILD_SUBREAPER: Final = 37
CGROUPS: Final = Path("/sys/fs/cgroup")
BWRAP_S: Final = 5.0
TRY_BWRAP: Final = ("--ro-bind", "/", "/", "--unshare-pid", "--die-with-parent", "true")


def versions(scene: Scene) -> Iterator[Finding]:
    """Python, SQLite and the packages that have to be exactly those that were tested."""
    python = platform.python_version()
    if sys.version_info[:2] < OLDEST_PYTHON:
        yield fail("python", f"Python is {python}.", "Install Python 3.11 or newer.")
    else:
        yield ok("python", f"Python is {python}, Corral {version('corral')}.")
    sqlite = apsw.sqlite_lib_version()
    if int(apsw.SQLITE_VERSION_NUMBER) < OLDEST_SQLITE:
        yield fail("sqlite", f"SQLite {sqlite} can damage a database.", "Upgrade apsw.")
    else:
        yield ok("sqlite", f"SQLite is {sqlite}.")
    yield _packages()


def _packages() -> Finding:
    name = "packages"
    wrong = [
        f"{package} {found} instead of {wanted}"
        for package, wanted in _pinned()
        if (found := _installed(package)) not in ("", wanted)
    ]
    if wrong:
        return warn(name, f"Not as tested: {', '.join(wrong)}.", "Install Corral anew.")
    return ok(name, "What has to be of an exact version is.")


def _pinned() -> Iterator[tuple[str, str]]:
    """The packages that Corral runs with in one version only, each with that version."""
    for requirement in requires("corral") or ():
        package, equals, wanted = requirement.partition("==")
        if equals and ";" not in requirement:
            yield package.partition("[")[0].strip(), wanted.strip()


def _installed(package: str) -> str:
    """The version of a package, or nothing when it is not there: it was an extra then."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def open_files(scene: Scene) -> Iterator[Finding]:
    """How many connections the limit of open files leaves room for."""
    name, limit = "open files", _limit(scene.hub_pid)
    whose = "The hub" if scene.hub_pid is not None else "A hub started here"
    text = f"{whose} may open {'any number of' if limit is None else f'{limit:,}'} files"
    if limit is not None and limit < FEW_FILES:
        yield warn(
            name,
            f"{text}, enough for about {max(0, limit - SPARE):,} agents and readers.",
            "Raise it with `ulimit -n 16384`, or LimitNOFILE=16384 in a systemd unit.",
        )
    else:
        yield ok(name, f"{text}.")


def _limit(pid: int | None) -> int | None:
    """The limit of a process, or the highest that a hub started here would get; None: none."""
    path = Path(f"/proc/{pid}/limits")
    if pid is not None and path.exists():
        line = next(each for each in path.read_text().splitlines() if "open files" in each)
        soft = line.split()[3]
        return None if soft == "unlimited" else int(soft)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return None if hard == resource.RLIM_INFINITY else hard


def containment(scene: Scene) -> Iterator[Finding]:
    """By what a sidecar on this machine finds and ends everything that a task started."""
    if not LINUX:
        yield warn(
            "containment",
            "Outside of Linux a task is known by its process group only.",
            "Run agents whose tools start own sessions on Linux.",
        )
        return
    yield _subreaper()
    yield _process_table()
    yield _cgroup()
    yield _bwrap()


def _subreaper() -> Finding:
    found = ctypes.c_int(0)
    if ctypes.CDLL(None).prctl(PR_GET_CHILD_SUBREAPER, ctypes.byref(found), 0, 0, 0) == 0:
        return ok("subreaper", "A sidecar can adopt what a task leaves behind.")
    return warn(
        "subreaper",
        "A sidecar cannot adopt what a task leaves behind.",
        "Use Linux 3.4 or newer, and allow prctl in the container's seccomp profile.",
    )


def _process_table() -> Finding:
    name = "processes"
    if not os.access("/proc/self/stat", os.R_OK):
        return fail(name, "/proc cannot be read.", "Mount it: a sidecar finds processes there.")
    if not os.access("/proc/1/stat", os.R_OK):
        return warn(
            name,
            "/proc hides the processes of other users.",
            "Fine while tasks stay with the sidecar's user; else mount /proc without hidepid.",
        )
    return ok(name, "/proc can be read.")


def _cgroup() -> Finding:
    name = "cgroup"
    if not (CGROUPS / "cgroup.controllers").exists():
        return skip(name, "This machine has no cgroup v2; a sidecar does without.")
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    own = next((line[3:] for line in lines if line.startswith("0::")), "/")
    place = CGROUPS / own.lstrip("/")
    if os.access(place, os.W_OK):
        return ok(name, f"cgroup v2 is writable at {place}.")
    return skip(name, "cgroup v2 is there, but not given to this user; a sidecar does without.")


def _bwrap() -> Finding:
    name = "bwrap"
    path = shutil.which("bwrap")
    if path is None:
        return skip(name, "bwrap is not installed; a sidecar does without.")
    try:
        ended = subprocess.run([path, *TRY_BWRAP], capture_output=True, timeout=BWRAP_S)
    except subprocess.TimeoutExpired:
        return skip(name, f"{path} did not end; a sidecar does without.")
    if ended.returncode == 0:
        return ok(name, f"{path} works.")
    words = ended.stderr.decode(errors="replace").strip().splitlines()[-1:]
    return skip(name, f"{path} may not be used here ({''.join(words)}); a sidecar does without.")
