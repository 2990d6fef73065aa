"""The words of a refusal: what each JSON Schema keyword demands, said to a person.

A peer chose the values that appear here, so they are cut, and nothing in them can move a
cursor or break an encoder: characters that do not print are shown as escapes.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

VALUE_CHARS: Final = 50
"""A value is shown up to this length."""
SENTENCE_CHARS: Final = 500
"""A sentence that somebody else wrote is shown up to this length."""


def printable(text: str) -> str:
    """Show characters that do not print (controls, lone surrogates) as escapes."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def fit(text: str, chars: int = SENTENCE_CHARS) -> str:
    """Make a text of unknown origin safe to show, and no longer than `chars`."""
    shown = printable(text[:chars])
    return shown if len(shown) <= chars and len(text) <= chars else shown[: chars - 1] + "…"


def excerpt(value: Any) -> str:
    """Show a JSON value in a few characters; of lists and objects only the kind and size."""
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return f"an object of {len(value)}"
    if isinstance(value, str):
        return '"' + fit(value, VALUE_CHARS) + '"'
    return fit(json.dumps(value), VALUE_CHARS)


def json_path(parts: Sequence[str | int]) -> str:
    """Write a place as `$.tasks[3].priority`; a key that is no plain word as `["a b"]`."""
    return "$" + "".join(map(_step, parts))


def _step(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    if part.isidentifier() and len(part) <= VALUE_CHARS:
        return f".{part}"
    return "[" + json.dumps(fit(part, VALUE_CHARS), ensure_ascii=False) + "]"


def _kind(value: Any) -> str:
    """The JSON name of a value's type."""
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}
    return "null" if value is None else names.get(type(value), "object")


def _pattern(pattern: str, value: Any) -> str:
    return f"must match {pattern}, is {excerpt(value)}"


def _enum(words: list[Any], value: Any) -> str:
    return f"must be one of {', '.join(map(str, words))}, is {excerpt(value)}"


SENTENCES: Final[Mapping[str, Callable[[Any, Any], str]]] = MappingProxyType(
    {
        "type": lambda kind, value: f"expected {kind}, got {_kind(value)}",
        "enum": _enum,
        "pattern": _pattern,
        "minimum": lambda least, value: f"must be at least {least}, is {excerpt(value)}",
        "maximum": lambda most, value: f"must be at most {most}, is {excerpt(value)}",
        "minLength": lambda least, value: f"must have {least} or more characters, has {len(value)}",
        "maxLength": lambda most, value: f"must have {most} or fewer characters, has {len(value)}",
        "minItems": lambda least, value: f"must have {least} or more items, has {len(value)}",
        "maxItems": lambda most, value: f"must have {most} or fewer items, has {len(value)}",
        "minProperties": lambda least, value: f"must have {least} or more keys, has {len(value)}",
        "maxProperties": lambda most, value: f"must have {most} or fewer keys, has {len(value)}",
    }
)
"""The sentence for each keyword, made of what it demands and what came."""
