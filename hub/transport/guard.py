"""The guard: closes gaps of uvicorn's HTTP protocol in front of everything else.

Whatever breaks while a request is parsed ends that connection only, never the hub.

A client may send its first frames in the same packet as the upgrade request. uvicorn hands
over the request only; without this the frames after it would be lost, and the client would
wait for an answer that never comes.
"""

import asyncio
import sys
from typing import Any

from loguru import logger
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Guard(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, with nothing lost at an upgrade."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._packet = b""

    def data_received(self, data: bytes) -> None:
        """Parse what came; remember it for the case that it holds an upgrade."""
        self._packet = data
        try:
            super().data_received(data)
        except Exception:  # noqa: BLE001 - the HTTP edge: only this connection ends
            logger.exception("request broke the parser")
            self.transport.abort()
        self._packet = b""

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over, with whatever came behind the request.

        The parser raises when it finds an upgrade, and its exception says how far it read.
        """
        upgrade = sys.exception()
        super().handle_websocket_upgrade()
        end = upgrade.args[0] if upgrade is not None and upgrade.args else None
        rest = self._packet[end:] if isinstance(end, int) else b""
        successor = self.transport.get_protocol()
        if rest and isinstance(successor, asyncio.Protocol):
            successor.data_received(rest)
