"""The hub as a process: wires everything on one page, serves, and stops in order.

`python -m hub.app` runs it; `corral up` runs it as a child and starts it again when it had to
stop. Exit codes: 0 stopped in order, 2 the configuration cannot be used, 3 the data directory
cannot be used, 70 the hub stopped itself because memory was ahead of disk or a loop died.
"""

import argparse
import asyncio
import gc
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import uvicorn
from loguru import logger

from hub import __version__, log, recovery
from hub.config import Config, ConfigError, load
from hub.core.ids import request_id
from hub.services.agents import Agents
from hub.services.bundle import Services
from hub.services.chance import Chance
from hub.services.clock import Clock
from hub.services.greeting import Greeting
from hub.services.loader import Loader
from hub.services.metrics import Exposition, Metrics
from hub.services.peers import Peers
from hub.services.scheduler import Scheduler
from hub.services.service import Loop
from hub.services.task_logs import TaskLogs
from hub.services.tasks import Tasks
from hub.services.terms import Terms
from hub.services.timers import Timers
from hub.services.tokens import Tokens
from hub.services.upkeep import Upkeep
from hub.services.watch import Watches
from hub.store.batcher import Batcher
from hub.store.contract import Batch, StoreError
from hub.store.journal import Journal
from hub.store.logs import LogFile
from hub.store.opening import Opened, open_data
from hub.transport.agent_socket import socket_class
from hub.transport.guard import Guard
from hub.transport.routes import web_app
from schemas.scalars import FRAME_BYTES, Role

OK: Final = 0
BAD_CONFIG: Final = 2
BAD_DATA: Final = 3
FAIL_STOP: Final = 70
SWITCH_SECONDS: Final = 0.0005
"""How long a thread may keep the interpreter: a busy loop must not starve the commit thread."""
GRACEFUL_SECONDS: Final = 15
GARBAGE_THRESHOLD: Final = 50_000
"""Allocations between two looks for cycles: records make none, and looking is not free."""


class _Server(uvicorn.Server):
    """Stops on a signal like its parent, but does not raise the signal again afterwards.

    The hub still has a journal to close then, and leaves with an exit code of its own.
    """

    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let go of requests that wait for something, then end as ever."""
        self._on_stop()
        await super().shutdown(sockets)

    def hear_signals(self) -> None:
        """Take SIGINT and SIGTERM as requests to stop, until the loop is closed."""
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(signum, self.handle_exit, signum, None)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing more to hear: `hear_signals` came before the hub said that it serves."""
        yield


