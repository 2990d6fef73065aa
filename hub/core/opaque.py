"""Opaque JSON (payload, result, metadata, usage): checked once, then kept byte for byte.

The decoder of messages skips over it, so three things are checked here: its text is valid
UTF-8, it does not nest too deep, and its numbers are ones every JSON reader can hold. What
passes can be sent on without closing the socket of whoever receives it.
"""

import re
from typing import Any, Final

import msgspec
from msgspec import Raw

from schemas.scalars import JSON_DEPTH, KWARGS_BYTES, SAFE_INTEGER

_decode = msgspec.json.Decoder().decode
_LONG_NUMBER: Final = re.compile(rb"\d{16}")
"""2**53 has 16 digits, so a text without such a run has no larger integer."""


def flaw(raw: Raw, most_bytes: int, *, needs_object: bool = False) -> str | None:
    """What is wrong with this JSON, or None.

    `most_bytes` is its limit; with `needs_object` it has to be an object (or null).
    """
    text = bytes(raw)
    if len(text) > most_bytes:
        return f"{len(text)} bytes of JSON, the limit is {most_bytes}"
    try:
        value = _decode(text)
    except UnicodeDecodeError:
        return "text is not valid UTF-8"
    except RecursionError:
        return f"nests deeper than {JSON_DEPTH} levels"
    except msgspec.DecodeError as error:
        return str(error)
    if needs_object and not isinstance(value, dict | None):
        return "expected an object"
    return _flaw_in(value, text)


def kwargs_flaw(raw: Raw) -> str | None:
    """What is wrong with the keyword arguments of a Python call, or None."""
    text = flaw(raw, KWARGS_BYTES, needs_object=True)
    if text is not None:
        return text
    names = _decode(raw) or ()
    odd = next((name for name in names if not name.isidentifier()), None)
    return None if odd is None else f"{odd[:50]!r} is not a Python identifier"


def _flaw_in(value: Any, text: bytes) -> str | None:
    """Walk a value only when its text says that there may be something to find."""
    if _LONG_NUMBER.search(text) is None and text.count(b"{") + text.count(b"[") <= JSON_DEPTH:
        return None
    return _walk(value, JSON_DEPTH)


def _walk(value: Any, depth: int) -> str | None:
    if isinstance(value, int):
        return None if -SAFE_INTEGER <= value <= SAFE_INTEGER else "integer beyond 2**53 - 1"
    if not isinstance(value, dict | list):
        return None
    if depth == 0:
        return f"nests deeper than {JSON_DEPTH} levels"
    for item in value.values() if isinstance(value, dict) else value:
        found = _walk(item, depth - 1)
        if found is not None:
            return found
    return None
