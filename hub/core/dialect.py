"""Protocol 1: what an old sidecar says in our words, and what we say in its.

One object for one session, without input or output. The sidecar's own rules are in
`schemas/backbone.py`; two of them shape this page. It names no generation when it accepts or
rejects a task, so the one that was sent is filled in. And a result comes once, in one frame,
so nothing about it may lead to a refusal: what cannot be kept is cut or replaced, and says so.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from hub.core import opaque
from schemas import backbone as old
from schemas import from_agent as wire
from schemas import to_agent
from schemas.backbone import FromOldAgent, Loose
from schemas.from_agent import FromAgent
from schemas.scalars import (
    ERROR_CHARS,
    KIB,
    OPAQUE_BYTES,
    SAFE_INTEGER,
    FailureClass,
    Rejection,
)
from schemas.to_agent import ToAgent

FAILED_WORDS: Final = frozenset(
    {"failed", "failure", "fail", "error", "timeout", "timed_out", "execution_failed"}
)
"""Values of a result's `status` or `verification_status` that make a completion a failure."""
UNVERIFIED_WORDS: Final = frozenset({"fail", "failed", "error", "timeout"})
"""The same of a verification report's `status`."""
SHOWN_BYTES: Final = 256 * KIB
"""So much of a result that is too large is kept, as text."""

Asked = old.TaskRecovering | old.StateReport
"""Questions of the sidecar, which services answer."""
_decode = msgspec.json.Decoder(FromOldAgent).decode
_decode_ours = msgspec.json.Decoder(ToAgent).decode
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


class Dialect:
    """The two directions of one session."""

    def __init__(self) -> None:
        self.sent: dict[str, int] = {}
        """The generation of each task that was sent or confirmed on this session."""
        self.reports_state = False
        """The sidecar is of the kind that says what it works on after a cut."""

    # From the sidecar

    def hear(self, data: bytes) -> FromAgent | Asked | old.Ping | None:
        """What a frame means; None for what means nothing to the hub.

        Raises msgspec.DecodeError for what is not a message of protocol 1 at all.
        """
        message: Any = _decode(data)
        kind = type(message)
        if kind in _NEWER:
            self.reports_state = True
        if kind in _QUESTIONS:
            return message if isinstance(message.task_id, str) else None
        translate = _TRANSLATED.get(kind)
        return message if kind is old.Ping else translate and translate(self, message)

    def _fence(self, task_id: Loose, generation: Loose = None) -> tuple[str, int] | None:
        """A task and its generation: the one it names, else the one that was sent."""
        if not isinstance(task_id, str):
            return None
        named = number_of(generation) or self.sent.get(task_id)
        return None if named is None else (task_id, named)

    def _accepted(self, message: old.TaskAccepted) -> FromAgent | None:
        fence = self._fence(message.task_id)
        return None if fence is None else wire.TaskAccepted(*fence)

    def _rejected(self, message: old.TaskRejected) -> FromAgent | None:
        fence = self._fence(message.task_id)
        return None if fence is None else wire.TaskRejected(*fence, Rejection.BUSY)

    def _complete(self, message: old.TaskComplete) -> FromAgent | None:
        fence = self._fence(message.task_id, message.generation)
        if fence is None:
            return None
        told = _told_by(message.result)
        report, history = message.verification_report, message.verification_history
        result = _kept(_with_reports(message.result, report, history))
        tokens = number_of(message.tokens_used) or number_of(told.tokens_used) or None
        if _says(told.status, FAILED_WORDS) or _says(told.verification_status, FAILED_WORDS):
            why = _text(told.error) or _text(told.reason) or _text(told.output)
            error = why or f"the result says {told.status or told.verification_status}"
            return wire.TaskFailed(*fence, error=error, result=result, tokens_used=tokens)
        if _says(_status_of(report), UNVERIFIED_WORDS):
            return wire.TaskFailed(
                *fence,
                error="its verification failed; the report is in the result",
                failure_class=FailureClass.VERIFICATION,
                result=result,
                tokens_used=tokens,
            )
        return wire.TaskComplete(*fence, result=result, tokens_used=tokens)

    def _failed(self, message: old.TaskFailed) -> FromAgent | None:
        fence = self._fence(message.task_id, message.generation)
        why = _text(message.reason) or _text(message.error) or "failed"
        return None if fence is None else wire.TaskFailed(*fence, error=why)

    def _progress(self, message: old.TaskProgress) -> FromAgent | None:
        fence = self._fence(message.task_id)
        event = message.execution_event
        said = event.get("text") if isinstance(event, dict) else message.message
        return None if fence is None else wire.TaskProgress(*fence, message=_text(said))

    # To the sidecar

    def say(self, frame: bytes) -> bytes | None:
        """One of our frames as the sidecar reads it; None for what it has no use for."""
        message = _decode_ours(frame)
        match message:
            case to_agent.Identified():
                return _encode({"type": "identified", "agent_id": message.agent_id})
            case to_agent.TaskAssign():
                return self._assign(message)
            case to_agent.TaskCancel():
                self.sent.pop(message.task_id, None)
                return _encode(old.TaskCancelled(message.task_id))
            case to_agent.TaskAck():
                self.sent.pop(message.task_id, None)
                return frame
            case to_agent.Pong() | to_agent.Error() | to_agent.Bye():
                return frame
            case _:
                return None

    def _assign(self, message: to_agent.TaskAssign) -> bytes:
        self.sent[message.task_id] = message.generation
        metadata = message.metadata
        if metadata is UNSET or bytes(metadata) == b"null":
            metadata = Raw(b"{}")
        return _encode(
            {
                "type": "task_assign",
                "task_id": message.task_id,
                "description": message.description,
                "metadata": metadata,
                "payload": message.payload if message.payload is not UNSET else None,
                "generation": message.generation,
                "assigned_at": message.assigned_at,
            }
        )

    def go_on(self, task_id: str, generation: int) -> bytes:
        """The sidecar keeps this task; its result will bear this generation."""
        self.sent[task_id] = generation
        return _encode(old.TaskContinue(task_id, generation))

    def let_go(self, task_id: str) -> bytes:
        """The task that it was recovering is not its any more."""
        self.sent.pop(task_id, None)
        return _encode(old.TaskReassign(task_id))

    def judge(self, task_id: str, generation: int | None) -> bytes:
        """The answer to a state report: go on with this generation, or drop the task (None)."""
        if generation is None:
            self.sent.pop(task_id, None)
            return _encode(old.StateReportAck(task_id, "abort"))
        self.sent[task_id] = generation
        return _encode(old.StateReportAck(task_id, "continue"))


_NEWER: Final = frozenset({old.WakeResult, old.StateReport, old.ResourceReport, old.TaskProgress})
"""What only sidecars send that report their state after a cut."""
_QUESTIONS: Final = frozenset({old.TaskRecovering, old.StateReport})
_TRANSLATED: Final[dict[type[Struct], Callable[[Dialect, Any], FromAgent | None]]] = {
    old.TaskAccepted: Dialect._accepted,
    old.TaskRejected: Dialect._rejected,
    old.TaskComplete: Dialect._complete,
    old.TaskFailed: Dialect._failed,
    old.TaskProgress: Dialect._progress,
}


def number_of(value: Loose) -> int | None:
    """A whole number above zero, also when it comes as text; None for anything else."""
    if isinstance(value, str) and len(value) <= 16 and value.isascii() and value.isdigit():
        value = int(value)
    if type(value) is int and 0 < value <= SAFE_INTEGER:
        return value
    return None


def _text(value: Any) -> str | None:
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
