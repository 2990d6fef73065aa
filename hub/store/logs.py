"""The output of tasks, in `logs.db`: bulk that must never hold up the database of record.

A stream is the bytes of one output of one attempt; it has no holes, and what an agent sends
twice is stored once. Pieces that wait at the same time are written in one transaction. It is
less durable than `hub.db` (a power loss may cost the last pieces), and old output is dropped.
"""

import asyncio
import sqlite3
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import aiosqlite
from msgspec import json

from hub.store.contract import NewerDatabase, StoreError
from hub.store.sql import read

DAY_MS: Final = 24 * 60 * 60 * 1000
MAX_AGE_MS: Final = 7 * DAY_MS
MAX_BYTES: Final = 1024 * 1024 * 1024
QUEUE: Final = 1024
"""How many pieces may wait; more make `append` wait."""
TOGETHER: Final = 256
"""How many pieces are written in one transaction."""
REMEMBERED: Final = 16_384
"""Of how many streams the end is kept in memory."""
DROP_AT_ONCE: Final = 2_000
_VERSION: Final = 1
_CHARACTER_BYTES: Final = 4

_SQL: Final = {name: query.text for name, query in read("logs.sql").items()}

Key = tuple[str, int, str]
"""Task id, generation, stream name."""


class _Stream(NamedTuple):
    number: int
    ends: int


class _Piece(NamedTuple):
    key: Key
    offset: int
    data: bytes
    taken: "asyncio.Future[int]"


class LogFile:
    """Keeps `LogStore` in one file, through one connection in a thread of its own.

    Made by `open`.
    """

    def __init__(
        self,
        connection: aiosqlite.Connection,
        wall: Callable[[], int],
        last_stream: int,
        max_age_ms: int,
        max_bytes: int,
    ) -> None:
        self._connection = connection
        self._wall = wall
        self._last_stream = last_stream
        self._max_age_ms = max_age_ms
        self._max_bytes = max_bytes
        self._streams: OrderedDict[Key, _Stream] = OrderedDict()
        self._queue: asyncio.Queue[_Piece | None] = asyncio.Queue(QUEUE)
        self._turn = asyncio.Lock()
        self._writer = asyncio.create_task(self._write_all(), name="logs")
        self._closing = False

    @classmethod
    async def open(
        cls,
        path: Path,
        wall: Callable[[], int],
        max_age_ms: int = MAX_AGE_MS,
        max_bytes: int = MAX_BYTES,
    ) -> "LogFile":
        """Open the file, made when there is none; `wall` tells wall time in milliseconds.

        Raises NewerDatabase, StoreError.
        """
        try:
            path.touch(mode=0o600)  # noqa: ASYNC240 - once, before anything is served
            connection = await aiosqlite.connect(path)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"{path} cannot be opened: {error}") from error
        try:
            last_stream = await _prepare(connection, path)
        except BaseException:
            await connection.close()
            raise
        return cls(connection, wall, last_stream, max_age_ms, max_bytes)

    async def append(
        self, task_id: str, generation: int, stream: str, offset: int, text: str
    ) -> int:
        """Take output at a byte offset; the new end of the stream, in bytes of UTF-8.

        What the stream has already is ignored. Output beyond its end is not taken: then the
        answer is the present end, from which the agent goes on. Raises StoreError.
        """
        if self._closing:
            raise StoreError("the task logs are closed")
        taken: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        await self._queue.put(_Piece((task_id, generation, stream), offset, text.encode(), taken))
        return await taken

    async def _write_all(self) -> None:
        """Write what waits, again and again, until `close` says that nothing follows."""
        while (first := await self._queue.get()) is not None:
            group = [first]
            ending = False
            while len(group) < TOGETHER and not self._queue.empty():
                piece = self._queue.get_nowait()
                if piece is None:
                    ending = True
                    break
                group.append(piece)
            await self._write(group)
            if ending:
                return

    async def _write(self, group: list[_Piece]) -> None:
        try:
            async with self._transaction():
                ends = await self._store(group)
        except StoreError as error:
            for piece in group:
                self._streams.pop(piece.key, None)
                _answer(piece, error)
            return
        for piece, end in zip(group, ends, strict=True):
            _answer(piece, end)

    async def _store(self, group: list[_Piece]) -> list[int]:
        """Put the new part of each piece into the open transaction; the ends after each."""
        at = self._wall()
        touched = {piece.key: await self._stream(piece.key) for piece in group}
        rows, ends = [], []
        for piece in group:
            number, end = touched[piece.key]
            new = piece.data[end - piece.offset :] if piece.offset <= end else b""
            if new:
                rows.append((number, end, len(new), at, new))
                end += len(new)
                touched[piece.key] = _Stream(number, end)
            ends.append(end)
        heads = [(stream.number, *key, stream.ends, at) for key, stream in touched.items()]
        await self._connection.executemany(_SQL["put_stream"], heads)
        await self._connection.executemany(_SQL["add_piece"], rows)
        self._remember(touched.items())
        return ends

    async def _stream(self, key: Key) -> _Stream:
        """Its number and end; a stream that is not there gets the next number."""
        known = self._streams.get(key)
        if known is not None:
            return known
        task_id, generation, name = key
        for number, found, ends in await self._all("streams_of", task_id, generation):
            if found == name:
                return _Stream(number, ends)
        self._last_stream += 1
        return _Stream(self._last_stream, 0)

    def _remember(self, streams: Iterable[tuple[Key, _Stream]]) -> None:
        for key, stream in streams:
            self._streams[key] = stream
            self._streams.move_to_end(key)
        while len(self._streams) > REMEMBERED:
            self._streams.popitem(last=False)

    async def read(
        self, task_id: str, generation: int | None, stream: str, offset: int, limit: int
    ) -> tuple[int, str, int]:
        """(generation, text, next offset) from `offset` on, at most `limit` bytes.

        Of the latest generation that wrote anything, when none is named; 0 when none did. Text
        begins and ends with whole characters; where old output was dropped it begins with what
        is left. Raises StoreError.
        """
        async with self._transaction():
            if generation is None:
                ((latest,),) = await self._all("latest_generation", task_id)
                generation = latest or 0
            found = await self._all("streams_of", task_id, generation)
            number = next((n for n, name, _ in found if name == stream), None)
            if number is None:
                return generation, "", offset
            room = max(limit, _CHARACTER_BYTES)
            rows = await self._all("pieces", number, offset, room)
        return generation, *cut(rows, offset, room)

    async def offsets(self, attempts: Sequence[tuple[str, int]]) -> dict[str, dict[str, int]]:
        """The end of each stream of these (task id, generation), by task id and name.

        One query for all, because an agent may come back with thousands. Raises StoreError.
        """
        if not attempts:
            return {}
        async with self._transaction():
            rows = await self._all("ends_of", json.encode(attempts).decode())
        ends: dict[str, dict[str, int]] = {}
        for task_id, name, end in rows:
            ends.setdefault(task_id, {})[name] = end
        return ends

    async def prune(self, wall_now: int) -> None:
        """Drop what is older than the age or, oldest first, over the size. Raises StoreError."""
        oldest = wall_now - self._max_age_ms
        async with self._transaction():
            ((upto,),) = await self._all("last_before", oldest)
            ((kept,),) = await self._all("bytes_kept")
            if kept > self._max_bytes:
                ((over,),) = await self._all("oldest_over", kept - self._max_bytes)
                upto = max(upto, over)
        dropped = DROP_AT_ONCE
        while dropped == DROP_AT_ONCE:
            async with self._transaction():
                cursor = await self._connection.execute(_SQL["drop_pieces"], (upto, DROP_AT_ONCE))
                dropped = cursor.rowcount
        async with self._transaction():
            await self._connection.execute(_SQL["drop_streams"], (oldest,))
            self._streams.clear()

    async def close(self) -> None:
        """Write what waits and let go of the file. Idempotent."""
        if self._closing:
            return
        self._closing = True
        await self._queue.put(None)
        await self._writer
        await self._connection.close()

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[None]:
        """One at a time, because all share the connection. Raises StoreError, undone."""
        async with self._turn:
            try:
                yield
                await self._connection.commit()
            except sqlite3.Error as error:
                await self._connection.rollback()
                raise StoreError(f"the task logs failed: {error}") from error

    async def _all(self, name: str, *bindings: Any) -> list[Any]:
        return list(await self._connection.execute_fetchall(_SQL[name], bindings))


