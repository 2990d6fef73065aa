"""Cursors: what goes in comes out, for the same list only."""

from string import ascii_letters, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.errors import Refused
from hub.transport.cursors import make_cursor, read_cursor, read_seq
from schemas.http.tasks import TaskConditions
from schemas.scalars import ErrorCode, StateName

QUEUED = TaskConditions(state=[StateName.QUEUED])
LABELLED = TaskConditions(labels={"a": "b", "c": "d"})


@given(key=st.text(st.characters(exclude_categories=["Cs"])))
def test_a_key_comes_back(key: str) -> None:
    """Whatever characters it has, and in whatever order labels are given."""
    assert read_cursor(make_cursor(key, "list"), "list") == key
    again = TaskConditions(labels={"c": "d", "a": "b"})
    assert read_cursor(make_cursor(key, "tasks", LABELLED), "tasks", again) == key


@pytest.mark.parametrize(
    ("name", "conditions"), [("tasks", None), ("tasks", LABELLED), ("others", QUEUED)]
)
def test_another_list_is_refused(name: str, conditions: TaskConditions | None) -> None:
    """So that a page never goes on in a list that it does not belong to."""
    cursor = make_cursor("7", "tasks", QUEUED)
    with pytest.raises(Refused) as caught:
        read_seq(cursor, name, conditions)
    assert caught.value.code is ErrorCode.INVALID_CURSOR


@pytest.mark.parametrize("key", ["1", "12", "123"])
def test_every_letter_counts(key: str) -> None:
    """The last one too, of which base64 may leave some bits unused."""
    cursor = make_cursor(key, "tasks")
    for at in range(len(cursor)):
        for letter in set(ascii_letters + digits + "-_=") - {cursor[at]}:
            with pytest.raises(Refused):
                read_cursor(cursor[:at] + letter + cursor[at + 1 :], "tasks")


@given(text=st.text())
def test_anything_else_is_refused(text: str) -> None:
    """Never another error, whatever it is."""
    with pytest.raises(Refused) as caught:
        read_seq(text, "tasks")
    assert caught.value.code is ErrorCode.INVALID_CURSOR


@pytest.mark.parametrize("key", ["", "x", "-1", "١", "9" * 16])
def test_a_seq_is_a_number(key: str) -> None:
    """Also where somebody made the hash."""
    with pytest.raises(Refused):
        read_seq(make_cursor(key, "tasks"), "tasks")
