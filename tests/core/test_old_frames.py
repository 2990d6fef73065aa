"""Old frames: a result is never thrown away because something in it cannot be read."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Raw, json

from hub.core.old_frames import SHORT_BYTES, id_of, mended, plain, read, text_of
from schemas import backbone as old


def raw(value: Any) -> Raw:
    """A part of a frame."""
    return Raw(json.encode(value))


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (rb'"a\ud83d"', rb'"a\ufffd"'),
        (rb'"\ude00b"', rb'"\ufffdb"'),
        (rb'"\ud83d\ud83d\ude00"', rb'"\ufffd\ud83d\ude00"'),
        (rb'"\ud83d\ude00"', rb'"\ud83d\ude00"'),
        (rb'"\\ud83d \u00e9 \n \\\ud83d"', rb'"\\ud83d \u00e9 \n \\\ufffd"'),
        (b'"\xff"', b'"\xef\xbf\xbd"'),
    ],
)
def test_half_characters_are_marked_and_the_rest_stays(sent: bytes, meant: bytes) -> None:
    """An escaped backslash in front is no escape."""
    assert mended(sent) == meant
    json.decode(mended(sent))


@given(st.text())
def test_good_text_is_not_touched(text: str) -> None:
    """Whatever stands in it."""
    frame = json.encode({"text": text})
    assert mended(frame) == frame


def test_a_result_that_nests_too_deep_is_a_failed_one_with_its_text() -> None:
    """Its task is the one that may be meant, wherever another id stands."""
    frame = (
        b'{"type":"task_complete","result":{"task_id":"other","deep":'
        + b"[" * 100_000
        + b"]" * 100_000
        + b'},"task_id":"mine","generation":7}'
    )
    found = read(frame, {"mine": 7})
    assert isinstance(found, old.TaskComplete)
    assert isinstance(found.result, Raw)
    result = json.decode(found.result)
    assert (id_of(found.task_id), plain(found.generation)) == ("mine", 7)
    assert (result["status"], result["bytes"]) == ("failed", len(frame))
    assert result["text"].startswith('{"type":"task_complete"')


@pytest.mark.parametrize(
    "frame",
    [b"", b"[", b'{"type":"no_such_type"}', b'{"type":"task_progress","task_id":"t"', b"[]", b"5"],
)
def test_what_is_no_message_at_all_is_told(frame: bytes) -> None:
    """It is answered, and nothing else."""
    with pytest.raises(msgspec.DecodeError):
        read(frame, ())


@pytest.mark.parametrize("odd", ["", "x" * 65, "x" * 100_000, 5, None, {"a": 1}, ["t"]])
def test_what_cannot_be_an_id_is_none(odd: Any) -> None:
    """The hub's own frames have no room for it."""
    assert id_of(raw(odd)) is None
    assert id_of(UNSET) is None


def test_a_long_value_is_not_looked_at() -> None:
    """It would only take time and memory."""
    assert plain(raw(["x" * SHORT_BYTES])) is None
    assert plain(raw(["x"])) == ["x"]


def test_a_text_is_kept_in_part() -> None:
    """Also one with half a character in it."""
    assert text_of(Raw(rb'"a\ud83d"')) == "a\ufffd"
    assert len(text_of(raw("x" * 50_000)) or "") == 2_000
    assert text_of(raw("  ")) is text_of(raw(5)) is text_of(UNSET) is None
