"""Cooldowns in the stream of events: who broke the rules so often that it has to wait.

Who has to wait, and for how long, is decided by `hub/core/violations.py`.
"""

from hub.core import facts
from hub.core.credentials import Principal
from hub.core.violations import VIOLATIONS
from hub.services.clock import Clock
from hub.store.contract import JournalPort, Unit
from schemas.events import EventType, RateLimitViolated


def tell(
    journal: JournalPort, clock: Clock, principal: Principal, address: str, cooldown_ms: int
) -> None:
    """Write that a cooldown began. An open session may bring the next one sooner."""
    payload = RateLimitViolated(
        reason="refused frames",
        violations=VIOLATIONS,
        cooldown_ms=cooldown_ms,
        address=address or None,
    )
    kind, wall = EventType.RATE_LIMIT_VIOLATED, clock.now().wall
    fact = facts.of_agent(kind, principal.id, principal.id, wall, payload)
    journal.write(Unit(principal.org, facts=[fact]))
