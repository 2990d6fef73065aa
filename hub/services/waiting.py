"""What waits: since when the task has waited that has waited longest for an agent."""

import asyncio
from collections.abc import Iterator
from heapq import nsmallest
from itertools import islice
from typing import Final

from hub.core.lanes import Share, seq_of
from hub.core.org import Org
from hub.services.loader import Loader
from schemas.scalars import TaskState

HEADS: Final = 100
"""Of so many tasks that are next in their lanes the oldest is looked for."""
PIECE: Final = 500
"""So many shares of lanes are looked at in one go: they hold nobody up for a millisecond."""
REST_S: Final = 0.005
"""The pause after each: also when there are very many, most of the time is for others."""
LOOKS: Final = 3
"""So often it looks at all lanes before it gives up, when what it found leaves each time."""


async def oldest_queued_at(org: Org, loader: Loader) -> int | None:
    """The wall time since when it waits; None when none waits.

    All that were found may be gone when the last lane was looked at: then it looks again, but
    not for ever.
    """
    for _ in range(LOOKS):
        oldest = await _look(org, loader)
        if oldest is not None or not org.counts[TaskState.QUEUED]:
            return oldest
    return None


async def _look(org: Org, loader: Loader) -> int | None:
    seqs = await first_in_line(org, HEADS)
    here = [task for seq in seqs if (task := org.tasks.at(seq)) is not None]
    known = {task.seq for task in here}
    missing = [seq for seq in seqs if seq not in known]
    if missing:
        here += loader.decode(await loader.read(lambda reader: reader.by_seq(missing)))
    times = [task.queued_at for task in here if task.state is TaskState.QUEUED]
    return min((at for at in times if at is not None), default=None)


async def first_in_line(org: Org, most: int) -> list[int]:
    """The seqs of tasks that are next in their lanes, those that come first of all.

    There may be tens of thousands of lanes: their shares are looked at some at a time.
    """
    shares, first = _shares(org), list[int]()
    while piece := list(islice(shares, PIECE)):
        heads = [head for share in piece if (head := share.head()) is not None]
        first = nsmallest(most, first + heads)
        if len(piece) == PIECE:
            await asyncio.sleep(REST_S)
    return list(map(seq_of, first))


def _shares(org: Org) -> Iterator[Share]:
    """All there are; what comes or goes between two pieces may be among them or not."""
    for lane in list(org.matcher.lanes.values()):
        yield from list(lane.shares.values())
