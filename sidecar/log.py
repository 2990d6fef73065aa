"""Log lines as JSON on stderr, with the token never in them.

A thread of its own writes them: whoever reads stderr too slowly must not delay a ping.
"""

import logging
import queue
import sys
import threading
from typing import TYPE_CHECKING, Final

import msgspec
from loguru import logger

if TYPE_CHECKING:
    from loguru import Message

QUEUED_LINES: Final = 2_000
"""How many lines wait for a slow reader; more are dropped and counted."""
STOP_SECONDS: Final = 1.0
"""How long the end of the program waits for the last lines to be written."""


class Lines:
    """A loguru sink that never blocks its caller."""

    def __init__(self, secret: str) -> None:
        """Replace `secret` wherever it appears."""
        self._secret = secret
        self._queue: queue.Queue[str | None] = queue.Queue(QUEUED_LINES)
        self._dropped = 0
        self._thread = threading.Thread(target=self._pump, name="log", daemon=True)
        self._thread.start()

    def write(self, message: "Message") -> None:
        """Take one record."""
        try:
            self._queue.put_nowait(self._line(message))
        except queue.Full:
            self._dropped += 1

    def stop(self) -> None:
        """Write what waits, but not for ever; loguru calls it at the end."""
        try:
            self._queue.put(None, timeout=STOP_SECONDS)
        except queue.Full:
            return
        self._thread.join(STOP_SECONDS)

    def _line(self, message: "Message") -> str:
        record = message.record
        line = {
            "at": record["time"].isoformat(),
            "level": record["level"].name,
            "message": record["message"],
            "where": f"{record['name']}:{record['line']}",
            **record["extra"],
        }
        if self._dropped:
            line["dropped"], self._dropped = self._dropped, 0
        if (error := record["exception"]) is not None:
            line["error"] = str(message).split("\n", 1)[-1]
            line["error_type"] = error.type.__name__ if error.type else ""
        text = msgspec.json.encode(line, enc_hook=str).decode()
        return text.replace(self._secret, "***") + "\n"

    def _pump(self) -> None:
        while (line := self._queue.get()) is not None:
            sys.stderr.write(line)
            sys.stderr.flush()


def to_stderr(secret: str, level: str = "INFO") -> None:
    """Send every log line of this process to stderr as one JSON object."""
    logger.remove()
    logger.add(Lines(secret), level=level, format="{message}", backtrace=False, diagnose=False)
    logging.basicConfig(handlers=[_Forward()], level=logging.WARNING, force=True)


class _Forward(logging.Handler):
    """Takes the warnings of libraries into the same lines."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the library's line as one of ours."""
        logger.opt(exception=record.exc_info).log(record.levelname, "{}", record.getMessage())
