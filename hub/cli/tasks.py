"""Looking at many tasks: lists, dead letters, statistics."""

from typing import Annotated, Final

import typer

from hub.cli.client import Client
from hub.cli.filters import filtered, query_of
from hub.cli.options import Access, Json, Limit, is_subcommand
from hub.cli.paging import collect, show
from hub.cli.screen import OUT, emit
from hub.cli.tables import stats_page, tasks_table
from schemas.http.tasks import TaskConditions, TaskPage, TaskStats

NONE: Final = {
    "/tasks": "No tasks yet. Try `corral run`.",
    "/dead-letters": "No dead letters.",
}
"""What is said of a list without a condition that has nothing."""
Count = Annotated[bool, typer.Option("--count", help="Also say how many there are in all.")]


@filtered()
def tasks(
    context: typer.Context,
    *,
    wanted: TaskConditions,
    limit: Limit = 20,
    count: Count = False,
    as_json: Json = False,
    hub: Access,
) -> None:
    """List tasks, newest first; or act on many of them at once."""
    if not is_subcommand(context, is_filtered=wanted != TaskConditions()):
        with hub.client() as client:
            _list(client, "/tasks", wanted, limit, count=count, as_json=as_json)


@filtered(by_state=False)
def dead_letters(
    *,
    limit: Limit = 20,
    wanted: TaskConditions,
    count: Count = False,
    as_json: Json = False,
    hub: Access,
) -> None:
    """List tasks that failed for good, newest first."""
    with hub.client() as client:
        _list(client, "/dead-letters", wanted, limit, count=count, as_json=as_json)


def _list(
    client: Client, path: str, wanted: TaskConditions, limit: int, *, count: bool, as_json: bool
) -> None:
    query = query_of(wanted)
    if path == "/dead-letters":
        del query["state"]
    found, cursor = collect(client, path, TaskPage, query, limit)
    total = None
    if count:
        total = client.ask("GET", path, TaskPage, query | {"count": True, "limit": 1}).total
    none = NONE[path] if wanted == TaskConditions() else "No such tasks."
    show(found, cursor, tasks_table, none=none, order="newest", total=total, as_json=as_json)


def stats(
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Show how many tasks there are, how many end, and how long they take."""
    with hub.client() as client:
        found = client.ask("GET", "/tasks/stats", TaskStats)
    if as_json:
        emit(found)
    else:
        OUT.print(stats_page(found))
