"""The small parts of an attempt."""

from pathlib import Path

import msgspec
import pytest

from schemas.to_agent import TaskAssign
from sidecar.attempt import Attempt, parse_progress
from sidecar.config import Config
from sidecar.steps import Ending

CONFIG = Config(url="http://h:1", agent_id="a", token="t")
ASSIGN = TaskAssign("../../etc", 1, 1, "a test", 0, payload=msgspec.Raw(b'{"a":1}'))


@pytest.mark.parametrize(
    ("line", "progress"),
    [
        ("::progress 40 half way", (40, "half way")),
        ("::progress 40%", (40, None)),
        ("::progress 400 too much", (100, "too much")),
        ("::progress soon", None),
        ("::progress -1", None),
        (" ::progress 40", None),
        ("progress 40", None),
        ("::progress 1234 x", None),
    ],
)
def test_a_progress_line_is_recognised(line: str, progress: tuple[int, str | None]) -> None:
    """A percentage, then perhaps a message; everything else is output."""
    assert parse_progress(line) == progress


def test_its_directory_is_private_and_goes_away(tmp_path: Path) -> None:
    """Whatever the task's id is, it stays inside."""
    attempt = Attempt(ASSIGN, CONFIG)
    home = attempt.prepare(tmp_path)
    assert home.parent == tmp_path
    assert home.stat().st_mode & 0o777 == 0o700
    assert (home / "payload.json").read_bytes() == b'{"a":1}'
    attempt.remove()
    assert list(tmp_path.iterdir()) == []


def test_the_first_reason_stands_unless_the_task_is_taken_away() -> None:
    """A cancel during a timeout stays a timeout; a stale attempt reports nothing."""
    attempt = Attempt(ASSIGN, CONFIG)
    seen = []
    for ending in (Ending.TIMEOUT, Ending.CANCELLED, Ending.NOTHING):
        attempt.stop(ending, 100)
        seen.append(attempt.ending)
    assert seen == [Ending.TIMEOUT, Ending.TIMEOUT, Ending.NOTHING]
