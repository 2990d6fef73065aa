"""One task: show, cancel, retry, edit, explain it, print its output or what happened to it."""

import sys
import time
from typing import Annotated, Any

import typer
from msgspec import Raw

from hub.cli.client import part
from hub.cli.events import START, events
from hub.cli.exits import Exit, Trouble
from hub.cli.follow import print_log
from hub.cli.options import (
    Access,
    Description,
    Json,
    Needs,
    NewLabels,
    Reason,
    TaskId,
    duration_ms,
    pairs,
    words,
)
from hub.cli.screen import OUT, emit, note
from hub.cli.tables import explanation_page, task_page
from schemas.attempts import Stream
from schemas.http.tasks import Retried, TaskEdit, TaskView
from schemas.scalars import PriorityName, StateName

ENDED = (StateName.COMPLETED, StateName.DEAD_LETTER, StateName.CANCELLED)
CLEARABLE: tuple[str, ...] = (
    "labels",
    "metadata",
    "needs",
    "assign_to",
    "fairness_key",
    "not_before",
)
CLEARABLE += ("complete_by", "timeout_ms", "retry")


def show(
    task_id: TaskId,
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Show everything about a task."""
    with hub.client() as client:
        task = client.task(task_id)
    if as_json:
        emit(task)
    else:
        OUT.print(task_page(task))


def cancel(
    task_id: TaskId,
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Cancel a task; one that runs is stopped by its agent."""
    with hub.client() as client:
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
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Print what a task's current or last attempt wrote."""
    streams = [stream] if stream else list(Stream)
    if as_json and follow:
        raise Trouble(Exit.USAGE, "--json and --follow do not go together.", "Take one of them.")
    with hub.client() as client:
        if as_json:
            emit({part.value: client.log(task_id, part) for part in streams})
        else:
            print_log(client, task_id, streams, follow=follow, out=sys.stdout, err=sys.stderr)


def explain(
    task_id: TaskId,
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Say why a task runs or does not run, agent by agent."""
    with hub.client() as client:
        explanation = client.explain(task_id)
    if as_json:
        emit(explanation)
    else:
        OUT.print(explanation_page(explanation))


def retry(
    task_id: TaskId,
    reason: Reason = None,
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Put a dead letter or a cancelled task back into the queue, with all its attempts."""
    with hub.client() as client:
        path = f"/tasks/{part(task_id)}/retry"
        task = client.ask("POST", path, TaskView, body=Retried(reason))
    if as_json:
        emit(task)
    else:
        note(f"{task.id} is {task.state.value}.")


def _option(flag: str, meaning: str, metavar: str) -> Any:
    return typer.Option(flag, help=meaning, metavar=metavar)


AssignTo = Annotated[str | None, _option("--assign-to", "Only this agent may run it.", "ID")]
Timeout = Annotated[str | None, _option("--timeout", "How long an attempt may run.", "15m")]


def edit(
    task_id: TaskId,
    description: Description = None,
    priority: Annotated[
        PriorityName | None, _option("--priority", "urgent, high, normal or low.", "WORD")
    ] = None,
    label: NewLabels = None,
    needs: Needs = None,
    assign_to: AssignTo = None,
    fairness_key: Annotated[
        str | None, _option("--fairness-key", "Different keys share the agents evenly.", "KEY")
    ] = None,
    start_in: Annotated[
        str | None, _option("--start-in", "Do not start it before this has passed.", "2h")
    ] = None,
    start_within: Annotated[
        str | None, _option("--start-within", "Do not start it after this has passed.", "8h")
    ] = None,
    timeout: Timeout = None,
    max_attempts: Annotated[
        int | None, _option("--max-attempts", "How often to try in all.", "N")
    ] = None,
    clear: Annotated[
        list[str] | None, _option("--clear", f"Empty one of {', '.join(CLEARABLE)}.", "FIELD")
    ] = None,
    if_version: Annotated[
        int | None, _option("--if-version", "Only if it still has this version.", "N")
    ] = None,
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Change a task that has not ended; while it runs, only what its agent need not know."""
    given: dict[str, Any] = {
        "description": description,
        "priority": priority,
        "labels": pairs(label) if label else None,
        "needs": words(needs) if needs else None,
        "assign_to": assign_to,
        "fairness_key": fairness_key,
        "not_before": _from_now(start_in),
        "complete_by": _from_now(start_within),
        "timeout_ms": duration_ms(timeout),
        "max_attempts": max_attempts,
    }
    wish = TaskEdit(**{name: v for name, v in given.items() if v is not None} | _cleared(clear))
    if wish == TaskEdit():
        raise Trouble(Exit.USAGE, "Nothing is to be changed.", "See corral task edit --help.")
    headers = {} if if_version is None else {"If-Match": f'"{if_version}"'}
    with hub.client() as client:
        path = f"/tasks/{part(task_id)}"
        task = client.ask("PATCH", path, TaskView, body=wish, headers=headers)
    if as_json:
        emit(task)
    else:
        OUT.print(task_page(task))


def _cleared(names: list[str] | None) -> dict[str, Any]:
    for name in names or ():
        if name not in CLEARABLE:
            hint = f"There are: {', '.join(CLEARABLE)}."
            raise Trouble(Exit.USAGE, f"{name!r} cannot be cleared.", hint)
    return {name: Raw(b"null") if name == "metadata" else None for name in names or ()}


def _from_now(text: str | None) -> int | None:
    wait = duration_ms(text)
    return None if wait is None else time.time_ns() // 1_000_000 + wait


def history(
    task_id: TaskId,
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Show what happened to a task, oldest first."""
    events(entity=task_id, after=START, as_json=as_json, hub=hub)
