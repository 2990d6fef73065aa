"""Open pages without a screen: they ask, read and answer as a page does, and draw nothing."""

import asyncio
import http.client
import os
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Final, Self

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from schemas.dashboard import BEAT_MS, Snapshot
from scripts.benchmark.faults import NO_HUB, BenchmarkError

SNAPSHOT: Final = "/api/v1/dashboard/snapshot?scope=agents"
ANSWER_SECONDS: Final = BEAT_MS * 0.8 / 1000
"""How often a page says that it is well."""
PATIENCE_SECONDS: Final = 30.0
DELTA: Final = b'{"type":"delta"'
USUAL: Final = (DELTA, b'{"type":"step"', b'{"type":"beat"', b'{"type":"hello"')


class OpenTabs:
    """So many tabs, open for the time of a `with`, in a thread of their own."""

    def __init__(self, port: int, tokens: Sequence[str]) -> None:
        """Nothing is open yet; each tab is of the person with its token."""
        self.batches = 0
        """What all of them have heard together."""
        self.faults: Counter[str] = Counter()
        self._port, self._tokens = port, tokens
        self._ready, self._over = threading.Event(), threading.Event()
        self._pool = ThreadPoolExecutor(1, "tabs")
        self._running: Future[None] | None = None

    def __enter__(self) -> Self:
        """Open all. Raises BenchmarkError when the hub refuses one."""
        self._running = self._pool.submit(self._read_all)
        if not self._ready.wait(PATIENCE_SECONDS) or self._running.done():
            self._over.set()
            self._pool.shutdown()
            raise BenchmarkError(NO_HUB, "the tabs could not be opened") from (
                self._running.exception()
            )
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Close all; raises what went wrong meanwhile."""
        self._over.set()
        self._pool.shutdown()
        if error is None and self._running is not None:
            self._running.result()

    def _read_all(self) -> None:
        # The submitter that is timed shares this core: it must never wait for the tabs.
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        asyncio.run(self._run())

    async def _run(self) -> None:
        try:
            async with AsyncExitStack() as stack:
                sockets = [
                    await stack.enter_async_context(await self._opened(token))
                    for token in self._tokens
                ]
                reading = [asyncio.create_task(self._read(socket)) for socket in sockets]
                self._ready.set()
                await asyncio.to_thread(self._over.wait)
                for each in reading:
                    each.cancel()
                await asyncio.gather(*reading, return_exceptions=True)
        finally:
            self._ready.set()

    async def _opened(self, token: str) -> connect:
        sent = {"Authorization": f"Bearer {token}"}
        shot = await asyncio.to_thread(self._snapshot, sent)
        since = f"?epoch={shot.epoch}&since={shot.seq}"
        return connect(
            f"ws://127.0.0.1:{self._port}/ws/dashboard{since}",
            additional_headers=sent,
            compression=None,
            ping_interval=None,
            max_size=None,
            proxy=None,
        )

    def _snapshot(self, headers: dict[str, str]) -> Snapshot:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_SECONDS)
        try:
            connection.request("GET", SNAPSHOT, headers=headers)
            return msgspec.json.decode(connection.getresponse().read(), type=Snapshot)
        finally:
            connection.close()

    async def _read(self, socket: ClientConnection) -> None:
        said = time.monotonic()
        try:
            while True:
                data = await socket.recv(decode=False)
                self.batches += data.startswith(DELTA)
                if not data.startswith(USUAL):
                    self.faults[f"heard {data[:80]!r}"] += 1
                if time.monotonic() - said >= ANSWER_SECONDS:
                    said = time.monotonic()
                    await socket.send(f'{{"type":"beat","at":{time.time_ns() // 1_000_000}}}')
        except ConnectionClosed as closed:
            self.faults[f"a tab was closed: {closed}"] += 1
