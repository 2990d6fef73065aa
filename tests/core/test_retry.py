"""Backoffs grow, stay in their bounds, and never come back in step."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core import retry
from schemas.attempts import FailureClass
from schemas.scalars import DAY_MS
from schemas.work import Retry

CHANCE = st.floats(0, 1, exclude_max=True)
POLICIES = st.builds(
    Retry,
    base_ms=st.integers(0, DAY_MS),
    factor=st.floats(1, 10),
    cap_ms=st.integers(0, DAY_MS),
)
WORTH_ANOTHER = {"infra", "agent", "timeout", "lost", "verification", "quota"}


@pytest.mark.parametrize("kind", FailureClass)
def test_every_class_is_decided(kind: FailureClass) -> None:
    """What may go better the next time is tried again; the agent's own word overrules."""
    assert retry.is_retried(kind, None) is (kind.value in WORTH_ANOTHER)
    assert retry.is_retried(kind, True)
    assert not retry.is_retried(kind, False)


@pytest.mark.parametrize(
    ("failures", "wait"), [(1, 5_000), (2, 10_000), (3, 20_000), (7, 300_000), (99, 300_000)]
)
def test_the_usual_backoff_doubles(failures: int, wait: int) -> None:
    """5 seconds, doubling, at most 5 minutes; a fifth of it is left to chance."""
    assert retry.delay_ms(None, failures, 0.0, None) == wait
    assert retry.delay_ms(None, failures, 0.5, None) == wait * 9 // 10


@given(st.none() | POLICIES, st.integers(0, 10_000), CHANCE)
def test_a_backoff_stays_in_its_bounds(policy: Retry | None, failures: int, chance: float) -> None:
    """It is never negative, never above the cap, and never shorter than 0.8 of the base."""
    wait = retry.delay_ms(policy, failures, chance, None)
    chosen = policy or Retry()

    assert 0 <= wait <= chosen.cap_ms
    assert wait >= int(min(chosen.base_ms, chosen.cap_ms) * 0.8) - 1


@given(POLICIES, CHANCE, st.integers(0, 10 * DAY_MS))
def test_what_the_agent_asks_for_overrules(policy: Retry, chance: float, asked: int) -> None:
    """An agent knows when its quota comes back; but not longer than a day."""
    assert retry.delay_ms(policy, 3, chance, asked) == min(asked, DAY_MS)


@pytest.mark.parametrize(("rejections", "wait"), [(0, 30_000), (1, 60_000), (99, DAY_MS)])
def test_exclusions_double(rejections: int, wait: int) -> None:
    """30 seconds after the first rejection, at most a day."""
    assert retry.exclusion_ms(rejections) == wait
