"""The words of a refusal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.transport.sentences import VALUE_CHARS, excerpt, fit, json_path, printable


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ([], "$"),
        (["tasks", 3, "priority"], "$.tasks[3].priority"),
        (["labels", 'a "b"'], r'$.labels["a \"b\""]'),
        (["labels", "x" * 80], '$.labels["' + "x" * 49 + '…"]'),
        (["labels", "\ud800"], r'$.labels["\\ud800"]'),
    ],
)
def test_json_path(parts: list[str | int], path: str) -> None:
    """Words are joined by dots, numbers and strange keys stand in brackets."""
    assert json_path(parts) == path


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "null"),
        (True, "true"),
        (1.5, "1.5"),
        ("a\nb", r'"a\nb"'),
        ([1, 2], "a list of 2"),
        ({"a": 1}, "an object of 1"),
    ],
)
def test_excerpt(value: object, shown: str) -> None:
    """A scalar is shown as JSON, a container by its size."""
    assert excerpt(value) == shown


@given(st.text(alphabet=st.characters(), max_size=200))
def test_shown_text_is_short_and_printable(text: str) -> None:
    """Whatever the text holds, what is shown of it fits and prints."""
    shown = fit(text, VALUE_CHARS)

    assert len(shown) <= VALUE_CHARS
    assert printable(shown) == shown
