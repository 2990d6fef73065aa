"""What must survive the sidecar: which attempts run, and reports the hub has not acknowledged.

One SQLite file, one row an attempt, one statement a change, each on disk before the call
returns. A row begins without a report (it runs), gets one (it ended), and goes when the hub
acknowledges it, or stays as bounded evidence when the hub refuses it.
"""

import os
import sqlite3
from pathlib import Path
from typing import Final, NamedTuple, Self

import aiosqlite

from sidecar.steps import Key

EVIDENCE_ROWS: Final = 200
"""How many refused reports are kept; the oldest go first."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS attempt (
    seq INTEGER PRIMARY KEY,
    task_id TEXT NOT NULL,
    generation INTEGER NOT NULL,
    home TEXT NOT NULL,
    pid INTEGER,
    started TEXT,
    report BLOB,
    refused BLOB,
    error TEXT,
    settled INTEGER NOT NULL DEFAULT 0,
    UNIQUE (task_id, generation)
)
"""


class Entry(NamedTuple):
    """One attempt that is not settled yet."""

    key: Key
    home: Path
    """Its directory, also the mark by which its processes are known."""
    pid: int | None
    started: str | None
    report: bytes | None
    replaced: bool
    """The report is a substitute for a refused one."""


class Spool:
    """The open spool. Every method raises sqlite3.Error when the disk fails."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        """Use `open` instead."""
        self._db = connection

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Open or create the spool at `path`."""
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = await aiosqlite.connect(path, isolation_level=None)
        try:
            for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", _SCHEMA):
                await connection.execute_fetchall(statement)
        except sqlite3.Error:
            await connection.close()
            raise
        return cls(connection)

    async def close(self) -> None:
        """Close the file."""
        await self._db.close()

    async def begin(self, key: Key, home: Path) -> None:
        """An attempt is about to start in directory `home`."""
        await self._db.execute_fetchall(
            "INSERT OR REPLACE INTO attempt (task_id, generation, home) VALUES (?, ?, ?)",
            (*key, str(home)),
        )

    async def runs(self, key: Key, pid: int, started: str | None) -> None:
        """Its first process has this id and start time."""
        await self._db.execute_fetchall(
            "UPDATE attempt SET pid = ?, started = ? WHERE task_id = ? AND generation = ?",
            (pid, started, *key),
        )

    async def report(self, key: Key, frame: bytes) -> None:
        """It ended; `frame` is what the hub must hear."""
        await self._db.execute_fetchall(
            "UPDATE attempt SET report = ? WHERE task_id = ? AND generation = ?", (frame, *key)
        )

    async def forget(self, key: Key) -> None:
        """The hub has the report, or there is nothing to report. Evidence stays."""
        for change in (
            "DELETE FROM attempt WHERE task_id = ? AND generation = ? AND refused IS NULL",
            "UPDATE attempt SET settled = 1 WHERE task_id = ? AND generation = ?",
        ):
            await self._db.execute_fetchall(change, key)

    async def keep(self, key: Key, error: str) -> None:
        """The hub does not want the report: it stays as evidence."""
        await self._db.execute_fetchall(
            "UPDATE attempt SET settled = 1, refused = coalesce(refused, report), error = ?"
            " WHERE task_id = ? AND generation = ?",
            (error, *key),
        )
        await self._prune()

    async def replace(self, key: Key, error: str, frame: bytes) -> None:
        """The hub cannot take the report: keep it as evidence, `frame` stands in."""
        await self._db.execute_fetchall(
            "UPDATE attempt SET refused = coalesce(refused, report), report = ?, error = ?"
            " WHERE task_id = ? AND generation = ?",
            (frame, error, *key),
        )

    async def unsettled(self) -> list[Entry]:
        """Every attempt that ran or waits for its acknowledgement, oldest first."""
        rows = await self._db.execute_fetchall(
            "SELECT task_id, generation, home, pid, started, report, refused IS NOT NULL"
            " FROM attempt WHERE NOT settled ORDER BY seq"
        )
        return [
            Entry((row[0], row[1]), Path(row[2]), row[3], row[4], row[5], bool(row[6]))
            for row in rows
        ]

    async def _prune(self) -> None:
        await self._db.execute_fetchall(
            "DELETE FROM attempt WHERE settled AND seq NOT IN"
            " (SELECT seq FROM attempt WHERE settled ORDER BY seq DESC LIMIT ?)",
            (EVIDENCE_ROWS,),
        )
