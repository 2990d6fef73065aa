"""The spool on a real file: across reopening and kill -9."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from sidecar.spool import EVIDENCE_ROWS, Spool
from tests.sidecar.stage import evidence, pragmas

KEY = ("task-1", 7)


async def reopened(spool: Spool, path: Path) -> Spool:
    """The same file, opened again."""
    await spool.close()
    return await Spool.open(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the spool is."""
    return tmp_path / "spool.db"


async def test_a_running_attempt_is_remembered(path: Path) -> None:
    """Directory, process id and start time survive."""
    spool = await Spool.open(path)
    await spool.begin(KEY, Path("/home/1"))
    await spool.runs(KEY, 4711, "boot:99")
    spool = await reopened(spool, path)
    (entry,) = await spool.unsettled()
    assert (entry.key, entry.home, entry.pid, entry.started) == (
        KEY,
        Path("/home/1"),
        4711,
        "boot:99",
    )
    assert entry.report is None
    await spool.close()


async def test_a_report_stays_until_it_is_forgotten(path: Path) -> None:
    """It is kept over restarts and gone after the ack."""
    spool = await Spool.open(path)
    await spool.begin(KEY, Path("/home/1"))
    await spool.report(KEY, b"report")
    spool = await reopened(spool, path)
    assert [entry.report for entry in await spool.unsettled()] == [b"report"]
    await spool.forget(KEY)
    spool = await reopened(spool, path)
    assert await spool.unsettled() == []
    await spool.close()


async def test_a_refused_report_is_evidence_and_its_substitute_pending(path: Path) -> None:
    """Both are kept; once settled only the original remains as evidence."""
    spool = await Spool.open(path)
    await spool.begin(KEY, Path("/home/1"))
    await spool.report(KEY, b"report")
    await spool.replace(KEY, "validation_failed", b"substitute")
    (entry,) = await spool.unsettled()
    assert (entry.report, entry.replaced) == (b"substitute", True)
    await spool.keep(KEY, "stale")
    assert await spool.unsettled() == []
    assert await evidence(spool) == [(KEY, b"report", "stale")]
    await spool.close()


async def test_an_acknowledged_substitute_leaves_the_evidence(path: Path) -> None:
    """The hub settled the task with the substitute; the refused report stays to be read."""
    spool = await Spool.open(path)
    await spool.begin(KEY, Path("/home/1"))
    await spool.report(KEY, b"report")
    await spool.replace(KEY, "validation_failed: no", b"substitute")
    await spool.forget(KEY)
    assert await spool.unsettled() == []
    assert await evidence(spool) == [(KEY, b"report", "validation_failed: no")]
    await spool.close()


async def test_evidence_is_bounded(path: Path) -> None:
    """The oldest goes first."""
    spool = await Spool.open(path)
    for number in range(EVIDENCE_ROWS + 3):
        key = (f"task-{number}", 1)
        await spool.begin(key, Path("/home/1"))
        await spool.report(key, b"report")
        await spool.keep(key, "stale")
    kept = await evidence(spool)
    assert len(kept) == EVIDENCE_ROWS
    assert kept[0][0] == ("task-3", 1)
    await spool.close()


async def test_every_change_is_synced_to_disk(path: Path) -> None:
    """WAL with a full sync, and a file only its owner can read."""
    spool = await Spool.open(path)
    assert await pragmas(spool) == ("wal", 2)
    await spool.close()
    assert os.stat(path).st_mode & 0o777 == 0o600


async def test_a_broken_file_is_an_error(path: Path) -> None:
    """What is not a spool is not silently replaced."""
    spoil(path)
    with pytest.raises(sqlite3.DatabaseError):
        await Spool.open(path)


def spoil(path: Path) -> None:
    """Put something else where the spool should be."""
    path.write_bytes(b"this is not a database, it is a sentence " * 100)


WRITER = """
import asyncio, sys
from pathlib import Path
from sidecar.spool import Spool

async def main():
    spool = await Spool.open(Path(sys.argv[1]))
    for number in range(100000):
        key = (f"task-{number}", 1)
        await spool.begin(key, Path("/home"))
        await spool.report(key, b"report")
        sys.stdout.write(f"{number}\\n")
        sys.stdout.flush()

asyncio.run(main())
"""


def killed_writer(path: Path) -> list[bytes]:
    """What a writer had said when it was killed in the middle of its work."""
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(50)]
        writer.send_signal(signal.SIGKILL)
        return lines + writer.stdout.readlines()


async def test_what_was_written_survives_kill_9(path: Path) -> None:
    """Every report whose call returned is there after the writer is killed."""
    lines = await asyncio.to_thread(killed_writer, path)
    acked = [int(line) for line in lines if line.endswith(b"\n")]
    spool = await Spool.open(path)
    reported = [entry for entry in await spool.unsettled() if entry.report == b"report"]
    assert len(reported) >= len(acked) >= 50
    await spool.close()
