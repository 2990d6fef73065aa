"""Old terms: they leave room for what old agents were measured to need."""

from hub.core.old_terms import OLD_TERMS

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
