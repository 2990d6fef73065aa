"""The benchmark's load in a thread of its own, while this one looks after the browser.

Playwright works in the thread that started it only, and hears the browser only while it is
called; so whoever waits for the load lets it work meanwhile.
"""

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from scripts.benchmark import generator
from scripts.benchmark.bench import Bench
from scripts.benchmark.dashboard.shares import Meter
from scripts.benchmark.figures import Load, Settings
from scripts.benchmark.ledger import Ledger
from scripts.benchmark.processes import family
from scripts.benchmark.subject import Hub

EVENTS_A_TASK: Final = 4
"""Created, assigned, running, completed."""
SLOTS: Final = 16
LOOK_SECONDS: Final = 0.05

Rest = Callable[[float], None]
"""Waits so many seconds, and lets the browser be heard."""


def settings_for(events: int, seconds: float, warmup_seconds: float, agents: int) -> Settings:
    """A load that causes so many events a second."""
    return Settings(
        agents=agents,
        slots=SLOTS,
        rate=max(events // EVENTS_A_TASK, 1),
        seconds=seconds,
        warmup_seconds=warmup_seconds,
    )


class Steady:
    """A load that runs from the beginning of the `with` on."""

    def __init__(
        self,
        bench: Bench,
        hub: Hub,
        peers: list[tuple[str, str]],
        settings: Settings,
        meter: Meter,
    ) -> None:
        """`peers` are the agents, and then the submitter. Nothing runs yet."""
        self._bench = bench
        self._start = (bench.program, hub.port, peers, settings, self._tick, bench.load_cores)
        self._meter = meter
        self._begun, self._ended = threading.Event(), threading.Event()
        self._pool = ThreadPoolExecutor(1, "load")
        self._running: Future[tuple[Load, Ledger]] | None = None

    def __enter__(self) -> Self:
        """Connect and begin."""
        self._running = self._pool.submit(generator.run, *self._start)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Wait for its end; nobody waits for it when there is an error already."""
        if error is not None:
            _kill_all(self._bench.program)
        self._pool.shutdown()

    def _tick(self, word: str, _numbers: list[int]) -> None:
        if word in ("begin", "end"):
            self._meter.look()
            (self._begun if word == "begin" else self._ended).set()

    @property
    def is_over(self) -> bool:
        """The window has ended, or the load gave up."""
        return self._ended.is_set() or self._gave_up

    @property
    def _gave_up(self) -> bool:
        return self._running is not None and self._running.done()

    def wait_for_begin(self, rest: Rest) -> None:
        """Return when the window begins."""
        while not (self._begun.is_set() or self._gave_up):
            rest(LOOK_SECONDS)

    def wait_for_end(self, rest: Rest) -> None:
        """Return when the window ends."""
        while not self.is_over:
            rest(LOOK_SECONDS)

    def result(self, rest: Rest) -> tuple[Load, Ledger]:
        """What it found, once all has ended. Raises BenchmarkError when it gave up."""
        while not self._gave_up:
            rest(LOOK_SECONDS)
        if self._running is None:
            raise RuntimeError("the load was never begun")
        return self._running.result()


def flaws_of(load: Load) -> list[str]:
    """What went wrong in a load."""
    found = [f"{name}: {count}" for name, count in load.faults.items() if count]
    if load.acknowledged != load.submitted:
        found.append(f"{load.submitted} submitted, {load.acknowledged} acknowledged")
    return found


def _kill_all(program: Path) -> None:
    """End what this process started of the load generator."""
    for pid in family(os.getpid()):
        with suppress(OSError):
            if Path(f"/proc/{pid}/exe").resolve() == program.resolve():
                os.kill(pid, signal.SIGKILL)
