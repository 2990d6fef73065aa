"""Endings: which agent ended which task, to find tasks by their agent.

An index by agent makes a page dirty for every agent in every commit, which cost a tenth of a
task's whole way through the hub. So endings are noted in order of seq, where they share their
pages, and are filed by agent a few thousand at a time. A search looks at both.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import apsw

from hub.core.task import Task
from hub.store.bulk import Bulk
from hub.store.sql import sql
from schemas.scalars import TaskState

FILED_AT: Final = 4_096
"""So many endings are filed at once, in about as long as it takes to write a full batch."""
_FIRST_END: Final = TaskState.COMPLETED
_NOTE: Final = Bulk(sql("note_endings"), 3)


class Endings:
    """Notes and files the endings of one database, inside of the writer's transactions."""

    def __init__(self, writer: apsw.Connection) -> None:
        self._writer = writer
        self._noted = int(writer.execute(sql("count_endings")).get)

    def note(self, tasks: Iterable[Task], orgs: Mapping[str, int]) -> None:
        """Note those of these tasks that an agent ended. Raises apsw.Error."""
        ended = [
            (task.seq, orgs[task.org], task.assigned_to)
            for task in tasks
            if task.state >= _FIRST_END and task.assigned_to is not None
        ]
        _NOTE.write(self._writer, ended)
        self._noted += len(ended)
        if self._noted >= FILED_AT:
            self._writer.execute(sql("file_endings"))
            self._writer.execute(sql("forget_notes"))
            self._noted = 0

    def forget(self, older: Iterable[tuple[int, int, str | None]]) -> None:
        """These tasks (seq, org, agent) may have ended once, but live again. Raises apsw.Error."""
        for seq, org, agent in older:
            if agent is not None:
                self._writer.execute(sql("forget_note"), (seq,))
                self._writer.execute(sql("forget_ending"), (org, agent, seq))
