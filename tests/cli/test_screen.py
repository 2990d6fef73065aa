"""Ages, durations and cleaned text."""

import pytest

from hub.cli.screen import age, clean, one_line, span


@pytest.mark.parametrize(
    ("duration_ms", "shown"),
    [
        (-5, "0 ms"),
        (340, "340 ms"),
        (12_000, "12 s"),
        (300_000, "5 min"),
        (10_800_000, "3 h"),
        (777_600_000, "9 d"),
    ],
)
def test_a_duration_is_short(duration_ms: float, shown: str) -> None:
    """One unit is enough for a person."""
    assert span(duration_ms) == shown


def test_an_age_that_never_began() -> None:
    """What never happened is a dash."""
    assert age(None) == "-"
    assert age(1_000, now_ms=4_000) == "3 s"
    assert age(1_000, now_ms=1_200) == "now"


def test_text_from_elsewhere_is_cleaned() -> None:
    """Tabs and newlines stay, everything else that is not visible becomes a dot."""
    assert clean("a\tb\nc\x1b[0m\x07\x85") == "a\tb\nc·[0m··"
    assert one_line(" a\n b ") == "a b"
