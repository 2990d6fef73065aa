"""Violations end a session and keep their sender out, longer each time."""

from hub.core.violations import (
    COOLDOWNS_MS,
    FORGOTTEN_MS,
    VIOLATIONS,
    WINDOW_MS,
    Violations,
    Window,
)


def offend(violations: Violations, now: int) -> int:
    """As many violations as it takes; the cooldown that follows."""
    told = [violations.note(now) for _ in range(VIOLATIONS)]
    assert told[:-1] == [0] * (VIOLATIONS - 1)
    return told[-1]


def test_the_ladder() -> None:
    """Half a minute, one minute, and five from then on."""
    violations, now, steps = Violations(), 1_000, []
    for _ in range(5):
        steps.append(offend(violations, now))
        assert violations.cooling(now) == steps[-1]
        now += steps[-1]
        assert violations.cooling(now - 1) == 1
        assert violations.cooling(now) == 0
    assert steps == [30_000, 60_000, 300_000, 300_000, 300_000]


def test_it_is_forgotten() -> None:
    """Ten minutes after the last cooldown the first step is the first again."""
    violations = Violations()
    until = offend(violations, 0)
    assert not violations.is_clean(until + FORGOTTEN_MS - 1)
    assert violations.is_clean(until + FORGOTTEN_MS)
    assert offend(violations, until + FORGOTTEN_MS - 1) == COOLDOWNS_MS[1]
    until = FORGOTTEN_MS * 3
    assert offend(violations, until) == COOLDOWNS_MS[0]


def test_slow_mistakes_are_none() -> None:
    """Nine a minute may go on for ever."""
    violations = Violations()
    for minute in range(5):
        now = minute * WINDOW_MS
        assert [violations.note(now) for _ in range(VIOLATIONS - 1)] == [0] * (VIOLATIONS - 1)


def test_a_window_begins_with_its_first() -> None:
    """And ends a minute later, whatever came between."""
    window = Window()
    assert [window.note(now) for now in (5, 10, 5 + WINDOW_MS - 1)] == [1, 2, 3]
    assert window.rest(10) == WINDOW_MS - 5
    assert window.count(5 + WINDOW_MS) == 0
    assert window.rest(5 + WINDOW_MS) == 0
    assert window.note(5 + WINDOW_MS) == 1
