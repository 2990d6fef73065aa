"""Old results: a completion is judged by what it says, and something of it is always kept."""

from typing import Any

import pytest
from msgspec import UNSET, Raw, json

from hub.core import opaque
from hub.core.old_results import Judged, judged
from schemas.attempts import FailureClass
from schemas.scalars import OPAQUE_BYTES

MISSING: Any = object()


def raw(value: Any) -> Any:
    """A part of a frame; absent when it is missing."""
    return UNSET if value is MISSING else Raw(json.encode(value))


def judge(result: Any, report: Any = MISSING, history: Any = MISSING) -> Judged:
    """What these parts mean together."""
    return judged(raw(result), raw(report), raw(history))


def kept(found: Judged) -> Any:
    """What is kept of the result."""
    return None if found.result is UNSET else json.decode(bytes(found.result))


@pytest.mark.parametrize(
    ("result", "error"),
    [
        ({"status": "failed", "error": "boom"}, "boom"),
        ({"status": "Failed", "reason": "why"}, "why"),
        ({"status": "failed", "output": "out"}, "out"),
        (
            {"status": "done", "verification_status": "execution_failed"},
            "the result says execution_failed",
        ),
        ({"status": "timeout", "error": "  "}, "the result says timeout"),
    ],
)
def test_a_completion_may_tell_of_a_failure(result: dict[str, Any], error: str) -> None:
    """Its result is kept."""
    found = judge(result)
    assert (found.error, found.failure_class, kept(found)) == (error, None, result)


@pytest.mark.parametrize(
    ("result", "error"),
    [
        (b'{"status":" FAILED ","n":1e999}', "the result says  FAILED "),
        (b'{"status":"failed","output":"a' + rb"\ud83d" + b'"}', "a\ufffd"),
        (b'{"status":"success","output":"a', "the result could not be read"),
    ],
)
def test_a_failure_is_none_the_less_one_when_the_rest_is_odd(result: bytes, error: str) -> None:
    """What cannot be read at all is a failure, and kept as text."""
    found = judged(Raw(result), UNSET, UNSET)
    assert found.error == error
    assert found.result is not UNSET


def test_an_error_is_never_long() -> None:
    """Neither the status nor anything else makes it so."""
    odd = {"status": "x" * 1_000_000, "verification_status": "failed", "error": ["x" * 10_000]}
    assert judge(odd).error == "the result says failed"
    assert len(judge({"status": "failed", "error": "x" * 1_000_000}).error or "") == 2_000


def test_half_a_character_in_a_result_is_marked() -> None:
    """All else of it is kept as it came."""
    found = judged(Raw(rb'{"output": "a\ud83d", "n": 1}'), UNSET, UNSET)
    assert (found.error, found.result) == (None, Raw(rb'{"output": "a\ufffd", "n": 1}'))


@pytest.mark.parametrize("result", [MISSING, None, {}, [], "failed", {"status": ["failed"]}])
def test_what_says_nothing_of_a_failure_is_a_success(result: Any) -> None:
    """Whatever it is."""
    found = judge(result)
    assert found.error is None
    assert kept(found) == (None if result is MISSING else result)


@pytest.mark.parametrize(
    ("status", "fails"),
    [("fail", True), ("error", True), ("timeout", True), ("auto_pass", False), ("skip", False)],
)
def test_a_verification_is_judged_and_shown(status: str, *, fails: bool) -> None:
    """With the whole report, and the history if there is one."""
    report = {"status": status, "checks": [1]}
    found = judge({"output": "x"}, report, [1])
    assert (found.failure_class is FailureClass.VERIFICATION) is fails
    assert (found.error is not None) is fails
    shown = {"verification_report": report, "verification_history": [1]}
    assert kept(found) == {"output": "x"} | shown


@pytest.mark.parametrize("result", [MISSING, None, [1], "text", 5, {}])
def test_a_report_is_kept_beside_any_result(result: Any) -> None:
    """Nothing that came is lost; null is as good as absent."""
    found = kept(judge(result, {"status": "skip"}, None))
    assert found.pop("verification_report") == {"status": "skip"}
    assert found == ({} if result in (MISSING, None, {}) else {"result": result})


@pytest.mark.parametrize("text", ["x" * 3_000_000, '\u00fc"' * 700_000])
def test_a_result_that_is_too_large_is_cut_with_a_flag(text: str) -> None:
    """It may always be kept, and begins as it began."""
    found = judge({"output": text})
    shown = kept(found)
    assert shown["truncated"]
    assert shown["bytes"] > 1_000_000
    assert shown["text"].startswith('{"output":"')
    assert not isinstance(found.result, type(UNSET))
    assert opaque.flaw(found.result, OPAQUE_BYTES) is None


def test_a_result_that_nobody_could_read_is_kept_as_text() -> None:
    """It says why."""
    found = judged(Raw(b'{"n": 99999999999999999999}'), UNSET, UNSET)
    assert kept(found) == {
        "truncated": True,
        "bytes": 27,
        "why": "integer beyond 2**53 - 1",
        "text": '{"n": 99999999999999999999}',
    }
