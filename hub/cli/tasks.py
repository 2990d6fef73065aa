"""Looking at tasks, and cancelling one."""

import sys
from typing import Annotated

import typer

from hub.cli.exits import Exit, Trouble
from hub.cli.follow import print_log
from hub.cli.locate import DEFAULT_DATA
from hub.cli.options import Data, Json, State, TaskId, Token, Url, connected
from hub.cli.screen import OUT, emit, note
from hub.cli.tables import explanation_page, task_page, tasks_table
from schemas.http.tasks import TaskView
from schemas.scalars import StateName, Stream

PAGE = 200
ENDED = (StateName.COMPLETED, StateName.DEAD_LETTER, StateName.CANCELLED)

Limit = Annotated[
    int, typer.Option("--limit", "-n", min=1, max=100_000, help="At most this many.", metavar="N")
]


def tasks(
    state: State = None,
    limit: Limit = 20,
    as_json: Json = False,
    url: Url = None,
    token: Token = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """List tasks, newest first."""
    found: list[TaskView] = []
    cursor: str | None = None
    with connected(url, token, data) as client:
        while len(found) < limit:
            page = client.tasks(
                limit=min(PAGE, limit - len(found)),
                state=state.value if state else None,
                cursor=cursor,
            )
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
    if as_json:
        emit({"items": found, "next_cursor": cursor})
    elif found:
        OUT.print(tasks_table(found))
        if cursor is not None:
            note(f"The newest {len(found)}. There are more: --limit {limit * 5}")
    else:
        note("No tasks" + (f" in state {state.value}" if state else " yet. Try `corral run`") + ".")


def show(
    task_id: TaskId,
    as_json: Json = False,
    url: Url = None,
    token: Token = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Show everything about a task."""
    with connected(url, token, data) as client:
        task = client.task(task_id)
    if as_json:
        emit(task)
    else:
        OUT.print(task_page(task))


def cancel(
    task_id: TaskId,
    as_json: Json = False,
    url: Url = None,
    token: Token = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Cancel a task; one that runs is stopped by its agent."""
    with connected(url, token, data) as client:
        task = client.cancel(task_id)
    if as_json:
        emit(task)
    elif task.state in ENDED:
        note(f"{task.id} is {task.state.value}.")
    else:
        note(f"{task.id} will be stopped on {task.assigned_to}. See: corral task show {task.id}")


def log(
    task_id: TaskId,
    stream: Annotated[
        Stream | None, typer.Option("--stream", help="Only stdout or stderr.", metavar="STREAM")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the task ends.")
    ] = False,
    as_json: Json = False,
    url: Url = None,
    token: Token = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Print what a task's current or last attempt wrote."""
    streams = [stream] if stream else list(Stream)
    if as_json and follow:
        raise Trouble(Exit.USAGE, "--json and --follow do not go together.", "Take one of them.")
    with connected(url, token, data) as client:
        if as_json:
            emit({part.value: client.log(task_id, part) for part in streams})
        else:
            print_log(client, task_id, streams, follow=follow, out=sys.stdout, err=sys.stderr)


def explain(
    task_id: TaskId,
    as_json: Json = False,
    url: Url = None,
    token: Token = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Say why a task runs or does not run, agent by agent."""
    with connected(url, token, data) as client:
        explanation = client.explain(task_id)
    if as_json:
        emit(explanation)
    else:
        OUT.print(explanation_page(explanation))
