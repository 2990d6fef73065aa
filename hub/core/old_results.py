"""Results of protocol 1: what a completion means, and what of it can be kept.

An old sidecar reports some failures as completions, and leaves it to the hub to judge a
verification. Its result comes once, in one frame, so it is never refused: what cannot be kept
is cut or replaced, and says so.
"""

from typing import Final, NamedTuple

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from hub.core import opaque
from hub.core.old_frames import (
    COULD_NOT_BE_READ,
    SHOWN_BYTES,
    UNREADABLE,
    mended,
    plain,
    text_of,
)
from schemas.attempts import FailureClass
from schemas.backbone import Loose
from schemas.scalars import OPAQUE_BYTES

FAILED_WORDS: Final = frozenset(
    {"failed", "failure", "fail", "error", "timeout", "timed_out", "execution_failed"}
)
"""Values of a result's `status` or `verification_status` that make a completion a failure."""
UNVERIFIED_WORDS: Final = frozenset({"fail", "failed", "error", "timeout"})
"""The same of a verification report's `status`."""

_encode = msgspec.json.Encoder().encode


class _Told(Struct):
    """What a result says of itself."""

    status: Loose = UNSET
    verification_status: Loose = UNSET
    error: Loose = UNSET
    reason: Loose = UNSET
    output: Loose = UNSET
    tokens_used: Loose = UNSET


class _Verified(Struct):
    """What a verification report says."""

    status: Loose = UNSET


_told = msgspec.json.Decoder(_Told).decode
_verified = msgspec.json.Decoder(_Verified).decode


class Judged(NamedTuple):
    """What a completion means."""

    error: str | None
    """Why it is a failure; None when it is none."""
    failure_class: FailureClass | None
    result: Raw | UnsetType
    """What is kept of it, with the verification inside."""
    tokens_used: Loose


def judged(result: Loose, report: Loose, history: Loose) -> Judged:
    """Judge the parts of a `task_complete`."""
    if result is not UNSET:
        result = _readable(result)
    kept = _kept(_with_reports(result, report, history))
    told = _told_by(result)
    if told is None:
        return Judged(COULD_NOT_BE_READ, None, kept, UNSET)
    error, failure_class = None, None
    word = _said(told.status, FAILED_WORDS) or _said(told.verification_status, FAILED_WORDS)
    if word is not None:
        why = text_of(told.error) or text_of(told.reason) or text_of(told.output)
        error = why or f"the result says {word}"
    elif _said(_status_of(report), UNVERIFIED_WORDS):
        error = "its verification failed; the report is in the result"
        failure_class = FailureClass.VERIFICATION
    return Judged(error, failure_class, kept, told.tokens_used)


def _readable(result: Raw) -> Raw:
    """The result as it came, or with marks for half characters when it has any."""
    try:
        _told(result)
    except msgspec.ValidationError:
        return result
    except UNREADABLE:
        return Raw(mended(bytes(result)))
    return result


def _said(raw: Loose, words: frozenset[str]) -> str | None:
    """The word that was said, if it is one of these."""
    value = plain(raw)
    return value if isinstance(value, str) and value.strip().lower() in words else None


def _told_by(result: Loose) -> _Told | None:
    """What a result says; nothing if it is no object, None if it cannot be read."""
    try:
        return _Told() if result is UNSET else _told(result)
    except msgspec.ValidationError:
        return _Told()
    except UNREADABLE:
        return None


def _status_of(report: Loose) -> Loose:
    try:
        return UNSET if report is UNSET else _verified(report).status
    except UNREADABLE:
        return UNSET


def _with_reports(result: Loose, report: Loose, history: Loose) -> bytes | None:
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
    if len(text) <= OPAQUE_BYTES and opaque.flaw(Raw(whole := mended(text)), OPAQUE_BYTES) is None:
        return Raw(whole)
    shown = text[:SHOWN_BYTES].decode("utf-8", "replace")
    kept = {"truncated": True, "bytes": len(text), "why": found, "text": shown}
    while len(encoded := _encode(kept)) > OPAQUE_BYTES:
        kept["text"] = shown = shown[: len(shown) // 2]
    return Raw(encoded)
