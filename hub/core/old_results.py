"""Results of protocol 1: what a completion means, and what of it can be kept.

An old sidecar reports some failures as completions, and leaves it to the hub to judge a
verification. Its result comes once, in one frame, so it is never refused: what cannot be kept
is cut or replaced, and says so.
"""

from typing import Any, Final, NamedTuple

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from hub.core import opaque
from schemas.scalars import ERROR_CHARS, KIB, OPAQUE_BYTES, FailureClass

FAILED_WORDS: Final = frozenset(
    {"failed", "failure", "fail", "error", "timeout", "timed_out", "execution_failed"}
)
"""Values of a result's `status` or `verification_status` that make a completion a failure."""
UNVERIFIED_WORDS: Final = frozenset({"fail", "failed", "error", "timeout"})
"""The same of a verification report's `status`."""
SHOWN_BYTES: Final = 256 * KIB
"""So much of a result that is too large is kept, as text."""

_encode = msgspec.json.Encoder().encode


class _Told(Struct):
    """What a result says of itself."""

    status: Any = None
    verification_status: Any = None
    error: Any = None
    reason: Any = None
    output: Any = None
    tokens_used: Any = None


class _Verified(Struct):
    """What a verification report says."""

    status: Any = None


_told = msgspec.json.Decoder(_Told).decode
_verified = msgspec.json.Decoder(_Verified).decode


class Judged(NamedTuple):
    """What a completion means."""

    error: str | None
    """Why it is a failure; None when it is none."""
    failure_class: FailureClass | None
    result: Raw | UnsetType
    """What is kept of it, with the verification inside."""
    tokens_used: Any


def judged(result: Raw | UnsetType, report: Raw | UnsetType, history: Raw | UnsetType) -> Judged:
    """Judge the parts of a `task_complete`."""
    told = _told_by(result)
    kept = _kept(_with_reports(result, report, history))
    error, failure_class = None, None
    if _says(told.status, FAILED_WORDS) or _says(told.verification_status, FAILED_WORDS):
        why = text_of(told.error) or text_of(told.reason) or text_of(told.output)
        error = why or f"the result says {told.status or told.verification_status}"
    elif _says(_status_of(report), UNVERIFIED_WORDS):
        error = "its verification failed; the report is in the result"
        failure_class = FailureClass.VERIFICATION
    return Judged(error, failure_class, kept, told.tokens_used)


def text_of(value: Any) -> str | None:
    """A text that may be kept: the first part of a long one; None for anything else."""
    return value[:ERROR_CHARS] if isinstance(value, str) and value.strip() else None


def _says(value: Any, words: frozenset[str]) -> bool:
    return isinstance(value, str) and value.lower() in words


def _told_by(result: Raw | UnsetType) -> _Told:
    try:
        return _Told() if result is UNSET else _told(result)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Told()


def _status_of(report: Raw | UnsetType) -> Any:
    try:
        return None if report is UNSET else _verified(report).status
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _with_reports(
    result: Raw | UnsetType, report: Raw | UnsetType, history: Raw | UnsetType
) -> bytes | None:
    """The result with its verification inside, where it is an object; every byte as it came."""
    extras = [
        b'"%s":%s' % (name, bytes(raw))
        for name, raw in ((b"verification_report", report), (b"verification_history", history))
        if raw is not UNSET and bytes(raw) != b"null"
    ]
    text = None if result is UNSET or bytes(result) == b"null" else bytes(result).strip()
    if not extras:
        return text
    if text is None:
        return b"{%s}" % b",".join(extras)
    if not text.startswith(b"{"):
        return b'{"result":%s,%s}' % (text, b",".join(extras))
    inside = text[1:-1].strip()
    return b"{%s}" % b",".join([inside, *extras] if inside else extras)


def _kept(text: bytes | None) -> Raw | UnsetType:
    """A result as it may be kept: cut when it is too large, replaced when it is no good JSON."""
    if text is None:
        return UNSET
    found = opaque.flaw(Raw(text), OPAQUE_BYTES)
    if found is None:
        return Raw(text)
    shown = text[:SHOWN_BYTES].decode("utf-8", "replace")
    kept = {"truncated": True, "bytes": len(text), "why": found, "text": shown}
    while len(encoded := _encode(kept)) > OPAQUE_BYTES:
        kept["text"] = shown = shown[: len(shown) // 2]
    return Raw(encoded)
