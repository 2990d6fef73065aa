"""The data directory: who may look into it, who holds it, and the secret beside the database.

Only one hub has a directory at a time; an exclusive lock on `hub.lock` says so, and the system
drops it when the process dies, however it dies.
"""

import fcntl
import os
import secrets
from pathlib import Path
from typing import Final

from hub.store.contract import Locked, StoreError

PEPPER_BYTES: Final = 32
_PRIVATE_DIRECTORY: Final = 0o700
_PRIVATE_FILE: Final = 0o600
_OTHERS: Final = 0o077


def sync(path: Path) -> None:
    """Make a file's content, or the names in a directory, durable. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_durably(path: Path, content: bytes) -> None:
    """Put a private file in place, whole or not at all, also over a power loss. Raises OSError."""
    draft = path.with_name(path.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    sync(path.parent)


class DataDir:
    """A data directory, held until `close`.

    Made when there is none. Raises Locked when another hub has it, StoreError when it cannot be
    used as it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = path / "hub.db"
        self.logs = path / "logs.db"
        self.backups = path / "backups"
        self.epoch = path / "epoch"
        self._pepper = path / "pepper"
        try:
            _make_private(path)
            self._lock = _take(path / "hub.lock")
        except OSError as error:
            raise StoreError(f"{path} cannot be used as a data directory: {error}") from error

    def pepper(self) -> bytes:
        """The key under which tokens are kept: 32 random bytes, made with the first database.

        Raises StoreError when it is gone or damaged: then no token of this database is valid.
        """
        if not self._pepper.exists():
            if self.database.exists():
                raise StoreError(
                    f"{self._pepper} is missing, and without it no token of {self.database} is"
                    " valid: put the file back from where you keep its copy"
                )
            write_durably(self._pepper, secrets.token_bytes(PEPPER_BYTES))
        pepper = self._pepper.read_bytes()
        if len(pepper) != PEPPER_BYTES:
            raise StoreError(f"{self._pepper} must hold {PEPPER_BYTES} bytes, not {len(pepper)}")
        return pepper

    def close(self) -> None:
        """Let others have it. Idempotent."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _make_private(path: Path) -> None:
    path.mkdir(mode=_PRIVATE_DIRECTORY, parents=True, exist_ok=True)
    if not path.stat().st_mode & _OTHERS:
        return
    ours = not any(path.iterdir()) or (path / "hub.lock").exists()
    if not ours:
        raise StoreError(f"others can look into {path}: choose an own directory, or chmod it 700")
    path.chmod(_PRIVATE_DIRECTORY)


def _take(path: Path) -> int:
    """Lock this file and write the process id into it for people to read."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE_FILE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
        os.close(descriptor)
        raise Locked(
            f"process {holder or 'unknown'} has {path.parent} open: stop that hub, or choose"
            " another data directory"
        ) from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor
