"""What waits: since when the task has waited that has waited longest for an agent."""

from heapq import nsmallest
from typing import Final

from hub.core.lanes import seq_of
from hub.core.org import Org
from hub.services.loader import Loader
from schemas.scalars import TaskState

HEADS: Final = 100
"""Of so many tasks that are next in their lanes the oldest is looked for."""


async def oldest_queued_at(org: Org, loader: Loader) -> int | None:
    """The wall time since when it waits; None when none waits."""
    seqs = first_in_line(org, HEADS)
    here = [task for seq in seqs if (task := org.tasks.at(seq)) is not None]
    known = {task.seq for task in here}
    missing = [seq for seq in seqs if seq not in known]
    if missing:
        here += loader.decode(await loader.read(lambda reader: reader.by_seq(missing)))
    times = [task.queued_at for task in here if task.state is TaskState.QUEUED]
    return min((at for at in times if at is not None), default=None)


def first_in_line(org: Org, most: int) -> list[int]:
    """The seqs of tasks that are next in their lanes, those that come first of all."""
    shares = (share for lane in org.matcher.lanes.values() for share in lane.shares.values())
    heads = (head for share in shares if (head := share.head()) is not None)
    return [seq_of(place) for place in nsmallest(most, heads)]
