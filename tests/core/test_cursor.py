"""Cursors: what is given out comes back, and nothing else is taken."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.cursor import Cursor, parse
from hub.core.errors import Refused
from schemas.scalars import SAFE_INTEGER, ErrorCode

NUMBERS = st.integers(0, SAFE_INTEGER)


@given(NUMBERS, NUMBERS)
def test_a_cursor_survives_its_text(epoch: int, seq: int) -> None:
    """What a reader gives back is what it was given."""
    assert parse(str(Cursor(epoch, seq))) == Cursor(epoch, seq)


FORGED = (
    *("", ":", "1", "1:", ":1", "1:2:3", "01:2", "1:02", "-1:2", "1:+2", "1: 2", "1:2\n"),
    *("\u0661:\u0662", "1:9007199254740992", "1:99999999999999999999", "now", "1:2\x00"),
)


@pytest.mark.parametrize("text", FORGED)
def test_a_forged_cursor_is_refused(text: str) -> None:
    """Only the one way to write it is taken."""
    with pytest.raises(Refused) as refused:
        parse(text)
    assert refused.value.code is ErrorCode.INVALID_CURSOR


@given(st.text(max_size=40))
def test_any_text_is_taken_or_refused(text: str) -> None:
    """Nothing but a refusal comes out of a text that is no cursor."""
    with suppress(Refused):
        assert str(parse(text)) == text
