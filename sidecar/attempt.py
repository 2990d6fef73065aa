"""One attempt at a task: its directory, its run, how it was asked to end, and its report."""

import asyncio
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from msgspec import UNSET

from schemas.attempts import Rejection, Stream
from schemas.from_agent import Alive
from schemas.to_agent import Limits, TaskAssign
from schemas.work import PythonCall
from sidecar import reports
from sidecar.config import Config
from sidecar.executors import Refusal
from sidecar.executors.python_child import KWARGS
from sidecar.runner import Plan, Run, spawn
from sidecar.steps import Ending, Key

_PROGRESS: Final = re.compile(r"::progress\s+(\d{1,3})%?(?:\s+(.*))?")


class Attempt:
    """An attempt, from before it runs until its report is in the spool."""

    def __init__(self, assign: TaskAssign, config: Config) -> None:
        """Nothing is done yet."""
        self.key: Key = (assign.task_id, assign.generation)
        self.assign = assign
        self.call = assign.run if isinstance(assign.run, PythonCall) else None
        self.home: Path | None = None
        self.run: Run | None = None
        self.ending: Ending | None = None
        self.over = asyncio.Event()
        """The tree is dead, whatever becomes of the report."""
        self._grace_s: float = 0.0
        self._config = config

    def prepare(self, work_dir: Path) -> Path:
        """Make its private directory; raises OSError when there is no room."""
        home = Path(tempfile.mkdtemp(prefix="attempt-", dir=work_dir))
        self.home = home
        (home / "work").mkdir(mode=0o700)
        payload = self.assign.payload
        content = b"null" if payload is UNSET else bytes(payload)
        (home / "payload.json").write_bytes(content)
        if self.call is not None:
            kwargs = self.call.kwargs
            (home / KWARGS).write_bytes(b"null" if kwargs is UNSET else bytes(kwargs))
        return home

    def start(
        self,
        plan: Plan,
        on_output: Callable[[], None],
        on_progress: Callable[[int, str | None], None],
    ) -> Run | Refusal:
        """Spawn the program, or say why the system will not."""

        def on_line(line: str) -> None:
            found = parse_progress(line)
            if found is not None:
                on_progress(*found)

        assert self.home is not None, "prepare comes first"
        plan = Plan(
            plan.program,
            plan.argv,
            plan.cwd,
            {**plan.env, "CORRAL_PAYLOAD": str(self.home / "payload.json")},
        )
        config = self._config
        try:
            self.run = spawn(
                plan, self.home, config.log_bytes, config.output_bytes // 2, on_output, on_line
            )
        except (PermissionError, FileNotFoundError, NotADirectoryError, ValueError) as error:
            return Refusal(Rejection.BAD_TASK, f"The program cannot be started: {error}")
        except OSError as error:
            return Refusal(Rejection.NO_RESOURCES, f"The program cannot be started: {error}")
        if self.ending is not None:
            self.run.stop(self._grace_s)
        return self.run

    async def finish(self, run: Run, limits: Limits) -> bytes | None:
        """Wait for the end, within the time the task has; None: there is nothing to report."""
        config = self._config
        timer = None
        if self.assign.timeout_ms is not None:
            timer = asyncio.get_running_loop().call_later(
                self.assign.timeout_ms / 1000, self.stop, Ending.TIMEOUT, config.grace_ms
            )
        outcome = await run.finish()
        if timer is not None:
            timer.cancel()
        self.over.set()
        if self.ending is Ending.NOTHING:
            return None
        return reports.ended(
            self.key,
            run,
            outcome,
            self.ending,
            limits,
            config.output_bytes,
            config.failure_classes,
            is_call=self.call is not None,
        )

    def stop(self, ending: Ending, grace_ms: int) -> None:
        """Begin the ladder. The first reason stands, but for one that takes the task away."""
        if self.ending is None or ending is Ending.NOTHING:
            self.ending = ending
        self._grace_s = grace_ms / 1000
        if self.run is not None and not self.over.is_set():
            self.run.stop(self._grace_s)

    def alive(self, now: float) -> Alive:
        """The line about it in a ping."""
        age = 0.0 if self.run is None else max(0.0, self.run.output_age(now))
        return Alive(*self.key, output_age_ms=int(age * 1000))

    def sizes(self) -> dict[Stream, int]:
        """How many bytes of each stream there are to be sent."""
        captures = self.run.captures if self.run is not None else {}
        return {stream: capture.size for stream, capture in captures.items()}

    def remove(self) -> None:
        """Give back files and directory."""
        if self.run is not None:
            self.run.close()
            self.run = None
        if self.home is not None:
            shutil.rmtree(self.home, ignore_errors=True)


def parse_progress(line: str) -> tuple[int, str | None] | None:
    """Percent and message of a line `::progress 40 message`, or None for any other line."""
    found = _PROGRESS.fullmatch(line.strip()) if line.startswith("::progress") else None
    return None if found is None else (min(int(found[1]), 100), found[2])
