"""Brings a database to the newest schema: numbered files, each applied once, in one transaction.

`PRAGMA user_version` holds the number of the last migration applied. An existing database is
copied to `backups/` before it is changed.
"""

from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

import apsw

from hub.store.connections import refusals
from hub.store.contract import NewerDatabase
from hub.store.datadir import sync


class Migration(NamedTuple):
    """One step of the schema."""

    number: int
    name: str
    text: str


def _read() -> tuple[Migration, ...]:
    found = []
    for entry in (files("hub.store") / "migrations").iterdir():
        if entry.name.endswith(".sql"):
            number, _, name = entry.name.removesuffix(".sql").partition("_")
            found.append(Migration(int(number), name, entry.read_text(encoding="utf-8")))
    return tuple(sorted(found))


MIGRATIONS: Final = _read()
"""All migrations in order; the first has number 1, and no number is left out."""


def version_of(connection: apsw.Connection) -> int:
    """The number of the last migration applied; 0 for an empty database."""
    return int(connection.pragma("user_version"))


def migrate(
    writer: apsw.Connection,
    backups: Path,
    migrations: tuple[Migration, ...] = MIGRATIONS,
) -> Path | None:
    """Apply what is missing, all or nothing.

    Returns the backup made before, None when none was needed. Raises NewerDatabase, StoreError.
    """
    version, newest = version_of(writer), migrations[-1].number
    if version > newest:
        raise NewerDatabase(
            f"the database has schema {version}, this hub knows up to {newest}:"
            " start the newer hub that wrote it"
        )
    if version == newest:
        return None
    backup = back_up(writer, backups, version) if version else None
    with refusals(f"cannot bring the database from schema {version} to {newest}"), writer:
        for migration in migrations[version:]:
            writer.execute(migration.text)
        writer.execute(f"PRAGMA user_version = {newest}")
    return backup


def back_up(writer: apsw.Connection, backups: Path, version: int) -> Path:
    """Copy the database as it stands to a new durable file in `backups`. Raises StoreError."""
    backups.mkdir(mode=0o700, exist_ok=True)
    taken = {entry.name for entry in backups.iterdir()}
    names = (f"schema-{version:04}-{n}.db" for n in range(1, len(taken) + 2))
    path = backups / next(name for name in names if name not in taken)
    with refusals(f"cannot write the backup {path}"):
        writer.execute("VACUUM INTO ?", (str(path),))
        sync(path)
        sync(backups)
    return path
