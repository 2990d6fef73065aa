"""Where the hub listens: the socket, and the server that speaks on it."""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn

from hub.config import Config, ConfigError
from hub.services.bundle import Services
from hub.transport.agent_socket import socket_class
from hub.transport.guard import Guard
from hub.transport.web import web_app
from schemas.scalars import FRAME_BYTES

GRACEFUL_SECONDS: Final = 15


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

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing more to hear: `hear_signals` came before the hub said that it serves."""
        yield


def server_config(services: Services, loop: asyncio.AbstractEventLoop) -> uvicorn.Config:
    """How uvicorn serves the routes and the socket of this hub."""
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
        place = f"{config.host}:{config.port}"
        raise ConfigError(
            f"cannot listen on {place}: {error.strerror}; choose another --port"
        ) from error
    listening.listen(2048)
    listening.setblocking(False)
    return listening
