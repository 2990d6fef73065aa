"""Timers: backoffs that are over, times that have come, deadlines that have passed."""

from collections.abc import Sequence
from functools import partial

from hub.core import lifecycle
from hub.core.clock import Instant
from hub.core.org import Org
from hub.core.task import WAITING, Task
from hub.services.clock import Clock
from hub.services.loader import Loader
from hub.services.tasks import Tasks
from schemas.scalars import TaskState

TURN = 1_000
"""Tasks looked at in one pass at most; the rest follows in the next."""


class Timers:
    """Moves tasks whose time has come; reads their records first where needed."""

    def __init__(self, tasks: Tasks, loader: Loader, clock: Clock) -> None:
        self._tasks = tasks
        self._loader = loader
        self._clock = clock

    def check(self, org: Org, now: Instant) -> None:
        """Act on what is due at this instant."""
        due = org.due(now.hub, now.wall, TURN)
        if due:
            self._loader.by_seq(org, due, partial(self._make_ready, org, due))
        late = org.expired(now.wall, TURN)
        if late:
            self._loader.by_seq(org, late, partial(self._expire, org, late))

    def _make_ready(self, org: Org, seqs: Sequence[int]) -> None:
        now = self._clock.now()
        for seq in seqs:
            task = org.tasks.at(seq)
            if task is not None and _is_due(task, now):
                self._tasks.apply(org, task, lifecycle.make_ready(task, now))

    def _expire(self, org: Org, seqs: Sequence[int]) -> None:
        now = self._clock.now()
        for seq in seqs:
            task = org.tasks.at(seq)
            if task is not None and _is_late(task, now):
                self._tasks.apply(org, task, lifecycle.expire(task, now))


def _is_late(task: Task, now: Instant) -> bool:
    complete_by = task.spec.complete_by
    return task.state in WAITING and complete_by is not None and complete_by <= now.wall


def _is_due(task: Task, now: Instant) -> bool:
    if task.state is not TaskState.SCHEDULED:
        return False
    if task.due_at:
        return task.due_at <= now.hub
    return (task.spec.not_before or 0) <= now.wall
