"""Ids, enums and limits."""

import msgspec
import pytest

from schemas.scalars import (
    PRIORITIES,
    STATE_NAMES,
    STATES_BY_NAME,
    AgentId,
    CloseCode,
    Name,
    Priority,
    PriorityName,
    StateName,
    TaskState,
)


def test_every_state_has_one_name() -> None:
    """States and their names on the wire are the same set, and map back."""
    assert set(STATE_NAMES) == set(TaskState)
    assert set(STATE_NAMES.values()) == set(StateName)
    assert all(STATES_BY_NAME[STATE_NAMES[state].value] is state for state in TaskState)


def test_every_word_for_a_priority_means_one() -> None:
    """No word is left without meaning, and no priority without a word."""
    assert set(PRIORITIES) == set(PriorityName)
    assert set(PRIORITIES.values()) == set(Priority)


@pytest.mark.parametrize("end", ["\n", "\r", "\x00", "\x1b", "\x7f"])
def test_names_hold_no_control_characters(end: str) -> None:
    """A control character is refused at the end of a name too."""
    for kind in (Name, AgentId):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert("a" + end, type=kind)


def test_names_may_be_in_any_language() -> None:
    """Only ids are limited to ASCII."""
    assert msgspec.convert("Müller 東京 🐎", type=Name) == "Müller 東京 🐎"


def test_our_close_codes_say_whether_to_come_back() -> None:
    """Codes of ours lie in the two ranges that clients know."""
    ours = [code for code in CloseCode if code >= 3000]

    assert all(4000 <= code <= 4999 for code in ours)
