"""Asks both judges of the wire, msgspec and JSON Schema, about the same text."""

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from schemas.generate import documents
from tests.schemas import messages

DOCUMENTS = {name: json.loads(text) for name, text in documents().items()}


@cache
def published(file: str, name: str | None) -> Draft202012Validator:
    """The validator of a published document, or of one definition in it."""
    document = DOCUMENTS[file]
    Draft202012Validator.check_schema(document)
    if name is not None:
        document = {"$ref": f"#/$defs/{name}", "$defs": document["$defs"]}
    return Draft202012Validator(document)


def msgspec_accepts(raw: bytes, model: Any) -> bool:
    """Whether the hub takes this text."""
    try:
        msgspec.json.decode(raw, type=model)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def schema_accepts(raw: bytes, validator: Draft202012Validator) -> bool:
    """Whether JSON Schema takes what Python's own reader makes of this text."""
    try:
        return validator.is_valid(json.loads(raw.decode()))
    except (ValueError, RecursionError):
        return False


def assert_both(accept: bool, value: Any, model: Any, validator: Draft202012Validator) -> None:
    """Both judges say the same about a value, and it is what was expected."""
    raw = json.dumps(value).encode()

    said = {"msgspec": msgspec_accepts(raw, model), "schema": schema_accepts(raw, validator)}
    assert said == {"msgspec": accept, "schema": accept}, raw[:500]


def assert_corpus(member: Any, model: Any, validator: Draft202012Validator) -> Counter[str]:
    """The good value is taken and every bad one refused, by both; returns the kinds of bad."""
    assert_both(True, messages.good(member), model, validator)
    kinds: Counter[str] = Counter()
    for kind, wrong in messages.bad(member):
        assert_both(False, wrong, model, validator)
        kinds[kind] += 1
    return kinds


def assert_same(value: Any, model: Any, validator: Draft202012Validator) -> None:
    """Both judges say the same about a value, whatever it is."""
    raw = json.dumps(value).encode()

    assert msgspec_accepts(raw, model) == schema_accepts(raw, validator), raw[:500]


JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, -1, 0.5, 2**60, "", "a\n", "x" * 300, [], {}, [[]], {"a": 1}]
)


@st.composite
def changed(draw: st.DrawFn, member: Any) -> Any:
    """A good value with one random change at a random place: taken or refused, as it comes."""
    value = draw(messages.anything_good(member))
    places = list(_places(value))
    holder, key = draw(st.sampled_from(places)) if places else (value, "new")
    if isinstance(holder, dict) and draw(st.booleans()):
        if draw(st.booleans()) and key != "kind":
            holder.pop(key, None)
        else:
            holder[draw(st.text(max_size=5))] = draw(JUNK)
    else:
        holder[key] = draw(JUNK | messages.ANY_JSON)
    return value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place inside a value, as the container and the key or index."""
    pairs: Any = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(pairs):
        yield value, key
        if isinstance(inner, dict | list):
            yield from _places(inner)
