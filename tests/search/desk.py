"""A database, its index and whoever asks it, in one thread and without a hub."""

from pathlib import Path
from typing import Any

from hub.core.agent import AgentRecord
from hub.core.facts import Fact
from hub.core.task import Task
from hub.search.contract import ALL, Findings, Question, Rest
from hub.search.feeder import Feeder
from hub.search.finder import IndexFinder
from hub.search.index import open_index
from hub.search.source import Source
from hub.search.texts import words_of
from hub.store.contract import Unit
from schemas.events import EventType
from schemas.http.search import Kind
from tests.store.records import NOW, Clerk, new_task, open_sqlite


class Desk:
    """Writes records, feeds the index, and asks it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = open_sqlite(folder)
        self.clerk = Clerk(self.store)
        self.source = Source(folder / "hub.db")
        self.finder = IndexFinder(folder, self.source.past())
        self.open()

    def open(self) -> None:
        """Open the index, as the process that feeds it does at its start."""
        source = self.source
        ends, last = source.orgs(), source.last_task()
        self.index = open_index(self.folder / "search.db", source.past(), last, ends)
        self.feeder = Feeder(source, self.index)

    def submit(self, *descriptions: str, org: str = "main", **spec: Any) -> list[Task]:
        """Commit new tasks."""
        seq = self.source.last_task()
        tasks = [
            new_task(seq + number, org, description=text, **spec)
            for number, text in enumerate(descriptions, 1)
        ]
        self.clerk.submit(*tasks)
        return tasks

    def change(self, *tasks: Task, org: str = "main", edited: bool = False) -> None:
        """Commit the next records of tasks, with a fact each."""
        facts = [
            Fact(EventType.TASK_UPDATED, task.id, task.seq, "hub", NOW.wall, b"{}")
            for task in tasks
        ]
        self.clerk.commit(Unit(org=org, tasks=tasks, facts=facts, edited=edited))

    def join(self, *ids: str, org: str = "main", **fields: Any) -> None:
        """Commit agents, with a fact each."""
        usual: dict[str, Any] = {"capabilities": ("python",), "created_at": NOW.wall}
        usual |= {"org": org, "executors": (), "slots": 1} | fields
        records = [AgentRecord(id=each, name=f"agent {each}", **usual) for each in ids]
        facts = [
            Fact(EventType.AGENT_CREATED, agent_id, 0, "hub", NOW.wall, b"{}") for agent_id in ids
        ]
        self.clerk.commit(Unit(org=org, agents=records, facts=facts))

    def feed(self) -> int:
        """Feed the index until there is nothing to do; in how many steps."""
        steps = 0
        while self.feeder.step():
            steps += 1
        return steps

    def ask(
        self,
        query: str,
        *,
        org: str = "main",
        limit: int = 20,
        rest: Rest = ALL,
        kind: Kind | None = None,
        seconds: float = 10.0,
    ) -> Findings:
        """What is found."""
        return self.finder.find(Question(org, words_of(query), limit, rest, kind), seconds)

    def ids(self, query: str, **more: Any) -> list[str]:
        """The ids of what is found."""
        return [hit.id for hit in self.ask(query, **more).hits]

    def close(self) -> None:
        """Close everything."""
        self.finder.close()
        self.index.close()
        self.source.close()
        self.store.close()
