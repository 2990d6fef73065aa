"""Writes the index: documents, and in the same commit how far it came.

Whatever dies, the index is as after its last commit, and goes on from there. An index of
another history, or of another version, is put away and begun anew.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import apsw

from hub.search.shelves import SQL, VERSION, agents_of, block_of, connect, on, shelf_of
from hub.search.source import Past

ABOVE_ALL: Final = 1 << 62


class Task(NamedTuple):
    """A task's document; None when there is no such task any more."""

    org: int
    seq: int
    document: str | None


class Agent(NamedTuple):
    """An agent's document, likewise."""

    org: int
    id: str
    document: str | None


class Index:
    """The one writer of `search.db`. Raises apsw.Error."""

    def __init__(self, path: Path) -> None:
        self._connection = connect(path, "PRAGMA journal_mode = WAL;")
        self._shelves = self._stored_shelves()

    def _all(self, name: str, *bindings: Any) -> list[Any]:
        return self._connection.execute(SQL[name], bindings).fetchall()

    def _stored_shelves(self) -> set[str]:
        return {shelf_of(*row) for row in self._all("shelves")}

    def cursor(self, org: int) -> int:
        """The last event of the org that it knows of."""
        rows = self._all("cursor", org)
        return int(rows[0][0]) if rows else 0

    @property
    def below(self) -> int:
        """Tasks with a lower seq are still to be read; 0 when there are none."""
        return int(self._all("about")[0][3])

    @contextmanager
    def commit(self) -> Iterator[None]:
        """What is done in this block is done together."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self._shelves = self._stored_shelves()
            raise

    def move(self, org: int, cursor: int) -> None:
        """It came so far in this org's stream."""
        self._all("move", org, cursor)

    def descend(self, below: int) -> None:
        """Tasks with a lower seq than this are still to be read."""
        self._all("set_below", below)

    def put_tasks(self, tasks: Sequence[Task]) -> None:
        """Index these in the place of what was indexed of them; quick in order of seq only."""
        for task in sorted(tasks):
            self._put(self._shelf(task.org, block_of(task.seq)), task.seq, task.document)

    def _shelf(self, org: int, block: int) -> str:
        shelf = shelf_of(org, block)
        if shelf not in self._shelves:
            self._connection.execute(on(shelf, "make_shelf"))
            self._all("add_shelf", org, block)
            self._shelves.add(shelf)
        return shelf

    def _put(self, shelf: str, number: int, document: str | None) -> None:
        if document is None:
            self._connection.execute(on(shelf, "delete"), (number,))
        else:
            self._connection.execute(on(shelf, "put"), (number, document))

    def put_agents(self, agents: Sequence[Agent]) -> None:
        """Index these likewise; one that is new gets the next number."""
        for agent in agents:
            shelf = agents_of(agent.org)
            if shelf not in self._shelves:
                self._connection.execute(on(shelf, "make_shelf"))
                self._shelves.add(shelf)
            if agent.document is not None:
                self._all("add_agent", agent.org, agent.id)
            for (number,) in self._all("agent_number", agent.org, agent.id):
                self._put(shelf, number, agent.document)
                if agent.document is None:
                    self._all("delete_agent", number)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def open_index(path: Path, past: Past, last_task: int, ends: Sequence[tuple[int, int]]) -> Index:
    """The index of this history, begun anew when there is none.

    What happens after the last events, `ends` by org, is followed then, and what is there is read
    from the last task downwards. Raises apsw.Error.
    """
    if not _goes_on(path, past):
        begin(path, past, last_task, ends)
    return Index(path)


def _goes_on(path: Path, past: Past) -> bool:
    try:
        connection = connect(path)
    except (apsw.CantOpenError, apsw.NotADBError, apsw.CorruptError):
        return False
    try:
        rows = connection.execute(SQL["about"]).fetchall()
    except (apsw.SQLError, apsw.NotADBError, apsw.CorruptError):
        return False
    finally:
        connection.close()
    return [row[:3] for row in rows] == [(VERSION, past.epoch, past.history_id)]


def begin(path: Path, past: Past, last_task: int, ends: Sequence[tuple[int, int]]) -> None:
    """Put an empty index in the place of what is there, whole or not at all.

    The place is never empty: a reader knows by the file in it that there is another one.
    Raises apsw.Error.
    """
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    connection = connect(draft)
    try:
        with connection:
            connection.execute(SQL["make"])
            about = (VERSION, past.epoch, past.history_id, last_task + 1)
            connection.execute(SQL["add_about"], about)
            connection.executemany(SQL["move"], ends)
    finally:
        connection.close()
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    draft.rename(path)
