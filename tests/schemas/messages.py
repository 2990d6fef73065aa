"""Makes good and bad messages out of the Structs: what the tests of the wire feed on."""

from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st
from msgspec import inspect as mi

from schemas.work import TARGET

Bad = tuple[str, Any]
"""What is wrong with a value, and the value."""

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


def good(model: Any) -> Any:
    """A value that is right in every field, optional ones too."""
    return _good(mi.type_info(model))


def bad(model: Any) -> Iterator[Bad]:
    """The good value, made wrong in one place after the other, nested places too."""
    return _bad(mi.type_info(model), good(model))


def anything_good(model: Any) -> st.SearchStrategy[Any]:
    """Values that are right, and as different as the constraints allow."""
    return _strategy(mi.type_info(model))


def _members(info: mi.Type) -> list[mi.Type]:
    """What a value may be, other than null."""
    match info:
        case mi.Metadata(type=inner):
            return _members(inner)
        case mi.UnionType(types=types):
            return [member for inner in types for member in _members(inner)]
        case mi.NoneType():
            return []
        case _:
            return [info]


def _nullable(info: mi.Type) -> bool:
    """Whether null is taken."""
    if isinstance(info, mi.UnionType):
        return any(_nullable(member) for member in info.types)
    return isinstance(info, mi.NoneType | mi.RawType | mi.AnyType)


def _good(info: mi.Type) -> Any:
    match _members(info)[0]:
        case mi.StructType() as struct:
            return _tag(struct) | {f.encode_name: _good(f.type) for f in struct.fields}
        case mi.IntType() | mi.FloatType() as number:
            return number.ge or 1
        case mi.StrType() as text:
            return _sample(text) * max(text.min_length or 0, 1)
        case mi.BoolType():
            return True
        case mi.EnumType(cls):
            return next(iter(cls)).value
        case mi.ListType(item_type=item):
            return [_good(item)]
        case mi.TupleType(item_types=items):
            return [_good(item) for item in items]
        case mi.DictType(key_type=key, value_type=value):
            return {_good(key): _good(value)}
        case mi.RawType() | mi.AnyType():
            return {"any": [1, None]}
        case _:
            raise TypeError(f"no values are made for {info}")


def _sample(text: mi.StrType) -> str:
    """A short text that its pattern takes; only that of a Python target wants more than letters."""
    return "a:a" if text.pattern == TARGET else "a"


def _tag(struct: mi.StructType) -> dict[str, Any]:
    return {struct.tag_field: struct.tag} if struct.tag_field else {}


def _bad(info: mi.Type, value: Any) -> Iterator[Bad]:
    (kind,) = _members(info)[:1]
    if isinstance(kind, mi.RawType | mi.AnyType):
        return
    yield "wrong type", {} if not isinstance(value, dict) else [value]
    yield "wrong type", "x" if isinstance(value, int | float | list) else 7
    if not _nullable(info):
        yield "null", None
    match kind:
        case mi.StructType():
            yield from _bad_struct(kind, value)
        case mi.IntType() | mi.FloatType():
            yield from _bad_number(kind)
        case mi.StrType():
            yield from _bad_text(kind)
        case mi.EnumType():
            yield "unknown word", "no-such-word"
        case mi.ListType() | mi.DictType():
            yield from _bad_container(kind, value)
        case _:
            pass


def _bad_struct(struct: mi.StructType, value: dict[str, Any]) -> Iterator[Bad]:
    required = [field.encode_name for field in struct.fields if field.required]
    # A lone tagged Struct may come without its tag: the one listed disagreement about it.
    if struct.tag_field == "type":
        required.append("type")
    for name in required:
        yield "missing field", {key: item for key, item in value.items() if key != name}
    if struct.tag_field:
        for tag in ("no-such-tag", None, 3):
            yield "bad tag", value | {struct.tag_field: tag}
    if struct.forbid_unknown_fields:
        yield "unknown field", value | {"unknown": 1}
    for field in struct.fields:
        for kind, wrong in _bad(field.type, value[field.encode_name]):
            yield kind, value | {field.encode_name: wrong}


