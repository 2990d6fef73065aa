"""Frames of protocol 1 as they are meant, also those that are no good JSON.

An old sidecar cuts texts in the middle of a character, so that half of a surrogate pair is
left; and whatever its agent wrote into a file stands in its result. A result comes once: it is
never thrown away because something in it cannot be read.
"""

import re
from collections.abc import Container
from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw

from schemas import backbone as old
from schemas.backbone import FromOldAgent, Loose
from schemas.scalars import ERROR_CHARS, KIB, SAFE_INTEGER

SHORT_BYTES: Final = 1 * KIB
"""No id, number or word that means anything is longer, as JSON."""
ID_CHARS: Final = 64
SHOWN_BYTES: Final = 256 * KIB
"""So much of what cannot be read is kept as text."""
COULD_NOT_BE_READ: Final = "the result could not be read"
UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises."""
_decode = msgspec.json.Decoder(FromOldAgent).decode
_encode = msgspec.json.Encoder().encode
_HEX: Final = rb"[0-9a-fA-F]"
_ESCAPE: Final = re.compile(
    rb"(?<!\\)((?:\\\\)*)\\u(?:([dD][89abAB]%b{2}\\u[dD][c-fC-F]%b{2})|[dD][89a-fA-F]%b{2})"
    % (_HEX, _HEX, _HEX)
)
"""A surrogate pair, or half of one, behind backslashes that stand for themselves."""
_RESULT: Final = re.compile(rb'"type"\s*:\s*"task_(?:complete|failed)"')
_TASK: Final = re.compile(rb'"task_id"\s*:\s*"([\w-]{1,64})"')
_GENERATION: Final = re.compile(rb'"generation"\s*:\s*"?(\d{1,16})')


def read(data: bytes, known: Container[str]) -> Any:
    """What a frame holds; `known` are the tasks that it may well be about.

    Raises msgspec.DecodeError for what is not a message of protocol 1 at all.
    """
    try:
        return _decode(data)
    except msgspec.ValidationError:
        raise
    except UNREADABLE:
        pass
    text = mended(data)
    try:
        return _decode(text)
    except msgspec.ValidationError:
        raise
    except UNREADABLE as error:
        return _salvaged(text, known, error)


def mended(data: bytes) -> bytes:
    """The same frame as valid UTF-8, with a mark in the place of each half character."""
    text = data.decode("utf-8", "replace").encode()
    return _ESCAPE.sub(_whole, text)


def _whole(found: "re.Match[bytes]") -> bytes:
    return found[0] if found[2] else found[1] + b"\\ufffd"


def _salvaged(data: bytes, known: Container[str], error: Exception) -> old.TaskComplete:
    """A result that cannot be read, as a failed one with its text."""
    ids = [found[1].decode() for found in _TASK.finditer(data)]
    if not ids or _RESULT.search(data) is None:
        raise msgspec.DecodeError(str(error) or "nests too deep") from error
    task_id = next((each for each in ids if each in known), ids[0])
    generation = _GENERATION.search(data)
    shown = data[:SHOWN_BYTES].decode("utf-8", "replace")
    result = {
        "status": "failed",
        "error": COULD_NOT_BE_READ,
        "truncated": True,
        "bytes": len(data),
        "text": shown,
    }
    return old.TaskComplete(
        task_id=Raw(_encode(task_id)),
        generation=UNSET if generation is None else Raw(generation[1]),
        result=Raw(_encode(result)),
    )


def plain(raw: Loose) -> Any:
    """A short value; None for one that is absent, long, or cannot be read."""
    if raw is UNSET or len(bytes(raw)) > SHORT_BYTES:
        return None
    try:
        return msgspec.json.decode(raw)
    except UNREADABLE:
        return None


def text_of(raw: Loose) -> str | None:
    """A text that may be kept: the first part of a long one; None for anything else."""
    text = None if raw is UNSET else _text(bytes(raw))
    return text[:ERROR_CHARS] if text is not None and text.strip() else None


def _text(data: bytes) -> str | None:
    try:
        return msgspec.json.decode(data, type=str)
    except msgspec.ValidationError:
        return None
    except UNREADABLE:
        pass
    try:
        return msgspec.json.decode(mended(data), type=str)
    except UNREADABLE:
        return None


def id_of(raw: Loose) -> str | None:
    """A task's id; None for what cannot be one."""
    value = plain(raw)
    return value if isinstance(value, str) and 0 < len(value) <= ID_CHARS else None


def number_of(raw: Loose) -> int | None:
    """A whole number above zero, also when it comes as text; None for anything else."""
    value = plain(raw)
    if isinstance(value, str) and len(value) <= 16 and value.isascii() and value.isdigit():
        value = int(value)
    if type(value) is int and 0 < value <= SAFE_INTEGER:
        return value
    return None
