"""Where the hub listens: the socket, and the server that speaks on it."""

import asyncio
import errno
import os
import resource
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from loguru import logger

from hub import exposure
from hub.config import Config, ConfigError
from hub.dashboard import site
from hub.services.bundle import Services
from hub.services.turnstile import Turnstile
from hub.transport.agent_socket import socket_class
from hub.transport.guard import Guard
from hub.transport.page_socket import page_socket_class
from hub.transport.web import web_app
from schemas.dashboard import PATH
from schemas.scalars import FRAME_BYTES

GRACEFUL_SECONDS: Final = 15
SPARE_FILES: Final = 256
"""Open files that are kept for the database, the logs and everything else but connections."""
EVERY_ANSWER: Final = (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"))
"""Headers of all answers: what the hub sends is what it says it is, and links tell nothing."""
NO_SUCH_PLACE: Final = (errno.EADDRNOTAVAIL, socket.EAI_NONAME, socket.EAI_AGAIN)


class Server(uvicorn.Server):
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

    def hear_supervisor(self, descriptor: int) -> None:
        """Stop when this end of a pipe ends: whoever supervised the hub is gone."""
        loop = asyncio.get_running_loop()

        def read() -> None:
            if not os.read(descriptor, 4096):
                loop.remove_reader(descriptor)
                logger.warning("the supervisor is gone: stopping")
                self.handle_exit(signal.SIGTERM, None)

        loop.add_reader(descriptor, read)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing more to hear: `hear_signals` came before the hub said that it serves."""
        yield


def server_config(config: Config, services: Services, tls: ssl.SSLContext | None) -> uvicorn.Config:
    """How uvicorn serves the routes and the socket of this hub; for the running loop."""
    door = exposure.door_of(config)
    most = most_connections()
    places = min(config.settings.sockets, most)
    if places < config.settings.sockets:
        logger.bind(sockets=places).warning("the limit of open files allows fewer sockets")
    sockets = {PATH: page_socket_class(services, door)}
    bounds = {"door": door, "most_connections": most, "sockets": sockets}
    guard = type("BoundGuard", (Guard,), bounds)
    page = site.installed()
    services.live.serve(page.build, search=services.search is not None)
    return uvicorn.Config(
        web_app(services, page),
        ws=socket_class(services, asyncio.get_running_loop(), door, Turnstile(places)),
        ssl_context_factory=None if tls is None else lambda _config, _default: tls,
        ws_max_size=FRAME_BYTES,
        ws_per_message_deflate=False,
        http=guard,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        headers=[*EVERY_ANSWER],
        proxy_headers=False,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
    )


def listen(config: Config) -> socket.socket:
    """The socket that the hub listens on; ConfigError when the place cannot be had."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    try:
        listening.bind((config.host, config.port))
    except OSError as error:
        listening.close()
        raise ConfigError(_why_not(config, error)) from error
    listening.listen(2048)
    listening.setblocking(False)
    return listening


def _why_not(config: Config, error: OSError) -> str:
    place = f"cannot listen on {config.host}:{config.port}"
    if error.errno in NO_SUCH_PLACE:
        return f"{place}: {config.host} is not an address of this machine; choose another --host"
    if error.errno == errno.EACCES:
        return f"{place}: this user may not; choose a --port from 1024 on"
    return f"{place}: {error.strerror}; choose another --port"


def encryption(config: Config) -> ssl.SSLContext | None:
    """TLS as this hub speaks it, if it does; ConfigError when the files cannot be used."""
    try:
        return exposure.tls_context(config)
    except OSError as error:
        files = f"{config.tls_cert} and {config.tls_key}"
        reason = error.strerror or getattr(error, "reason", "") or str(error)
        raise ConfigError(f"{files} cannot be used as certificate and key: {reason}") from error


def most_connections() -> int:
    """Raise the limit of open files as far as the system lets us; how many connections that is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
        except (OSError, ValueError) as error:
            logger.bind(soft=soft, error=repr(error)).info("the limit of open files stays")
    unlimited = soft == resource.RLIM_INFINITY
    return 1_000_000 if unlimited else max(soft - SPARE_FILES, soft // 2)
