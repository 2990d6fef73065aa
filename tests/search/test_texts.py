"""Texts: what is compared, what is found of JSON, and the piece that is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from hub.search import texts
from hub.search.texts import FIELD_BYTES, SNIPPET, Field, fold, place_of, plain, words_of
from schemas.work import Command, TaskSpec

ANY_TEXT = st.text(max_size=300)


@given(text=ANY_TEXT)
def test_folding_keeps_every_character_in_its_place(text: str) -> None:
    """So marks fit the text that people see."""
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("one", "other"), [("ÜNÏCODE", "ünïcode"), ("ΟΔΟΣ", "οδος"), ("İstanbul", "İSTANBUL")]
)
def test_upper_and_lower_case_are_the_same(one: str, other: str) -> None:
    """Also where the last letter of a word has a form of its own."""
    assert fold(one) == fold(other)


def test_words_are_what_stands_between_spaces() -> None:
    """Each once; a NUL is a space too."""
    assert words_of(" Build\tTHE\0build \u3000x ") == ["build", "the", "x"]
    assert words_of(" \n ") == []


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b'{"path":"a/b","n":[1,2.5,true,null]}', "path: a/b n: 1 2.5 true null"),
        (b'"line\\nend \\u00fc"', "line\nend ü"),
        (b"not json", "not json"),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ],
)
def test_json_is_read_as_a_person_would(raw: bytes, text: str) -> None:
    """Without quotes and escapes."""
    assert plain(raw) == text


def test_of_a_long_text_the_beginning_is_found() -> None:
    """Whatever its size is, and also in the middle of a character."""
    long = ('"' + "é" * FIELD_BYTES + '"').encode()
    assert len(plain(long)) <= FIELD_BYTES
    spec = TaskSpec(description="x" * 10, payload=Raw(long))
    fields = texts.of_task("task-1", "ann", "e" * 2 * FIELD_BYTES, None, spec)
    assert max(len(field.text) for field in fields) == FIELD_BYTES


def test_every_text_of_a_task_has_its_name() -> None:
    """What is not there is left out."""
    spec = TaskSpec(
        description="say hello",
        run=Command(["echo", "hello"]),
        payload=Raw(b'{"a":1}'),
        metadata=Raw(b'{"b":2}'),
        needs=["gpu"],
        labels={"team": "blue"},
    )
    found = dict(texts.of_task("task-1", "ann", "broke", b'{"out":3}', spec))
    assert found == {
        "id": "task-1",
        "description": "say hello",
        "run": "echo hello",
        "labels": "team=blue",
        "needs": "gpu",
        "submitter": "ann",
        "payload": "a: 1",
        "metadata": "b: 2",
        "error": "broke",
        "result": "out: 3",
    }
    bare = texts.of_task("task-1", "ann", None, None, TaskSpec(description="x"))
    assert [field.name for field in bare] == ["id", "description", "submitter"]


def test_all_words_have_to_be_there() -> None:
    """In any field, in any order."""
    fields = [Field("description", "Build the docs"), Field("payload", "branch: main")]
    assert place_of(fields, ["main", "docs"]) is not None
    assert place_of(fields, ["main", "code"]) is None
    assert place_of(fields, []) is None


def test_a_snippet_shows_what_was_found() -> None:
    """Around its first place, on one line, with every word in it marked."""
    text = "a" * 500 + "\nThe NEEDLE is here, the needle\x1b[2J" + "b" * 500
    place = place_of([Field("payload", text)], ["needle"])
    assert place is not None
    assert place.field == "payload"
    assert len(place.snippet) <= SNIPPET
    assert [place.snippet[begin:end] for begin, end in place.marks] == ["NEEDLE", "needle"]
    assert "\n" not in place.snippet
    assert "\x1b" not in place.snippet


@given(text=ANY_TEXT, words=st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=3))
def test_marks_lie_inside_the_snippet(text: str, words: list[str]) -> None:
    """In order, without touching, and each on letters that were looked for."""
    wanted = words_of(" ".join(words))
    place = place_of([Field("x", text)], wanted)
    if place is None:
        return
    assert len(place.snippet) <= SNIPPET
    ends = [0, *(at for mark in place.marks for at in mark)]
    assert ends == sorted(ends)
    assert ends[-1] <= len(place.snippet)
    assert place.marks


def test_a_lone_surrogate_cannot_stop_the_index() -> None:
    """It is no text that a database takes."""
    assert texts.document([Field("x", "a\ud800b"), Field("y", "C")]) == "a?b\nc"
