"""The table of rates in `docs/api.md`: how much each role may do unless the settings say else."""

from collections.abc import Iterator
from typing import Final

from hub.core.limits import BY_ADDRESS, Rate, Rates
from schemas.scalars import ROLE_NAMES, Role, Tier

COSTS: Final = {
    Tier.SUBMIT: "a task",
    Tier.CONTROL: "a request that changes something else, or a frame that cannot be taken",
    Tier.READS: "a request that changes nothing",
    Tier.PROGRESS: "a `task_progress`",
    Tier.REPORTS: "nothing: reports of work that the agent has are free",
    Tier.LOGS: "a byte of output",
    Tier.PINGS: "a `ping`",
    Tier.MESSAGES: "a message that this version does not support yet",
    Tier.ANONYMOUS: "a request without a credential",
    Tier.HANDSHAKES: "a new socket",
    Tier.PAGES: "a file of the dashboard",
}
"""What one piece of each tier is."""


def tables() -> str:
    """One table, with a line for each tier and rate."""
    head = "| bucket | of | one is | a minute | at once |"
    lines = ["## All rates", "", head, "|---|---|---|---|---|"]
    for tier, whose, rate in _rates(Rates()):
        row = (f"`{tier}`", whose, COSTS[tier], f"{rate.per_minute:,}", f"{rate.burst:,}")
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines) + "\n"


def _rates(rates: Rates) -> Iterator[tuple[Tier, str, Rate]]:
    for tier in Tier:
        if tier in BY_ADDRESS:
            yield tier, "each address", rates.of(tier, Role.AGENT)
            continue
        roles: dict[tuple[int, int], list[Role]] = {}
        for role in Role:
            rate = rates.of(tier, role)
            roles.setdefault((rate.per_minute, rate.burst), []).append(role)
        for numbers, who in roles.items():
            whose = ", ".join(ROLE_NAMES[role] for role in who if role is not Role.VIEWER)
            yield tier, "each credential" if len(roles) == 1 else whose, Rate(*numbers)
