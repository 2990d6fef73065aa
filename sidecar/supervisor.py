"""Where the parts meet: session, connection, attempts and spool, on one loop of its own.

What the hub says becomes steps, steps become processes, and what processes do becomes
frames. Nothing here waits for a task: each attempt is a coroutine beside the others, and a
ping lists what this loop itself sees alive.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any, Final

from loguru import logger

from schemas.attempts import Rejection, Stream
from schemas.from_agent import Alive, Identify
from schemas.scalars import PROTOCOL_VERSION, Executor
from schemas.to_agent import Bye
from sidecar import processes, reports
from sidecar.attempt import Attempt
from sidecar.config import Config
from sidecar.connection import Connection, delay
from sidecar.executors import Refusal
from sidecar.executors.command import CommandExecutor
from sidecar.executors.python import PythonExecutor
from sidecar.exits import Exit, Leave
from sidecar.runner import Run, end_leftovers
from sidecar.session import Phase, Session
from sidecar.spool import Entry, Spool
from sidecar.steps import (
    Complain,
    Ending,
    Keep,
    Key,
    Replace,
    Send,
    Settle,
    Start,
    Step,
    Stop,
)

FLUSH_SECONDS: Final = 2.0
"""How long a report waits for logs that have not been sent, and an exit for acknowledgements."""
LINGER_SECONDS: Final = 15.0
"""How long the output of a settled attempt is kept for a hub that has not taken all of it."""
GATHER_SECONDS: Final = 0.03
"""How long output waits for more output before it is sent."""


class Supervisor:
    """Runs one sidecar until it is drained, halted or sent away by the hub."""

    def __init__(
        self,
        config: Config,
        spool: Spool,
        work_dir: Path,
        host: str,
        *,
        alone: bool = False,
        pause: Callable[[int, int | None], float] = delay,
    ) -> None:
        """`alone`: every child of this process that is not ours was left by a task.

        `pause` gives the seconds between two connections.
        """
        self._config, self._spool, self._work_dir, self._alone = config, spool, work_dir, alone
        self._commands, self._functions = CommandExecutor(config), PythonExecutor(config)
        self._session = Session(identity(config, host))
        self._connection = Connection(config.url, config.token, self, pause)
        self._attempts: dict[Key, Attempt] = {}
        self._reported: dict[Key, Attempt] = {}
        self._loop = asyncio.get_running_loop()
        self._wake, self._idle = asyncio.Event(), asyncio.Event()
        self._idle.set()
        self._draining = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._jobs: set[asyncio.Task[None]] = set()
        self._broken: asyncio.Future[None] = self._loop.create_future()

    # The life of the sidecar.

    async def run(self) -> Leave:
        """Recover, connect, work; returns why it ended when nothing runs any more."""
        await self._recover()
        if self._commands.missing:
            logger.warning("allowed but not found: {}", ", ".join(self._commands.missing))
        link = asyncio.create_task(self._connection.run())
        clock = asyncio.create_task(self._tick())
        drained = asyncio.create_task(self._drained())
        try:
            waiting: set[asyncio.Future[Any]] = {link, clock, drained, self._broken}
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if link.done():
                self.halt()
                await self._idle.wait()
                return link.result()
            for task in (self._broken, clock):
                if task.done():
                    task.result()
            return Leave(Exit.DONE, "drained")
        finally:
            await self._end(link, clock, drained)

    def drain(self) -> None:
        """Take no new task; `run` returns when the last one has ended."""
        self._session.draining = True
        self._draining.set()

    def halt(self) -> None:
        """Take no new task and stop those that run, by the ladder."""
        self.drain()
        for attempt in self._attempts.values():
            attempt.stop(Ending.SHUTDOWN, self._config.grace_ms)

    async def _drained(self) -> None:
        await self._draining.wait()
        await self._idle.wait()
        give_up = self._loop.time() + FLUSH_SECONDS
        while self._session.held and self._loop.time() < give_up:  # noqa: ASYNC110 - bounded
            await asyncio.sleep(0.02)

    async def _end(self, *tasks: asyncio.Task[Any]) -> None:
        self.halt()
        await self._idle.wait()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for attempt in self._reported.values():
            await asyncio.to_thread(attempt.remove)

    async def _recover(self) -> None:
        entries = await self._spool.unsettled()
        await asyncio.gather(*(self._bury(entry) for entry in entries if entry.report is None))
        for entry in await self._spool.unsettled():
            if entry.report is not None:
                self._session.report(entry.key, entry.report, replaced=entry.replaced)
            await asyncio.to_thread(shutil.rmtree, entry.home, ignore_errors=True)

    async def _bury(self, entry: Entry) -> None:
        survivors = await end_leftovers(entry.pid, entry.started, entry.home)
        logger.warning(
            "task {} ran when the sidecar died; of what was left, {} processes survived KILL",
            entry.key[0],
            survivors,
        )
        await self._spool.report(entry.key, reports.lost(entry.key))

    async def _tick(self) -> None:
        while True:
            now = self._loop.time()
            if self._session.deaf(now):
                logger.warning("the hub is silent; dropping the connection")
                self._connection.drop()
                self._session.closed()
            self._send_logs(now)
            self._do(self._session.tick(now, self._alive))
            self._wake.clear()
            try:
                async with asyncio.timeout(self._session.due(now)):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _soon(self) -> None:
        """Wake the clock a moment later, so that many lines of output travel together."""
        if self._timer is None:
            self._timer = self._loop.call_later(GATHER_SECONDS, self._now)

    def _now(self) -> None:
        self._timer = None
        self._wake.set()

    def _alive(self) -> list[Alive]:
        now = self._loop.time()
        return [one.alive(now) for one in self._attempts.values() if one.run is not None]

    # What the connection tells.

    def opened(self) -> None:
        """The connection stands."""
        self._do(self._session.opened(self._loop.time()))
        self._wake.set()

    def frame(self, data: bytes) -> None:
        """A frame came."""
        self._do(self._session.receive(data, self._loop.time()))
        self._soon()

    def closed(self) -> Bye | None:
        """The connection is gone; work goes on."""
        self._session.closed()
        return self._session.bye

    # Carrying out steps.

    def _do(self, steps: Iterable[Step]) -> None:
        for step in steps:
            match step:
                case Send():
                    self._connection.send(step.frame)
                case Start():
                    self._start(step)
                case Stop():
                    if attempt := self._attempts.get(step.key):
                        attempt.stop(step.ending, step.grace_ms)
                case Settle():
                    self._spawn(self._settled(step.key, self._spool.forget(step.key)))
                case Keep():
                    logger.warning("task {}: report kept as evidence: {}", step.key[0], step.error)
                    self._spawn(self._settled(step.key, self._spool.keep(step.key, step.error)))
                case Replace():
                    self._spawn(self._replace(step))
                case Complain():
                    logger.warning("{}", step.text)

    async def _settled(self, key: Key, change: Coroutine[Any, Any, None]) -> None:
        await self._stored(change)
        await self._say_the_rest(key)
        self._session.drop(key)
        if attempt := self._reported.pop(key, None):
            await asyncio.to_thread(attempt.remove)

    async def _stored(self, change: Coroutine[Any, Any, None]) -> bool:
        """Carry out a change of the spool. A full disk must not stop the work that goes on."""
        try:
            await change
        except sqlite3.Error as error:
            logger.error("the spool cannot be written: {}", error)
            return False
        return True

    async def _replace(self, step: Replace) -> None:
        await self._stored(self._spool.replace(step.key, step.error, step.frame))
        self._do(self._session.report(step.key, step.frame, replaced=True))

    def _start(self, step: Start) -> None:
        attempt = Attempt(step.assign, self._config)
        older = [self._attempts[key] for key in step.older if key in self._attempts]
        self._attempts[attempt.key] = attempt
        self._idle.clear()
        self._spawn(self._work(attempt, older))

    def _spawn(self, job: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(job)
        self._jobs.add(task)
        task.add_done_callback(self._job_done)

    def _job_done(self, task: asyncio.Task[None]) -> None:
        self._jobs.discard(task)
        if not task.cancelled() and (error := task.exception()) and not self._broken.done():
            # Work that cannot be accounted for must not go on unseen.
            self._broken.set_exception(error)

    # One attempt.

    async def _work(self, attempt: Attempt, older: list[Attempt]) -> None:
        with logger.contextualize(task=attempt.key[0], generation=attempt.key[1]):
            try:
                for other in older:
                    await other.over.wait()
                started = await self._begin(attempt)
                if isinstance(started, Refusal):
                    await self._give_back(attempt, started)
                else:
                    await self._see_through(attempt, started)
            finally:
                attempt.over.set()
                self._attempts.pop(attempt.key, None)
                if not self._attempts:
                    self._alone_at_last()

    def _alone_at_last(self) -> None:
        if self._alone and (strays := processes.end_strays()):
            logger.warning("killed {} processes that had hidden from their task", strays)
        self._idle.set()

    async def _begin(self, attempt: Attempt) -> Run | Refusal:
        if attempt.ending is not None:
            return Refusal(Rejection.DRAINING, "The task was stopped before it started.")
        executor = self._commands if attempt.call is None else self._functions
        plan = executor.plan(attempt.assign)
        if isinstance(plan, Refusal):
            return plan
        try:
            home = attempt.prepare(self._work_dir)
        except OSError as error:
            return Refusal(Rejection.NO_RESOURCES, f"No directory can be made: {error.strerror}")
        if not await self._stored(self._spool.begin(attempt.key, home)):
            return Refusal(Rejection.NO_RESOURCES, "The sidecar cannot write its spool.")

        def on_progress(percent: int, message: str | None) -> None:
            now = self._loop.time()
            self._do(self._session.progress(attempt.key, percent, message, now))

        return attempt.start(plan, self._soon, on_progress)

    async def _give_back(self, attempt: Attempt, refusal: Refusal) -> None:
        logger.info("rejected, {}: {}", refusal.reason, refusal.message)
        await self._stored(self._spool.forget(attempt.key))
        await asyncio.to_thread(attempt.remove)
        if attempt.ending is Ending.NOTHING:
            self._session.drop(attempt.key)
        else:
            self._do(self._session.reject(attempt.key, refusal.reason, refusal.message))

    async def _see_through(self, attempt: Attempt, run: Run) -> None:
        logger.info("started process {}", run.pid)
        self._do(self._session.accept(attempt.key))
        await self._stored(self._spool.runs(attempt.key, run.pid, run.started))
        frame = await attempt.finish(run, self._session.limits)
        if frame is None:
            logger.info("stopped and dropped")
            self._session.drop(attempt.key)
            await self._stored(self._spool.forget(attempt.key))
            await asyncio.to_thread(attempt.remove)
            return
        await self._stored(self._spool.report(attempt.key, frame))
        await self._flush_logs(attempt)
        self._reported[attempt.key] = attempt
        logger.info("ended, reporting {} bytes", len(frame))
        self._do(self._session.report(attempt.key, frame))

    # Logs.

    def _send_logs(self, now: float) -> None:
        for attempt in (*self._attempts.values(), *self._reported.values()):
            if attempt.run is not None:
                for stream in Stream:
                    self._send_stream(attempt.key, attempt.run, stream, now)

    def _send_stream(self, key: Key, run: Run, stream: Stream, now: float) -> None:
        capture = run.captures[stream]
        chunk = self._session.limits.log_chunk_bytes
        while (offset := self._session.log_offset(key, stream, now)) is not None:
            offset = capture.boundary(min(offset, capture.size))
            text = capture.read(offset, chunk) if offset < capture.size else ""
            if not text:
                return
            self._do(self._session.log(key, stream, offset, text, len(text.encode()), now))

    async def _flush_logs(self, attempt: Attempt) -> None:
        """Let the output go before the report, if the hub keeps up."""
        sizes, give_up = attempt.sizes(), self._loop.time() + FLUSH_SECONDS
        while self._session.phase is Phase.OPEN and self._loop.time() < give_up:
            self._send_logs(self._loop.time())
            if not self._session.behind(attempt.key, sizes, acked=False):
                return
            await asyncio.sleep(0.02)

    async def _say_the_rest(self, key: Key) -> None:
        """Wait until the hub has the output of a settled attempt, for a while."""
        attempt, give_up = self._reported.get(key), self._loop.time() + LINGER_SECONDS
        while attempt is not None and self._session.behind(key, attempt.sizes(), acked=True):
            leaving = self._session.draining and self._session.phase is not Phase.OPEN
            if leaving or self._loop.time() > give_up:
                logger.warning("task {}: the hub does not have all output", key[0])
                return
            await asyncio.sleep(0.02)


def identity(config: Config, host: str) -> Identify:
    """What this sidecar says about itself; the token goes with the upgrade instead."""
    return Identify(
        agent_id=config.agent_id,
        protocol_version=PROTOCOL_VERSION,
        name=config.name,
        capabilities=list(config.capabilities),
        slots=config.slots,
        executors=[Executor.COMMAND, *([Executor.PYTHON] if config.allow_python else [])],
        host=host,
    )
