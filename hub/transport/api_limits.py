"""HTTP about limits: the rates that hold, and what is left of them."""

from typing import Final

from hub.core.limits import BY_ADDRESS
from hub.services.limits import Usage
from hub.transport.call import Answer, Call
from schemas.http.hub import Limits, LimitView, RateView
from schemas.scalars import ROLE_NAMES, Role, RoleName, Tier

LISTED: Final = 1_000


async def list_limits(call: Call) -> Answer:
    """The rates, and the buckets that are not full; nothing of it is ever written down."""
    limits = call.services.limits
    usage = sorted(limits.report(call.caller.org), key=lambda one: one.remaining / one.burst)
    views = [_view(one) for one in usage[:LISTED]]
    return Answer(200, Limits(_rates(call), views, len(usage)), durable=False)


def _view(usage: Usage) -> LimitView:
    role = None if usage.role is None else ROLE_NAMES[usage.role]
    return LimitView(usage.subject, role, *usage[2:])


def _rates(call: Call) -> list[RateView]:
    rates = call.services.limits.rates
    views = []
    for tier in Tier:
        if tier in BY_ADDRESS:
            rate = rates.of(tier, Role.AGENT)
            views.append(RateView(tier, [], rate.per_minute, rate.burst))
            continue
        roles: dict[tuple[int, int], list[RoleName]] = {}
        for role in Role:
            rate = rates.of(tier, role)
            roles.setdefault((rate.per_minute, rate.burst), []).append(ROLE_NAMES[role])
        views += [RateView(tier, who, *numbers) for numbers, who in roles.items()]
    return views
