"""Log lines as JSON on stderr, in the hub's form, with no token ever in them.

A thread of its own writes them: whoever reads stderr too slowly must not delay a ping.
"""

import logging
import os
import queue
import sys
import threading
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

import msgspec
from loguru import logger

from schemas.redaction import without_secrets

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
        line: dict[str, Any] = {
            "time": record["time"].astimezone(UTC).isoformat(timespec="milliseconds"),
            "level": record["level"].name.lower(),
            "message": record["message"],
            **record["extra"],
        }
        if self._dropped:
            line["dropped"], self._dropped = self._dropped, 0
        if (error := record["exception"]) is not None:
            line["error_type"] = error.type.__name__ if error.type else ""
            line["error_text"] = str(error.value)
            line["traceback"] = str(message).splitlines()[1:]
        text = msgspec.json.encode(line, enc_hook=str).decode()
        return without_secrets(text.replace(self._secret, "***")) + "\n"

    def _pump(self) -> None:
        # Past `sys.stderr`, whose lock a write that waits would hold: the program's end needs it.
        stderr = sys.stderr.fileno()
        while (line := self._queue.get()) is not None:
            data = line.encode("utf-8", "backslashreplace")
            while data:
                data = data[os.write(stderr, data) :]


def to_stderr(secret: str, level: str = "INFO") -> None:
    """Send every log line of this process to stderr as one JSON object."""
    logger.remove()
    logger.add(Lines(secret), level=level, format="{message}", backtrace=False, diagnose=False)
    logging.basicConfig(handlers=[_Forward()], level=logging.WARNING, force=True)


class _Forward(logging.Handler):
    """Takes the warnings of libraries into the same lines."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the library's line as one of ours."""
        bound = logger.bind(logger=record.name).opt(exception=record.exc_info)
        bound.log(record.levelname, "{}", record.getMessage())