def _answer(piece: _Piece, outcome: int | StoreError) -> None:
    """Tell who waits; nobody does when its task was cancelled."""
    if piece.taken.done():
        return
    if isinstance(outcome, StoreError):
        piece.taken.set_exception(outcome)
    else:
        piece.taken.set_result(outcome)


async def _prepare(connection: aiosqlite.Connection, path: Path) -> int:
    """Settle the connection and the tables; the number of the last stream."""
    try:
        await connection.execute("PRAGMA journal_mode = WAL")
        await connection.execute("PRAGMA synchronous = NORMAL")
        await connection.execute("PRAGMA mmap_size = 0")
        await connection.execute("PRAGMA trusted_schema = OFF")
        ((version,),) = await connection.execute_fetchall("PRAGMA user_version")
        if version > _VERSION:
            raise NewerDatabase(f"{path} was written by a newer hub: start that one")
        await connection.executescript(_SQL["tables"])
        ((last,),) = await connection.execute_fetchall(_SQL["last_stream"])
    except sqlite3.Error as error:
        raise StoreError(
            f"{path} cannot be used: {error}. It holds nothing but the output of tasks: move it"
            " away to go on without"
        ) from error
    return int(last)


def cut(rows: list[tuple[int, bytes]], offset: int, limit: int) -> tuple[str, int]:
    """The whole characters in `limit` bytes from `offset` on, and where the next one begins.

    `rows` are pieces in order, the first of which may begin before `offset`.
    """
    if not rows:
        return "", offset
    first = rows[0][0]
    begin = max(offset, first)
    data = b"".join(piece for _, piece in rows)[begin - first :]
    lead = 0
    while lead < len(data) and data[lead] & 0xC0 == 0x80:
        lead += 1
    end = min(len(data), lead + limit)
    while lead < end < len(data) and data[end] & 0xC0 == 0x80:
        end -= 1
    return data[lead:end].decode("utf-8", "replace"), begin + end
