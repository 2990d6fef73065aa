"""Protocol 1: what an old sidecar says in our words, and what we say in its.

One object for one session, without input or output. The sidecar's own rules are in
`schemas/backbone.py`; two of them shape this page. It names no generation when it accepts or
rejects a task, so the one that was sent is filled in. And a result comes once, in one frame,
so nothing about it may lead to a refusal: what cannot be kept is cut or replaced, and says so.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import UNSET, Raw, Struct

from hub.core.old_frames import UNREADABLE, id_of, number_of, plain, read, text_of
from hub.core.old_results import judged
from schemas import backbone as old
from schemas import from_agent as wire
from schemas import to_agent
from schemas.attempts import Rejection
from schemas.backbone import Loose
from schemas.from_agent import FromAgent

_encode = msgspec.json.Encoder().encode


class Working(NamedTuple):
    """The sidecar works on this task since before its session, and asks whether to go on."""

    task_id: str
    generation: int | None


class Recovering(NamedTuple):
    """Its process was started anew, and it asks what to do with the task that it had."""

    task_id: str
    has_begun: bool


Asked = Working | Recovering
"""Questions of the sidecar, which services answer."""


class Heard(NamedTuple):
    """What a frame of the sidecar means."""

    message: FromAgent | Asked | old.Ping | None = None
    """None when it means nothing to the hub."""
    ended: str | None = None
    """The task whose end it tells, also when that means nothing any more."""


class _Frame(Struct):
    """What every frame of ours has."""

    type: str


class _Event(Struct):
    """The text of what goes on."""

    text: Loose = UNSET


class Dialect:
    """The two directions of one session."""

    def __init__(self) -> None:
        self.sent: dict[str, int] = {}
        """The generation of each task that was sent or confirmed on this session."""
        self.reports_state = False
        """The sidecar is of the kind that says what it works on after a cut."""

    # From the sidecar

    def hear(self, data: bytes) -> Heard:
        """What a frame means.

        Raises msgspec.DecodeError for what is not a message of protocol 1 at all.
        """
        message: Any = read(data, self.sent)
        kind = type(message)
        if kind in _NEWER:
            self.reports_state = True
        if kind is old.Ping:
            return Heard(message)
        translate = _TRANSLATED.get(kind)
        meant = translate and translate(self, message)
        return Heard(meant, id_of(message.task_id) if kind in _ENDS else None)

    def _fence(self, raw_id: Loose, generation: Loose = UNSET) -> tuple[str, int] | None:
        """A task and its generation: the one it names, else the one that was sent."""
        task_id = id_of(raw_id)
        if task_id is None:
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
        if fence is None:
            return None
        said = text_of(_text_in(message.execution_event)) or text_of(message.message)
        return wire.TaskProgress(*fence, message=said)

    def _working(self, message: old.StateReport) -> Working | None:
        task_id = id_of(message.task_id)
        return None if task_id is None else Working(task_id, number_of(message.generation))

    def _recovering(self, message: old.TaskRecovering) -> Recovering | None:
        task_id = id_of(message.task_id)
        has_begun = plain(message.last_status) == "working"
        return None if task_id is None else Recovering(task_id, has_begun)

    # To the sidecar

    def say(self, frame: bytes) -> bytes | None:
        """One of our frames as the sidecar reads it; None for what it has no use for."""
        kind = msgspec.json.decode(frame, type=_Frame).type
        said = _SAID.get(kind)
        return frame if kind in _AS_IT_IS else said and said(self, frame)

    def _identified(self, frame: bytes) -> bytes:
        agent_id = msgspec.json.decode(frame, type=to_agent.Identified).agent_id
        return _encode({"type": "identified", "agent_id": agent_id})

    def _cancel(self, frame: bytes) -> bytes:
        task_id = msgspec.json.decode(frame, type=to_agent.TaskCancel).task_id
        self.sent.pop(task_id, None)
        return _encode(old.TaskCancelled(task_id))

    def _ack(self, frame: bytes) -> bytes:
        self.sent.pop(msgspec.json.decode(frame, type=to_agent.TaskAck).task_id, None)
        return frame

    def _assign(self, frame: bytes) -> bytes:
        message = msgspec.json.decode(frame, type=to_agent.TaskAssign)
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
        """The same for a task that it may have, and that is not remembered as its own."""
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
_ENDS: Final = frozenset({old.TaskComplete, old.TaskFailed})
_TRANSLATED: Final[dict[type[Struct], Callable[[Dialect, Any], FromAgent | Asked | None]]] = {
    old.TaskAccepted: Dialect._accepted,
    old.TaskRejected: Dialect._rejected,
    old.TaskComplete: Dialect._complete,
    old.TaskFailed: Dialect._failed,
    old.TaskProgress: Dialect._progress,
    old.StateReport: Dialect._working,
    old.TaskRecovering: Dialect._recovering,
}
_AS_IT_IS: Final = frozenset({"pong", "error", "bye"})
"""Frames of ours that the sidecar reads, or passes over, as they are."""
_SAID: Final[dict[str, Callable[[Dialect, bytes], bytes]]] = {
    "identified": Dialect._identified,
    "task_assign": Dialect._assign,
    "task_cancel": Dialect._cancel,
    "task_ack": Dialect._ack,
}


def _text_in(event: Loose) -> Loose:
    try:
        return UNSET if event is UNSET else msgspec.json.decode(event, type=_Event).text
    except UNREADABLE:
        return UNSET
