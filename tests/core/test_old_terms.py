"""Old terms: they leave room for what old agents were measured to need."""

import pytest

from hub.core.old_terms import OLD_TERMS, time_left

PING_MS = 30_000
DEAF_MS = 180_000
"""Git, in the same process, may take three minutes."""


def test_an_agent_may_be_deaf_for_as_long_as_its_longest_step() -> None:
    """And then send the ping that is due."""
    assert OLD_TERMS.silence_ms >= DEAF_MS + PING_MS


def test_a_lease_outlives_the_session_and_the_deadline_ends_it() -> None:
    """A cut is not a loss; but no ping keeps an attempt for ever."""
    assert OLD_TERMS.silence_ms < OLD_TERMS.lease_ms < OLD_TERMS.deadline_ms


def test_a_cancelled_task_comes_back_after_the_last_timer_of_the_first_time() -> None:
    """Four tries to wake the agent, a minute each, and the confirmation."""
    assert OLD_TERMS.shunned_ms > 290_000 + 30_000


@pytest.mark.parametrize(
    ("timeout_ms", "gone_ms", "left_ms"),
    [
        (None, 0, OLD_TERMS.deadline_ms),
        (600_000, 100_000, 500_000),
        (600_000, 599_000, OLD_TERMS.last_ms),
        (600_000, 9_000_000, OLD_TERMS.last_ms),
        (5_000, 9_000_000, 5_000),
        (600_000, -50, 600_000),
    ],
)
def test_the_time_of_an_attempt_runs_through_its_sessions(
    timeout_ms: int | None, gone_ms: int, left_ms: int
) -> None:
    """With a last minute, in which a result may arrive; a clock that was set back costs none."""
    assert time_left(timeout_ms, gone_ms) == left_ms
