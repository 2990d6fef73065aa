"""A hub worked by hand that has agents, tasks and bulk actions."""

import asyncio
from typing import Any

from hub.core.agent import AgentRecord
from hub.core.jobs import JobRecord
from hub.core.task import Task
from hub.services.agent_bulk import TURN, AgentBulk
from hub.services.bulk import Bulk
from hub.services.task_bulk import TaskBulk
from hub.store.memory import MemoryStore
from schemas.events import EventType
from schemas.http.agents import AgentList, DeclaredAgent
from schemas.http.bulk import AgentAction, AgentBulkRequest, BulkRequest
from schemas.scalars import Role
from schemas.work import TaskSpec
from tests.core.hand_hub import OPERATOR, Dice, HandHub

MANY = 3 * TURN + 7
"""Agents for a few turns."""


class Pasture:
    """A hub with agents, and jobs about them."""

    def __init__(self, hub: HandHub | None = None, agents: int = MANY) -> None:
        fresh = hub is None
        self.hub = hub = hub or HandHub(MemoryStore(), 1_000_000, 1)
        self.of_agents = AgentBulk(hub.clock, hub.fleet)
        self.bulk = Bulk(
            hub.journal,
            hub.clock,
            Dice(hub.clock.hub() << 20),
            hub.loader,
            hub.tokens,
            hub.tasks,
            TaskBulk(hub.journal, hub.loader, hub.tasks, hub.edits),
            self.of_agents,
            {"main": hub.org},
            hub.store.recover().jobs,
        )
        if fresh:
            self.declare(*(f"agent-{n:03}" for n in range(agents)))

    def declare(self, *ids: str) -> None:
        """There are these agents, too."""
        wanted = AgentList([DeclaredAgent(each) for each in ids], deactivate_missing=False)
        self.hub.fleet.sync(self.hub.org, wanted, "me")
        self.hub.journal.commit()

    def begin(self, action: AgentAction, credential: str = "", **which: Any) -> JobRecord:
        """A job about agents, durable."""
        return self.ask(AgentBulkRequest(action, **which), credential)

    def ask(self, request: BulkRequest | AgentBulkRequest, credential: str = "") -> JobRecord:
        """A job, durable."""
        job = asyncio.run(self.bulk.create(self.hub.org, "me", request, credential))
        self.hub.journal.commit()
        return job

    def submit(self, count: int) -> list[Task]:
        """Durable tasks that nobody can do."""
        wanted = [TaskSpec(description="work", needs=["nobody"])] * count
        tasks = self.hub.tasks.submit(self.hub.org, OPERATOR, wanted)
        self.hub.journal.commit()
        return list(tasks)

    def token(self) -> str:
        """The public id of an operator's token, durable."""
        _, made = self.hub.tokens.create(self.hub.org, Role.OPERATOR, "olga", "me")
        self.hub.journal.commit()
        return made.public_id

    def turn(self) -> None:
        """Each job has its turn, which is not durable yet."""
        asyncio.run(self.bulk.run_once())

    def job(self, job: JobRecord) -> JobRecord:
        """The job as it stands."""
        found = asyncio.run(self.bulk.find(self.hub.org, job.id))
        assert found is not None
        return found

    def end(self, job: JobRecord) -> JobRecord:
        """The job at its end."""
        while self.job(job).finished_at is None:
            self.turn()
        return self.job(job)

    def killed(self) -> "Pasture":
        """What comes after a death: nothing that was not committed."""
        return Pasture(self.hub.restart())

    def stored(self) -> dict[str, AgentRecord]:
        """The agents as a new hub would find them."""
        return {each.id: each for each in self.hub.store.recover().agents}

    def told(self, kind: EventType) -> list[str]:
        """Whom the durable events of a kind are about."""
        return [row.entity for row in self.rows() if row.type == kind]

    def rows(self) -> list[Any]:
        """The durable events."""
        return list(self.hub.store.reader().events("main", 0, 10_000).rows)


def paused(agents: dict[str, AgentRecord]) -> set[str]:
    """Those that are paused."""
    return {each.id for each in agents.values() if each.paused}
