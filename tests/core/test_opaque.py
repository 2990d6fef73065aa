"""Opaque JSON: what passes can be read by every reader, byte for byte."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from hub.core import opaque
from schemas.scalars import JSON_DEPTH, KWARGS_BYTES, SAFE_INTEGER

KIB = 1024
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-SAFE_INTEGER, SAFE_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("ab\0é"), inner),
    max_leaves=20,
)


def flaw(text: bytes, most: int = 64 * KIB, *, needs_object: bool = False) -> str | None:
    """What is wrong with this text."""
    return opaque.flaw(Raw(text), most, needs_object=needs_object)


@given(VALUES, st.booleans())
def test_plain_json_passes(value: object, ascii_only: bool) -> None:
    """Whatever a well-meaning program writes, however it writes it."""
    assert flaw(json.dumps(value, ensure_ascii=ascii_only).encode()) is None


@given(st.binary(max_size=50))
def test_what_passes_can_be_read(text: bytes) -> None:
    """Bytes that are let through are JSON in UTF-8."""
    if flaw(text) is None:
        json.loads(text.decode())


@pytest.mark.parametrize("depth", [1, JSON_DEPTH - 1, JSON_DEPTH])
@pytest.mark.parametrize("brackets", [b"[]", b"{}"])
def test_nesting_is_fine_up_to_the_limit(depth: int, brackets: bytes) -> None:
    """32 levels pass, one more does not, and 100,000 do not hurt."""
    start = b"[" if brackets == b"[]" else b'{"a":'
    end = brackets[1:]

    def nested(levels: int) -> bytes:
        return start * levels + b"1" + end * levels

    assert flaw(nested(depth)) is None
    assert flaw(nested(depth + JSON_DEPTH)) == "nests deeper than 32 levels"
    assert flaw(nested(100_000), 1 << 30) is not None


def test_brackets_in_texts_do_not_nest() -> None:
    """Many brackets alone are no reason to refuse."""
    assert flaw(json.dumps(["[" * 100, "{" * 100]).encode()) is None
    assert flaw(b"[" + b"[],[]," * 50 + b"[]]") is None


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b"9007199254740992", "integer beyond"),
        (b"[-9007199254740992]", "integer beyond"),
        (b'{"a":{"b":123456789012345678901234}}', "integer beyond"),
        (b"1" * 5_000, "out of range"),
        (b"1e999", "out of range"),
        (b'"\xff"', "UTF-8"),
        (b'{"\xc3":1}', "UTF-8"),
        (b'"\xed\xa0\x80"', "UTF-8"),
        (b'"\\ud800"', "truncated"),
        (b"NaN", "malformed"),
        (b"", "truncated"),
        (b"1 2", "trailing"),
    ],
)
def test_what_some_readers_cannot_hold_is_refused(text: bytes, what: str) -> None:
    """Each with a sentence that says what is wrong."""
    assert what in (flaw(text) or "nothing")


@pytest.mark.parametrize(
    "text", [b"9007199254740991", b"-9007199254740991", b"1.5e300", b'"12345678901234567890"']
)
def test_large_but_exact_numbers_pass(text: bytes) -> None:
    """Up to 2**53 - 1, and as floats or texts whatever they are."""
    assert flaw(text) is None


def test_size_is_limited_in_bytes() -> None:
    """The text itself is counted, not what it means."""
    assert flaw(b'"abc"', 5) is None
    assert flaw(b'"abc"', 4) == "5 bytes of JSON, the limit is 4"


@pytest.mark.parametrize(("text", "fine"), [(b"{}", True), (b"null", True), (b"[]", False)])
def test_some_fields_are_objects(text: bytes, fine: bool) -> None:
    """There, another kind of value is refused; null means that it is absent."""
    assert (flaw(text, needs_object=True) is None) is fine


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"{}", None),
        (b"null", None),
        (b'{"a": 1, "_b": {"c-d": 2}, "\xc3\xbc": 3}', None),
        (b"[1]", "expected an object"),
        (b'{"a": 1, "2": 1}', "'2' is not a Python identifier"),
        (b'{"": 1}', "'' is not a Python identifier"),
        (b'{"a": 9007199254740992}', "integer beyond 2**53 - 1"),
        (b'{"a": "' + b"x" * KWARGS_BYTES + b'"}', "65545 bytes of JSON, the limit is 65536"),
    ],
)
def test_the_arguments_of_a_function_have_names(text: bytes, said: str | None) -> None:
    """What no function could take is refused at the door."""
    assert opaque.kwargs_flaw(Raw(text)) == said
