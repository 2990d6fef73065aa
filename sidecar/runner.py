"""One attempt as a process tree: spawned, watched, ended whole, and told about honestly."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from loguru import logger
from msgspec import Struct

from schemas.attempts import Stream
from sidecar import processes
from sidecar.capture import Capture

MARK: Final = "CORRAL_RESULT"
"""The variable whose value is unique to the attempt, so it marks every descendant."""
KILL_SECONDS: Final = 5.0
"""How long after KILL a process may still be seen before we give up on it."""
LEFTOVER_SECONDS: Final = 1.0
"""Grace for what a program leaves behind when it ends by itself."""
PIPE_SECONDS: Final = 0.5
"""How long after the end of all processes the pipes may stay open."""
POLL_SECONDS: Final = 0.05


class Plan(Struct, frozen=True):
    """What to run and where, as an executor decided."""

    program: str
    """The file to execute."""
    argv: tuple[str, ...]
    cwd: str | None
    """None: the attempt's own directory."""
    env: Mapping[str, str]


class Outcome(Struct, frozen=True):
    """How the first process of the tree ended."""

    code: int
    """Its exit code; negative: the signal that killed it."""
    stopped: bool
    """It was asked to stop before it ended."""
    duration_ms: int
    survivors: int
    """Processes that outlived KILL."""


class Run:
    """A running attempt in its directory `home`."""

    def __init__(self, home: Path, popen: subprocess.Popen[bytes], out: Capture, err: Capture):
        """Use `spawn` instead."""
        self.home = home
        self.pid = popen.pid
        self.captures = {Stream.STDOUT: out, Stream.STDERR: err}
        self._popen = popen
        found = processes.read_process(popen.pid)
        self.started = found and found.started
        """The first process's start time, as the process table tells it."""
        self._mark = mark(home)
        self._seen = {popen.pid}
        self._unkillable = asyncio.Event()
        self._born = time.monotonic()
        self._kill_at: float | None = None
        self._stopping: asyncio.Task[int] | None = None

    def output_age(self, now: float) -> float:
        """Seconds since anything was written."""
        return now - max(capture.last for capture in self.captures.values())

    def stop(self, grace_s: float) -> None:
        """TERM to the whole tree now, KILL after the grace; the earliest KILL stands."""
        kill_at = time.monotonic() + grace_s
        self._kill_at = kill_at if self._kill_at is None else min(self._kill_at, kill_at)
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._ladder())

    async def finish(self) -> Outcome:
        """Wait until the whole tree has ended; what the program left behind is ended too."""
        code = await self._ended()
        stopped, duration = self._stopping is not None, time.monotonic() - self._born
        if self._stopping is None:
            self.stop(LEFTOVER_SECONDS)
        survivors = await self._stopping if self._stopping is not None else 0
        # A child that had ended before its parent became ours, to be reaped, when that ended.
        await asyncio.to_thread(self._alive)
        await self._drain()
        return Outcome(code, stopped, int(duration * 1000), survivors)

    async def _ended(self) -> int:
        """Its exit code; SIGKILL's when it survived even that and must be given up."""
        ended = asyncio.create_task(exit_code(self._popen))
        lost = asyncio.create_task(self._unkillable.wait())
        await asyncio.wait({ended, lost}, return_when=asyncio.FIRST_COMPLETED)
        for task in (ended, lost):
            task.cancel()
        await asyncio.gather(ended, lost, return_exceptions=True)
        return -signal.SIGKILL if ended.cancelled() else ended.result()

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(PIPE_SECONDS):
                for capture in self.captures.values():
                    await capture.ended.wait()
        except TimeoutError:
            logger.info("a pipe of process {} is still held", self.pid)
        for capture in self.captures.values():
            capture.finish()

    async def _ladder(self) -> int:
        def deadline() -> float:
            return self._kill_at or 0.0

        survivors = await end_tree(self._alive, deadline)
        if survivors:
            self._unkillable.set()
        return survivors

    def _alive(self) -> list[processes.Process]:
        table, me = processes.read_table(), os.getpid()
        found = processes.tree(table, self.pid, self.started, self._mark, adopter=me)
        self._seen.update(one.pid for one in found)
        ended = {one.pid for one in table.values() if one.zombie and one.parent == me}
        processes.reap((ended & self._seen) - {self.pid})
        return processes.living(found)

    def close(self) -> None:
        """Give back the files; the directory is the caller's."""
        for capture in self.captures.values():
            capture.close()


def mark(home: Path) -> bytes:
    """What every descendant of the attempt in `home` has in its environment."""
    return f"{MARK}={home / 'result.json'}".encode()


def spawn(
    plan: Plan,
    home: Path,
    log_bytes: int,
    tail_bytes: int,
    on_output: Callable[[], None],
    on_line: Callable[[str], None],
) -> Run:
    """Start `plan` in its own session; raises OSError when the system cannot."""
    with ExitStack() as undo:
        out = Capture(home / "stdout", log_bytes, tail_bytes, on_output, on_line)
        undo.callback(out.close)
        err = Capture(home / "stderr", log_bytes, tail_bytes, on_output)
        undo.callback(err.close)
        popen = subprocess.Popen(
            plan.argv,
            executable=plan.program,
            cwd=plan.cwd or home / "work",
            env={**plan.env, MARK: str(home / "result.json")},
            stdin=subprocess.DEVNULL,
            stdout=out.writer,
            stderr=err.writer,
            start_new_session=True,
            umask=0o077,
        )
        undo.pop_all()
    out.started()
    err.started()
    return Run(home, popen, out, err)


async def exit_code(popen: subprocess.Popen[bytes]) -> int:
    """Wait for one process without a thread; negative is the signal that killed it."""
    if hasattr(os, "pidfd_open"):
        try:
            await _pidfd_readable(os.pidfd_open(popen.pid))
        except OSError as error:
            logger.debug("polling instead: {}", error.strerror)
    # A loop, because only Linux can wait for a process on the loop itself.
    while (code := popen.poll()) is None:  # noqa: ASYNC110
        await asyncio.sleep(POLL_SECONDS)
    return code


async def _pidfd_readable(descriptor: int) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


async def end_tree(
    alive: Callable[[], Sequence[processes.Process]],
    kill_at: Callable[[], float],
    kill_s: float = KILL_SECONDS,
) -> int:
    """TERM once, KILL from `kill_at()` on, until none is alive; how many survived KILL.

    `kill_s` is how long after the first KILL we look for survivors.
    """
    found = await asyncio.to_thread(alive)
    processes.send_signal(found, signal.SIGTERM)
    processes.send_signal(found, signal.SIGCONT)
    while found and time.monotonic() < kill_at():
        await asyncio.sleep(min(POLL_SECONDS, max(0.0, kill_at() - time.monotonic())))
        found = await asyncio.to_thread(alive)
    give_up = time.monotonic() + kill_s
    while found and time.monotonic() < give_up:
        processes.send_signal(found, signal.SIGKILL)
        await asyncio.sleep(POLL_SECONDS)
        found = await asyncio.to_thread(alive)
    if found:
        logger.error("{} processes survived KILL", len(found))
    return len(found)


async def end_leftovers(pid: int | None, started: str | None, home: Path) -> int:
    """Kill what an earlier sidecar left running in `home`; how many survived."""
    kill_at = time.monotonic() + LEFTOVER_SECONDS

    def alive() -> list[processes.Process]:
        table = processes.read_table()
        return processes.living(processes.tree(table, pid or -1, started, mark(home)))

    return await end_tree(alive, lambda: kill_at)
