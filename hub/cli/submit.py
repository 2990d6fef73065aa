"""Giving work to the hub: one command with `run`, many tasks with `submit`."""

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final

import msgspec
import typer
from msgspec import Raw, Struct
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hub.cli.client import Client
from hub.cli.exits import Exit, Trouble
from hub.cli.follow import watch
from hub.cli.options import Access, Description, Json, Needs, duration_ms, words
from hub.cli.screen import NOTES, OUT, emit, note
from schemas.http.tasks import Created, TaskView
from schemas.scalars import BODY_BYTES, TASKS_PER_SUBMIT, PriorityName, StateName
from schemas.work import Command, PythonCall, Run, TaskSpec

BATCH_BYTES: Final = BODY_BYTES * 7 // 8
"""How many bytes of tasks go into one request, with room for what surrounds them."""
TRIES: Final = 20
"""How often a batch is offered to a hub that has no room for it just now."""

Target = Annotated[
    str | None,
    typer.Option(
        "--python", help="Call this function instead of a command.", metavar="MODULE:FUNCTION"
    ),
]
Kwargs = Annotated[
    list[str] | None,
    typer.Option("--kwarg", help="An argument for it, as JSON or else text.", metavar="NAME=VALUE"),
]
EXITS: Final = {StateName.DEAD_LETTER: Exit.FAILED, StateName.CANCELLED: Exit.CANCELLED}


def run(
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="COMMAND", help="The program and its arguments, after `--`."),
    ] = None,
    python: Target = None,
    kwarg: Kwargs = None,
    needs: Needs = None,
    priority: Annotated[
        PriorityName,
        typer.Option("--priority", help="urgent, high, normal or low.", metavar="PRIORITY"),
    ] = PriorityName.NORMAL,
    timeout: Annotated[
        str | None,
        typer.Option("--timeout", help="How long one attempt may run: 90s, 15m.", metavar="TIME"),
    ] = None,
    attempts: Annotated[
        int, typer.Option("--attempts", min=1, max=100, help="How often to try.", metavar="N")
    ] = 3,
    agent: Annotated[
        str | None, typer.Option("--agent", help="Only this agent may run it.", metavar="ID")
    ] = None,
    cwd: Annotated[
        str | None,
        typer.Option("--cwd", help="Directory on the agent's machine to run in.", metavar="DIR"),
    ] = None,
    description: Description = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Print its output and wait for its end.")
    ] = False,
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Run a command on an agent: `corral run --follow -- uname -a`."""
    spec = TaskSpec(
        description=description or " ".join([*(command or []), *filter(None, [python])])[:200],
        run=_run_of(command, cwd, python, kwarg or []),
        needs=words(needs) or None,
        priority=priority,
        timeout_ms=duration_ms(timeout),
        max_attempts=attempts,
        assign_to=agent,
    )
    with hub.client() as client:
        task = client.submit(spec)
        if follow:
            task = _followed(client, task, as_json=as_json)
    if as_json:
        emit(task)
    elif not follow:
        OUT.print(task.id, soft_wrap=True)
        note(f"Follow it with: corral task log --follow {task.id}")
    if task.state in EXITS and follow:
        raise typer.Exit(EXITS[task.state])


def _run_of(
    command: list[str] | None, cwd: str | None, target: str | None, kwargs: list[str]
) -> Run:
    """What the options ask to be run; raises `Trouble` unless it is one thing."""
    if command and target is None and not kwargs:
        return Command(argv=command, cwd=cwd)
    if target is None or command or cwd is not None:
        raise Trouble(
            Exit.USAGE,
            "Say what to run: a command, or a Python function.",
            "corral run -- uname -a, or: corral run --python shop:total --kwarg prices=[1,2]",
        )
    return PythonCall(target, Raw(msgspec.json.encode(dict(map(_argument, kwargs)))))


def _argument(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Trouble(Exit.USAGE, f"{text!r} is no argument.", "Write --kwarg NAME=VALUE.")
    try:
        return name, msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return name, value


def _followed(client: Client, task: TaskView, *, as_json: bool) -> TaskView:
    try:
        # With --json standard output is for the one document.
        ended = watch(client, task.id, out=sys.stderr if as_json else sys.stdout, err=sys.stderr)
    except KeyboardInterrupt:
        raise Trouble(
            Exit.INTERRUPTED,
            f"Stopped watching; {task.id} goes on.",
            f"Stop it with `corral task cancel {task.id}`.",
        ) from None
    style = "dim" if ended.state is StateName.COMPLETED else "bold red"
    note(_fate(ended), style=style)
    return ended


def _fate(task: TaskView) -> str:
    """How a task ended, where, and why, in one line."""
    where = f" on {task.assigned_to}" if task.assigned_to else ""
    tries = f" after {task.attempt} attempts" if task.attempt > 1 else ""
    why = f": {task.error}" if task.error and task.state is not StateName.COMPLETED else ""
    return f"{task.id} ended as {task.state.value}{where}{tries}{why}"


class Batch(Struct, frozen=True):
    """Tasks of one request, and the lines of the file they stand on."""

    first_line: int
    last_line: int
    specs: list[TaskSpec]


def submit(
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="JSON lines, one task a line; - is standard input."),
    ],
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Submit many tasks from a file. A thousand at a time go in all or none."""
    total = _checked_lines(file)
    sent = 0
    with hub.client() as client, _progress() as progress, _opened(file) as lines:
        bar = progress.add_task("submitting", total=total)
        for batch in batches(lines):
            for created in _offered(client, batch):
                sent += 1
                if as_json:
                    emit(created)
            progress.update(bar, completed=sent)
    if not as_json:
        note(f"{sent:,} tasks submitted. See: corral tasks")


