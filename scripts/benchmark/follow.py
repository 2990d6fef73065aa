"""A reader of `/api/v1/events/stream` that counts what comes and looks for gaps.

Events have numbers without gaps. So it is enough to count them and to look at the first and
the last, which leaves the core to the load.
"""

import re
import socket
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Final

from scripts.benchmark.faults import NO_HUB, BenchmarkError
from scripts.benchmark.figures import Stream

ROOM: Final = 262_144
PATIENCE_SECONDS: Final = 30.0
ID: Final = re.compile(rb"\nid: [0-9]+:([0-9]+)\n")
EVENT: Final = b"\nevent: "
HEARTBEAT: Final = b"\nevent: heartbeat\n"
END: Final = b"\n\n"


class Tally:
    """What came of a stream so far."""

    def __init__(self) -> None:
        """Nothing came."""
        self.events = 0
        self.first: int | None = None
        """The number of the last event before the stream."""
        self.last = 0
        """The number of the newest event that came."""
        self._rest = b"\n"

    def take(self, data: bytes) -> None:
        """Count what came, up to the last whole event."""
        text = self._rest + data
        whole = text.rfind(END)
        if whole < 0:
            self._rest = text
            return
        # The line break before an event's first line may be the one that ends the last event.
        self._rest = text[whole + 1 :]
        text = text[: whole + 1]
        self.events += text.count(EVENT) - text.count(HEARTBEAT)
        if self.first is None and (found := ID.search(text)):
            self.first = int(found[1])
        if newest := _last_id(text):
            self.last = newest

    @property
    def missing(self) -> int:
        """Numbers between the first and the last that did not come."""
        return self.last - (self.first or 0) - self.events


def _last_id(text: bytes) -> int | None:
    at = text.rfind(b"\nid: ")
    found = ID.match(text, at) if at >= 0 else None
    return int(found[1]) if found else None


class Follower:
    """Reads in a thread of its own from the beginning of the window until it is closed."""

    def __init__(self, port: int, token: str) -> None:
        """Nothing is read yet."""
        self._port = port
        self._token = token
        self._tally = Tally()
        self._behind = 0
        self._ended = False
        self._closing = threading.Event()
        self._pool = ThreadPoolExecutor(1, "events")
        self._reading: Future[None] | None = None
        self._socket: socket.socket | None = None

    def tick(self, word: str, _numbers: list[int]) -> None:
        """Take one word of the load generator."""
        if word == "joined":
            self._socket = self._opened()
            self._reading = self._pool.submit(self._read, self._socket)
        elif word == "end":
            self._behind = max(self._newest() - self._tally.last, 0)

    @property
    def began(self) -> bool:
        """Something came."""
        return self._tally.first is not None

    @property
    def events(self) -> int:
        """How many came so far."""
        return self._tally.events

    @property
    def is_over(self) -> bool:
        """Nothing will come any more."""
        return self._reading is not None and self._reading.done()

    def close(self) -> None:
        """Hang up."""
        self._closing.set()
        if self._socket:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        self._pool.shutdown()
        if self._socket:
            self._socket.close()

    def stream(self) -> Stream:
        """What came. Raises BenchmarkError when nothing did."""
        if self._reading is None or self._tally.first is None:
            raise BenchmarkError(NO_HUB, "there was no stream of events")
        self._reading.result()
        found = self._tally
        return Stream(found.events, found.missing, self._behind, self._ended)

    def _opened(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self._port), PATIENCE_SECONDS)
        connection.sendall(
            b"GET /api/v1/events/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Authorization: Bearer %b\r\n\r\n" % self._token.encode()
        )
        return connection

    def _newest(self) -> int:
        """The number of the newest event there is: what a fresh stream begins with."""
        tally = Tally()
        with self._opened() as connection:
            while tally.first is None:
                data = connection.recv(ROOM)
                if not data:
                    raise BenchmarkError(NO_HUB, "the hub gives no stream of events")
                tally.take(data)
        return tally.first

    def _read(self, connection: socket.socket) -> None:
        while True:
            try:
                data = connection.recv(ROOM)
            except OSError:
                data = b""
            if not data:
                self._ended = not self._closing.is_set()
                return
            self._tally.take(data)
