"""Opens a data directory, and tells whether its database is the one that was there before.

After a restore the hub would hand out numbers that agents of the lost future already hold. So
a database that was put back starts another epoch, and every older number is refused.
"""

from enum import StrEnum
from pathlib import Path
from secrets import token_hex
from typing import Final

from msgspec import Struct

from hub.store.contract import StoreError
from hub.store.datadir import DataDir
from hub.store.sqlite import SqliteStore
from hub.store.witness import Seen, Witness

HISTORY_BYTES: Final = 8


class Origin(StrEnum):
    """Where the database comes from."""

    NEW = "new"
    """It was made just now."""
    KNOWN = "known"
    """It goes on where it ended."""
    OTHER = "other"
    """Another history than the one that was here before."""
    BEHIND = "behind"
    """The history that was here before, but cut: it has seen fewer events, or another epoch."""
    UNWITNESSED = "unwitnessed"
    """Nothing beside it says what was here before."""


STORIES: Final = {
    Origin.NEW: "a new database",
    Origin.KNOWN: "the database goes on where it ended",
    Origin.OTHER: "another database was put in this place: a new epoch begins",
    Origin.BEHIND: "an older state of the database was put back: a new epoch begins",
    Origin.UNWITNESSED: "nothing says whether this database is complete: a new epoch begins",
}


class Opened(Struct):
    """An open data directory with its store."""

    directory: DataDir
    pepper: bytes
    store: SqliteStore
    witness: Witness
    origin: Origin

    @property
    def story(self) -> str:
        """What happened, in a sentence for the log."""
        parts = [STORIES[self.origin], f"epoch {self.store.epoch}"]
        if not self.store.was_clean:
            parts.append("not closed in order the last time, checked and found whole")
        if self.store.backup is not None:
            parts.append(f"brought to a newer schema, copied before to {self.store.backup}")
        return "; ".join(parts)

    def close(self) -> None:
        """Close the store, the witness and the directory, in this order. Idempotent.

        Raises StoreError, OSError.
        """
        try:
            self.store.close()
            self.witness.close()
        finally:
            self.directory.close()


def open_data(path: Path) -> Opened:
    """Open a data directory, made when there is none.

    Raises Locked, NewerDatabase, or StoreError with a sentence on how to go on.
    """
    directory = DataDir(path)
    try:
        return _open(directory)
    except OSError as error:
        directory.close()
        raise StoreError(f"{path} cannot be opened: {error}") from error
    except StoreError:
        directory.close()
        raise


def _open(directory: DataDir) -> Opened:
    _refuse_vanished(directory)
    pepper = directory.pepper()
    witness = Witness(directory.epoch)
    seen = witness.read()
    store = SqliteStore(directory.database, directory.backups, token_hex(HISTORY_BYTES))
    try:
        origin = origin_of(store, seen)
        if origin not in (Origin.NEW, Origin.KNOWN):
            store.start_epoch(max(store.epoch, seen.epoch if seen else 0) + 1)
        witness.swear(Seen(store.epoch, store.history_id, store.event_count))
    except BaseException:
        store.close()
        raise
    store.watch(witness.note)
    return Opened(directory, pepper, store, witness, origin)


def _refuse_vanished(directory: DataDir) -> None:
    """An empty database in the place of a lost one would be silent loss of everything."""
    database, epoch = directory.database, directory.epoch
    wal = database.with_name(database.name + "-wal")
    for trace in (epoch, wal):
        if not database.exists() and trace.exists():
            raise StoreError(
                f"{database} is missing, but {trace} says that it was here: put the database or"
                f" a backup back; to start with nothing, move {trace} away"
            )


def origin_of(store: SqliteStore, seen: Seen | None) -> Origin:
    """Compare a database with what the witness has seen."""
    if seen is None:
        return Origin.NEW if store.is_new else Origin.UNWITNESSED
    if seen.history_id != store.history_id:
        return Origin.OTHER
    if store.event_count < seen.events or store.epoch != seen.epoch:
        return Origin.BEHIND
    return Origin.KNOWN
