"""What every periodic service is: a synchronous `run_once` that a loop only calls.

A service whose loop dies takes the hub with it (`on_death`): a hub without its upkeep would
look alive and lose leases.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol


class Periodic(Protocol):
    """Something that is done again and again."""

    def run_once(self) -> None:
        """Do it now."""
        ...


class Loop:
    """Calls a service every so many seconds. Start and stop may be called in any order."""

    def __init__(
        self,
        name: str,
        service: Periodic,
        seconds: float,
        on_death: Callable[[str, BaseException], None],
    ) -> None:
        self.name = name
        self._service = service
        self._seconds = seconds
        self._on_death = on_death
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; without effect when it runs."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name=self.name)
            self._task.add_done_callback(self._ended)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            self._service.run_once()

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled():
            error = task.exception()
            if error is not None:
                self._on_death(self.name, error)

    async def stop(self) -> None:
        """End; returns when it has ended."""
        task, self._task = self._task, None
        if task is not None and not task.done():
            task.cancel()
            await asyncio.wait([task])
