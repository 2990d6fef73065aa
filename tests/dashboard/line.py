"""The line between a browser and its hub, which a test may cut and mend."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Coroutine
from threading import Thread
from types import TracebackType
from typing import Any, Self

from tests.transport.ranch import PATIENCE, Hub

PIECE = 65_536


class Line:
    """A port of its own, behind which the hub answers as long as the line is whole."""

    def __init__(self, hub: Hub) -> None:
        self.port = 0
        self._hub = hub
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever)
        self._server: asyncio.Server | None = None
        self._ends: set[StreamWriter] = set()
        self._carrying: set[asyncio.Task[Any]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self.mend()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def mend(self) -> None:
        """Let connections through from now on."""
        self._wait(self._mend())

    def cut(self) -> None:
        """End all connections, and refuse new ones."""
        self._wait(self._cut())

    def _wait(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    async def _mend(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def _cut(self) -> None:
        if self._server is not None:
            self._server.close()
        for end in self._ends:
            end.transport.abort()
        await asyncio.gather(*self._carrying)

    async def _carry(self, here: StreamReader, back: StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)
        there, forth = await asyncio.open_connection("127.0.0.1", self._hub.port)
        await asyncio.gather(self._pipe(here, forth), self._pipe(there, back))

    async def _pipe(self, source: StreamReader, sink: StreamWriter) -> None:
        self._ends.add(sink)
        try:
            while piece := await source.read(PIECE):
                sink.write(piece)
                await sink.drain()
        except ConnectionError:
            # One end is gone, and so the other goes as well.
            pass
        finally:
            self._ends.discard(sink)
            sink.close()
