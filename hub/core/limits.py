"""Rates: how much each role may do, and what one principal has left of it.

A rate is what comes back each minute, and what may come at once. Reports of work that an
agent has are in no tier: refusing them would lose work, and its slots bound them.
"""

from typing import Annotated, Final

from msgspec import Meta, Struct, structs

from hub.core.bucket import MINUTE_MS, Bucket
from hub.core.errors import Refused
from hub.core.violations import Violations, Window
from schemas.scalars import MIB, ErrorCode, Role, Tier

PINGS_A_HEARTBEAT: Final = 4
"""An agent that keeps to the heartbeat it was told is never refused a ping."""
FLOOD: Final = 1_000
"""So many refused for their rate within a minute end the session."""

BY_ADDRESS: Final = (Tier.ANONYMOUS, Tier.HANDSHAKES, Tier.PAGES)
"""The tiers of those who have no credential yet."""

Amount = Annotated[int, Meta(ge=1, le=1_000_000_000)]


class Rate(Struct, frozen=True):
    """One tier's rate; the unit is one request, task or frame, for logs one byte."""

    per_minute: Amount
    """How much comes back each minute."""
    burst: Amount
    """How much may come at once."""


FIXED: Final = {
    Tier.PROGRESS: Rate(60_000, 5_000),
    Tier.REPORTS: Rate(6_000, 4_096),
    Tier.MESSAGES: Rate(60, 60),
    Tier.PAGES: Rate(3_000, 600),
}
"""Rates that nobody had to set so far: four progress frames a second for each of 250 slots,
the reports of two full sidecars at once, messages at the pace of people, and the dashboard
opened from one address twenty times at once."""


class Rates(Struct, frozen=True, kw_only=True):
    """The rates that can be set."""

    agent_submit: Rate = Rate(600, 600)
    """Tasks that one agent submits."""
    submit: Rate = Rate(3_000_000, 100_000)
    """Tasks that one operator or admin submits."""
    control: Rate = Rate(600, 100)
    """Changes to anything else, and frames that cannot be taken."""
    reads: Rate = Rate(1_200, 200)
    """Requests that change nothing."""
    logs: Rate = Rate(16 * MIB, 4 * MIB)
    """Bytes of output of one agent."""
    pings: Rate = Rate(60, 30)
    """Heartbeats; raised to what the heartbeat setting needs."""
    anonymous: Rate = Rate(60, 20)
    """Requests without a credential from one address."""
    handshakes: Rate = Rate(1_200, 60)
    """New sockets from one address."""
    limit_loopback: bool = False
    """Whether clients on this machine are limited by their address, too."""

    def fit(self, heartbeat_ms: int) -> "Rates":
        """The same, with room for the pings that agents are told to send."""
        needed = -(-PINGS_A_HEARTBEAT * MINUTE_MS // heartbeat_ms)
        if needed <= self.pings.per_minute:
            return self
        return structs.replace(self, pings=Rate(needed, self.pings.burst))

    def of(self, tier: Tier, role: Role) -> Rate:
        """The rate of a tier for a role."""
        if tier is Tier.SUBMIT and role is Role.AGENT:
            return self.agent_submit
        fixed = FIXED.get(tier)
        rate: Rate = getattr(self, tier.value) if fixed is None else fixed
        return rate


class Meter:
    """What one principal has left, over all of its sessions and requests."""

    __slots__ = ("__weakref__", "_buckets", "_rates", "_role", "flood", "violations")

    def __init__(self, rates: Rates, role: Role) -> None:
        self._rates = rates
        self._role = role
        self._buckets: dict[Tier, Bucket] = {}
        self.violations = Violations()
        self.flood = Window()
        """Frames refused for their rate."""

    def bucket(self, tier: Tier, now: int) -> Bucket:
        """The bucket of a tier, made when it is first used."""
        bucket = self._buckets.get(tier)
        if bucket is None:
            rate = self._rates.of(tier, self._role)
            bucket = self._buckets[tier] = Bucket(rate.per_minute, rate.burst, now)
        return bucket

    def take(self, tier: Tier, cost: int, now: int) -> None:
        """Take what something costs. Raises Refused `rate_limited`, which says when to return."""
        wait = self.bucket(tier, now).take(cost, now)
        if wait:
            raise too_fast(tier, wait)

    def used(self) -> list[tuple[Tier, Bucket]]:
        """The buckets that were made so far."""
        return list(self._buckets.items())

    def is_idle(self, now: int) -> bool:
        """Whether a new one would be the same."""
        return self.violations.is_clean(now) and all(
            bucket.is_full(now) for bucket in self._buckets.values()
        )


def too_fast(tier: Tier, wait_ms: int) -> Refused:
    """The refusal of what came too fast."""
    return Refused(
        ErrorCode.RATE_LIMITED,
        f"too much of {tier.value} in a short time; try again in {wait_ms} ms",
        retryable=True,
        retry_after_ms=wait_ms,
    )
