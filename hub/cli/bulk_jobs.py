"""A bulk action as people see it: shown first, confirmed, and then watched to its end."""

import sys
import time
from typing import Any, Final

import typer
from msgspec import structs
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from hub.cli.agent_tables import agents_table
from hub.cli.client import Client, part
from hub.cli.exits import Exit, Trouble
from hub.cli.paging import total_text
from hub.cli.screen import NOTES, clean, emit, note
from hub.cli.tables import tasks_table
from schemas.http.bulk import (
    AgentAction,
    AgentBulkPreview,
    AgentBulkRequest,
    BulkAction,
    BulkPreview,
    BulkRequest,
    BulkView,
)

POLL_S: Final = 0.2
"""How often a person is shown how far it has come."""
DONE: Final = {
    BulkAction.CANCEL: "cancelled or asked to stop",
    BulkAction.RETRY: "back in the queue",
    BulkAction.EDIT: "edited",
    BulkAction.PAUSE: "paused",
    BulkAction.RESUME: "get work again",
    BulkAction.DRAIN: "finish what they have and get nothing new",
    BulkAction.DELETE: "deleted",
}


def carry_out(
    client: Client, request: BulkRequest | AgentBulkRequest, *, yes: bool, as_json: bool
) -> None:
    """Have the hub do it, once a person has seen what it is about, and watch it."""
    about = "agents" if isinstance(request, AgentBulkRequest) else "tasks"
    if not yes:
        number = _confirm(client, request, about, as_json=as_json)
        if isinstance(request, AgentBulkRequest) and request.action is AgentAction.DELETE:
            request = structs.replace(request, at_most=number)
    job = client.ask("POST", f"/{about}/bulk", BulkView, body=request)
    job = _watch(client, job, silent=as_json)
    if as_json:
        emit(job)
    else:
        _report(job)
    if job.failed:
        raise typer.Exit(Exit.REFUSED)


def _confirm(
    client: Client, request: BulkRequest | AgentBulkRequest, about: str, *, as_json: bool
) -> int:
    """Ask whether it is meant; how many it is about."""
    if as_json or not sys.stdin.isatty():
        text = "Nobody can be asked here whether this is meant."
        raise Trouble(Exit.USAGE, text, "Give --yes.")
    path = f"/{about}/bulk/preview"
    shown: BulkPreview | AgentBulkPreview
    if isinstance(request, AgentBulkRequest):
        shown = client.ask("POST", path, AgentBulkPreview, body=request)
        table = agents_table(shown.sample)
    else:
        shown = client.ask("POST", path, BulkPreview, body=request)
        table = tasks_table(shown.sample)
    if not shown.total.count and not shown.total.more:
        raise Trouble(Exit.NOT_FOUND, f"There are no such {about}.")
    NOTES.print(table)
    if not typer.confirm(f"{request.action.value} {total_text(shown.total)} {about}?", err=True):
        raise Trouble(Exit.USAGE, "Nothing was changed.")
    return shown.total.count


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
    what = f"{job.done:,} {job.about.value} {DONE[job.action]}"
    note(f"{job.id} is {job.state.value}: {what}.")
    if job.why_stopped is not None:
        note(f"The hub stopped it: {clean(job.why_stopped)}.", "red")
    if job.skipped:
        note(f"{job.skipped:,} were left alone: they were so already, or had changed meanwhile.")
    for failure in job.failures:
        who = failure.task_id or failure.agent_id
        note(f"  {who}: {clean(failure.message)} ({failure.code.value})", "red")
    if job.failed > len(job.failures):
        note(f"  and {job.failed - len(job.failures):,} more failed", "red")