class Hub:
    """Everything of one running hub."""

    def __init__(self, config: Config, opened: Opened) -> None:
        self.config = config
        self.opened = opened
        self._server: uvicorn.Server | None = None
        self._loops: list[Loop] = []

    async def wire(self) -> Services:
        """Build the services on the running loop."""
        settings, store = self.config.settings, self.opened.store
        past = store.recover()
        clock, chance, peers = Clock(past.hub_time), Chance(), Peers()
        metrics = Metrics(time.monotonic)
        orgs = recovery.recover_orgs(past)
        batcher = Batcher(past.event_seq)
        journal = Journal(store, batcher, clock.hub, metrics, self._commit_failed)
        loader = Loader(store)
        agents = Agents(journal, clock, peers, settings)
        watches = Watches(journal)
        tasks = Tasks(
            journal, clock, chance, loader, watches, agents, settings, metrics, past.task_seq
        )
        log_file = await LogFile.open(self.opened.directory.logs, lambda: clock.now().wall)
        logs = TaskLogs(log_file, journal, metrics, lambda: clock.now().wall)
        greeting = Greeting(journal, clock, loader, peers, agents, tasks, logs, settings)
        tokens = Tokens(journal, clock, chance, self.opened.pepper, past.credentials, past.invites)
        scheduler = Scheduler(journal, clock, loader, peers, settings, metrics)
        scheduler.orgs = list(orgs.values())
        journal.before_commit = scheduler.run_once
        recovery.resume_held(orgs, past, agents, settings, clock.now())
        terms, timers = Terms(tasks, agents, chance), Timers(tasks, loader, clock)
        upkeep = Upkeep(journal, clock, peers, terms, timers, settings, metrics)
        upkeep.orgs = scheduler.orgs
        self._loops = [Loop("upkeep", upkeep, settings.upkeep_ms / 1000, self._loop_died)]
        return Services(
            orgs=orgs,
            journal=journal,
            clock=clock,
            chance=chance,
            loader=loader,
            peers=peers,
            tokens=tokens,
            agents=agents,
            tasks=tasks,
            watches=watches,
            greeting=greeting,
            logs=logs,
            settings=settings,
            metrics=metrics,
            exposition=Exposition(metrics, journal, scheduler.orgs, lambda: peers.identified),
            epoch=past.epoch,
            version=__version__,
            started_at=clock.hub(),
        )

    async def serve(self, *, announce: bool) -> None:
        """Run until told to stop, or until something fails."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._loop_error)
        listening = self._listen()
        services = await self.wire()
        await self._first_token(services)
        server = self._server = _Server(self._uvicorn(services, loop), services.watches.stop)
        server.hear_signals()
        for each in self._loops:
            each.start()
        services.logs.start(self._loop_died)
        url = self._announce(listening, announce=announce)
        logger.bind(url=url, data=str(self.config.data), version=__version__).info("serving")
        try:
            await server.serve(sockets=[listening])
        finally:
            await self._stop(services)

    def _uvicorn(self, services: Services, loop: asyncio.AbstractEventLoop) -> uvicorn.Config:
        return uvicorn.Config(
            web_app(services),
            ws=socket_class(services, loop),
            ws_max_size=FRAME_BYTES,
            ws_per_message_deflate=False,
            http=Guard,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACEFUL_SECONDS,
        )

    def _listen(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.config.host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        try:
            listening.bind((self.config.host, self.config.port))
        except OSError as error:
            listening.close()
            place = f"{self.config.host}:{self.config.port}"
            raise ConfigError(
                f"cannot listen on {place}: {error.strerror}; choose another --port"
            ) from error
        listening.listen(2048)
        listening.setblocking(False)
        return listening

    async def _first_token(self, services: Services) -> None:
        path = self.config.data / "admin.token"
        if services.tokens.has_admin and path.exists():
            return
        token = services.tokens.add(recovery.MAIN, Role.ADMIN, "admin", "hub")
        await services.journal.settled()
        _write_private(path, token + "\n")

    def _announce(self, listening: socket.socket, *, announce: bool) -> str:
        host, port = listening.getsockname()[:2]
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        started = time.time_ns() // 1_000_000
        runtime = {"url": url, "pid": os.getpid(), "started_at": started}
        _write_private(self.config.data / "runtime.json", json.dumps(runtime) + "\n")
        if announce:
            line = json.dumps({"url": url, "data": str(self.config.data)})
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        return url

    async def _stop(self, services: Services) -> None:
        for each in self._loops:
            await each.stop()
        await services.logs.stop()
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


def run(config: Config, *, announce: bool) -> int:
    """Run a hub to its end; returns the exit code."""
    log.start(config.log_level)
    logger.configure(extra={"hub": request_id(Chance().bits(64))})
    if not config.is_loopback:
        logger.warning(
            f"listening on {config.host} without TLS: tokens and results can be read on the "
            "network; use it only where you trust everybody"
        )
    try:
        opened = open_data(config.data)
    except StoreError as error:
        logger.critical(str(error))
        sys.stderr.write(f"corral: {error}\n")
        return BAD_DATA
    logger.info(opened.story)
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD, 20, 50)
    hub = Hub(config, opened)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(hub.serve(announce=announce))
    except ConfigError as error:
        sys.stderr.write(f"corral: {error}\n")
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
    parser = argparse.ArgumentParser(prog="corral-hub", description="Run a Corral hub.")
    parser.add_argument("--data")
    parser.add_argument("--host")
    parser.add_argument("--port")
    parser.add_argument("--json", action="store_true", help="print one line when serving")
    flags = vars(parser.parse_args(arguments))
    announce = bool(flags.pop("json"))
    try:
        config = load(flags)
    except ConfigError as error:
        sys.stderr.write(f"corral: {error}\n")
        return BAD_CONFIG
    return run(config, announce=announce)


if __name__ == "__main__":
    raise SystemExit(main())
