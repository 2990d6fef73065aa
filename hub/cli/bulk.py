"""One action on many tasks: cancel, retry, reprioritise."""

from typing import Annotated

import typer

from hub.cli.bulk_jobs import carry_out
from hub.cli.exits import Exit, Trouble
from hub.cli.filters import filtered
from hub.cli.options import Access, Json, Reason, Yes
from schemas.http.bulk import BulkRequest, TaskAction
from schemas.http.tasks import TaskConditions, TaskEdit
from schemas.scalars import PriorityName, StateName

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
    wanted = _checked(TaskAction.CANCEL, wanted, every=every)
    request = BulkRequest(TaskAction.CANCEL, wanted, reason=reason)
    with hub.client() as client:
        carry_out(client, request, yes=yes, as_json=as_json)


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
    wanted = _checked(TaskAction.RETRY, wanted, every=every)
    request = BulkRequest(TaskAction.RETRY, wanted, reason=reason)
    with hub.client() as client:
        carry_out(client, request, yes=yes, as_json=as_json)


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
    wanted = _checked(TaskAction.EDIT, wanted, every=every)
    request = BulkRequest(TaskAction.EDIT, wanted, edit=TaskEdit(priority=to))
    with hub.client() as client:
        carry_out(client, request, yes=yes, as_json=as_json)


def _checked(action: TaskAction, wanted: TaskConditions, *, every: bool) -> TaskConditions:
    """The conditions; where there are none, the states that mean all tasks of the action."""
    if wanted != TaskConditions():
        return wanted
    if not every:
        raise Trouble(
            Exit.USAGE, "This would be about all tasks.", "Name a condition, or give --all."
        )
    is_retry = action is TaskAction.RETRY
    return TaskConditions(state=[StateName.DEAD_LETTER] if is_retry else list(StateName))
