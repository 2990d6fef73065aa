"""Words and durations as people type them."""

import pytest

from hub.cli.exits import Trouble
from hub.cli.options import duration_ms, pairs, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90", 90_000), ("90s", 90_000), ("500ms", 500), ("1.5h", 5_400_000), ("30d", 2_592_000_000)],
)
def test_durations(text: str, expected: int) -> None:
    """A bare number means seconds."""
    assert duration_ms(text) == expected


@pytest.mark.parametrize("text", ["", "soon", "5 weeks", "s", "nan", "infs", "-5s", "-1"])
def test_what_is_no_duration(text: str) -> None:
    """The answer shows how to write one."""
    with pytest.raises(Trouble, match="is not a duration"):
        duration_ms(text)


def test_words() -> None:
    """Blanks and empty parts do not count."""
    assert words(" a, b,,c ") == ["a", "b", "c"]
    assert words(None) == []


def test_labels() -> None:
    """One that is given twice is one, but it has only one value."""
    assert pairs(["a=b", "c=d=e", "a=b", "f="]) == {"a": "b", "c": "d=e", "f": ""}
    for text in ("a", "=b"):
        with pytest.raises(Trouble, match="is not a label"):
            pairs([text])
    with pytest.raises(Trouble, match="two values"):
        pairs(["a=b", "a=c"])
