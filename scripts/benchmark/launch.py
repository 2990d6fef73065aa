"""Starting the hub that is measured: from a command, on a data directory, and how long it takes."""

import http.client
import os
import select
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from scripts.benchmark.faults import NO_HUB, BenchmarkError
from scripts.benchmark.subject import Hub

START_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.001
"""How often a hub that listens is asked whether it is ready."""
TAIL: Final = 15
"""So many lines of the log are shown of a hub that did not start."""


class Served(Struct):
    """The line a hub prints when it serves."""

    url: str


@contextmanager
def running_hub(
    command: list[str],
    folder: Path,
    cores: set[int] | None,
    *,
    tree: Path | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Hub]:
    """A hub with its data and log in `folder`, on `cores` if given; stopped at the end.

    It runs the code in `tree`, or else that of this checkout, on its defaults but for the
    `settings`: variables of the environment. Raises BenchmarkError when it is not ready in a
    minute, with the end of its log.
    """
    log = folder / "hub.log"
    arguments = ["--data", str(folder / "data"), "--port", "0", "--json"]
    began = time.monotonic()
    process = _started([*command, *arguments], log, tree, settings or {})
    if cores:
        os.sched_setaffinity(process.pid, cores)
    hub = Hub(process, 0, folder / "data")
    try:
        hub.port = _served_port(process, log)
        _wait_until_ready(hub.port, process, log)
        hub.start_s = time.monotonic() - began
        yield hub
    finally:
        if process.stdout:
            process.stdout.close()
        if process.poll() is None:
            hub.stop()


def _started(
    command: list[str], log: Path, tree: Path | None, settings: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    environment = {**os.environ, **settings}
    if tree:
        environment["PYTHONPATH"] = str(tree)
    with log.open("wb") as errors:
        try:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=tree,
                env=environment,
            )
        except OSError as wrong:
            raise BenchmarkError(NO_HUB, f"cannot start {command[0]}: {wrong}") from wrong


def _served_port(process: subprocess.Popen[bytes], log: Path) -> int:
    output = process.stdout
    if output is None:
        raise BenchmarkError(NO_HUB, "the hub was started without a pipe for its first line")
    os.set_blocking(output.fileno(), False)
    line = b""
    deadline = time.monotonic() + START_SECONDS
    while not line.endswith(b"\n"):
        select.select([output], [], [], 0.1)
        line += output.read() or b""
        if process.poll() is not None or time.monotonic() > deadline:
            raise BenchmarkError(NO_HUB, _epitaph(process.poll(), log))
    try:
        served = msgspec.json.decode(line.splitlines()[0], type=Served)
    except msgspec.MsgspecError as wrong:
        raise BenchmarkError(NO_HUB, f"the hub's first line is not as expected: {wrong}") from None
    return urlsplit(served.url).port or 0


def _wait_until_ready(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Ask until the answer is 200."""
    deadline = time.monotonic() + START_SECONDS
    while not _is_ready(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise BenchmarkError(NO_HUB, _epitaph(process.poll(), log))
        time.sleep(POLL_SECONDS)


def _is_ready(port: int) -> bool:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)) as asked:
        try:
            asked.request("GET", "/ready")
            return asked.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False


def _epitaph(status: int | None, log: Path) -> str:
    ended = "did not serve in time" if status is None else f"ended with status {status}"
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-TAIL:])
    return f"the hub {ended}; the end of its log:\n{tail or '(empty)'}"
