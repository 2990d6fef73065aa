"""Snapshots of one org's picture, shared by all pages that ask at about the same time.

50 tabs that come back after a restart ask at once: one snapshot is made for all of them. The
rows are encoded a slice at a time, so that no turn of the loop is long, and compressed in a
thread.
"""

import asyncio
import gzip
from asyncio import Task
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, NamedTuple

from hub.core.clock import Instant
from hub.services.picture import Picture, encode
from schemas.dashboard import AgentRow, Snapshot

PACE_S: Final = 0.5
"""A snapshot of the same scope is made at most this often, in seconds."""
SLICE: Final = 1_000
"""So many rows are encoded in one turn of the loop."""
LARGE_BYTES: Final = 4_096
"""What is smaller is sent as it is."""
_NOBODY: Final = b'"agents":[]}'
"""How an encoded snapshot without agents ends."""


class About(NamedTuple):
    """What every snapshot says of the hub."""

    epoch: str
    version: str


class Shot(NamedTuple):
    """A snapshot, ready to be sent."""

    seq: int
    body: bytes
    zipped: bytes | None
    """The same, compressed; None when it is small."""


class Snapshots:
    """Makes them, and keeps the latest for a moment."""

    def __init__(
        self, picture: Picture, prepare: Callable[[], Awaitable[Instant]], about: About
    ) -> None:
        """`prepare` brings the picture up to date."""
        self.pace_s = PACE_S
        self.build: str | None = None
        """Which build of the page the hub serves."""
        self.search = False
        """Whether it has full-text search."""
        self._picture = picture
        self._prepare = prepare
        self._about = about
        self._latest: dict[bool, tuple[float, Shot]] = {}
        """When it was made and what it is, with and without agents."""
        self._under_way: dict[bool, Task[Shot]] = {}

    def forget(self) -> None:
        """Keep none."""
        self._latest.clear()

    async def get(self, needed: int, *, agents: bool) -> Shot:
        """A snapshot that holds at least the batch `needed`, made half a second ago at most."""
        now = asyncio.get_running_loop().time
        while True:
            made_at, shot = self._latest.get(agents, (0.0, None))
            if shot is not None and shot.seq >= needed and now() < made_at + self.pace_s:
                return shot
            task = self._under_way.get(agents)
            if task is None:
                task = asyncio.create_task(self._make(made_at, agents=agents))
                self._under_way[agents] = task
                task.add_done_callback(partial(self._made, agents))
            # Whoever asked first may be gone before it is ready; the others still wait.
            await asyncio.wait([task])
            made = task.result()
            if made.seq >= needed:
                return made

    def _made(self, agents: bool, task: Task[Shot]) -> None:
        del self._under_way[agents]
        if not task.cancelled():
            # Nobody may be left who wants to know that it failed.
            task.exception()

    async def _make(self, last_at: float, *, agents: bool) -> Shot:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, last_at + self.pace_s - loop.time()))
        now = await self._prepare()
        picture, about = self._picture, self._about
        rows = list(picture.fleet.rows.values()) if agents else []
        seq, made_at, counters = picture.seq, loop.time(), picture.counters
        if counters is None:
            raise RuntimeError("the picture has no numbers")
        head = Snapshot(
            epoch=about.epoch,
            seq=seq,
            at=now.wall,
            version=about.version,
            build=self.build,
            search=self.search,
            counters=counters,
            offers=picture.fleet.offers if agents else [],
        )
        body = encode(head)
        if rows:
            body = body.removesuffix(_NOBODY) + b'"agents":[' + await _encoded(rows) + b"]}"
        zipped = None
        if len(body) > LARGE_BYTES:
            zipped = await asyncio.to_thread(gzip.compress, body, 1)
        shot = Shot(seq, body, zipped)
        self._latest[agents] = made_at, shot
        return shot


async def _encoded(rows: Sequence[AgentRow]) -> bytes:
    """The rows as JSON, without the brackets around them."""
    parts: list[bytes] = []
    for start in range(0, len(rows), SLICE):
        parts.append(encode(rows[start : start + SLICE])[1:-1])
        await asyncio.sleep(0)
    return b",".join(parts)
