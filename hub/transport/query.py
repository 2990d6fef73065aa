"""Query parameters: from the text of a URL to the Struct that a route names.

Every flaw is named, not only the first; an unknown parameter is a flaw, because a typo in a
filter must not widen what is found. A list is given by repeating the parameter, or with
commas where its values cannot hold one; a list that is given names at least one value.
"""

from collections.abc import Callable
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct, structs
from starlette.datastructures import QueryParams

from hub.core.errors import Refused
from hub.transport.refusals import FLAWS, first_flaw
from hub.transport.sentences import VALUE_CHARS, fit
from schemas.generate import definitions
from schemas.scalars import WHOLE, ErrorCode
from schemas.to_agent import Flaw

_Read = Callable[[list[str]], Any]


class Empty(Struct, frozen=True, forbid_unknown_fields=True):
    """The query of a route without parameters."""


def read_query(model: type[Struct], given: QueryParams) -> Any:
    """The parameters as this Struct. Raises Refused that names every flaw."""
    readers = _readers(model)
    flaws: list[Flaw] = []
    values: dict[str, Any] = {}
    for name in given:
        reader = readers.get(name)
        if reader is None:
            known = ", ".join(readers) or "none"
            path = f"query.{fit(name, VALUE_CHARS)}"
            flaws.append(Flaw(path, f"unknown parameter; there are: {known}"))
            continue
        try:
            values[name] = reader(given.getlist(name))
        except msgspec.ValidationError as error:
            flaws.append(Flaw(f"query.{name}", first_flaw(error).message))
    if not flaws:
        try:
            return model(**values)
        except TypeError:
            missing = [f for f in readers if f not in values and f in _required(model)]
            flaws += [Flaw(f"query.{name}", "required, but missing") for name in missing]
    flaws = flaws[:FLAWS]
    raise Refused(ErrorCode.VALIDATION_FAILED, flaws[0].message, flaws=flaws)


def _required(model: type[Struct]) -> set[str]:
    return {field.encode_name for field in structs.fields(model) if field.required}


@cache
def _readers(model: type[Struct]) -> dict[str, _Read]:
    """How each parameter of a query is read."""
    hints = get_type_hints(model, include_extras=True)
    return {field.encode_name: _reader(hints[field.name]) for field in structs.fields(model)}


def notes_of(model: type[Struct]) -> dict[str, str]:
    """What each parameter means, by its name; nothing where its name says it."""
    properties = definitions(model)[model.__name__].get("properties", {})
    return {
        field.encode_name: " ".join(
            str(properties.get(field.encode_name, {}).get("description", "")).split()
        )
        for field in structs.fields(model)
    }


def _reader(hint: Any) -> _Read:
    kind = without_none(hint)
    if is_list(kind):
        return _reader_of_lists(kind, commas=not is_whole(kind))

    def read(texts: list[str]) -> Any:
        if len(texts) > 1:
            raise msgspec.ValidationError("given more than once")
        return msgspec.convert(texts[0], kind, strict=False)

    return read


def _reader_of_lists(kind: Any, *, commas: bool) -> _Read:
    def read(texts: list[str]) -> Any:
        parts = [part for text in texts for part in text.split(",")] if commas else texts
        values = [part for part in parts if part]
        if not values:
            raise msgspec.ValidationError("names no value")
        return msgspec.convert(values, kind, strict=False)

    return read


def without_none(hint: Any) -> Any:
    """The type of a parameter that is given: `int` of `int | None`."""
    if get_origin(hint) in (UnionType, Union):
        (kind,) = (each for each in get_args(hint) if each is not NoneType)
        return kind
    return hint


def is_list(kind: Any) -> bool:
    """Whether a parameter may have several values."""
    bare = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    return get_origin(bare) is list


def is_whole(kind: Any) -> bool:
    """Whether the values of a list may hold commas, so that each is given on its own."""
    extras = kind.__metadata__ if get_origin(kind) is Annotated else ()
    return any(meta.extra == WHOLE for meta in extras if isinstance(meta, msgspec.Meta))


NOTHING: Final = Empty()
