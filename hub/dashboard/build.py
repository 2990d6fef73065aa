"""Builds the page: the one way, for packages, for a checkout and for `corral dashboard build`.

A hub runs without it, so by default a build that fails is no error: the reason is written
down beside the place of the page, where the hub and `corral doctor` find it.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Final

from hub.dashboard import node
from hub.dashboard.node import Node
from hub.dashboard.stamp import (
    Place,
    built_from,
    digest,
    is_fresh,
    note_built,
    note_not_built,
)

VARIABLE: Final = "CORRAL_DASHBOARD"
"""Names the mode."""
SECONDS: Final = 600
"""How long one step of a build may take."""
_PROBE: Final = ("view", "vue", "version", "--prefer-online", "--fetch-retries=0")
_INSTALL: Final = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
_PATIENT: Final = ("--fetch-retries=1", "--fetch-timeout=30000")
_HASTY: Final = ("--fetch-timeout=6000",)
_LINES: Final = 6
Say = Callable[[str], None]


class Mode(StrEnum):
    """What a build that is needed may do."""

    AUTO = "auto"
    """Try, and go on without it."""
    REQUIRE = "require"
    """Fail when it cannot be made."""
    SKIP = "skip"
    """Do not try."""


class NotBuilt(Exception):
    """The page could not be built. The first line is for everybody, the rest are details."""


def mode() -> Mode:
    """The mode that the environment asks for. Raises NotBuilt when it is none."""
    text = os.environ.get(VARIABLE, "").strip().lower()
    try:
        return Mode(text) if text else Mode.AUTO
    except ValueError as error:
        choices = ", ".join(Mode)
        raise NotBuilt(f"{VARIABLE} is one of {choices}, and not {text!r}.") from error


def bring_up_to_date(place: Place, wanted: Mode, say: Say, *, tidy: bool = False) -> bool:
    """Build the page unless that is done; whether it is there now, made from these sources.

    `tidy` removes what had to be fetched for it. Raises NotBuilt where a build is required.
    """
    if is_fresh(place):
        return True
    if wanted is Mode.SKIP:
        if built_from(place) is None:
            note_not_built(place, "Its build was left out when Corral was installed.", None)
        return False
    sources = digest(place) if place.has_sources else None
    try:
        with _alone(place):
            if not is_fresh(place):
                _build(place, say, tidy=tidy)
    except NotBuilt as error:
        note_not_built(place, str(error), sources)
        if wanted is Mode.REQUIRE:
            raise
        say(f"The dashboard is not built. {error}")
        return False
    return True


@contextmanager
def _alone(place: Place) -> Iterator[None]:
    """Two builds at once would take each other's files away: the second waits."""
    with (place.root / ".build-lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(place: Place, say: Say, *, tidy: bool) -> None:
    if not place.has_sources:
        raise NotBuilt("This installation has no sources of the dashboard; install Corral again.")
    found = node.find()
    if found is None:
        raise NotBuilt(
            "There is no Node to build it with.\n"
            f"Install Node 22.12 or newer, or the Python package {node.PACKAGE.split('>')[0]}."
        )
    sources = digest(place)
    had_modules = place.modules.exists()
    say("Building the dashboard")
    try:
        _fetch(place, found)
        _run(place, found, "The build of the page failed.", ("run", "build"))
        if not (place.static / "index.html").is_file():
            raise NotBuilt("The build of the page made no page.")
    finally:
        if tidy and not had_modules:
            shutil.rmtree(place.modules, ignore_errors=True)
    note_built(place, sources)
    say(f"The dashboard is built: {weight(place.static)}")


def _fetch(place: Place, found: Node) -> None:
    """Fetch the packages of the lock file, unless they are there from an earlier build."""
    lock = hashlib.sha256((place.ui / "package-lock.json").read_bytes()).hexdigest()
    fetched = place.modules / ".corral-fetched"
    if fetched.is_file() and fetched.read_text("utf-8") == lock:
        return
    # npm waits for minutes on an address that swallows packets, so it is asked for little first.
    _run(place, found, "npm could not reach its registry.", (*_PROBE, *_HASTY))
    _run(place, found, "npm could not fetch what the build needs.", (*_INSTALL, *_PATIENT))
    place.modules.mkdir(exist_ok=True)
    fetched.write_text(lock, "utf-8")


def _run(place: Place, found: Node, failure: str, words: Sequence[str]) -> None:
    """Run npm in the sources. Raises NotBuilt with this sentence and npm's own first words."""
    with found.environment(os.environ) as environment:
        status, said = _wait([*found.npm, *words], place.ui, environment)
    if status is None:
        raise NotBuilt(f"{failure}\nIt took longer than {SECONDS} seconds.")
    if status != 0:
        raise NotBuilt(f"{failure}\n{_gist(said)}")


def _wait(
    command: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> tuple[int | None, str]:
    """Run a program to its end, or as long as it may; its status and what it said."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return None, ""
    else:
        return process.returncode, said
    finally:
        if process.poll() is None:
            # What npm has started must not outlive it.
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def _gist(said: str) -> str:
    """The lines that say what is wrong; npm puts them first, and a stack trace behind."""
    lines = [line.rstrip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower() and "    at " not in line]
    return "\n".join((errors or lines)[:_LINES]) or "It said nothing."


def weight(static: Path) -> str:
    """How large a build is, and how much of it goes over a line."""
    files = [path for path in static.rglob("*") if path.is_file() and path.name[0] != "."]
    sizes = {path: path.stat().st_size for path in files}
    packed = {path for path in files if path.suffix in (".br", ".gz")}
    raw = sum(size for path, size in sizes.items() if path not in packed)
    sent = sum(
        sizes.get(path.with_name(path.name + ".gz"), size)
        for path, size in sizes.items()
        if path not in packed
    )
    return f"{len(files) - len(packed)} files, {raw / 1000:.0f} kB, {sent / 1000:.0f} kB by gzip"
