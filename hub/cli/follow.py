"""Follows a task: its output as it comes, why it waits, and how it ends."""

import time
from collections.abc import Callable, Sequence
from typing import Final, TextIO, TypeVar

from hub.cli.client import Client
from hub.cli.exits import Exit, Trouble
from hub.cli.screen import clean, note
from schemas.attempts import Stream
from schemas.http.tasks import LogText, TaskView
from schemas.scalars import StateName

POLL_MS: Final = 500
"""How long one look at the output waits for more."""
PATIENCE_S: Final = 60.0
"""How long a hub may be away, for instance to restart, before following it fails."""
EXPLAIN_AFTER_S: Final = 3.0
"""From this waiting time on the person is told why a task does not run."""
WAITING: Final = (StateName.SCHEDULED, StateName.QUEUED)

Answer = TypeVar("Answer")


class Tail:
    """One stream of a task, read piece by piece; starts again with each attempt."""

    def __init__(self, client: Client, task_id: str, stream: Stream, out: TextIO) -> None:
        """Begin before the first byte of the attempt that runs at the first look."""
        self._client = client
        self._task_id = task_id
        self._stream = stream
        self._out = out
        self._generation: int | None = None
        self._offset = 0

    def read(self, wait_ms: int = 0) -> LogText:
        """Print what is new, waiting up to `wait_ms` for it."""
        part = self._client.log(self._task_id, self._stream, offset=self._offset, wait_ms=wait_ms)
        if self._generation not in (None, part.generation) and self._offset:
            self._offset = 0
            part = self._client.log(self._task_id, self._stream)
        self._generation = part.generation
        self._offset = part.next_offset
        if part.text:
            self._out.write(part.text)
            self._out.flush()
        return part

    def read_all(self) -> None:
        """Print everything that is there now."""
        while self.read().text:
            pass


def print_log(
    client: Client,
    task_id: str,
    streams: Sequence[Stream],
    *,
    follow: bool,
    out: TextIO,
    err: TextIO,
) -> None:
    """Print the output of a task, and with `follow` until it ends."""
    tails = _tails(client, task_id, streams, out, err)
    while follow and not patiently(lambda: _turn(tails)):
        pass
    for tail in tails:
        tail.read_all()


def watch(client: Client, task_id: str, *, out: TextIO, err: TextIO) -> TaskView:
    """Print a task's output until it ends, and say why it waits while it does."""
    tails = _tails(client, task_id, list(Stream), out, err)
    story = Story(client, task_id)
    while True:
        ended = patiently(lambda: _turn(tails))
        task = patiently(lambda: client.task(task_id))
        if ended:
            for tail in tails:
                tail.read_all()
            return task
        story.tell(task)


class Story:
    """Tells a person what happens to a task between its submission and its end."""

    def __init__(self, client: Client, task_id: str) -> None:
        """Remember when the waiting began."""
        self._client = client
        self._task_id = task_id
        self._attempt = 0
        self._since = time.monotonic()
        self._told = ""

    def tell(self, task: TaskView) -> None:
        """Note a new attempt, or why there is none; each thing is said once."""
        if task.state is StateName.RUNNING and task.attempt != self._attempt:
            self._attempt = task.attempt
            again = f", attempt {task.attempt} of {task.max_attempts}" if task.attempt > 1 else ""
            self._say(f"{task.id} runs on {task.assigned_to}{again}", f"runs {task.attempt}")
        if task.state not in WAITING:
            self._since = time.monotonic()
        elif time.monotonic() - self._since > EXPLAIN_AFTER_S:
            self._explain()

    def _explain(self) -> None:
        explanation = patiently(lambda: self._client.explain(self._task_id))
        reasons = "; ".join(clean(reason.message) for reason in explanation.reasons)
        if reasons:
            codes = " ".join(reason.code for reason in explanation.reasons)
            self._say(f"{self._task_id} waits: {reasons}", f"waits after {self._attempt}: {codes}")

    def _say(self, text: str, subject: str) -> None:
        """Say it, unless the last thing said had the same subject: a countdown is one thing."""
        if subject != self._told:
            self._told = subject
            note(text)


def patiently(ask: Callable[[], Answer]) -> Answer:
    """Ask again while the hub is away for a moment; raises its `Trouble` after a minute."""
    deadline = time.monotonic() + PATIENCE_S
    told = False
    while True:
        try:
            return ask()
        except Trouble as trouble:
            away = trouble.exit_code in (Exit.UNREACHABLE, Exit.LATER)
            if not away or time.monotonic() > deadline:
                raise
            if not told:
                note(f"{trouble.message} Trying again.", style="yellow")
                told = True
            time.sleep(trouble.retry_after_s or 0.5)


def _tails(
    client: Client, task_id: str, streams: Sequence[Stream], out: TextIO, err: TextIO
) -> list[Tail]:
    files = {Stream.STDOUT: out, Stream.STDERR: err}
    return [Tail(client, task_id, stream, files[stream]) for stream in streams]


def _turn(tails: Sequence[Tail]) -> bool:
    """Look at each stream once, waiting a little at the first; whether the task has ended."""
    began = time.monotonic()
    parts = [tail.read(POLL_MS if index == 0 else 0) for index, tail in enumerate(tails)]
    ended = all(part.ended for part in parts)
    if not ended and not any(part.text for part in parts):
        # A hub that answers at once must not be asked without a pause.
        time.sleep(max(0.0, 0.1 - (time.monotonic() - began)))
    return ended
