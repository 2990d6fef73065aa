"""Feeds the index from the stream of events, in a process of its own, and never in a hurry.

Each step does a little and commits it. What was already there when the index was begun is
read from the newest task downwards, between steps that follow the events.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import apsw

from hub.search.index import Agent, Index, Task, begin, open_index
from hub.search.source import Past, Source, Told
from hub.search.texts import document

EVENTS: Final = 1_000
"""So many events are followed in one step."""
TASKS: Final = 256
"""So many tasks are read in one step."""
PAUSE_S: Final = 0.4
"""The shortest pause while it keeps up: a task that comes and ends meanwhile is read once."""
REST: Final = 4.0
"""After each step it rests so many times as long as it worked: a fifth of a core is the most."""


class Feeder:
    """Brings an index nearer to its source, step by step."""

    def __init__(self, source: Source, index: Index) -> None:
        self._source = source
        self._index = index
        self.lags = False
        """There was more than the last step could do."""

    def step(self) -> bool:
        """Do a little; False when there was nothing to do."""
        followed = [self._follow(org) for org, last in self._behind()]
        descended = self._descend()
        self.lags = descended or max(followed, default=0) >= EVENTS
        return descended or any(followed)

    def _behind(self) -> list[tuple[int, int]]:
        return [(org, last) for org, last in self._source.orgs() if last > self._index.cursor(org)]

    def _follow(self, org: int) -> int:
        """Follow some events; how many."""
        before = self._index.cursor(org)
        told = self._source.told(org, before, EVENTS)
        if told is None:
            return 0
        tasks, agents = self._tasks(org, told), self._agents(org, told.agents)
        with self._index.commit():
            self._index.put_tasks(tasks)
            self._index.put_agents(agents)
            self._index.move(org, told.reached)
        return told.reached - before

    def _tasks(self, org: int, told: Told) -> list[Task]:
        """Read after the events, so at least as new as what they tell."""
        found: dict[int, str | None] = dict.fromkeys(told.tasks)
        for record in self._source.tasks(sorted(told.tasks)):
            found[record.number] = document(record.fields)
        return [Task(org, seq, text) for seq, text in found.items()]

    def _agents(self, org: int, ids: set[str]) -> list[Agent]:
        found: dict[str, str | None] = dict.fromkeys(sorted(ids))
        for record in self._source.agents(org, list(found)):
            found[record.id] = document(record.fields)
        return [Agent(org, agent_id, text) for agent_id, text in found.items()]

    def _descend(self) -> bool:
        """Read some of what was there before; the agents at last, which are few."""
        below = self._index.below
        if not below:
            return False
        heads = self._source.tasks_below(below, TASKS)
        seqs = sorted(seq for _, seq in heads)
        tasks = [Task(r.org, r.number, document(r.fields)) for r in self._source.tasks(seqs)]
        agents = [] if heads else self._all_agents()
        with self._index.commit():
            self._index.put_tasks(tasks)
            self._index.put_agents(agents)
            self._index.descend(seqs[0] if seqs else 0)
        return True

    def _all_agents(self) -> list[Agent]:
        return [agent for org, _ in self._source.orgs() for agent in self._agents_in_order(org)]

    def _agents_in_order(self, org: int) -> list[Agent]:
        ids = self._source.agent_ids(org)
        found = {each.id: document(each.fields) for each in self._source.agents(org, ids)}
        return [Agent(org, agent_id, found[agent_id]) for agent_id in ids if agent_id in found]


def feed(data: Path, wait: Callable[[float], bool]) -> None:
    """Feed the index of a data directory until `wait`, given seconds, says that it is over.

    A damaged index is begun anew for the next process. Raises StoreError, apsw.Error.
    """
    path = data / "search.db"
    source = Source(data / "hub.db")
    try:
        _feed(source, open_index(path, *_now(source)), wait)
    except (apsw.CorruptError, apsw.NotADBError):
        begin(path, *_now(source))
        raise
    finally:
        source.close()


def _now(source: Source) -> tuple[Past, int, list[tuple[int, int]]]:
    # First how far the streams reach, then what is there: what comes in between comes twice.
    ends = source.orgs()
    return source.past(), source.last_task(), ends


def _feed(source: Source, index: Index, wait: Callable[[float], bool]) -> None:
    feeder = Feeder(source, index)
    try:
        pause = 0.0
        while not wait(pause):
            began = time.process_time()
            feeder.step()
            rest = REST * (time.process_time() - began)
            pause = rest if feeder.lags else max(rest, PAUSE_S)
    finally:
        index.close()
