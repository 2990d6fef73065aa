"""The roll of agents: those that a condition is about, found without holding up others."""

import asyncio
from typing import Final

from hub.core.agent import Agent
from hub.core.agent_filter import Condition
from hub.core.org import Org

PIECE: Final = 200
"""Agents looked at in one turn of the loop."""


async def call_roll(org: Org, wanted: Condition) -> list[Agent]:
    """The agents that the condition is about, in no order; some may be gone meanwhile."""
    agents = list(org.agents.values())
    found: list[Agent] = []
    for start in range(0, len(agents), PIECE):
        found += filter(wanted, agents[start : start + PIECE])
        await asyncio.sleep(0)
    return found
