"""One action on many tasks: shown first, confirmed, and then watched to its end."""

import sys
import time
from typing import Annotated, Any, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from hub.cli.client import Client, part
from hub.cli.exits import Exit, Trouble
from hub.cli.filters import filtered
from hub.cli.options import Access, Json, Reason
from hub.cli.paging import total_text
from hub.cli.screen import NOTES, clean, emit, note
from hub.cli.tables import tasks_table
from schemas.http.bulk import BulkAction, BulkPreview, BulkRequest, BulkView
from schemas.http.tasks import TaskConditions, TaskEdit
from schemas.scalars import PriorityName, StateName

POLL_S: Final = 0.2
"""How often a person is shown how far it has come."""
DONE: Final = {
    BulkAction.CANCEL: "cancelled or asked to stop",
    BulkAction.RETRY: "back in the queue",
    BulkAction.EDIT: "edited",
}

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
All = Annotated[bool, typer.Option("--all", help="All tasks, without a condition.")]


@filtered()
def cancel(
    *,
    reason: Reason = None,
    wanted: TaskConditions,
    every: All = False,
    yes: Yes = False,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Cancel many tasks: those that have not ended."""
    wanted = _checked(BulkAction.CANCEL, wanted, every=every)
    request = BulkRequest(BulkAction.CANCEL, wanted, reason=reason)
    with hub.client() as client:
        _carry_out(client, request, yes=yes, as_json=as_json)


@filtered()
def retry(
    *,
    reason: Reason = None,
    wanted: TaskConditions,
    every: All = False,
    yes: Yes = False,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Retry many tasks: dead letters, and cancelled ones with --state cancelled."""
    wanted = _checked(BulkAction.RETRY, wanted, every=every)
    request = BulkRequest(BulkAction.RETRY, wanted, reason=reason)
    with hub.client() as client:
        _carry_out(client, request, yes=yes, as_json=as_json)


@filtered()
def reprioritise(
    *,
    to: Annotated[PriorityName, typer.Option("--to", help="The new priority.", metavar="WORD")],
    wanted: TaskConditions,
    every: All = False,
    yes: Yes = False,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Give many tasks another priority: those that have not ended."""
    wanted = _checked(BulkAction.EDIT, wanted, every=every)
    request = BulkRequest(BulkAction.EDIT, wanted, edit=TaskEdit(priority=to))
    with hub.client() as client:
        _carry_out(client, request, yes=yes, as_json=as_json)


def _checked(action: BulkAction, wanted: TaskConditions, *, every: bool) -> TaskConditions:
    """The conditions; where there are none, the states that mean all tasks of the action."""
    if wanted != TaskConditions():
        return wanted
    if not every:
        raise Trouble(
            Exit.USAGE, "This would be about all tasks.", "Name a condition, or give --all."
        )
    is_retry = action is BulkAction.RETRY
    return TaskConditions(state=[StateName.DEAD_LETTER] if is_retry else list(StateName))


def _carry_out(client: Client, request: BulkRequest, *, yes: bool, as_json: bool) -> None:
    if not yes:
        _confirm(client, request, as_json=as_json)
    job = client.ask("POST", "/tasks/bulk", BulkView, body=request)
    job = _watch(client, job, silent=as_json)
    if as_json:
        emit(job)
    else:
        _report(job)
    if job.failed:
        raise typer.Exit(Exit.REFUSED)


def _confirm(client: Client, request: BulkRequest, *, as_json: bool) -> None:
    if as_json or not sys.stdin.isatty():
        text = "Nobody can be asked here whether this is meant."
        raise Trouble(Exit.USAGE, text, "Give --yes.")
    shown = client.ask("POST", "/tasks/bulk/preview", BulkPreview, body=request)
    if not shown.total.count and not shown.total.more:
        raise Trouble(Exit.NOT_FOUND, "There are no such tasks.")
    NOTES.print(tasks_table(shown.sample))
    number = total_text(shown.total)
    if not typer.confirm(f"{request.action.value} {number} tasks?", err=True):
        raise Trouble(Exit.USAGE, "Nothing was changed.")


def _watch(client: Client, job: BulkView, *, silent: bool) -> BulkView:
    """Show progress until the action ends; it goes on by itself if nobody watches."""
    columns: list[Any] = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()]
    with Progress(*columns, console=NOTES, transient=True, disable=silent) as bar:
        total = None if job.total.more else job.total.count
        line = bar.add_task(job.action.value, total=total)
        try:
            while job.finished_at is None:
                time.sleep(POLL_S)
                job = client.ask("GET", f"/bulk/{part(job.id)}", BulkView)
                bar.update(line, completed=job.done + job.failed + job.skipped)
        except KeyboardInterrupt:
            note(f"{job.id} goes on at the hub.")
            raise
    return job


def _report(job: BulkView) -> None:
    note(f"{job.id} is {job.state.value}: {job.done:,} tasks {DONE[job.action]}.")
    if job.skipped:
        note(f"{job.skipped:,} were left alone: they were so already, or had changed meanwhile.")
    for failure in job.failures:
        note(f"  {failure.task_id}: {clean(failure.message)} ({failure.code.value})", "red")
    if job.failed > len(job.failures):
        note(f"  and {job.failed - len(job.failures):,} more failed", "red")
