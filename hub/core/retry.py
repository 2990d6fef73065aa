"""Which failures are tried again, and when."""

from typing import Final

from schemas.attempts import FailureClass
from schemas.scalars import DAY_MS
from schemas.work import Retry

RETRIED: Final[dict[FailureClass, bool]] = {
    FailureClass.INFRA: True,
    FailureClass.AGENT: True,
    FailureClass.TIMEOUT: True,
    FailureClass.LOST: True,
    FailureClass.CONFIG: False,
    FailureClass.POLICY: False,
    FailureClass.VERIFICATION: True,
    FailureClass.QUOTA: True,
    FailureClass.AUTH: False,
    FailureClass.BUDGET: False,
    FailureClass.REPORT_REFUSED: False,
    FailureClass.REJECTED: False,
    FailureClass.EXPIRED: False,
}
"""Whether a class is worth another attempt. What cannot change by itself is not."""

JITTER: Final = 0.2
"""The share of a delay that is left to chance, so that failures do not come back in step."""

DEFAULT: Final = Retry()


def is_retried(failure_class: FailureClass, retryable: bool | None) -> bool:
    """Whether another attempt makes sense; the agent's own word overrules the table."""
    return RETRIED[failure_class] if retryable is None else retryable


def delay_ms(policy: Retry | None, failures: int, chance: float, asked_ms: int | None) -> int:
    """How long to back off after the n-th failure, in milliseconds.

    `chance` is uniform in [0, 1). What the agent asked for overrules the policy, up to a day.
    """
    if asked_ms is not None:
        return min(asked_ms, DAY_MS)
    chosen = policy or DEFAULT
    steps = max(0, min(failures - 1, 64))
    growth: float = chosen.factor**steps
    full = min(chosen.base_ms * growth, chosen.cap_ms)
    return int(full * (1 - JITTER * chance))


def exclusion_ms(rejections: int) -> int:
    """How long an agent that rejected a task is not offered it again: 30 s, doubling."""
    return min(30_000 << min(rejections, 20), DAY_MS)
