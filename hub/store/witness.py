"""The witness: the file `epoch`, which remembers outside the database how far history went.

A database that has seen less than the witness, or another history, was put back from a copy.
The witness is a lower bound: it is written after commits without waiting for the disk, in
place, in one sector, so it may be older than the truth but never ahead of it.
"""

import os
import time
from pathlib import Path
from typing import Final

from msgspec import DecodeError, Struct, json

from hub.store.datadir import write_durably

EVERY_S: Final = 1.0
"""How often it is written at most, in seconds."""
_SECTOR: Final = 512


class Seen(Struct, frozen=True):
    """What the witness has seen."""

    epoch: int
    history_id: str
    events: int
    """How many events were committed at least, over all orgs."""


class Witness:
    """Reads the file, and writes it along with commits."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: Seen | None = None
        self._descriptor = -1
        self._written_at = 0.0
        self._stale = False

    def read(self) -> Seen | None:
        """What it has seen; None when the file is missing or damaged. Raises OSError."""
        try:
            return json.decode(self._path.read_bytes(), type=Seen)
        except (FileNotFoundError, DecodeError):
            return None

    def swear(self, seen: Seen) -> None:
        """Write the file durably; from now on `note` carries it on. Raises OSError."""
        self.close()
        write_durably(self._path, _page(seen))
        self._seen = seen
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CLOEXEC)

    def note(self, events: int) -> None:
        """So many events are durable now. Raises OSError."""
        if self._seen is None:
            raise RuntimeError("the witness has not sworn yet")
        self._seen = Seen(self._seen.epoch, self._seen.history_id, events)
        self._stale = True
        now = time.monotonic()
        if now - self._written_at >= EVERY_S:
            self._written_at = now
            self._write()

    def _write(self) -> None:
        if self._seen is not None and self._stale:
            os.pwrite(self._descriptor, _page(self._seen), 0)
            self._stale = False

    def close(self) -> None:
        """Write what is still unwritten. Idempotent; raises OSError."""
        if self._descriptor >= 0:
            self._write()
            os.close(self._descriptor)
            self._descriptor = -1


def _page(seen: Seen) -> bytes:
    """One sector, so that a write in place is never torn, and shorter text leaves no rest."""
    return json.encode(seen).ljust(_SECTOR - 1) + b"\n"
