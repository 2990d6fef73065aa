"""Logs: one JSON object a line, without secrets, whoever writes."""

import io
import json
import logging
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from loguru import logger

from hub import log
from hub.core import credentials
from hub.services.log_level import LogLevel
from schemas.scalars import Role

TOKEN = credentials.new_token(Role.ADMIN, secrets.randbits(304)).text
SECRET = TOKEN.rpartition("_")[2]
CODE = credentials.new_invite(secrets.randbits(304)).text


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the log goes for the time of a test."""
    target = io.StringIO()
    log.start(LogLevel("DEBUG"), target)
    yield target
    logger.remove()
    logging.basicConfig(handlers=[], force=True)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """What was logged; each line has to be one JSON object."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_an_object(stream: io.StringIO) -> None:
    """With time, level, message, and what was bound; newlines stay inside."""
    logger.bind(agent="a1", count=3, flaws=["x"]).info("two\nlines")
    (line,) = lines(stream)
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "info",
        "message": "two\nlines",
        "agent": "a1",
        "count": 3,
        "flaws": ["x"],
    }


@pytest.mark.parametrize("secret", [TOKEN, CODE], ids=["token", "code"])
@pytest.mark.parametrize(
    "text", ["{}", "token={}", "Authorization: Bearer {}", '{{"token":"{}"}}', "a{}b"]
)
def test_no_secret_in_a_message(stream: io.StringIO, secret: str, text: str) -> None:
    """Wherever in the text it stands."""
    logger.info(text.format(secret).replace("{", "{{").replace("}", "}}"))
    assert secret.rpartition("_")[2] not in stream.getvalue()
    shown = secret.rpartition("_")[0] + "_\\u2026"
    assert shown in stream.getvalue() or log.HIDDEN in stream.getvalue()


def test_no_secret_in_what_is_bound(stream: io.StringIO) -> None:
    """By its name or by its looks, however deep."""
    logger.bind(
        token="t-secret",
        headers={"Authorization": "Basic t-secret", "Cookie": "t-secret"},
        list=[{"admin_token": "t-secret"}, f"x {TOKEN}", ("bearer t-secret",)],
    ).info("x")
    assert "t-secret" not in stream.getvalue()
    assert TOKEN not in stream.getvalue()


def test_no_secret_in_a_traceback(stream: io.StringIO) -> None:
    """Also not in the text of the error."""
    try:
        int(f"bad token {TOKEN}")
    except ValueError:
        logger.exception("it broke")
    (line,) = lines(stream)
    assert line["error_type"] == "ValueError"
    assert any("test_log.py" in entry for entry in line["traceback"])
    assert SECRET not in stream.getvalue()


def test_other_libraries_pass_through(stream: io.StringIO) -> None:
    """With their own name, from warnings on, and redacted like ours."""
    logging.getLogger("uvicorn.error").warning("refused %s", TOKEN)
    logging.getLogger("asyncio").debug("not of interest")
    try:
        int(TOKEN)
    except ValueError:
        logging.getLogger("anything").exception("it broke")
    first, second = lines(stream)
    assert (first["level"], first["logger"]) == ("warning", "uvicorn.error")
    assert second["error_type"] == "ValueError"
    assert SECRET not in stream.getvalue()


def test_long_texts_are_cut(stream: io.StringIO) -> None:
    """They may come from anybody."""
    logger.bind(text="x" * 10_000).info("y" * 10_000)
    (line,) = lines(stream)
    assert len(line["text"]) == len(line["message"]) == log.VALUE_CHARS + 1


def test_braces_and_surrogates_do_no_harm(stream: io.StringIO) -> None:
    """A line is written whatever the text."""
    logger.bind(text="\ud800 {0}").info("{x} " + "\ud800")
    (line,) = lines(stream)
    assert line["message"].startswith("{x}")


def test_what_is_below_the_level_is_not_there(stream: io.StringIO) -> None:
    """The level is chosen by the operator, also while the hub runs."""
    level = LogLevel("warning")
    log.start(level, stream)
    logger.info("no")
    logger.warning("yes")
    level.set("INFO")
    logger.info("now, too")
    assert [line["message"] for line in lines(stream)] == ["yes", "now, too"]
