"""What is said about how a program ended."""

import os
from pathlib import Path

import msgspec
import pytest

from schemas.attempts import FailureClass
from sidecar import reports
from sidecar.reports import Said
from sidecar.runner import Outcome
from sidecar.steps import Ending


def outcome(code: int) -> Outcome:
    """A program that ended with this code."""
    return Outcome(code, stopped=True, duration_ms=5, survivors=0)


@pytest.mark.parametrize(
    ("code", "ending", "failure"),
    [
        (1, None, FailureClass.AGENT),
        (75, None, FailureClass.QUOTA),
        (-11, None, FailureClass.INFRA),
        (-9, Ending.TIMEOUT, FailureClass.TIMEOUT),
        (-15, Ending.SHUTDOWN, FailureClass.INFRA),
    ],
)
def test_a_verdict_comes_from_the_table_or_the_reason(
    code: int, ending: Ending | None, failure: FailureClass
) -> None:
    """Exit codes and signals by the configuration, stops by who asked."""
    table = {"75": FailureClass.QUOTA, "SIGSEGV": FailureClass.INFRA}
    assert reports.verdict(outcome(code), ending, table)[1] is failure


def test_unknown_signals_have_a_name() -> None:
    """Real-time signals have none of their own."""
    assert reports.signal_name(9) == "SIGKILL"
    assert reports.signal_name(50) == "signal 50"


@pytest.mark.parametrize("content", [b'{"a": [1, 2]}', b" 1.5\n", b'"x"', b"null"])
def test_a_result_is_kept_byte_for_byte(tmp_path: Path, content: bytes) -> None:
    """Any JSON will do."""
    (tmp_path / "result.json").write_bytes(content)
    raw, problem = reports.written_result(tmp_path / "result.json", 100)
    assert raw is not None
    assert (bytes(raw), problem) == (content.strip(), None)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{", "not JSON"),
        (b'"\xff"', "not JSON"),
        (b"[" * 100000, "not JSON"),
        (b"[" * 33 + b"]" * 33, "nests deeper than 32"),
        (b"[9007199254740992]", "integer beyond"),
        (b"1" * 200000, "larger than"),
    ],
)
def test_a_result_the_hub_would_refuse_is_not_sent(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    """The report says what was wrong instead."""
    (tmp_path / "result.json").write_bytes(content)
    raw, said = reports.written_result(tmp_path / "result.json", 150_000)
    assert raw is None
    assert said is not None
    assert problem in said


def test_no_result_is_no_problem(tmp_path: Path) -> None:
    """Neither a missing nor an empty file is an error."""
    assert reports.written_result(tmp_path / "none", 10) == (None, None)
    (tmp_path / "empty").write_bytes(b"\n")
    assert reports.written_result(tmp_path / "empty", 10) == (None, None)


def test_a_link_or_pipe_is_not_read(tmp_path: Path) -> None:
    """A program cannot make the sidecar read another file, or wait."""
    (tmp_path / "link").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe"):
        raw, problem = reports.written_result(tmp_path / name, 10_000)
        assert raw is None
        assert problem is not None


def test_an_attempt_lost_with_its_sidecar_may_run_again() -> None:
    """It says what happened."""
    frame = msgspec.json.decode(reports.lost(("task-1", 3)))
    assert (frame["type"], frame["class"], frame["retryable"]) == ("task_failed", "infra", True)


@pytest.mark.parametrize(
    ("content", "problem", "said"),
    [
        ('{"error": "Sold: out"}', None, Said("Sold: out")),
        ('{"error": "no such", "class": "config"}', "odd", Said("no such", FailureClass.CONFIG)),
        ('{"error": "x", "class": "bad luck"}', None, None),
        ("", "odd", Said("odd", FailureClass.CONFIG)),
        ("[", None, None),
        (None, None, None),
    ],
)
def test_a_function_says_why_it_failed(
    tmp_path: Path, content: str | None, problem: str | None, said: Said | None
) -> None:
    """What it wrote down; else what is wrong with its result; else nothing."""
    if content is not None:
        (tmp_path / "failure.json").write_text(content)
    assert reports.what_it_said(tmp_path / "failure.json", problem) == said


def test_what_a_function_says_is_the_verdict() -> None:
    """The table gives the class that it does not name; a signal overrules it."""
    table = {"1": FailureClass.INFRA}
    said = Said("Sold: out")
    assert reports.verdict(outcome(1), None, table, said) == ("Sold: out", FailureClass.INFRA)
    assert reports.verdict(outcome(-9), None, table, said)[1] is FailureClass.AGENT
    assert reports.verdict(outcome(1), Ending.TIMEOUT, table, said)[1] is FailureClass.TIMEOUT
