"""Rates by role, and the meter of one principal."""

import msgspec
import pytest

from hub.core.errors import Refused
from hub.core.limits import Meter, Rate, Rates
from schemas.scalars import ErrorCode, Role, Tier


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("tier", Tier)
def test_every_tier_has_a_rate(tier: Tier, role: Role) -> None:
    """For every role; only agents submit slowly."""
    rate = Rates().of(tier, role)
    assert rate.per_minute >= 1
    assert (rate == Rate(600, 600)) == (tier is Tier.SUBMIT and role is Role.AGENT)


def test_who_keeps_to_the_heartbeat_is_not_too_fast() -> None:
    """The rate of pings follows the heartbeat, and is never lowered."""
    assert Rates().fit(15_000).pings == Rates().pings
    assert Rates().fit(100).pings.per_minute == 2_400
    assert Rates(pings=Rate(9_000, 5)).fit(100).pings == Rate(9_000, 5)


def test_rates_are_a_group_of_settings() -> None:
    """They read from plain values, with bounds."""
    rates = msgspec.convert({"reads": {"per_minute": 5, "burst": 1}}, Rates)
    assert rates.reads == Rate(5, 1)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"reads": {"per_minute": 0, "burst": 1}}, Rates)


def test_a_meter_says_when_to_come_back() -> None:
    """Each tier has its own bucket."""
    meter = Meter(Rates(reads=Rate(60, 1)), Role.VIEWER)
    meter.take(Tier.READS, 1, 0)
    with pytest.raises(Refused) as refused:
        meter.take(Tier.READS, 1, 0)
    assert refused.value.code is ErrorCode.RATE_LIMITED
    assert (refused.value.retryable, refused.value.retry_after_ms) == (True, 1_000)
    meter.take(Tier.CONTROL, 1, 0)
    meter.take(Tier.READS, 1, 1_000)


def test_an_idle_meter_is_like_a_new_one() -> None:
    """Only then may it be forgotten: not while something is missing or remembered."""
    meter = Meter(Rates(), Role.AGENT)
    assert meter.is_idle(0)
    meter.take(Tier.READS, 1, 0)
    assert not meter.is_idle(0)
    assert meter.is_idle(60_000)
    meter.violations.note(60_000)
    assert not meter.is_idle(60_000)
    assert [tier for tier, _ in meter.used()] == [Tier.READS]
