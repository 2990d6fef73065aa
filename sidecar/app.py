"""The sidecar as a program: join a hub once, then run until told to stop."""

import asyncio
import fcntl
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from loguru import logger

from sidecar import log, processes
from sidecar.config import Config, ConfigError, directory, load
from sidecar.exits import Exit, Leave
from sidecar.join import JoinError, join
from sidecar.spool import Spool
from sidecar.supervisor import Supervisor

__all__ = ["ConfigError", "Exit", "JoinError", "Leave", "join", "run"]

_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


def run(config_dir: str | Path | None = None) -> Leave:
    """Run the sidecar configured in `config_dir` until it ends; blocks the main thread.

    The first SIGTERM, SIGINT or SIGHUP drains: no new task, the running ones go on. A second one
    stops them. Raises `ConfigError` when it cannot start.
    """
    where = directory(config_dir)
    config = load(where)
    log.to_stderr(config.token)
    if not processes.become_subreaper():
        logger.warning("this system cannot adopt orphans; only process groups are ended")
    with _only_one(where):
        return _Thread(config, where).run()


@contextmanager
def _only_one(where: Path) -> Iterator[None]:
    descriptor = os.open(where / "sidecar.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ConfigError(
            f"A sidecar already runs with {where}. Stop it, or use another --config."
        ) from error
    else:
        yield
    finally:
        os.close(descriptor)


class _Thread:
    """The supervisor's own thread and loop, so that nothing else can delay a ping."""

    def __init__(self, config: Config, where: Path) -> None:
        self._config, self._where = config, where
        self._work_dir = Path(config.work_dir or where / "work").expanduser().resolve()
        self._work_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._supervisor: Supervisor | None = None
        self._leave = Leave(Exit.FAILED, "the supervisor broke")
        self._signals = 0

    def run(self) -> Leave:
        """Start the thread, hand signals to it, wait for it."""
        thread = threading.Thread(target=self._main, name="supervisor")
        numbers = [*_STOP_SIGNALS]
        # Under nohup the loss of the terminal is ignored, and stays so.
        if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
            numbers.append(signal.SIGHUP)
        before = {number: signal.signal(number, self._on_signal) for number in numbers}
        try:
            thread.start()
            thread.join()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        logger.info("sidecar ends: {}", self._leave.message)
        return self._leave

    def _on_signal(self, number: int, frame: object) -> None:
        self._signals += 1
        if self._loop is not None and self._supervisor is not None:
            supervisor = self._supervisor
            self._tell(supervisor.drain if self._signals == 1 else supervisor.halt)

    def _tell(self, act: Callable[[], None]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(act)

    def _main(self) -> None:
        with logger.catch(message="the supervisor broke"):
            self._leave = asyncio.run(self._supervise())

    async def _supervise(self) -> Leave:
        spool = await Spool.open(self._where / "spool.db")
        try:
            self._loop = asyncio.get_running_loop()
            self._supervisor = Supervisor(
                self._config, spool, self._work_dir, socket.gethostname() or "unknown", alone=True
            )
            logger.info("sidecar {} starts, hub {}", self._config.agent_id, self._config.url)
            if self._signals:
                self._supervisor.drain()
            return await self._supervisor.run()
        finally:
            await spool.close()
