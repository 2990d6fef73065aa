"""Task logs: streams without holes, read back by whole characters, dropped when old."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.store.contract import NewerDatabase, StoreError
from hub.store.logs import DAY_MS, LogFile, cut

NOW = 1_763_700_000_000
ALL = 1 << 30


class Clock:
    """A wall clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """What time it is."""
    return Clock()


@pytest.fixture
async def logs(tmp_path: Path, clock: Clock) -> AsyncIterator[LogFile]:
    """An empty file."""
    opened = await LogFile.open(tmp_path / "logs.db", clock)
    yield opened
    await opened.close()


async def test_output_is_read_back(logs: LogFile) -> None:
    """Offsets and ends are bytes of UTF-8."""
    assert await logs.append("t", 1, "stdout", 0, "grün\n") == 6
    assert await logs.append("t", 1, "stdout", 6, "more") == 10
    assert await logs.read("t", 1, "stdout", 0, ALL) == (1, "grün\nmore", 10)
    assert await logs.read("t", 1, "stdout", 6, 2) == (1, "more", 10)
    assert await logs.read("t", 1, "stdout", 10, ALL) == (1, "", 10)


async def test_what_comes_twice_is_kept_once(logs: LogFile) -> None:
    """All of it, or the part that overlaps."""
    await logs.append("t", 1, "stdout", 0, "abc")
    assert await logs.append("t", 1, "stdout", 0, "abc") == 3
    assert await logs.append("t", 1, "stdout", 1, "bcde") == 5
    assert await logs.append("t", 1, "stdout", 0, "a") == 5
    assert await logs.read("t", 1, "stdout", 0, ALL) == (1, "abcde", 5)


async def test_a_hole_is_not_taken(logs: LogFile) -> None:
    """The answer says from where to go on."""
    assert await logs.append("t", 1, "stdout", 4, "late") == 0
    await logs.append("t", 1, "stdout", 0, "ab")
    assert await logs.append("t", 1, "stdout", 3, "d") == 2
    assert await logs.read("t", 1, "stdout", 0, ALL) == (1, "ab", 2)


async def test_streams_and_attempts_are_apart(logs: LogFile) -> None:
    """Each has its own bytes; without a generation the latest that wrote is read."""
    await logs.append("t", 1, "stdout", 0, "one")
    await logs.append("t", 2, "stdout", 0, "two")
    await logs.append("t", 2, "stderr", 0, "oops!")
    await logs.append("t", 3, "stdout", 9, "a hole")
    assert await logs.offsets([("t", 2)]) == {"t": {"stdout": 3, "stderr": 5}}
    assert await logs.read("t", None, "stdout", 0, ALL) == (2, "two", 3)
    assert await logs.read("t", 1, "stdout", 0, ALL) == (1, "one", 3)
    assert await logs.read("none", None, "stdout", 5, ALL) == (0, "", 5)
    assert await logs.offsets([("none", 1)]) == {}


async def test_pieces_written_together_stay_in_order(logs: LogFile) -> None:
    """Many appends between two awaits, of several streams."""
    appends = [
        logs.append(f"t{n}", 1, "stdout", at * 3, f"{at:03}") for at in range(200) for n in range(3)
    ]
    ends = await asyncio.gather(*appends)
    assert ends[-3:] == [600] * 3
    whole = "".join(f"{at:03}" for at in range(200))
    for n in range(3):
        assert await logs.read(f"t{n}", 1, "stdout", 0, ALL) == (1, whole, 600)


async def test_output_outlives_a_restart(tmp_path: Path, clock: Clock) -> None:
    """Closing writes what waits; the next hub goes on at the same offset."""
    first = await LogFile.open(tmp_path / "logs.db", clock)
    waiting = asyncio.gather(*(first.append("t", 1, "stdout", n, "x") for n in range(50)))
    await asyncio.sleep(0)
    await first.close()
    assert (await waiting)[-1] == 50
    with pytest.raises(StoreError, match="closed"):
        await first.append("t", 1, "stdout", 50, "x")
    second = await LogFile.open(tmp_path / "logs.db", clock)
    assert await second.append("t", 1, "stdout", 50, "y") == 51
    await second.append("u", 1, "stdout", 0, "z")
    assert await second.read("t", 1, "stdout", 49, ALL) == (1, "xy", 51)
    assert (tmp_path / "logs.db").stat().st_mode & 0o077 == 0
    await second.close()


async def test_old_output_is_dropped(logs: LogFile, clock: Clock) -> None:
    """By age; a stream that goes on keeps its place."""
    await logs.append("old", 1, "stdout", 0, "gone")
    await logs.append("t", 1, "stdout", 0, "old,")
    clock.now += 8 * DAY_MS
    await logs.append("t", 1, "stdout", 4, "new")
    await logs.prune(clock.now)
    assert await logs.offsets([("old", 1)]) == {}
    assert await logs.read("t", 1, "stdout", 0, ALL) == (1, "new", 7)
    assert await logs.append("t", 1, "stdout", 7, "er") == 9


async def test_too_much_output_is_dropped(tmp_path: Path, clock: Clock) -> None:
    """The oldest first, until the rest fits."""
    logs = await LogFile.open(tmp_path / "logs.db", clock, max_bytes=1_000)
    for n in range(30):
        await logs.append("t", 1, "stdout", n * 100, "x" * 100)
    await logs.prune(clock.now)
    assert await logs.read("t", 1, "stdout", 0, ALL) == (1, "x" * 1_000, 3_000)
    assert await logs.read("t", 1, "stdout", 0, 100) == (1, "x" * 100, 2_100)
    await logs.close()


async def test_a_newer_file_is_refused(tmp_path: Path, clock: Clock) -> None:
    """And so is a file that is something else."""
    path = tmp_path / "logs.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(NewerDatabase):
        await LogFile.open(path, clock)
    path.write_bytes(b"no database at all " * 100)
    with pytest.raises(StoreError, match="move it away"):
        await LogFile.open(path, clock)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=8), st.integers(4, 30))
@settings(max_examples=200)
def test_reading_piece_by_piece_gives_the_whole(texts: list[str], limit: int) -> None:
    """Whatever the characters, nothing is lost, torn or read twice."""
    rows, end = [], 0
    for text in texts:
        rows.append((end, text.encode()))
        end += len(text.encode())
    found, offset = "", 0
    while offset < end:
        piece, offset = cut([row for row in rows if row[0] + len(row[1]) > offset], offset, limit)
        assert piece
        assert len(piece.encode()) <= limit
        found += piece
    assert found == "".join(texts)
    assert offset == end


def test_reading_from_inside_a_character_begins_with_the_next() -> None:
    """An offset may be wrong; the text is never torn."""
    assert cut([(0, "aüb".encode())], 2, 9) == ("b", 4)
