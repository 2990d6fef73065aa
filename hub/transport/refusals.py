"""Explains a refused message: the JSON path of everything that is wrong with it.

msgspec decides whether a message is taken, and stops at the first flaw. Only after it has
refused does JSON Schema look at the same bytes, to name all flaws at once. What lives here
never accepts anything, and whatever the input is, it answers instead of raising.
"""

import json
import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from itertools import islice
from typing import Any, Final, NoReturn

import msgspec
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend
from msgspec import Struct

from hub.transport.opaque_flaws import opaque_flaws
from hub.transport.sentences import SENTENCES, VALUE_CHARS, excerpt, fit, json_path
from schemas.scalars import KIB
from schemas.to_agent import Flaw

EXPLAINED_BYTES: Final = 64 * KIB
"""A larger message gets msgspec's first flaw only: looking for all would cost too much."""
FLAWS: Final = 20
"""How many flaws are named at most."""

_PLACE: Final = re.compile(
    r"(?P<message>.*?)(?: - at (?:`key` in )?`(?P<path>\$[^`]*)`)?", re.DOTALL
)


def explain(raw: bytes, model: type[Struct], error: Exception) -> list[Flaw]:
    """Name what is wrong with `raw` as a `model`; `error` is what its decoder raised.

    The list is never empty and has at most `FLAWS` entries. Input that is no JSON, too
    large, too deep, or that JSON Schema finds nothing wrong with, gets the decoder's words.
    """
    flaws = _named(raw, model, error)
    known = {flaw.path for flaw in flaws}
    hidden = [flaw for flaw in opaque_flaws(raw, model) if flaw.path not in known]
    return (flaws + hidden)[:FLAWS]


def _named(raw: bytes, model: type[Struct], error: Exception) -> list[Flaw]:
    if len(raw) > EXPLAINED_BYTES:
        return [first_flaw(error)]
    try:
        instance = json.loads(raw.decode(), parse_constant=_refuse_constant)
        flaws = list(islice(_flaws(_validator(model), instance), FLAWS))
    except (ValueError, RecursionError):
        # Not UTF-8, not JSON, or nested deeper than the stack: the decoder's words say so.
        return [first_flaw(error)]
    if not flaws and type(error) is msgspec.DecodeError:
        # Python reads it and msgspec does not: only half surrogate pairs are like that, and
        # msgspec's words for them ("truncated") would send the reader the wrong way.
        return [Flaw("$", "a text holds half a surrogate pair")]
    return flaws or [first_flaw(error)]


def _refuse_constant(word: str) -> NoReturn:
    """Python reads NaN and Infinity, which are not JSON."""
    raise ValueError(word)


def first_flaw(error: Exception) -> Flaw:
    """Put the decoder's own words into a flaw."""
    if isinstance(error, RecursionError):
        return Flaw("$", "nested too deeply")
    if isinstance(error, UnicodeDecodeError):
        return Flaw("$", "not valid UTF-8")
    found = _PLACE.fullmatch(str(error))
    if found is None or not found["message"]:
        return Flaw("$", "not a valid message")
    return Flaw(found["path"] or "$", fit(found["message"]))


def _flaws(validator: Any, instance: Any) -> Iterator[Flaw]:
    """Turn each error of JSON Schema into a flaw, as it is found."""
    for error in validator.iter_errors(instance):
        subject = "the key " if "propertyNames" in error.absolute_schema_path else ""
        yield Flaw(json_path(list(error.absolute_path)), subject + _sentence(error))


def _sentence(error: Any) -> str:
    """Say what a keyword demands and what came instead."""
    if error.validator in _OWN_WORDS:
        return str(error.message)
    sentence = SENTENCES.get(error.validator)
    if sentence is None:
        return f"does not meet `{error.validator}`, is {excerpt(error.instance)}"
    return sentence(error.validator_value, error.instance)


def _any_of(
    validator: Any, branches: list[dict[str, Any]], instance: Any, schema: Any
) -> Iterator[ValidationError]:
    """Show the flaws of the branch that was meant, instead of "matches none of these".

    Nearly every union here is "this or null", so they are found one by one and the search
    ends early, however long a list is.
    """
    if instance is None and {"type": "null"} in branches:
        return
    meant = [branch for branch in branches if branch != {"type": "null"}]
    if len(meant) == 1:
        yield from validator.descend(instance, meant[0])
        return
    found = [list(islice(validator.descend(instance, branch), FLAWS)) for branch in meant]
    yield from min(found, key=len)


def _items(
    validator: Any, items: dict[str, Any], instance: Any, schema: dict[str, Any]
) -> Iterator[ValidationError]:
    """Look at no more items than a list may have: that there are more is a flaw already."""
    if isinstance(instance, list):
        for index, item in enumerate(instance[: schema.get("maxItems")]):
            yield from validator.descend(item, items, path=index)


def _property_names(
    validator: Any, names: dict[str, Any], instance: Any, schema: dict[str, Any]
) -> Iterator[ValidationError]:
    """Look at the keys of a map, and keep each key as the place of its flaw."""
    if isinstance(instance, dict):
        for name in islice(instance, schema.get("maxProperties")):
            yield from validator.descend(name, names, path=name)


def _required(
    validator: Any, required: list[str], instance: Any, schema: Any
) -> Iterator[ValidationError]:
    """Give a missing field as a flaw at its own place."""
    if isinstance(instance, dict):
        for name in required:
            if name not in instance:
                yield ValidationError("required, but missing", path=[name])


def _other_properties(
    validator: Any, other: Any, instance: Any, schema: dict[str, Any]
) -> Iterator[ValidationError]:
    """Look at the fields that are not listed, in the order of the message."""
    if not isinstance(instance, dict):
        return
    listed: dict[str, Any] = schema.get("properties", {})
    for name in islice(instance, schema.get("maxProperties")):
        if name in listed:
            continue
        if other is False:
            yield ValidationError(_unknown(name, listed), path=[name])
        else:
            yield from validator.descend(instance[name], other, path=name)


def _unknown(name: str, listed: dict[str, Any]) -> str:
    near = get_close_matches(name[:VALUE_CHARS], listed, n=1)
    return "unknown field" + (f", did you mean `{near[0]}`?" if near else "")


_OWN_WORDS: Final = frozenset({"required", "additionalProperties"})
"""Keywords whose functions above write the sentence themselves."""

_make_validator: Final = extend(  # type: ignore[no-untyped-call]  # the stubs leave it out
    Draft202012Validator,
    {
        "additionalProperties": _other_properties,
        "anyOf": _any_of,
        "items": _items,
        "propertyNames": _property_names,
        "required": _required,
    },
)


@cache
def _validator(model: type[Struct]) -> Any:
    """Build the validator of a message's own type, once, when it is first refused."""
    return _make_validator(msgspec.json.schema(model))
