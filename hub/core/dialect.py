"""Protocol 1: what an old sidecar says in our words, and what we say in its.

One object for one session, without input or output. The sidecar's own rules are in
`schemas/backbone.py`; two of them shape this page. It names no generation when it accepts or
rejects a task, so the one that was sent is filled in. And a result comes once, in one frame,
so nothing about it may lead to a refusal: what cannot be kept is cut or replaced, and says so.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw, Struct

from hub.core.old_results import judged, text_of
from schemas import backbone as old
from schemas import from_agent as wire
from schemas import to_agent
from schemas.backbone import FromOldAgent, Loose
from schemas.from_agent import FromAgent
from schemas.scalars import (
    SAFE_INTEGER,
    Rejection,
)
from schemas.to_agent import ToAgent

Asked = old.TaskRecovering | old.StateReport
"""Questions of the sidecar, which services answer."""
_decode = msgspec.json.Decoder(FromOldAgent).decode
_decode_ours = msgspec.json.Decoder(ToAgent).decode
_encode = msgspec.json.Encoder().encode


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
        if fence is None:
            return None
        del self.sent[fence[0]]
        return wire.TaskRejected(*fence, Rejection.BUSY)

    def _complete(self, message: old.TaskComplete) -> FromAgent | None:
        fence = self._fence(message.task_id, message.generation)
        if fence is None:
            return None
        found = judged(message.result, message.verification_report, message.verification_history)
        tokens = number_of(message.tokens_used) or number_of(found.tokens_used)
        if found.error is None:
            return wire.TaskComplete(*fence, result=found.result, tokens_used=tokens)
        return wire.TaskFailed(
            *fence,
            error=found.error,
            failure_class=found.failure_class,
            result=found.result,
            tokens_used=tokens,
        )

    def _failed(self, message: old.TaskFailed) -> FromAgent | None:
        fence = self._fence(message.task_id, message.generation)
        why = text_of(message.reason) or text_of(message.error) or "failed"
        return None if fence is None else wire.TaskFailed(*fence, error=why)

    def _progress(self, message: old.TaskProgress) -> FromAgent | None:
        fence = self._fence(message.task_id)
        event = message.execution_event
        said = event.get("text") if isinstance(event, dict) else message.message
        return None if fence is None else wire.TaskProgress(*fence, message=text_of(said))

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

    @staticmethod
    def renumber(task_id: str, generation: int) -> bytes:
        """If the sidecar works on this task, its result will bear this generation."""
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
