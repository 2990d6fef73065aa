"""Profiles: agents that offer the same, and the lanes they may serve.

A profile knows which of its agents are free, and which of its lanes have work, in the order
of their heads. What stands in `heads` may be out of date in one way only: a lane's head may
have risen since. So the first entry is checked before it is used, and never missed.
"""

from collections import OrderedDict
from heapq import heappop, heappush

from hub.core.agent import Agent
from hub.core.lanes import Lane
from hub.core.requirements import Requirements
from schemas.scalars import Executor


class Profile:
    """All agents with the same capabilities and executors, and the lanes they may serve."""

    __slots__ = ("capabilities", "executors", "free", "heads", "listed", "members")

    def __init__(self, capabilities: frozenset[str], executors: frozenset[Executor]) -> None:
        self.capabilities = capabilities
        self.executors = executors
        self.members = 0
        self.free: OrderedDict[str, Agent] = OrderedDict()
        """Those that may be given work, the one that waited longest first."""
        self.heads: list[tuple[int, int, Lane]] = []
        """(head, id, lane) of lanes with work, with stale entries; heads may have risen."""
        self.listed: dict[int, int] = {}
        """The head under which a lane (by id) stands in `heads`."""

    def fits(self, requirements: Requirements) -> bool:
        """Whether its agents offer what is required."""
        return requirements.has_capabilities(self.capabilities) and requirements.has_executor(
            self.executors
        )

    def offer(self, lane: Lane, head: int) -> None:
        """A lane has work at this head."""
        known = self.listed.get(id(lane))
        if known is None or head < known:
            self.listed[id(lane)] = head
            heappush(self.heads, (head, id(lane), lane))

    def has_earlier(self, lane: Lane, place: int) -> bool:
        """Whether another lane may have work before this place in this lane."""
        heads = self.heads
        if heads and heads[0][2] is lane:
            return any(head < place for head, _, _ in heads[1:3])
        return bool(heads) and heads[0][0] < place

    def drop_first(self) -> None:
        """Forget the first entry of `heads`."""
        head, key, _ = heappop(self.heads)
        if self.listed.get(key) == head:
            del self.listed[key]