def batches(lines: Iterable[bytes]) -> Iterator[Batch]:
    """Tasks in portions that fit one request; raises `Trouble` naming the first bad line."""
    specs: list[TaskSpec] = []
    size = first = number = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        spec = _task_of(line, number)
        # What is sent may be longer than the line: every field is spelt out.
        length = len(msgspec.json.encode(spec)) + 1
        if specs and (len(specs) == TASKS_PER_SUBMIT or size + length > BATCH_BYTES):
            yield Batch(first, number - 1, specs)
            specs, size = [], 0
        first = first if specs else number
        specs.append(spec)
        size += length
    if specs:
        yield Batch(first, number, specs)


def _task_of(line: bytes, number: int) -> TaskSpec:
    try:
        return msgspec.json.decode(line, type=TaskSpec)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Trouble(
            Exit.USAGE,
            f"Line {number} is no task: {error}.",
            'A line looks like {"description": "say hello", "run": {"kind": "command",'
            ' "argv": ["echo", "hello"]}}.',
        ) from error


def _offered(client: Client, batch: Batch) -> list[Created]:
    for attempt in range(1, TRIES + 1):
        try:
            return client.submit_all(batch.specs)
        except Trouble as trouble:
            if not trouble.busy or attempt == TRIES:
                raise _located(trouble, batch) from trouble
            time.sleep(trouble.retry_after_s or min(5.0, 0.1 * 2**attempt))
    raise AssertionError("the last attempt either returns or raises")


def _located(trouble: Trouble, batch: Batch) -> Trouble:
    done = f"Lines before {batch.first_line} are submitted. " if batch.first_line > 1 else ""
    fate = "are unknown" if trouble.unknown else "were not submitted"
    return Trouble(
        trouble.exit_code,
        f"Lines {batch.first_line} to {batch.last_line} {fate}: {trouble.message}",
        done + trouble.hint,
        unknown=trouble.unknown,
    )


def _checked_lines(file: str) -> int | None:
    """How many tasks the file holds, after a look at each; standard input is read only once."""
    if file == "-":
        return None
    with _opened(file) as lines:
        return sum(len(batch.specs) for batch in batches(lines))


def _opened(file: str) -> BinaryIO:
    try:
        return sys.stdin.buffer if file == "-" else Path(file).open("rb")
    except OSError as error:
        raise Trouble(Exit.USAGE, f"{file} cannot be read: {error.strerror}.") from error


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=NOTES,
        transient=True,
        disable=not NOTES.is_terminal,
    )
