"""From how a program ended to the frame that says so, cut to what the hub takes."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from stat import S_ISREG
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct, field

from schemas.attempts import FailureClass, Stream
from schemas.from_agent import TaskCancelled, TaskComplete, TaskFailed
from schemas.scalars import JSON_DEPTH, SAFE_INTEGER
from schemas.to_agent import Limits
from sidecar.capture import Capture
from sidecar.executors.python_child import FAILURE
from sidecar.runner import Outcome, Run
from sidecar.session import encode
from sidecar.steps import Ending, Key

_LEAST_OUTPUT: Final = 256
_FAILURE_BYTES: Final = 64 * 1024


class Said(Struct, frozen=True):
    """What the process of a Python task says about its own failure."""

    error: str
    failure_class: FailureClass | None = field(default=None, name="class")


def ended(
    key: Key,
    run: Run,
    outcome: Outcome,
    ending: Ending | None,
    limits: Limits,
    output_bytes: int,
    classes: Mapping[str, FailureClass],
    *,
    is_call: bool = False,
) -> bytes:
    """The terminal frame of an attempt. `ending` says why it was stopped, if it was.

    A program that succeeded although it was asked to stop is complete: it had ended before
    the signal, or wrote its result. With `is_call`, a Python function, a result that the hub
    cannot take is a failure: there, the result is all that was wanted.
    """
    written, problem = written_result(run.home / "result.json", limits.result_bytes)
    cut_short = outcome.stopped and ending is not None
    succeeded = outcome.code == 0 and (not cut_short or written is not None)
    if succeeded and not (is_call and problem):
        result = written or observed(run, outcome, limits, output_bytes, problem)
        return encode(TaskComplete(*key, result=result))
    seen = observed(run, outcome, limits, output_bytes, problem)
    if ending is Ending.CANCELLED and cut_short:
        return encode(TaskCancelled(*key, result=seen))
    said = what_it_said(run.home / FAILURE, problem) if is_call else None
    error, failure = verdict(outcome, ending if cut_short else None, classes, said)
    return encode(
        TaskFailed(
            *key,
            error=error[: limits.error_chars],
            failure_class=failure,
            retryable=True if failure is FailureClass.INFRA else None,
            result=seen,
        )
    )


def lost(key: Key) -> bytes:
    """The frame for an attempt that ran when an earlier sidecar died."""
    return encode(
        TaskFailed(
            *key,
            error="The sidecar died while the task ran; what was left of it was killed.",
            failure_class=FailureClass.INFRA,
            retryable=True,
        )
    )


def verdict(
    outcome: Outcome,
    ending: Ending | None,
    classes: Mapping[str, FailureClass],
    said: Said | None = None,
) -> tuple[str, FailureClass]:
    """A sentence and a failure class for a program that did not succeed."""
    if ending is Ending.TIMEOUT:
        return f"The task ran out of time after {outcome.duration_ms} ms.", FailureClass.TIMEOUT
    if ending is Ending.SHUTDOWN:
        return "The sidecar was stopped while the task ran.", FailureClass.INFRA
    if outcome.code >= 0:
        name, text = str(outcome.code), f"The program ended with exit code {outcome.code}."
        if said is not None:
            return said.error, said.failure_class or classes.get(name, FailureClass.AGENT)
    else:
        name = signal_name(-outcome.code)
        text = f"The program was killed by {name}."
    return text, classes.get(name, FailureClass.AGENT)


def what_it_said(path: Path, problem: str | None) -> Said | None:
    """The failure that a Python task wrote down, else what is wrong with its result."""
    content, _ = _read(path, _FAILURE_BYTES)
    try:
        return msgspec.json.decode(content or b"", type=Said)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        # It died before it could say anything, or the function wrote there itself.
        return None if problem is None else Said(problem, FailureClass.CONFIG)


def signal_name(number: int) -> str:
    """`SIGKILL` for 9, and so on."""
    known = {one.value: one.name for one in signal.Signals}
    return known.get(number, f"signal {number}")


def observed(
    run: Run, outcome: Outcome, limits: Limits, output_bytes: int, problem: str | None
) -> Raw:
    """What there is to see when the program wrote no result: how it ended and its output."""
    room = output_bytes
    while True:
        texts = {stream: excerpt(capture, room) for stream, capture in run.captures.items()}
        content: dict[str, Any] = {
            "exit_code": outcome.code if outcome.code >= 0 else None,
            "signal": signal_name(-outcome.code) if outcome.code < 0 else None,
            "stdout": texts[Stream.STDOUT][0],
            "stderr": texts[Stream.STDERR][0],
            "truncated": any(cut for _, cut in texts.values()),
            "duration_ms": outcome.duration_ms,
        }
        if problem is not None:
            content["result_problem"] = problem
        if outcome.survivors:
            content["survivors"] = outcome.survivors
        raw = encode(content)
        # Escapes can make the JSON six times longer than the text.
        if len(raw) <= limits.result_bytes or room <= _LEAST_OUTPUT:
            return Raw(raw)
        room //= 2


def excerpt(capture: Capture, room: int) -> tuple[str, bool]:
    """The whole text if it fits into `room` bytes, else its head and tail; and whether cut."""
    if capture.total <= room and not capture.truncated:
        return capture.read(0, room), False
    half = room // 2
    head, tail = capture.read(0, min(half, capture.kept)), capture.tail[-half:]
    left_out = capture.total - len(head.encode()) - len(tail)
    note = f"\n[{max(0, left_out)} bytes left out]\n"
    return head + note + bytes(tail).decode(errors="ignore"), True


def written_result(path: Path, limit: int) -> tuple[Raw | None, str | None]:
    """The JSON the program wrote, or what is wrong with it; (None, None) if it wrote none."""
    content, problem = _read(path, limit)
    return (None, problem) if content is None else parsed_result(content)


def _read(path: Path, limit: int) -> tuple[bytes | None, str | None]:
    try:
        # Never follow a link or wait for a pipe that the program put there.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None, None
    except OSError as error:
        return None, f"The result file cannot be read: {error.strerror}."
    with os.fdopen(descriptor, "rb") as file:
        if not S_ISREG(os.fstat(descriptor).st_mode):
            return None, "The result file is not a regular file."
        content = file.read(limit + 1)
    if not content.strip():
        return None, None
    if len(content) > limit:
        return None, f"The result file is larger than {limit} bytes."
    return content, None


def parsed_result(content: bytes) -> tuple[Raw | None, str | None]:
    """`content` as it stands if the hub can take it, else what is wrong with it."""
    try:
        value = msgspec.json.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return None, f"The result file is not JSON: {error}"
    flaw = _flaw(value)
    return (Raw(content.strip()), None) if flaw is None else (None, f"The result file {flaw}.")


def _flaw(value: Any) -> str | None:
    level = [value]
    for _ in range(JSON_DEPTH + 1):
        if any(type(one) is int and abs(one) > SAFE_INTEGER for one in level):
            return "holds an integer beyond 2**53 - 1"
        nested = [one for one in level if isinstance(one, dict | list)]
        if not nested:
            return None
        level = [
            inner for one in nested for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return f"nests deeper than {JSON_DEPTH}"
