"""Endings: which agent ended which task, to find tasks by their agent.

An index by agent makes a page dirty for every agent in every commit, which cost a tenth of a
task's whole way through the hub. So endings are noted in order of seq, where they share their
pages, and are filed by agent later, those of a few agents at a time. A search looks at both.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import apsw
from msgspec import json

from hub.core.task import Task
from hub.store.bulk import Bulk
from hub.store.sql import sql
from schemas.scalars import TaskState

NOTED: Final = 4_096
"""So many endings are noted before some of them are filed."""
FILED: Final = 512
"""About so many are filed in one batch: that takes no longer than to write the batch itself,
also when each is of another agent."""
_FIRST_END: Final = TaskState.COMPLETED
_NOTE: Final = Bulk(sql("note_endings"), 3)
_FILE: Final = Bulk(sql("file_endings"), 3)
_encode: Final = json.Encoder().encode


class Endings:
    """Notes and files the endings of one database, inside of the writer's transactions."""

    def __init__(self, writer: apsw.Connection) -> None:
        self._writer = writer
        self._noted: dict[tuple[int, str], list[int]] = {}
        """The seqs that are noted, by org and agent: who was noted first is filed first."""
        self._count = 0
        for seq, org, agent in writer.execute(sql("noted_endings")):
            self._keep(seq, org, agent)

    def _keep(self, seq: int, org: int, agent: str) -> None:
        self._noted.setdefault((org, agent), []).append(seq)
        self._count += 1

    def note(self, tasks: Iterable[Task], orgs: Mapping[str, int]) -> None:
        """Note those of these tasks that an agent ended, and file some. Raises apsw.Error."""
        ended = [
            (task.seq, orgs[task.org], task.assigned_to)
            for task in tasks
            if task.state >= _FIRST_END and task.assigned_to is not None
        ]
        _NOTE.write(self._writer, ended)
        for seq, org, agent in ended:
            self._keep(seq, org, agent)
        if self._count >= NOTED:
            self._file()

    def _file(self) -> None:
        rows: list[tuple[int, str, int]] = []
        for org, agent in list(self._noted):
            if len(rows) >= FILED:
                break
            rows += [(org, agent, seq) for seq in sorted(self._noted.pop((org, agent)))]
        self._count -= len(rows)
        _FILE.write(self._writer, sorted(rows))
        self._forget_notes([seq for _, _, seq in rows])

    def forget(self, older: Iterable[tuple[int, int, str | None]]) -> None:
        """These tasks (seq, org, agent) may have ended once, but live again. Raises apsw.Error."""
        ended = [(org, agent, seq) for seq, org, agent in older if agent is not None]
        for org, agent, seq in ended:
            noted = self._noted.get((org, agent), [])
            if seq in noted:
                noted.remove(seq)
                self._count -= 1
        self._forget_notes([seq for _, _, seq in ended])
        self._writer.executemany(sql("forget_ending"), ended)

    def _forget_notes(self, seqs: list[int]) -> None:
        self._writer.execute(sql("forget_notes"), (_encode(seqs).decode(),))
