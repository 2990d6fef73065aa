"""What `corral doctor` looks at in a data directory: who holds it, the database, the witness.

Everything is opened read-only, so it may be looked at while a hub runs on it.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import apsw

from hub.cli.doctor_report import Finding, Scene, Verdict, fail, ok, skip, warn
from hub.cli.screen import span
from hub.store.connections import WAL_LIMIT
from hub.store.migrate import MIGRATIONS, version_of
from hub.store.sql import sql
from hub.store.witness import Seen, Witness
from schemas.scalars import MIB

BUSY_PATIENCE_S: Final = 5.0
"""How long a database is checked under a running hub, whose WAL cannot shrink meanwhile."""
PATIENCE_S: Final = 300.0
STEPS: Final = 100_000
"""After how many steps of SQLite the time is looked at."""
OTHERS: Final = 0o077
PUT_BACK: Final = (
    "Stop the hub, move the file and its -wal aside, and put a copy from backups/ in its place."
)


def is_held(data: Path) -> bool:
    """Whether a process has the data directory open. Raises OSError when it cannot be told."""
    try:
        descriptor = os.open(data / "hub.lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        # Shared and let go at once: only a hub that starts in this very moment could notice.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def directory(scene: Scene) -> Iterator[Finding]:
    """The directory is there, ours, and closed to others."""
    name, data = "directory", scene.data
    if not data.exists():
        yield skip(name, f"There is no data directory {data} yet.", "`corral up` makes it.")
        return
    if not data.is_dir():
        yield fail(name, f"{data} is no directory.", "Choose another place with --data.")
        return
    status = data.stat()
    if status.st_mode & OTHERS:
        yield warn(name, f"Others can look into {data}.", f"Do: chmod 700 {data}")
    elif not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        yield fail(
            name,
            f"You may not read and write {data}.",
            "Become the user who runs the hub, or give the directory to yourself with chown.",
        )
    else:
        yield ok(name, f"{data} is private and writable.")
    yield from _pepper(data)


def _pepper(data: Path) -> Iterator[Finding]:
    if (data / "hub.db").exists() and not (data / "pepper").exists():
        yield fail(
            "pepper",
            f"{data / 'pepper'} is missing, so no token of the database is valid.",
            "Put the file back from where you keep its copy.",
        )


def lock(scene: Scene) -> Iterator[Finding]:
    """Who holds the directory, and whether the last hub left in order."""
    name = "lock"
    if not scene.data.is_dir():
        return
    holder = _holder(scene.data)
    if scene.held and scene.runtime is None:
        yield warn(
            name,
            f"Process {holder} holds the directory, but does not say where it serves.",
            "It may be starting: look again in a moment, and into its log.",
        )
    elif scene.held:
        yield ok(name, f"A hub runs on it, process {holder}.")
    elif scene.runtime is not None:
        yield fail(
            name,
            f"The last hub, process {scene.runtime.pid}, died without leaving in order.",
            "Start it again with `corral up`: it checks the database and goes on. Its log says"
            " why it died.",
        )
    else:
        yield ok(name, "No hub runs on it.")


def _holder(data: Path) -> str:
    path = data / "hub.lock"
    return path.read_text(errors="replace").strip() or "unknown" if path.exists() else "none"


def database(scene: Scene) -> Iterator[Finding]:
    """The database is whole, known to this version, and the one that was here before."""
    name, path = "database", scene.data / "hub.db"
    wal = path.with_name("hub.db-wal")
    if not path.exists():
        yield from _missing(scene.data, path, wal)
        return
    wal_bytes = wal.stat().st_size if wal.exists() else 0
    left_open = wal_bytes > 0 and not scene.held
    if left_open and not path.with_name("hub.db-shm").exists():
        yield skip(
            name,
            "It was put here together with a WAL, which only a hub may take in.",
            "Start it with `corral up`, which checks the database.",
        )
        return
    try:
        connection = _opened(path, _mode(held=scene.held and wal.exists(), left_open=left_open))
    except apsw.Error as error:
        yield fail(name, f"{path} cannot be opened: {error}.", PUT_BACK)
        return
    try:
        yield from _inside(scene, connection)
    except (apsw.CorruptError, apsw.NotADBError) as error:
        yield fail(name, f"{path} is damaged: {error}.", PUT_BACK)
    finally:
        connection.close()
    yield _wal(wal_bytes)


def _missing(data: Path, path: Path, wal: Path) -> Iterator[Finding]:
    traces = [str(trace) for trace in (data / "epoch", wal) if trace.exists()]
    if traces:
        yield fail(
            "database",
            f"{path} is missing, but {traces[0]} says that it was here.",
            "Put the database or a copy from backups/ back. To start with nothing, move"
            f" {traces[0]} away.",
        )
    elif data.is_dir():
        yield skip("database", "There is no database yet.", "`corral up` makes it.")


def _mode(*, held: bool, left_open: bool) -> str:
    """How to open it so that not even the files beside it change."""
    if held:
        return "mode=ro"
    return "mode=ro&readonly_shm=1" if left_open else "immutable=1"


def _opened(path: Path, mode: str) -> apsw.Connection:
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    connection = apsw.Connection(f"{path.absolute().as_uri()}?{mode}", flags=flags)
    connection.set_busy_timeout(2_000)
    return connection


def _inside(scene: Scene, connection: apsw.Connection) -> Iterator[Finding]:
    version, newest = version_of(connection), MIGRATIONS[-1].number
    if version > newest:
        yield fail(
            "database",
            f"It has schema {version}, and this version knows up to {newest}.",
            "Use the newer version of Corral that wrote it.",
        )
        return
    whole = _whole(connection, version, newest, BUSY_PATIENCE_S if scene.held else PATIENCE_S)
    yield whole
    if version == newest and whole.verdict is not Verdict.FAIL:
        yield _history(scene, connection)


def _whole(connection: apsw.Connection, version: int, newest: int, patience_s: float) -> Finding:
    deadline = time.monotonic() + patience_s
    connection.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)
    try:
        flaws = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
    except apsw.InterruptError:
        return skip(
            "database",
            f"It is too large to be checked within {span(patience_s * 1000)}.",
            "Stop the hub and check again.",
        )
    finally:
        connection.set_progress_handler(None)
    if flaws != ["ok"]:
        return fail("database", f"It is damaged: {'; '.join(flaws)}.", PUT_BACK)
    size = connection.pragma("page_count") * connection.pragma("page_size")
    later = "" if version == newest else f"; the next start brings it to schema {newest}"
    return ok("database", f"It is whole: {size / MIB:,.1f} MiB, schema {version}{later}.")


def _history(scene: Scene, connection: apsw.Connection) -> Finding:
    """Compare the database with what the witness beside it has seen."""
    name = "history"
    epoch, history_id, *_ = next(connection.execute(sql("hub")))
    events = sum(last for _, last in connection.execute(sql("last_events")))
    seen = Witness(scene.data / "epoch").read()
    if seen is None:
        return warn(
            name,
            f"{scene.data / 'epoch'} is missing or damaged: nothing says whether the database is"
            " complete.",
            "The next start begins a new epoch, and agents' older reports are refused.",
        )
    if _goes_on(seen, str(history_id), int(epoch), int(events)):
        return ok(name, f"It goes on where it ended: epoch {epoch}, {events:,} events.")
    return warn(
        name,
        f"The database was put back: it has {events:,} events in epoch {epoch}, and there were"
        f" {seen.events:,} in epoch {seen.epoch}.",
        "If you restored a copy this is right: the next start begins a new epoch. If not, look"
        " for the newer hub.db before you start.",
    )


def _goes_on(seen: Seen, history_id: str, epoch: int, events: int) -> bool:
    return (seen.history_id, seen.epoch) == (history_id, epoch) and events >= seen.events


def _wal(size: int) -> Finding:
    if size > 2 * WAL_LIMIT:
        return warn(
            "wal",
            f"It has grown to {size / MIB:,.0f} MiB.",
            "A reader holds it: look for other programs that have hub.db open.",
        )
    return ok("wal", f"It has {size / MIB:,.1f} MiB.")
