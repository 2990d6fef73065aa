"""One peer's session: a frame's bytes in; a message, a refusal or a close out.

All of the defence is here: size, text, schema, opaque JSON, order and role. What a message
means is not: see `hub/transport/commands.py`. The session does no I/O and has no clock.
"""

import re
from enum import Enum, auto
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct

from hub.core import opaque
from hub.core.credentials import SUBMIT, WORK, Principal, Scope
from schemas import from_agent as wire
from schemas.from_agent import NOT_YET, FromAgent
from schemas.scalars import (
    GREETING_BYTES,
    METADATA_BYTES,
    OPAQUE_BYTES,
    PROTOCOL_VERSION,
    SAFE_INTEGER,
    CloseCode,
    ErrorCode,
    Role,
)
from schemas.to_agent import Flaw
from schemas.work import PythonCall, TaskSpec

SCOPES: Final[dict[type[Struct], Scope]] = {
    wire.Identify: SUBMIT,
    wire.Ping: SUBMIT,
    wire.TaskAccepted: WORK,
    wire.TaskRejected: WORK,
    wire.TaskProgress: WORK,
    wire.TaskLog: WORK,
    wire.TaskComplete: WORK,
    wire.TaskFailed: WORK,
    wire.TaskCancelled: WORK,
    wire.TaskSubmit: SUBMIT,
    wire.TaskWatch: SUBMIT,
}
"""Who may send what. A type that is missing here may be sent by nobody."""

ALLOWED: Final = {
    role: frozenset(kind for kind, scope in SCOPES.items() if scope.allows(role)) for role in Role
}

MODELS: Final[dict[str, type[Struct]]] = {str(kind.__struct_config__.tag): kind for kind in SCOPES}
"""The Struct of each message type."""


class Refusal(Struct, frozen=True):
    """A frame that is not taken, and what there is to say about it."""

    code: ErrorCode
    message: str
    message_type: str | None = None
    ref: str | None = None
    task_id: str | None = None
    generation: int | None = None
    flaws: list[Flaw] = []
    model: type[Struct] | None = None
    """The Struct whose schema can name every flaw; None when that would find nothing."""


class Close(Struct, frozen=True):
    """The session has to end."""

    code: CloseCode
    reason: str
    reconnect: bool
    retry_after_ms: int | None = None


class Phase(Enum):
    """Where a session stands."""

    GREETING = auto()
    """Only `identify` is taken."""
    JUDGING = auto()
    """`identify` came, and what the agent still holds is being looked up: nothing is taken."""
    OPEN = auto()
    CLOSED = auto()


class _Peek(Struct):
    """What can be read of a frame that is not valid, so that the answer can name it."""

    type: Any = None
    ref: Any = None
    task_id: Any = None
    generation: Any = None


TYPE_WITHIN: Final = 1024
"""Bytes at the start of a broken frame in which its type is looked for."""
_TYPE: Final = re.compile(rb'"type"\s*:\s*"([a-z_]{1,64})"')
_decode = msgspec.json.Decoder(FromAgent).decode
_peek = msgspec.json.Decoder(_Peek).decode


class Session:
    """One connection, from its first frame to its last."""

    __slots__ = ("_allowed", "heard_at", "number", "opened_at", "phase", "principal", "trusted")

    def __init__(self, hub_now: int) -> None:
        self.phase = Phase.GREETING
        self.trusted = False
        """The upgrade request had a valid credential, so the greeting may be long."""
        self.opened_at = hub_now
        self.heard_at = hub_now
        """Hub time of the last frame."""
        self.principal: Principal | None = None
        self.number = 0
        self._allowed: frozenset[type[Struct]] = frozenset()

    def identified(self, principal: Principal, number: int) -> None:
        """The peer is known; from now on it may send what its role allows."""
        self.phase = Phase.OPEN
        self.principal = principal
        self.number = number
        self._allowed = ALLOWED[principal.role]

    def judging(self) -> None:
        """The greeting came; its answer takes a moment."""
        self.phase = Phase.JUDGING

    def closed(self) -> None:
        """Nothing more is taken."""
        self.phase = Phase.CLOSED
        self._allowed = frozenset()

    def receive(self, data: bytes, hub_now: int) -> FromAgent | Refusal | Close:
        """What a text frame holds."""
        self.heard_at = hub_now
        if self.phase is Phase.GREETING and len(data) > GREETING_BYTES and not self.trusted:
            text = f"a first frame above {GREETING_BYTES} bytes needs a token on the upgrade"
            return Close(CloseCode.TOO_LARGE, text, reconnect=False)
        try:
            message: FromAgent = _decode(data)
        except msgspec.ValidationError as error:
            return _explainable(data, error)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return Refusal(ErrorCode.INVALID_JSON, _malformed(error))
        kind = type(message)
        if kind not in self._allowed:
            if self.phase is Phase.GREETING:
                return self._greet(message)
            if self.phase is Phase.CLOSED:
                return _refuse(message, ErrorCode.NOT_IDENTIFIED, "the session is over")
            return _not_allowed(message)
        check = OPAQUE.get(kind)
        if check is not None:
            flaws = check(message)
            if flaws:
                return _refuse(message, ErrorCode.VALIDATION_FAILED, "opaque JSON", flaws)
        if kind is wire.Identify:
            return _refuse(message, ErrorCode.ALREADY_IDENTIFIED, "identify comes once")
        return message

    def _greet(self, message: FromAgent) -> FromAgent | Refusal | Close:
        if not isinstance(message, wire.Identify):
            return _refuse(message, ErrorCode.NOT_IDENTIFIED, "the first frame is identify")
        if self.phase is Phase.JUDGING:
            return _refuse(message, ErrorCode.ALREADY_IDENTIFIED, "identify comes once")
        if message.protocol_version != PROTOCOL_VERSION:
            reason = f"this hub speaks protocol version {PROTOCOL_VERSION}"
            return Close(CloseCode.VERSION, reason, reconnect=False)
        return message


