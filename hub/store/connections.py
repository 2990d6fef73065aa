"""Connections to `hub.db`: one that writes, one that checkpoints, any number that read.

Every setting that durability rests on is read back, because SQLite says nothing when it does
not take one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import apsw

from hub.store.contract import StoreError

OLDEST_SQLITE: Final = 3_051_003
"""Up to 3.51.2 two connections could damage a WAL: sqlite.org/wal.html#walresetbug."""
STATEMENTS: Final = 128
"""How many statements stay prepared; all that a hub uses."""
READER_WAIT_MS: Final = 5_000
CHECKPOINT_WAIT_MS: Final = 100
WAL_LIMIT: Final = 64 * 1024 * 1024
WRITER_CACHE_KIB: Final = 8_192
"""The writer's cache of pages: what is written is new, or was written a moment ago."""
READER_CACHE_KIB: Final = 16_384
"""That of each reader: pages of lists and of what is long over."""

_EVERYWHERE: Final = (
    "PRAGMA foreign_keys = ON;"
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA cell_size_check = ON;"
    "PRAGMA mmap_size = 0;"
    "PRAGMA temp_store = MEMORY;"
)
_DURABLE: Final = (
    "PRAGMA synchronous = FULL;"
    "PRAGMA wal_autocheckpoint = 0;"
    f"PRAGMA journal_size_limit = {WAL_LIMIT};"
)
_READ_BACK: Final = {
    "journal_mode": "wal",
    "synchronous": 2,
    "mmap_size": 0,
    "foreign_keys": 1,
    "trusted_schema": 0,
    "cell_size_check": 1,
    "wal_autocheckpoint": 0,
    "temp_store": 2,
}


@contextmanager
def refusals(what: str) -> Iterator[None]:
    """Turn what the driver raises into a StoreError that says what could not be done."""
    try:
        yield
    except (apsw.Error, OSError, OverflowError, TypeError, UnicodeError) as error:
        raise StoreError(f"{what}: {error}") from error


def _connect(path: Path, flags: int) -> apsw.Connection:
    linked = int(apsw.SQLITE_VERSION_NUMBER)
    if linked < OLDEST_SQLITE:
        raise StoreError(f"SQLite {linked} can damage a database; 3.51.3 or newer is needed")
    connection = apsw.Connection(str(path), flags=flags, statementcachesize=STATEMENTS)
    connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    _settle(connection, _EVERYWHERE)
    return connection


def _settle(connection: apsw.Connection, pragmas: str) -> None:
    """Run them all: a pragma that answers stops the ones after it until it is read."""
    connection.execute(pragmas).fetchall()


def open_writer(path: Path) -> apsw.Connection:
    """The one connection that writes; makes a private file when there is none.

    Raises StoreError when a setting was not taken, apsw.Error when the file is no database.
    """
    path.touch(mode=0o600)
    writer = _connect(path, apsw.SQLITE_OPEN_READWRITE)
    _settle(
        writer, "PRAGMA journal_mode = WAL;" + _DURABLE + f"PRAGMA cache_size = -{WRITER_CACHE_KIB}"
    )
    for name, wanted in _READ_BACK.items():
        found = writer.pragma(name)
        if found != wanted:
            writer.close()
            raise StoreError(f"{path}: {name} is {found!r} and must be {wanted!r}")
    return writer


def open_checkpointer(path: Path) -> apsw.Connection:
    """A connection that only moves the WAL into the database."""
    checkpointer = _connect(path, apsw.SQLITE_OPEN_READWRITE)
    _settle(checkpointer, _DURABLE)
    checkpointer.set_busy_timeout(CHECKPOINT_WAIT_MS)
    return checkpointer


def open_reader(path: Path) -> apsw.Connection:
    """A connection that cannot write."""
    reader = _connect(path, apsw.SQLITE_OPEN_READONLY)
    _settle(reader, f"PRAGMA query_only = ON; PRAGMA cache_size = -{READER_CACHE_KIB}")
    reader.set_busy_timeout(READER_WAIT_MS)
    return reader
