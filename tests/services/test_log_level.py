"""The level of the log, as it is set and read."""

import pytest

from hub.services.log_level import LEVELS, LogLevel


def test_a_level_in_any_case() -> None:
    """Read back in capital letters, and ordered."""
    level = LogLevel("debug")
    numbers = []
    for name in LEVELS:
        level.set(name.lower())
        assert level.get() == name
        numbers.append(level.number)
    assert numbers == sorted(set(numbers))


def test_a_level_that_is_none_changes_nothing() -> None:
    """The sentence names those there are."""
    level = LogLevel("INFO")
    with pytest.raises(ValueError, match="take one of DEBUG, INFO"):
        level.set("loud")
    assert level.get() == "INFO"
