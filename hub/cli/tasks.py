"""Looking at many tasks: lists, dead letters, statistics."""

from typing import Annotated

import typer

from hub.cli.bulk import total_text
from hub.cli.client import Client
from hub.cli.filters import filtered, query_of
from hub.cli.options import Access, Json, Limit
from hub.cli.paging import collect
from hub.cli.screen import OUT, emit, note
from hub.cli.tables import stats_page, tasks_table
from schemas.http.tasks import TaskConditions, TaskPage, TaskStats, TaskView

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
    if context.invoked_subcommand is None:
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

    def read(size: int, cursor: str | None) -> TaskPage:
        return client.ask("GET", path, TaskPage, {"limit": size, "cursor": cursor} | query)

    found: list[TaskView]
    found, cursor = collect(read, limit)
    total = None
    if count:
        total = client.ask("GET", path, TaskPage, query | {"count": True, "limit": 1}).total
    if as_json:
        emit({"items": found, "next_cursor": cursor} | ({"total": total} if total else {}))
        return
    if found:
        OUT.print(tasks_table(found))
    elif wanted == TaskConditions():
        note("No dead letters." if path != "/tasks" else "No tasks yet. Try `corral run`.")
    else:
        note("No such tasks.")
    if total is not None:
        note(f"{total_text(total)} in all.")
    if cursor is not None:
        note(f"The newest {len(found)}. There are more: --limit {limit * 5}")


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
