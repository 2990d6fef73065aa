"""One peer's session: a frame's bytes in; a message, a refusal or a close out.

All of the defence is here: size, text, schema, order, role, rate, opaque JSON and violations.
What a message means is not: see `hub/transport/commands.py`. The session does no I/O and has
no clock.
"""

import re
from enum import Enum, auto
from typing import Any, Final

import msgspec
from msgspec import Struct

from hub.core.bucket import Bucket
from hub.core.credentials import Principal
from hub.core.gates import GATES, SCOPES, Gate
from hub.core.limits import FLOOD, Meter, Rates, too_fast
from schemas import from_agent as wire
from schemas.from_agent import NOT_YET, FromAgent
from schemas.scalars import (
    GREETING_BYTES,
    OLD_PROTOCOL,
    PROTOCOL_VERSION,
    SAFE_INTEGER,
    CloseCode,
    ErrorCode,
    Role,
    Tier,
)
from schemas.to_agent import Flaw, RateLimitWarning

VIOLATING: Final = frozenset(
    {
        ErrorCode.INVALID_JSON,
        ErrorCode.VALIDATION_FAILED,
        ErrorCode.UNKNOWN_MESSAGE_TYPE,
        ErrorCode.FORBIDDEN,
    }
)
"""Refusals that a working client never earns. What is only not built yet, out of turn, late
or too fast is none of them."""

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
    retry_after_ms: int | None = None
    """When the same frame may be taken; None when it never will be."""
    repeated: bool = False
    """The log has a line about the like of it already."""


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
STRANGER: Final = Rates()
"""What a connection may send before it is known who it is."""
_decode = msgspec.json.Decoder(FromAgent).decode
_peek = msgspec.json.Decoder(_Peek).decode


class Session:
    """One connection, from its first frame to its last."""

    __slots__ = (
        "_gates",
        "heard_at",
        "meter",
        "number",
        "opened_at",
        "patience_ms",
        "phase",
        "principal",
        "trusted",
        "warning",
    )

    def __init__(self, hub_now: int) -> None:
        self.phase = Phase.GREETING
        self.trusted = False
        """The upgrade request had a valid credential, so the greeting may be long."""
        self.opened_at = hub_now
        self.heard_at = hub_now
        """Hub time of the last frame."""
        self.patience_ms: int | None = None
        """How long it may be silent; None for what the settings say."""
        self.principal: Principal | None = None
        self.number = 0
        self.meter = Meter(STRANGER, Role.AGENT)
        """What may still be sent; shared with the principal's other sessions once it is known."""
        self.warning: RateLimitWarning | None = None
        """What the peer should be told after the last frame; whoever tells it clears it."""
        self._gates: dict[type[Struct], Gate] = {}

    def identified(self, principal: Principal, number: int) -> None:
        """The peer is known; from now on it may send what its role allows."""
        self.phase = Phase.OPEN
        self.principal = principal
        self.number = number
        self._gates = GATES[principal.role]

    def judging(self) -> None:
        """The greeting came; its answer takes a moment."""
        self.phase = Phase.JUDGING

    def closed(self) -> None:
        """Nothing more is taken."""
        self.phase = Phase.CLOSED
        self._gates = {}

    def receive(self, data: bytes, hub_now: int) -> FromAgent | Refusal | Close:
        """What a text frame holds."""
        self.heard_at = hub_now
        if self.phase is Phase.GREETING and len(data) > GREETING_BYTES and not self.trusted:
            text = f"a first frame above {GREETING_BYTES} bytes needs a token on the upgrade"
            return Close(CloseCode.TOO_LARGE, text, reconnect=False)
        try:
            message: FromAgent = _decode(data)
        except msgspec.ValidationError as error:
            return self._judge(_explainable(data, error), hub_now)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return self._judge(Refusal(ErrorCode.INVALID_JSON, _malformed(error)), hub_now)
        gate = self._gates.get(type(message))
        if gate is None:
            found = self._out_of_turn(message)
            return self._judge(found, hub_now) if isinstance(found, Refusal) else found
        if gate.cost is not None:
            bucket = self.meter.bucket(gate.tier, hub_now)
            wait = bucket.take(gate.cost(message), hub_now)
            if wait:
                return self._too_fast(_refuse(message, ErrorCode.RATE_LIMITED), gate.tier, wait)
            if bucket.level < bucket.low:
                self._warn(gate.tier, bucket, hub_now)
        if gate.opaque is not None:
            flaws = gate.opaque(message)
            if flaws:
                refusal = _refuse(message, ErrorCode.VALIDATION_FAILED, "opaque JSON", flaws)
                return self._judge(refusal, hub_now)
        return message

    def _out_of_turn(self, message: FromAgent) -> FromAgent | Refusal | Close:
        """A good message that this session does not take now, but for a greeting."""
        greets = isinstance(message, wire.Identify)
        if self.phase is Phase.CLOSED:
            return _refuse(message, ErrorCode.NOT_IDENTIFIED, "the session is over")
        if self.phase is not Phase.GREETING and greets:
            return _refuse(message, ErrorCode.ALREADY_IDENTIFIED, "identify comes once")
        if self.phase is Phase.OPEN:
            text = "this credential may not send this message"
            return _refuse(message, ErrorCode.FORBIDDEN, text)
        if not isinstance(message, wire.Identify):
            return _refuse(message, ErrorCode.NOT_IDENTIFIED, "the answer to identify comes first")
        if (message.protocol_version or OLD_PROTOCOL) not in (OLD_PROTOCOL, PROTOCOL_VERSION):
            reason = f"this hub speaks the protocol versions {OLD_PROTOCOL} and {PROTOCOL_VERSION}"
            return Close(CloseCode.VERSION, reason, reconnect=False)
        return message

    def _judge(self, refusal: Refusal, hub_now: int) -> Refusal | Close:
        """What a refused frame leads to: it costs, and too many of them end the session."""
        if refusal.code in VIOLATING:
            cooldown = self.meter.violations.note(hub_now)
            if cooldown:
                return cooled_down(cooldown)
        unbuilt = refusal.code is ErrorCode.UNSUPPORTED
        tier = Tier.MESSAGES if unbuilt else Tier.CONTROL
        wait = self.meter.bucket(tier, hub_now).take(1, hub_now)
        return self._too_fast(refusal, tier, wait) if wait else refusal

    def _too_fast(self, refusal: Refusal, tier: Tier, wait: int) -> Refusal | Close:
        times = self.meter.flood.note(self.heard_at)
        # Output does not count: what a thousand attempts have under way is refused at once.
        if times >= FLOOD and tier is not Tier.LOGS:
            text = "too many frames in spite of refusals"
            return Close(CloseCode.RATE_LIMITED, text, reconnect=True, retry_after_ms=wait)
        return msgspec.structs.replace(
            refusal,
            code=ErrorCode.RATE_LIMITED,
            message=too_fast(tier, wait).message,
            flaws=[],
            model=None,
            retry_after_ms=wait,
            repeated=times > 1,
        )

    def _warn(self, tier: Tier, bucket: Bucket, hub_now: int) -> None:
        if bucket.warns():
            self.warning = RateLimitWarning(tier, bucket.remaining(hub_now), bucket.burst)


def cooled_down(cooldown_ms: int) -> Close:
    """The end of a session whose peer sent too much that no client of ours sends."""
    text = f"too many refused frames; come back in {-(-cooldown_ms // 1000)} s"
    return Close(CloseCode.COOLDOWN, text, reconnect=True, retry_after_ms=cooldown_ms)


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
    message: FromAgent, code: ErrorCode, text: str = "", flaws: list[Flaw] | None = None
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
