"""The log service: takes the output of running tasks and gives it back.

Output is bulk: it goes through a bounded queue of its own, so that it can never hold up a
report. When the queue is full the piece is refused for the moment, and the agent, which keeps
its output until it is acknowledged, sends it again.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from loguru import logger

from hub.core import reports
from hub.core.errors import Refused
from hub.core.org import Org
from hub.services.metrics import Metrics
from hub.services.peers import Peer, frame_of
from hub.store.contract import JournalPort, LogStore, StoreError
from schemas.attempts import Stream
from schemas.from_agent import TaskLog
from schemas.http.tasks import LogText
from schemas.scalars import MIB, ErrorCode
from schemas.to_agent import Error, LogAck, LogOffsets

QUEUE_BYTES: Final = 16 * MIB
READ_BYTES: Final = 256 * 1024
RETRY_MS: Final = 1_000
PRUNE_SECONDS: Final = 600.0
TOGETHER: Final = 64
"""How many pieces are written at once."""


class TaskLogs:
    """One writer for all output."""

    def __init__(
        self, store: LogStore, journal: JournalPort, metrics: Metrics, wall: Callable[[], int]
    ) -> None:
        self._store = store
        self._journal = journal
        self._metrics = metrics
        self._wall = wall
        self._queue: deque[tuple[Peer, TaskLog]] = deque()
        self._queued_bytes = 0
        self._filled = asyncio.Event()
        self._news = asyncio.Condition()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, on_death: Callable[[str, BaseException], None]) -> None:
        """Begin to write; `on_death` hears when writing had to end."""

        def ended(task: "asyncio.Task[None]") -> None:
            error = None if task.cancelled() else task.exception()
            if error is not None:
                on_death(task.get_name(), error)

        for name, job in (("task-logs", self._write()), ("log-pruning", self._prune())):
            task = asyncio.create_task(job, name=name)
            task.add_done_callback(ended)
            self._tasks.append(task)

    def take(self, peer: Peer, org: Org, agent_id: str, message: TaskLog) -> None:
        """Take a piece of output from the agent that has the task; answered by `log_ack`."""
        try:
            self._check(org, agent_id, message)
        except Refused as refused:
            self._refuse(peer, message, refused)
            return
        self._queued_bytes += len(message.text)
        self._queue.append((peer, message))
        self._filled.set()

    def _refuse(self, peer: Peer, message: TaskLog, refused: Refused) -> None:
        self._metrics.refused(refused.code)
        logger.bind(task=message.task_id, code=refused.code).info("output refused")
        self._journal.promise(peer.deliver, frame_of(_refusal(message, refused)))

    def _check(self, org: Org, agent_id: str, message: TaskLog) -> None:
        task = org.tasks.get(message.task_id)
        if task is None:
            raise Refused(ErrorCode.STALE_GENERATION, "this attempt is not yours any more")
        reports.fence(task, agent_id, message.generation)
        if self._queued_bytes >= QUEUE_BYTES:
            raise Refused(
                ErrorCode.BUSY,
                "too much output waits to be written",
                retryable=True,
                retry_after_ms=RETRY_MS,
            )

    async def _write(self) -> None:
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._queue:
                batch = [self._queue.popleft() for _ in range(min(TOGETHER, len(self._queue)))]
                await asyncio.gather(*(self._append(peer, piece) for peer, piece in batch))
                async with self._news:
                    self._news.notify_all()

    async def _append(self, peer: Peer, piece: TaskLog) -> None:
        """Write one piece and acknowledge it; a file that fails costs output, not the hub."""
        try:
            end = await self._store.append(
                piece.task_id, piece.generation, piece.stream, piece.offset, piece.text
            )
        except StoreError as error:
            logger.bind(cause=repr(error.__cause__)).error(f"output cannot be written: {error}")
            text = "the output cannot be written at the moment"
            later = Refused(ErrorCode.BUSY, text, retryable=True, retry_after_ms=RETRY_MS)
            self._refuse(peer, piece, later)
        else:
            ack = LogAck(piece.task_id, piece.generation, piece.stream, end)
            peer.deliver(frame_of(ack))
        finally:
            self._queued_bytes -= len(piece.text)

    async def _prune(self) -> None:
        while True:
            try:
                await self._store.prune(self._wall())
            except StoreError as error:
                logger.error(f"old output cannot be dropped: {error}")
            await asyncio.sleep(PRUNE_SECONDS)

    async def offsets(self, attempts: Sequence[tuple[str, int]]) -> dict[str, LogOffsets]:
        """How much of each stream of these attempts the hub has, by task.

        Empty when the file cannot be read: agents then go on where they were acknowledged.
        """
        try:
            found = await self._store.offsets(attempts)
        except StoreError as error:
            logger.bind(cause=repr(error.__cause__)).error(f"output cannot be read: {error}")
            return {}
        return {
            task_id: LogOffsets(ends.get(Stream.STDOUT, 0), ends.get(Stream.STDERR, 0))
            for task_id, ends in found.items()
        }

    async def read(
        self, task_id: str, generation: int | None, stream: Stream, offset: int, *, ended: bool
    ) -> LogText:
        """Output from an offset on. Raises StoreError."""
        found, text, after = await self._store.read(task_id, generation, stream, offset, READ_BYTES)
        return LogText(task_id, found, stream, offset, after, text, ended)

    async def tail_of(
        self, task_id: str, generation: int | None, stream: Stream, size: int
    ) -> tuple[int, int]:
        """(generation, offset) from which there are so many bytes to the end. Raises StoreError."""
        if generation is None:
            generation, _, _ = await self._store.read(task_id, None, stream, 0, 1)
        ends = await self._store.offsets([(task_id, generation)])
        return generation, max(ends.get(task_id, {}).get(stream, 0) - size, 0)

    async def wait_for_news(self, seconds: float) -> None:
        """Return when any output was written, or after so long."""
        try:
            async with asyncio.timeout(seconds):
                async with self._news:
                    await self._news.wait()
        except TimeoutError:
            return

    async def stop(self) -> None:
        """End writing."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._tasks.clear()

    async def close(self) -> None:
        """Write what waits and let go of the file."""
        await self._store.close()


def _refusal(message: TaskLog, refused: Refused) -> Error:
    return Error(
        refused.code,
        refused.message,
        refused.retryable,
        message_type="task_log",
        task_id=message.task_id,
        generation=message.generation,
        retry_after_ms=refused.retry_after_ms,
    )
