"""Keeps a hub running: starts it as a child process and starts it again after a fail-stop.

A hub that cannot trust its own memory any more ends itself with a non-zero status; a fresh
process then reads the truth from disk. What lives here is that loop and the passing on of
signals. What does not: anything about what a hub does, and anything a person reads.
"""

import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from types import FrameType
from typing import IO, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

RESTARTS: Final = 5
"""How many restarts are worth trying within `WINDOW_S`."""
WINDOW_S: Final = 60.0
STOP_S: Final = 30.0
"""How long a hub that was asked to stop may take, in seconds, before it is killed."""
FIRST_PAUSE_S: Final = 0.1
"""The pause before the first restart; each further one is twice as long."""
HOPELESS: Final = (2, 3)
"""What a hub ends with when its configuration or its data directory cannot be used.

Starting it again would change nothing.
"""

PASSED_ON: Final = {
    signal.SIGTERM: signal.SIGTERM,
    signal.SIGINT: signal.SIGINT,
    signal.SIGHUP: signal.SIGTERM,
}


class Serving(Struct, frozen=True):
    """The line a hub prints on its standard output once it serves."""

    url: str
    data: str

    @property
    def port(self) -> int | None:
        """The port in the address, if it names one."""
        return urlsplit(self.url).port


class CannotStart(Struct, frozen=True):
    """The line a hub prints in the place of that when its status is one of `HOPELESS`."""

    cannot_start: str
    """The reason, for people."""


class GaveUp(Exception):
    """The hub failed too often in too short a time."""

    def __init__(self, failures: int, window_s: float, status: int) -> None:
        """Remember how often it failed, in how many seconds, and its last status."""
        super().__init__(failures, window_s, status)
        self.failures = failures
        self.window_s = window_s
        self.status = status

    def __str__(self) -> str:
        """Say what happened in one sentence."""
        ending = f"with status {self.status}" if self.status >= 0 else f"by signal {-self.status}"
        return f"the hub failed {self.failures} times within {self.window_s:.0f} s, last {ending}"


class Supervisor:
    """Runs one hub at a time until it ends well or fails too often.

    `command` makes the argument list for a port; the port is the wanted one at first (none
    leaves it to the hub) and then the one the hub really got, so that agents find it where
    it was. `on_serving` is called with each start that serves and the number of restarts
    before it. The hub's log goes to `log`, or to our own standard error.
    """

    def __init__(
        self,
        command: Callable[[int | None], Sequence[str]],
        port: int | None,
        on_serving: Callable[[Serving, int], None],
        *,
        log: IO[bytes] | None = None,
        restarts: int = RESTARTS,
        window_s: float = WINDOW_S,
        stop_s: float = STOP_S,
    ) -> None:
        """Prepare; nothing is started before `run`."""
        self._command = command
        self._port = port
        self._on_serving = on_serving
        self._log = log
        self._restarts = restarts
        self._window_s = window_s
        self._stop_s = stop_s
        self.reason = ""
        """Why the hub cannot start, once it said so."""
        self._child: subprocess.Popen[bytes] | None = None
        self._asked: signal.Signals | None = None
        self._asked_to_stop: SimpleQueue[subprocess.Popen[bytes] | None] = SimpleQueue()

    def run(self) -> int:
        """Supervise until the end and return the status to leave with.

        That is 0 after a stop on request and otherwise the hub's own. Raises `GaveUp` when
        the hub fails more often than it may. Must be called in the main thread, because
        that is where Python delivers signals.
        """
        threading.Thread(target=self._kill_the_slow, daemon=True).start()
        try:
            with self._signals_passed_on():
                return self._run_until_it_ends()
        finally:
            self._asked_to_stop.put(None)

    def _run_until_it_ends(self) -> int:
        failures: deque[float] = deque()
        restarted = 0
        while True:
            status = self._run_once(restarted)
            if self._asked or status in (0, *HOPELESS):
                return status
            failures.append(time.monotonic())
            while failures[0] < failures[-1] - self._window_s:
                failures.popleft()
            if len(failures) > self._restarts:
                raise GaveUp(len(failures), self._window_s, status)
            restarted += 1
            self._pause(FIRST_PAUSE_S * 2 ** (len(failures) - 1))

    def stop(self, signum: signal.Signals = signal.SIGTERM) -> None:
        """Ask the hub to stop, and kill it if it has not done so in time."""
        self._asked = signum
        child = self._child
        if child is not None:
            child.send_signal(PASSED_ON[signum])
            self._asked_to_stop.put(child)

    def _kill_the_slow(self) -> None:
        # A thread of its own, because a signal handler may not start one: the interrupted
        # code may hold the lock that this takes.
        child = self._asked_to_stop.get()
        if child is None:
            return
        try:
            child.wait(self._stop_s)
        except subprocess.TimeoutExpired:
            child.kill()

    def _run_once(self, restarted: int) -> int:
        if self._asked:
            return 0
        # In its own session a Ctrl-C at the terminal reaches the hub once, through us. Its input
        # is a pipe on which nothing is said: it ends when we do, however that comes.
        child = subprocess.Popen(
            self._command(self._port),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,
        )
        self._child = child
        if self._asked:
            self.stop(self._asked)
        try:
            said = _read_start(child)
            if isinstance(said, CannotStart):
                self.reason = said.cannot_start
            elif said is not None and not self._asked:
                self._port = said.port or self._port
                self._on_serving(said, restarted)
            return child.wait()
        finally:
            _end(child, self._stop_s)
            self._child = None
            if child.stdin is not None:
                child.stdin.close()

    def _pause(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self._asked and time.monotonic() < deadline:
            time.sleep(0.02)

    @contextmanager
    def _signals_passed_on(self) -> Iterator[None]:
        def pass_on(signum: int, _frame: FrameType | None) -> None:
            self.stop(signal.Signals(signum))

        before = {signum: signal.signal(signum, pass_on) for signum in PASSED_ON}
        try:
            yield
        finally:
            for signum, action in before.items():
                signal.signal(signum, action)


def _read_start(child: subprocess.Popen[bytes]) -> Serving | CannotStart | None:
    """Wait for the first line of a hub; nothing when it ends before that."""
    if child.stdout is None:
        return None
    line = child.stdout.readline()
    # Whatever else it prints must not fill the pipe and stall it.
    threading.Thread(target=_drain, args=(child.stdout,), daemon=True).start()
    with suppress(msgspec.DecodeError):
        return msgspec.json.decode(line, type=Serving)
    with suppress(msgspec.DecodeError):
        return msgspec.json.decode(line, type=CannotStart)
    return None


def _drain(stream: IO[bytes]) -> None:
    with stream:
        while stream.read(4096):
            pass


def _end(child: subprocess.Popen[bytes], within_s: float) -> None:
    """Leave no hub behind when the supervisor itself cannot go on."""
    if child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(within_s)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