def _bad_number(number: mi.IntType | mi.FloatType) -> Iterator[Bad]:
    yield "boolean", True
    if number.ge is not None:
        yield "below the minimum", number.ge - 1
    if number.le is not None:
        yield "above the maximum", number.le + 1
    if isinstance(number, mi.IntType):
        yield "fraction", (number.ge or 0) + 0.5


def _bad_text(text: mi.StrType) -> Iterator[Bad]:
    if text.min_length:
        yield "too short", "a" * (text.min_length - 1)
    if text.max_length is not None:
        yield "too long", "a" * (text.max_length + 1)
        yield "too long", "\N{PILE OF POO}" * (text.max_length + 1)
    if text.pattern:
        yield "bad pattern", "a\x00"
        if "\\s\\S" in text.pattern:
            yield "bad pattern", "a\n"


def _bad_container(kind: mi.ListType | mi.DictType, value: Any) -> Iterator[Bad]:
    if kind.min_length:
        yield "too short", type(value)()
    if isinstance(kind, mi.ListType):
        if kind.max_length is not None:
            yield "too long", value * (kind.max_length + 1)
        for what, wrong in _bad(kind.item_type, value[0]):
            yield f"item: {what}", [*value, wrong]
        return
    ((key, item),) = value.items()
    if kind.max_length is not None:
        yield "too long", {f"{key}{n}": item for n in range(kind.max_length + 1)}
    for what, wrong in _bad(kind.value_type, item):
        yield f"value: {what}", value | {"b": wrong}
    for what, wrong in _bad(kind.key_type, key):
        if isinstance(wrong, str):
            yield f"key: {what}", value | {wrong: item}


def _strategy(info: mi.Type) -> st.SearchStrategy[Any]:
    made = st.one_of([_strategy_of(member) for member in _members(info)])
    return made | st.none() if _nullable(info) else made


def _strategy_of(info: mi.Type) -> st.SearchStrategy[Any]:
    match info:
        case mi.StructType() as struct:
            tag = {name: st.just(word) for name, word in _tag(struct).items()}
            fields = {field.encode_name: _strategy(field.type) for field in struct.fields}
            needed = {f.encode_name for f in struct.fields if f.required}
            return st.fixed_dictionaries(
                tag | {name: made for name, made in fields.items() if name in needed},
                optional={name: made for name, made in fields.items() if name not in needed},
            )
        case mi.ListType(item_type=item) as many:
            return _sized(st.lists, many, _strategy(item))
        case mi.TupleType(item_types=items):
            return st.tuples(*map(_strategy, items)).map(list)
        case mi.DictType(key_type=key, value_type=value) as many:
            return _sized(st.dictionaries, many, _strategy(key), _strategy(value))
        case _:
            return _strategy_of_scalar(info)


def _sized(
    make: Callable[..., Any], many: mi.ListType | mi.DictType, *of: Any
) -> st.SearchStrategy[Any]:
    least = many.min_length or 0
    made: st.SearchStrategy[Any] = make(
        *of, min_size=least, max_size=min(many.max_length or 4, least + 3)
    )
    return made


def _strategy_of_scalar(info: mi.Type) -> st.SearchStrategy[Any]:
    match info:
        case mi.StrType() as text:
            if text.pattern:
                # Letters only: every pattern of the wire lets them through.
                letters = st.text("abcXYZ", min_size=text.min_length or 1, max_size=8)
                return letters.map(lambda word: _sample(text).replace("a", word))
            most = min(text.max_length or 40, 40)
            return st.text(min_size=text.min_length or 0, max_size=most)
        case mi.IntType() as number:
            return st.integers(number.ge, number.le)
        case mi.FloatType() as number:
            return st.floats(number.ge, number.le, allow_nan=False, allow_infinity=False)
        case mi.EnumType(cls):
            return st.sampled_from([member.value for member in cls])
        case mi.BoolType():
            return st.booleans()
        case _:
            return ANY_JSON
