"""The hub as a process: wires everything on one page, serves, and stops in order.

`python -m hub.app` runs it; `corral up` runs it as a child and starts it again when it had to
stop. Exit codes: 0 stopped in order, 2 the configuration cannot be used, 3 the data directory
cannot be used, 70 the hub stopped itself because memory was ahead of disk or a loop died.
"""

import asyncio
import gc
import json
import os
import socket
import sys
import time
from pathlib import Path
from typing import Final

import uvicorn
from loguru import logger

from hub import __version__, exposure, log, recovery
from hub.config import Config, ConfigError, load
from hub.core.ids import request_id
from hub.flags import parser
from hub.listening import Server, encryption, listen, server_config
from hub.services.bundle import Services
from hub.services.chance import Chance
from hub.services.log_level import LogLevel
from hub.services.service import Loop
from hub.store.contract import Batch, StoreError
from hub.store.opening import Opened, open_data
from hub.wiring import wire
from schemas.scalars import Role

OK: Final = 0
BAD_CONFIG: Final = 2
BAD_DATA: Final = 3
FAIL_STOP: Final = 70
SWITCH_SECONDS: Final = 0.0005
"""How long a thread may keep the interpreter: more, and commits wait for a busy loop."""
GC_THRESHOLDS: Final = (10_000, 5, 1_000)
"""Of the garbage collector. The young generations are small, because everybody waits while one
is searched; the oldest is searched seldom, because records make no cycles."""


class Hub:
    """Everything of one running hub."""

    def __init__(self, config: Config, opened: Opened, log_level: LogLevel | None = None) -> None:
        self.config = config
        self.opened = opened
        self._log_level = log_level or LogLevel(config.log_level)
        self._server: uvicorn.Server | None = None
        self._loops: list[Loop] = []

    async def serve(self, *, announce: bool, supervised: bool = False) -> None:
        """Run until told to stop, or until something fails.

        A supervised hub also stops when its standard input ends.
        """
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._loop_error)
        tls = encryption(self.config)
        listening = listen(self.config)
        services, self._loops = await wire(
            self.config, self.opened, self._log_level, self._commit_failed, self._loop_died
        )
        await self._first_token(services)
        server = self._server = Server(server_config(self.config, services, tls), services.let_go)
        server.hear_signals()
        if supervised:
            server.hear_supervisor(sys.stdin.fileno())
        for each in self._loops:
            each.start()
        services.logs.start(self._loop_died)
        services.bulk.start(self._loop_died)
        if services.search is not None:
            services.search.start(self._loop_died)
        url = self._announce(listening, announce=announce)
        logger.bind(url=url, data=str(self.config.data), version=__version__).info("serving")
        if self.config.open_registration:
            logger.warning("open registration: whoever reaches the hub gets an agent's token")
        try:
            await server.serve(sockets=[listening])
        finally:
            await self._stop(services)

    async def _first_token(self, services: Services) -> None:
        path = self.config.data / "admin.token"
        if services.tokens.has_admin and path.exists():
            return
        token, _ = services.tokens.add(recovery.MAIN, Role.ADMIN, "admin", "hub")
        await services.journal.settled()
        _write_private(path, token + "\n")

    def _announce(self, listening: socket.socket, *, announce: bool) -> str:
        host, port = listening.getsockname()[:2]
        url = exposure.url_of(self.config, host, port)
        started = time.time_ns() // 1_000_000
        runtime = {"url": url, "pid": os.getpid(), "started_at": started}
        _write_private(self.config.data / "runtime.json", json.dumps(runtime) + "\n")
        if announce:
            _print_line({"url": url, "data": str(self.config.data)})
        return url

    async def _stop(self, services: Services) -> None:
        for each in self._loops:
            await each.stop()
        await services.bulk.stop()
        await services.logs.stop()
        if services.search is not None:
            await services.search.stop()
        await services.journal.close()
        services.loader.close()
        await services.logs.close()
        (self.config.data / "runtime.json").unlink(missing_ok=True)

    # What must not happen

    def _commit_failed(self, batch: Batch, error: StoreError) -> None:
        logger.bind(
            position=batch.position,
            rows=batch.rows,
            tasks=[task.id for task in [*batch.fresh.values(), *batch.changed.values()]][:20],
            cause=repr(error.__cause__),
        ).critical(f"a commit failed, its outcome is unknown: {error}")
        self._fail_stop()

    def _loop_died(self, name: str, error: BaseException) -> None:
        logger.bind(service=name).opt(exception=error).critical("a service died")
        self._fail_stop()

    def _loop_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        error = context.get("exception")
        if isinstance(error, OSError):
            logger.bind(error=repr(error)).info("a connection broke")
            return
        bound = logger.bind(context=str(context.get("message")))
        cause = error if isinstance(error, BaseException) else None
        bound.opt(exception=cause).critical("an error in the event loop")
        self._fail_stop()

    def _fail_stop(self) -> None:
        """Leave at once: nothing that is decided but not durable may be seen."""
        sys.stderr.flush()
        os._exit(FAIL_STOP)


def _write_private(path: Path, text: str) -> None:
    """Replace a file that only the owner may read."""
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    fresh.replace(path)


def _say_why_not(reason: Exception, *, announce: bool) -> None:
    """Tell a person on standard error, and whoever waits for the line of a hub in its place."""
    sys.stderr.write(f"corral: {reason}\n")
    if announce:
        _print_line({"cannot_start": str(reason)})


def _print_line(document: dict[str, str]) -> None:
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


def run(config: Config, *, announce: bool, supervised: bool = False) -> int:
    """Run a hub to its end; returns the exit code."""
    log_level = LogLevel(config.log_level)
    log.start(log_level)
    logger.configure(extra={"hub": request_id(Chance().bits(64))})
    if config.insecure and config.tls_cert is None and not config.is_loopback:
        logger.warning(
            f"listening on {config.host} without TLS: tokens and results can be read on the "
            "network; use it only where you trust everybody"
        )
    try:
        opened = open_data(config.data)
    except StoreError as error:
        logger.critical(str(error))
        _say_why_not(error, announce=announce)
        return BAD_DATA
    logger.info(opened.story)
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    hub = Hub(config, opened, log_level)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(hub.serve(announce=announce, supervised=supervised))
    except ConfigError as error:
        _say_why_not(error, announce=announce)
        return BAD_CONFIG
    finally:
        opened.close()
    return OK


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop  # type: ignore[return-value]


def main(arguments: list[str] | None = None) -> int:
    """Read the flags and run."""
    flags_of = parser("corral-hub")
    flags_of.add_argument(
        "--json", action="store_true", help="print one line when serving, or why not"
    )
    flags_of.add_argument("--supervised", action="store_true", help="stop when the input ends")
    flags = vars(flags_of.parse_args(arguments))
    announce, supervised = flags.pop("json"), flags.pop("supervised")
    try:
        config = load(flags)
    except ConfigError as error:
        _say_why_not(error, announce=announce)
        return BAD_CONFIG
    return run(config, announce=announce, supervised=supervised)


if __name__ == "__main__":
    raise SystemExit(main())
