"""Residents: the task records that are in memory, and when they may leave it.

A record stays while something goes on with it or its change is not durable. What only waits
in the backlog or for its time is dropped as soon as it is durable; ended tasks stay for a
while, so that a repeated report is answered from memory. Both are bounded in bytes.
"""

from collections import deque
from typing import Final

from msgspec import UNSET

from hub.core.task import WAITING, Task
from schemas.scalars import MIB
from schemas.work import PythonCall, Run

FRESH_BYTES: Final = 32 * MIB
"""New tasks keep their records until they are dispatched, up to this much."""
ENDED_BYTES: Final = 2 * MIB
"""Ended tasks stay up to this much. Less is faster: 32 MiB, which no cache of a processor
holds, took 5 % more time a task."""
STRING_BYTES: Final = 64
"""What a short string takes besides its characters."""
RECORD_BYTES: Final = 1_200
"""What a record takes in memory besides its texts, as measured on CPython 3.11."""


def weight(task: Task) -> int:
    """About how many bytes of memory a record takes."""
    spec = task.spec
    size = RECORD_BYTES + len(spec.description)
    if spec.run is not None:
        size += _run_weight(spec.run)
    if spec.labels is not None:
        size += sum(STRING_BYTES + len(key) + len(text) for key, text in spec.labels.items())
    if spec.needs is not None:
        size += STRING_BYTES * len(spec.needs)
    if spec.payload is not UNSET:
        size += memoryview(spec.payload).nbytes
    if spec.metadata is not UNSET:
        size += memoryview(spec.metadata).nbytes
    if task.result is not None:
        size += len(task.result)
    if task.usage is not None:
        size += len(task.usage)
    if task.error is not None:
        size += len(task.error)
    return size


def _run_weight(run: Run) -> int:
    if isinstance(run, PythonCall):
        kwargs = 0 if run.kwargs is UNSET else memoryview(run.kwargs).nbytes
        return STRING_BYTES + len(run.target) + kwargs
    size = STRING_BYTES * len(run.argv) + sum(map(len, run.argv))
    if run.env is not None:
        size += sum(2 * STRING_BYTES + len(key) + len(text) for key, text in run.env.items())
    return size


class Residents:
    """The task records in memory, by id and by seq."""

    def __init__(self) -> None:
        self.by_id: dict[str, Task] = {}
        self._ids: dict[int, str] = {}
        self._fresh_bytes = 0
        self._fresh: dict[int, int] = {}
        """Weights of queued records that are kept for dispatch, by seq."""
        self._leaving: deque[tuple[int, str]] = deque()
        """(position, id) of records that go as soon as the position is durable."""
        self._last: dict[str, int] = {}
        """The last position in `_leaving`, by id: a record changed since then has to stay."""
        self._ended: deque[tuple[int, str, int]] = deque()
        """(position, id, weight) of ended tasks, oldest first."""
        self._ended_bytes = 0
        self._ended_at: dict[str, int] = {}
        """The last position in `_ended`, by id: a task that lived again may have ended twice."""

    def get(self, task_id: str) -> Task | None:
        """The record of this id, if it is in memory."""
        return self.by_id.get(task_id)

    def at(self, seq: int) -> Task | None:
        """The record of this seq, if it is in memory."""
        task_id = self._ids.get(seq)
        return None if task_id is None else self.by_id.get(task_id)

    def keep(self, task: Task) -> None:
        """Hold this record, in the place of an older one."""
        if task.id not in self.by_id:
            self._ids[task.seq] = task.id
        self.by_id[task.id] = task

    def visit(self, task: Task) -> None:
        """Hold a record that was read, until it can be trimmed again."""
        self.keep(task)
        if task.ended:
            self.ended(task, 0)
        else:
            self.let_go(task, 0)

    def pin(self, seq: int) -> None:
        """Keep the record of a queued task until it is dispatched, whatever it weighs."""
        task = self.at(seq)
        if task is not None and seq not in self._fresh:
            self._fresh[seq] = size = weight(task)
            self._fresh_bytes += size

    def stays_hot(self, task: Task) -> bool:
        """Whether a task that becomes queued keeps its record until it is dispatched."""
        if self._fresh_bytes >= FRESH_BYTES:
            return False
        size = weight(task)
        self._fresh[task.seq] = size
        self._fresh_bytes += size
        return True

    def dispatched(self, task: Task) -> None:
        """A queued task left the queue."""
        self._fresh_bytes -= self._fresh.pop(task.seq, 0)

    def let_go(self, task: Task, position: int) -> None:
        """Drop the record once this position is durable, if it is still only waiting."""
        self._last[task.id] = position = max(position, self._last.get(task.id, 0))
        self._leaving.append((position, task.id))

    def ended(self, task: Task, position: int) -> None:
        """Keep an ended task's record for a while."""
        size = weight(task)
        self._ended_at[task.id] = position = max(position, self._ended_at.get(task.id, 0))
        self._ended.append((position, task.id, size))
        self._ended_bytes += size

    def trim(self, durable: int) -> None:
        """Drop what may go, given the last durable position."""
        while self._leaving and self._leaving[0][0] <= durable:
            position, task_id = self._leaving.popleft()
            if self._last.get(task_id) == position:
                del self._last[task_id]
                self._drop_waiting(task_id)
        self.trim_ended(durable)

    def trim_ended(self, durable: int) -> None:
        """Drop the oldest ended tasks that are too many; cheap enough for every turn."""
        while self._ended_bytes > ENDED_BYTES and self._ended[0][0] <= durable:
            position, task_id, size = self._ended.popleft()
            self._ended_bytes -= size
            if self._ended_at.get(task_id) == position:
                del self._ended_at[task_id]
                task = self.by_id.get(task_id)
                if task is not None and task.ended:
                    self._drop(task)

    def _drop_waiting(self, task_id: str) -> None:
        task = self.by_id.get(task_id)
        if task is not None and task.state in WAITING and task.seq not in self._fresh:
            self._drop(task)

    def _drop(self, task: Task) -> None:
        del self.by_id[task.id]
        del self._ids[task.seq]

    def __len__(self) -> int:
        return len(self.by_id)
