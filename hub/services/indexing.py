"""Indexing: keeps the process that feeds the search index alive, and ends it with the hub.

It is a child process that holds nothing but the other end of a pipe: when the hub is gone,
however that came, the pipe is closed and the child ends by itself. When the child dies it is
started again, later each time.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from loguru import logger

FIRST_PAUSE_S: Final = 0.5
"""The pause before it is started again; each further one is twice as long..."""
LONGEST_PAUSE_S: Final = 60.0
WELL_S: Final = 60.0
"""...unless it lived so long."""
STOP_S: Final = 3.0
"""How long it may take to end before it is killed."""
SAID_BYTES: Final = 4_096
"""So much of its last words goes into the log."""


class Indexing:
    """One child process at a time."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._task: asyncio.Task[None] | None = None
        self._child: asyncio.subprocess.Process | None = None

    def start(self, on_death: Callable[[str, BaseException], None]) -> None:
        """Begin; `on_death` hears when it cannot be kept."""

        def ended(task: "asyncio.Task[None]") -> None:
            error = None if task.cancelled() else task.exception()
            if error is not None:
                on_death(task.get_name(), error)

        self._task = asyncio.create_task(self._keep(), name="indexing")
        self._task.add_done_callback(ended)

    async def _keep(self) -> None:
        pause = FIRST_PAUSE_S
        while True:
            began = time.monotonic()
            try:
                status, said = await self._live()
            except OSError as error:
                status, said = None, str(error)
            if time.monotonic() - began >= WELL_S:
                pause = FIRST_PAUSE_S
            logger.bind(status=status, said=said, pause_s=pause).warning(
                "the search index is not fed for a while: its process ended"
            )
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    async def _live(self) -> tuple[int, str]:
        """One life of the child: its status and its last words. Raises OSError."""
        pipe = asyncio.subprocess.PIPE
        child = self._child = await asyncio.create_subprocess_exec(
            *self._command, stdin=pipe, stdout=asyncio.subprocess.DEVNULL, stderr=pipe
        )
        said = b""
        if child.stderr is not None:
            while piece := await child.stderr.read(SAID_BYTES):
                said = (said + piece)[-SAID_BYTES:]
        return await child.wait(), said.decode(errors="replace")

    @property
    def pid(self) -> int | None:
        """The child's process id, while there is one."""
        child = self._child
        return child.pid if child is not None and child.returncode is None else None

    async def stop(self) -> None:
        """End the child; returns when it is gone, or soon. Idempotent."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        child, self._child = self._child, None
        if child is None:
            return
        if child.stdin is not None:
            child.stdin.close()
        try:
            await asyncio.wait_for(child.wait(), STOP_S)
        except TimeoutError:
            child.kill()
            # It runs only when nobody else wants the processor: on a busy machine it dies late.
            with suppress(TimeoutError):
                await asyncio.wait_for(child.wait(), STOP_S)
