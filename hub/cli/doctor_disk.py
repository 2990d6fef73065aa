"""What `corral doctor` looks at on the disk: room, the time of an fsync, its file system."""

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hub.cli.doctor_report import Finding, Scene, fail, ok, skip, warn
from schemas.scalars import MIB

LEAST_BYTES: Final = 256 * MIB
"""Below this a disk counts as full."""
LEAST_SHARE: Final = 0.05
SYNCS: Final = 9
SLOW_MS: Final = 30.0
"""An fsync that takes longer limits a hub to a few dozen commits a second."""
NETWORK: Final = frozenset(
    {"9p", "afs", "ceph", "cifs", "fuse.sshfs", "glusterfs", "lustre", "nfs", "nfs4", "smb3"}
)
IN_MEMORY: Final = frozenset({"ramfs", "tmpfs"})
MOUNTS: Final = Path("/proc/self/mountinfo")


def disk(scene: Scene) -> Iterator[Finding]:
    """Room, speed and kind of the disk under the data directory."""
    return examined(scene.data)


def sidecar_disk(scene: Scene) -> Iterator[Finding]:
    """The same for the disk that holds a sidecar's reports."""
    return examined(scene.config)


def examined(place: Path) -> Iterator[Finding]:
    """Room, speed and kind of the disk under a directory, or under where it will be made."""
    there = next(path for path in (place, *place.parents) if path.is_dir())
    yield _room(there)
    yield _kind(there)
    yield _speed(there, wanted=place)


def _room(place: Path) -> Finding:
    usage = shutil.disk_usage(place)
    share = usage.free / usage.total if usage.total else 0.0
    text = f"{usage.free / MIB:,.0f} MiB are free, {share:.0%} of the disk under {place}."
    if usage.free < LEAST_BYTES:
        return fail("disk", text, f"Make room: {LEAST_BYTES // MIB} MiB have to stay free.")
    if share < LEAST_SHARE:
        return warn("disk", text, f"Make room: {LEAST_SHARE:.0%} should stay free.")
    return ok("disk", text)


def _kind(place: Path) -> Finding:
    name = "file system"
    if not MOUNTS.exists():
        return skip(name, "This system does not say what kind of file system it is.")
    kind = kind_of(place.resolve(), MOUNTS.read_text(errors="replace"))
    if kind in NETWORK:
        return warn(
            name,
            f"{place} is on a network file system ({kind}), where locks and fsync may not hold.",
            "Put the directory on a disk of this machine.",
        )
    if kind in IN_MEMORY:
        return warn(
            name,
            f"{place} is in memory ({kind}) and gone when the machine stops.",
            "Put the directory on a disk.",
        )
    return ok(name, f"It is {kind}, on this machine.")


def kind_of(place: Path, mounts: str) -> str:
    """The kind of the file system that a path is on, from what the kernel says of its mounts."""
    best, kind = -1, "unknown"
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split()
        if len(fields) > 4 and after:
            point = Path(fields[4].replace("\\040", " "))
            if place.is_relative_to(point) and len(point.parts) >= best:
                best, kind = len(point.parts), after.split()[0]
    return kind


def _speed(place: Path, *, wanted: Path) -> Finding:
    """Time some fsyncs of a file that has no name and leaves nothing behind."""
    name = "fsync"
    if place != wanted:
        return skip(name, f"{wanted} is not there yet.")
    try:
        times = _sync_times(place)
    except OSError as error:
        return fail(
            name,
            f"Nothing can be written in {place}: {error.strerror}.",
            "Make the disk writable, make room on it, or choose another directory.",
        )
    middle, longest = statistics.median(times), max(times)
    text = f"A durable write takes {middle:.1f} ms, at most {longest:.1f} ms of {SYNCS}."
    if middle > SLOW_MS:
        return warn(name, text, "Put the directory on a faster disk, an SSD if there is one.")
    return ok(name, text)


def _sync_times(place: Path) -> list[float]:
    times = []
    with tempfile.TemporaryFile(dir=place, buffering=0) as file:
        for _ in range(SYNCS):
            file.write(b"\0" * 4096)
            began = time.perf_counter()
            os.fsync(file.fileno())
            times.append((time.perf_counter() - began) * 1000)
    return times
