"""Log lines of a real process."""

import json
import subprocess
import sys

CODE = """
import logging
from loguru import logger
from sidecar import log
log.to_stderr("secret-token")
with logger.contextualize(task="task-1"):
    logger.info("hello {}", "secret-token")
logging.getLogger("websockets.client").warning("from a library")
logger.bind(code="corral_j_abc_0123456789").info("another corral_a_xyz_0123456789")
logger.debug("not this")
try:
    raise ValueError("secret-token is wrong")
except ValueError:
    logger.exception("broken")
"""


def test_lines_are_json_without_the_token() -> None:
    """One object a line, errors included, and nobody's secret anywhere."""
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True, timeout=20
    )
    first, second, other, third = (json.loads(line) for line in done.stderr.splitlines())
    assert (first["message"], first["task"], first["level"]) == ("hello ***", "task-1", "info")
    assert first["time"].endswith("+00:00")
    assert (second["message"], second["logger"]) == ("from a library", "websockets.client")
    assert (other["message"], other["code"]) == ("another corral_a_xyz_…", "corral_j_abc_…")
    assert (third["message"], third["error_type"]) == ("broken", "ValueError")
    assert third["error_text"] == "*** is wrong"
    assert third["traceback"][-1] == "ValueError: *** is wrong"
    assert "secret-token" not in done.stderr


FLOOD = """
import sys, time
from loguru import logger
from sidecar import log
log.to_stderr("secret-token")
began = time.monotonic()
for _ in range(5000):
    logger.info("x" * 100)
sys.stdout.write(str(time.monotonic() - began < 5))
"""


def test_a_reader_that_sleeps_does_not_stop_the_sidecar() -> None:
    """Nobody reads the pipe; the lines that do not fit are dropped, and the program ends."""
    command = [sys.executable, "-c", FLOOD]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stdout.read(4) == b"True"
        program.wait(10)