def _malformed(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "text is not valid UTF-8"
    if isinstance(error, RecursionError):
        return "nests too deep"
    return str(error)


def _explainable(data: bytes, error: msgspec.ValidationError) -> Refusal:
    try:
        seen = _peek(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Refusal(ErrorCode.VALIDATION_FAILED, str(error), _type_in(data))
    kind = seen.type if isinstance(seen.type, str) else None
    if kind is None:
        return Refusal(ErrorCode.VALIDATION_FAILED, "a message is an object with a type")
    if kind in NOT_YET:
        return Refusal(ErrorCode.UNSUPPORTED, f"{kind} is not supported yet", kind)
    model = MODELS.get(kind)
    if model is None:
        return Refusal(ErrorCode.UNKNOWN_MESSAGE_TYPE, f"unknown type {kind[:50]!r}", kind[:64])
    return Refusal(
        ErrorCode.VALIDATION_FAILED,
        str(error),
        kind,
        ref=seen.ref if _is_text(seen.ref, 0, 128) else None,
        task_id=seen.task_id if _is_text(seen.task_id, 1, 64) else None,
        generation=seen.generation if _is_generation(seen.generation) else None,
        model=model,
    )


def _type_in(data: bytes) -> str | None:
    """The type of a message that cannot be read to its end, if it stands near the start."""
    found = _TYPE.search(data, 0, TYPE_WITHIN)
    kind = found[1].decode() if found is not None else None
    return kind if kind in MODELS else None


def _is_text(value: Any, least: int, most: int) -> bool:
    return isinstance(value, str) and least <= len(value) <= most


def _is_generation(value: Any) -> bool:
    return type(value) is int and 0 <= value <= SAFE_INTEGER


def _refuse(
    message: FromAgent, code: ErrorCode, text: str, flaws: list[Flaw] | None = None
) -> Refusal:
    return Refusal(
        code,
        text,
        str(type(message).__struct_config__.tag),
        ref=getattr(message, "ref", None),
        task_id=getattr(message, "task_id", None),
        generation=getattr(message, "generation", None),
        flaws=flaws or [],
    )


def _not_allowed(message: FromAgent) -> Refusal:
    return _refuse(message, ErrorCode.FORBIDDEN, "this credential may not send this message")


def _report_flaws(message: Any) -> list[Flaw]:
    flaws: list[Flaw] = []
    if message.result is not UNSET:
        _note(flaws, "$.result", opaque.flaw(message.result, OPAQUE_BYTES))
    if type(message) is not wire.TaskCancelled and message.usage is not UNSET:
        text = opaque.flaw(message.usage, METADATA_BYTES, needs_object=True)
        _note(flaws, "$.usage", text)
    return flaws


def _note(flaws: list[Flaw], path: str, text: str | None) -> None:
    if text is not None:
        flaws.append(Flaw(path, text))


def spec_flaws(spec: TaskSpec, path: str) -> list[Flaw]:
    """What is wrong with the opaque parts of a task, each with its JSON path."""
    flaws: list[Flaw] = []
    if spec.payload is not UNSET:
        _note(flaws, f"{path}.payload", opaque.flaw(spec.payload, OPAQUE_BYTES))
    if spec.metadata is not UNSET:
        text = opaque.flaw(spec.metadata, METADATA_BYTES, needs_object=True)
        _note(flaws, f"{path}.metadata", text)
    run = spec.run
    if type(run) is PythonCall and run.kwargs is not UNSET:
        _note(flaws, f"{path}.run.kwargs", opaque.kwargs_flaw(run.kwargs))
    return flaws


def _submit_flaws(message: Any) -> list[Flaw]:
    flaws: list[Flaw] = []
    for index, spec in enumerate(message.tasks):
        flaws += spec_flaws(spec, f"$.tasks[{index}]")
    return flaws[:20]


OPAQUE: Final[dict[type[Struct], Any]] = {
    wire.TaskComplete: _report_flaws,
    wire.TaskFailed: _report_flaws,
    wire.TaskCancelled: _report_flaws,
    wire.TaskSubmit: _submit_flaws,
}
