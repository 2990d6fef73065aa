"""The sidecar's half of the conversation: frames in, steps out; no socket, clock or process.

The supervisor feeds it what the hub said and what the processes did, and carries out the
steps it returns. Frames that get lost with a connection are never missed: what runs is
listed in the next `identify`, reports are kept until the hub acknowledges them, and logs go
on from the offset the hub names.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum, auto
from typing import Final

import msgspec
from msgspec import Struct

from schemas.attempts import CancelReason, FailureClass, Holding, Rejection, Stream, Verdict
from schemas.from_agent import (
    Alive,
    Identify,
    InFlight,
    Ping,
    TaskAccepted,
    TaskCancelled,
    TaskFailed,
    TaskLog,
    TaskProgress,
    TaskRejected,
)
from schemas.scalars import (
    ERROR_CHARS,
    FRAME_BYTES,
    IN_FLIGHT,
    LOG_CHUNK_BYTES,
    OPAQUE_BYTES,
    ErrorCode,
)
from schemas.to_agent import (
    Bye,
    Error,
    Identified,
    Judged,
    Limits,
    LogAck,
    Pong,
    RateLimitWarning,
    TaskAck,
    TaskAssign,
    TaskCancel,
    ToAgent,
)
from sidecar.holding import NEVER, Held
from sidecar.pace import Pace
from sidecar.steps import (
    Complain,
    Ending,
    Keep,
    Key,
    Replace,
    Send,
    Settle,
    Start,
    Step,
    Stop,
)

PROGRESS_SECONDS: Final = 0.25
"""The least time between two progress frames of one attempt."""
GREETING_SECONDS: Final = 10.0
"""How long the hub may take to answer `identify`."""
STALE_GRACE_MS: Final = 2_000
"""Grace for an attempt that is not ours any more: its work cannot count."""
RESEND_MS: Final = 1_000
"""When the hub says `retryable` without saying when."""
LEAST_RESEND_MS: Final = 100
"""However soon the hub asks for it."""
SETTLED: Final = (ErrorCode.STALE_GENERATION, ErrorCode.CONFLICT, ErrorCode.NOT_FOUND)
"""Refusals of a report which mean that the hub has decided without it."""

encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(ToAgent).decode


class Phase(Enum):
    """Where the connection stands."""

    CLOSED = auto()
    GREETING = auto()
    """`identify` is sent, nothing else may be."""
    OPEN = auto()


class Session:
    """One agent's conversation over all its connections. Times are monotonic seconds."""

    def __init__(self, identify: Identify) -> None:
        """`identify` says who calls; its `in_flight` is filled in at each connection."""
        self._identify = identify
        self.held: dict[Key, Held] = {}
        self._lingering: dict[Key, Held] = {}
        """Settled attempts whose last output the hub may still take, until `drop`."""
        self.phase = Phase.CLOSED
        self.draining = False
        self.bye: Bye | None = None
        self.limits = Limits(FRAME_BYTES, OPAQUE_BYTES, LOG_CHUNK_BYTES, ERROR_CHARS)
        self._pace = Pace()
        self._heartbeat = 15.0
        self._heard = 0.0
        self._ping_at = 0.0
        self._answers: dict[type[Struct], Callable[..., Iterable[Step]]] = {
            Identified: self._identified,
            TaskAssign: self._assigned,
            TaskCancel: self._cancel,
            TaskAck: self._acknowledged,
            LogAck: self._log_acknowledged,
            Error: self._refused,
            RateLimitWarning: self._warned,
            Bye: self._farewell,
            Pong: self._nothing,
        }

    # What the socket tells.

    def opened(self, now: float) -> list[Step]:
        """A connection stands: say who we are and what we hold."""
        self.phase, self.bye, self._heard = Phase.GREETING, None, now
        held = [
            InFlight(key[0], key[1], Holding.REPORTED if one.report else Holding.RUNNING)
            for key, one in self.held.items()
        ]
        # Running ones first: what the hub does not see here is lost to it at once.
        held.sort(key=lambda one: one.state is Holding.REPORTED)
        slots = 0 if self.draining else self._identify.slots
        frame = msgspec.structs.replace(self._identify, in_flight=held[:IN_FLIGHT], slots=slots)
        return [Send(encode(frame))]

    def closed(self) -> None:
        """The connection is gone."""
        self.phase = Phase.CLOSED

    def receive(self, frame: bytes, now: float) -> list[Step]:
        """Take one frame. What cannot be read is complained about and changes nothing."""
        self._heard = now
        try:
            message = _decode(frame)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            return [Complain(f"The hub sent a frame that cannot be read: {error}")]
        answer = self._answers.get(type(message), self._nothing)
        return list(answer(message, now))

    # What the processes tell.

    def accept(self, key: Key) -> list[Step]:
        """The task runs."""
        return self._send(TaskAccepted(*key))

    def reject(self, key: Key, reason: Rejection, message: str) -> list[Step]:
        """The task did not start and never will here."""
        self.held.pop(key, None)
        return self._send(TaskRejected(*key, reason, message[: self.limits.error_chars]))

    def drop(self, key: Key) -> None:
        """Forget an attempt that is not ours, or that has said everything."""
        self.held.pop(key, None)
        self._lingering.pop(key, None)

    def report(self, key: Key, frame: bytes, *, replaced: bool = False) -> list[Step]:
        """The attempt ended and `frame` is safely in the spool: send it until it is acked."""
        held = self.held.setdefault(key, Held())
        steps = self._last_progress(key, held)
        held.report, held.replaced, held.resend_at = frame, replaced or held.replaced, None
        return steps + self._deliver(key, held)

    def progress(
        self, key: Key, percent: int | None, message: str | None, now: float
    ) -> list[Step]:
        """The program said how far it is. Too soon after the last, it waits for `tick`."""
        held = self.held.get(key)
        if held is None:
            return []
        held.progress = (percent, message)
        return self._last_progress(key, held, now) if now >= held.progress_from else []

    def log_offset(self, key: Key, stream: Stream, now: float) -> int | None:
        """Where the next log frame of this stream begins; None while none may be sent."""
        held = self._logging(key)
        if held is None or self.phase is not Phase.OPEN or not self._pace.allows(now):
            return None
        return held.room(stream, now)

    def log(
        self, key: Key, stream: Stream, offset: int, text: str, size: int, now: float = 0.0
    ) -> list[Step]:
        """Send `text`, which is `size` bytes of UTF-8 from `offset` on."""
        held = self._logging(key)
        if held is None:
            return []
        held.sent[stream] = offset + size
        self._pace.sent(now)
        return self._send(TaskLog(*key, stream, offset, text))

    def behind(self, key: Key, sizes: Mapping[Stream, int], *, acked: bool) -> bool:
        """Whether output is not sent yet, or not acknowledged, and still may be."""
        held = self._logging(key)
        return held is not None and held.behind(sizes, acked=acked)

    def _logging(self, key: Key) -> Held | None:
        return self.held.get(key) or self._lingering.get(key)

    # What the clock tells.

    def tick(self, now: float, alive: Callable[[], list[Alive]]) -> list[Step]:
        """Whatever is due: the ping, reports to be sent again, progress that waited."""
        steps: list[Step] = []
        if self.phase is not Phase.OPEN:
            return steps
        if now >= self._ping_at:
            self._ping_at = now + self._heartbeat
            steps += self._send(Ping(alive()[:IN_FLIGHT]))
        for key, held in self.held.items():
            if held.resend_at is not None and now >= held.resend_at:
                held.resend_at = None
                steps += self._deliver(key, held)
            if held.progress and now >= held.progress_from:
                steps += self._last_progress(key, held, now)
        return steps

    def due(self, now: float) -> float:
        """Seconds until `tick` or `deaf` has something to say."""
        if self.phase is Phase.CLOSED:
            return 60.0
        moments = [self._ping_at, self._silence_ends()]
        if self.phase is Phase.GREETING:
            moments = [self._silence_ends()]
        if now < self._pace.next_at:
            moments.append(self._pace.next_at)
        for held in (*self.held.values(), *self._lingering.values()):
            if held.resend_at is not None:
                moments.append(held.resend_at)
            if held.progress:
                moments.append(held.progress_from)
            if now < held.logs_from < NEVER:
                moments.append(held.logs_from)
        return max(0.0, min(moments) - now)

    def deaf(self, now: float) -> bool:
        """The hub has been silent for too long: the connection is to be dropped."""
        return self.phase is not Phase.CLOSED and now >= self._silence_ends()

    def _silence_ends(self) -> float:
        greeting = self.phase is Phase.GREETING
        return self._heard + (GREETING_SECONDS if greeting else 2 * self._heartbeat)

    # What the hub says.

    def _identified(self, message: Identified, now: float) -> Iterable[Step]:
        self.phase = Phase.OPEN
        self.limits = message.limits
        self._heartbeat = max(message.heartbeat_ms, 50) / 1000
        self._ping_at = now + self._heartbeat
        verdicts = {(one.task_id, one.generation): one for one in message.verdicts}
        for key, held in list(self.held.items()):
            yield from self._judged(key, held, verdicts.get(key), now)
        for held in self._lingering.values():
            held.resume(None)

    def _judged(self, key: Key, held: Held, judged: Judged | None, now: float) -> Iterable[Step]:
        held.resume(judged.log_offsets if judged is not None else None)
        stop = judged is not None and judged.verdict is Verdict.STOP
        if held.report is None:
            if stop:
                yield Stop(key, Ending.NOTHING, STALE_GRACE_MS)
        elif stop:
            del self.held[key]
            yield Keep(key, "stop")
        else:
            # At the next tick, so that the last output goes before the report.
            held.resend_at = now

    def _assigned(self, message: TaskAssign, now: float) -> Iterable[Step]:
        key = (message.task_id, message.generation)
        same = [other for other in self.held if other[0] == message.task_id]
        if any(other[1] >= message.generation for other in same):
            return
        older = tuple(other for other in same if self.held[other].report is None)
        yield from (Stop(other, Ending.NOTHING, STALE_GRACE_MS) for other in older)
        running = sum(held.report is None for held in self.held.values()) - len(older)
        if self.draining:
            yield from self.reject(key, Rejection.DRAINING, "The sidecar is shutting down.")
        elif running >= (self._identify.slots or 1):
            yield from self.reject(key, Rejection.BUSY, "Every slot is taken.")
        else:
            self.held[key] = Held()
            yield Start(message, older)

    def _cancel(self, message: TaskCancel, now: float) -> Iterable[Step]:
        key = (message.task_id, message.generation)
        held = self.held.get(key)
        if held is None and message.reason is not CancelReason.STALE:
            yield from self._send(TaskCancelled(*key))
        elif held is not None and held.report is None:
            endings = {
                CancelReason.REQUESTED: Ending.CANCELLED,
                CancelReason.TIMEOUT: Ending.TIMEOUT,
                CancelReason.STALE: Ending.NOTHING,
            }
            yield Stop(key, endings[message.reason], message.grace_ms)

    def _acknowledged(self, message: TaskAck, now: float) -> Iterable[Step]:
        key = (message.task_id, message.generation)
        held = self.held.get(key)
        if held is not None and held.report is not None:
            self._lingering[key] = self.held.pop(key)
            yield Settle(key)

    def _log_acknowledged(self, message: LogAck, now: float) -> Iterable[Step]:
        held = self._logging((message.task_id, message.generation))
        if held is not None:
            held.acked[message.stream] = max(held.acked[message.stream], message.offset)
            self._pace.taken()
        return ()

    def _refused(self, message: Error, now: float) -> Iterable[Step]:
        key = (message.task_id or "", message.generation or 0)
        held = self._logging(key)
        if held is None or message.message_type not in _ANSWERED:
            yield Complain(f"The hub refused a frame: {message.error}: {message.message}")
        if held is None:
            return
        wait = RESEND_MS if message.retry_after_ms is None else message.retry_after_ms
        again = now + max(wait, LEAST_RESEND_MS) / 1000
        if message.message_type == "task_log":
            held.pause(again if message.retryable else NEVER)
            if message.error is ErrorCode.RATE_LIMITED:
                self._pace.refused(now, again)
        if key not in self.held:
            return
        if held.report is None:
            if message.error in SETTLED:
                yield Stop(key, Ending.NOTHING, STALE_GRACE_MS)
        elif message.message_type != "task_log":
            yield from self._report_refused(key, held, message, again)

    def _report_refused(self, key: Key, held: Held, message: Error, again: float) -> Iterable[Step]:
        text = f"{message.error}: {message.message}"
        if message.retryable:
            held.resend_at = again
        elif message.error in SETTLED or held.replaced:
            del self.held[key]
            yield Keep(key, text)
        else:
            yield Replace(key, text, self._substitute(key, text))

    def _warned(self, message: RateLimitWarning, now: float) -> Iterable[Step]:
        left = f"{message.remaining} of {message.capacity}"
        yield Complain(f"The hub will soon refuse more {message.tier}: {left} are left.")

    def _farewell(self, message: Bye, now: float) -> Iterable[Step]:
        self.bye = message
        return ()

    def _nothing(self, message: Struct, now: float) -> Iterable[Step]:
        return ()

    # What we say.

    def _deliver(self, key: Key, held: Held) -> list[Step]:
        if self.phase is not Phase.OPEN or held.report is None:
            return []
        if len(held.report) > self.limits.frame_bytes and not held.replaced:
            return [Replace(key, "too_large", self._substitute(key, "The report is too large."))]
        return [Send(held.report)]

    def _substitute(self, key: Key, why: str) -> bytes:
        text = f"The hub refused the report. {why}"[: self.limits.error_chars]
        return encode(TaskFailed(*key, error=text, failure_class=FailureClass.REPORT_REFUSED))

    def _last_progress(self, key: Key, held: Held, now: float = 0.0) -> list[Step]:
        if held.progress is None or self.phase is not Phase.OPEN:
            return []
        percent, message = held.progress
        held.progress, held.progress_from = None, now + PROGRESS_SECONDS
        return self._send(TaskProgress(*key, percent, message))

    def _send(self, message: Struct) -> list[Step]:
        return [Send(encode(message))] if self.phase is Phase.OPEN else []


_ANSWERED: Final = ("task_accepted", "task_log", "task_complete", "task_failed", "task_cancelled")
