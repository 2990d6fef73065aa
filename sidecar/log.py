"""Log lines as JSON on stderr, with the token never in them."""

import logging
import sys
from typing import TYPE_CHECKING

import msgspec
from loguru import logger

if TYPE_CHECKING:
    from loguru import Message


def to_stderr(secret: str, level: str = "INFO") -> None:
    """Send every log line of this process to stderr as one JSON object."""

    def sink(message: "Message") -> None:
        record = message.record
        line = {
            "at": record["time"].isoformat(),
            "level": record["level"].name,
            "message": record["message"],
            "where": f"{record['name']}:{record['line']}",
            **record["extra"],
        }
        if (error := record["exception"]) is not None:
            line["error"] = str(message).split("\n", 1)[-1]
            line["error_type"] = error.type.__name__ if error.type else ""
        text = msgspec.json.encode(line, enc_hook=str).decode()
        sys.stderr.write(text.replace(secret, "***") + "\n")
        sys.stderr.flush()

    logger.remove()
    logger.add(sink, level=level, format="{message}", backtrace=False, diagnose=False)
    logging.basicConfig(handlers=[_Forward()], level=logging.WARNING, force=True)


class _Forward(logging.Handler):
    """Takes the warnings of libraries into the same lines."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the library's line as one of ours."""
        logger.opt(exception=record.exc_info).log(record.levelname, "{}", record.getMessage())
