"""The agents of one org as pages see them, and their numbers, kept up to date by what changed.

With 10,000 agents nothing here looks at all of them, but for the first time.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from hub.core.agent import Agent
from hub.core.org import Org
from schemas.dashboard import AgentRow
from schemas.scalars import Presence

GONE: Final = frozenset({Presence.OFFLINE.value, Presence.STALE.value})
"""How an agent is that has no session."""


class FleetChange(NamedTuple):
    """What looks different."""

    rows: list[AgentRow]
    gone: list[str]
    offers: dict[str, list[str]]


class FleetPicture:
    """A row for each agent, and what the rows add up to."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self.rows: dict[str, AgentRow] = {}
        self.slots = 0
        """Of agents that are connected..."""
        self.busy = 0
        """...and how many of them have work."""
        self._offers: dict[tuple[str, ...], int] = {}
        self._statuses: Counter[str] = Counter({status.value: 0 for status in Presence})
        self._paused = 0

    @property
    def offers(self) -> list[list[str]]:
        """The distinct lists of capabilities there have been, in the order of their numbers."""
        return [list(capabilities) for capabilities in self._offers]

    @property
    def is_worn(self) -> bool:
        """Whether most of the lists of capabilities are of no use any more."""
        return len(self._offers) > 1_000 + 4 * len(self.rows)

    @property
    def counts(self) -> dict[str, int]:
        """How many agents have each status; those that are paused count again."""
        return {**self._statuses, "paused": self._paused}

    def refresh(self, agent_ids: Iterable[str]) -> FleetChange:
        """Look at these agents again; what looks as before is left out."""
        rows: list[AgentRow] = []
        gone: list[str] = []
        known = len(self._offers)
        for agent_id in agent_ids:
            before = self.rows.get(agent_id)
            agent = self._org.agents.get(agent_id)
            if agent is None:
                if before is not None:
                    del self.rows[agent_id]
                    self._count(before, -1)
                    gone.append(agent_id)
                continue
            row = self._row(agent)
            if row == before:
                continue
            if before is not None:
                self._count(before, -1)
            self._count(row, 1)
            self.rows[agent_id] = row
            rows.append(row)
        return FleetChange(rows, gone, self._offers_from(known))

    def _offers_from(self, known: int) -> dict[str, list[str]]:
        if len(self._offers) == known:
            return {}
        return {str(n): offer for n, offer in enumerate(self.offers) if n >= known}

    def _row(self, agent: Agent) -> AgentRow:
        record = agent.record
        return AgentRow(
            record.id,
            record.name,
            agent.status.value,
            agent.slots,
            len(agent.held),
            record.paused,
            record.draining,
            record.active,
            record.host,
            None if agent.session else record.last_seen_at,
            self._offers.setdefault(record.capabilities, len(self._offers)),
            dict(record.labels),
        )

    def _count(self, row: AgentRow, sign: int) -> None:
        self._statuses[row.status] += sign
        self._paused += sign * row.paused
        if row.status not in GONE:
            self.slots += sign * row.slots
            self.busy += sign * row.running
