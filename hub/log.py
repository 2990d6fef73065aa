"""Logs: one JSON object a line on standard error, with secrets taken out at the sink.

Records of other libraries pass through the same sink, so they are redacted too.
"""

import json
import logging
import re
import sys
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final, TextIO

from loguru import logger

from hub.services.log_level import LEVELS, LogLevel
from schemas.redaction import without_secrets

if TYPE_CHECKING:
    from loguru import Message, Record

VALUE_CHARS: Final = 512
"""Longer texts are cut: they may come from anybody."""
HIDDEN: Final = "[hidden]"
_SECRET_KEYS: Final = re.compile(r"token|secret|password|authorization|cookie|pepper", re.I)
_BEARER: Final = re.compile(r"(?i:bearer)\s+[^\s\"']+")


def redact(value: Any) -> Any:
    """The value without secrets, cut to a sane length."""
    if isinstance(value, dict):
        return {
            str(key): HIDDEN if _SECRET_KEYS.search(str(key)) else redact(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    text = _clean(str(value))
    return text if len(text) <= VALUE_CHARS else text[:VALUE_CHARS] + "…"


def _clean(text: str) -> str:
    """Tokens keep their public id; of another bearer nothing is known that could be shown."""
    return without_secrets(_BEARER.sub(HIDDEN, text))


def _line(message: "Message") -> str:
    record = message.record
    entry: dict[str, Any] = {
        "time": record["time"].astimezone(UTC).isoformat(timespec="milliseconds"),
        "level": record["level"].name.lower(),
        "message": redact(record["message"]),
        **redact(record["extra"]),
    }
    error = record["exception"]
    if error is not None and error.type is not None:
        entry["error_type"] = error.type.__name__
        entry["error_text"] = redact(str(error.value))
        entry["traceback"] = redact_lines(str(message))
    return json.dumps(entry)


def redact_lines(text: str) -> list[str]:
    """A traceback, line by line, without secrets."""
    return [_clean(line)[:VALUE_CHARS] for line in text.splitlines()[-60:]]


class _Bridge(logging.Handler):
    """Carries records of the standard library's logging over."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log the record as ours."""
        level = record.levelname if record.levelname in LEVELS else record.levelno
        bound = logger.bind(logger=record.name)
        bound.opt(exception=record.exc_info).log(level, record.getMessage())


def start(level: LogLevel, stream: TextIO | None = None) -> None:
    """Send all logs from this level on to the stream (standard error), as JSON lines.

    The level may change later.
    """
    target = sys.stderr if stream is None else stream

    def wanted(record: "Record") -> bool:
        return record["level"].no >= level.number

    def write(message: "Message") -> None:
        target.write(_line(message) + "\n")
        target.flush()

    logger.remove()
    logger.add(write, level=0, filter=wanted, format="{exception}", backtrace=False, diagnose=False)
    logging.basicConfig(handlers=[_Bridge()], level=logging.WARNING, force=True)
