"""`corral search`: tasks and agents by any words in them."""

from collections.abc import Sequence
from typing import Annotated, Final

import typer
from rich.table import Table
from rich.text import Text

from hub.cli.client import Client
from hub.cli.options import Access, Json, Limit
from hub.cli.screen import OUT, age, clean, emit, note, span
from hub.cli.tables import plain
from schemas.http.search import Found, Kind, SearchPage

PAGE: Final = 100
"""The largest page of the hub."""
MOST: Final = 1_000
LATE_MS: Final = 5_000
"""From so far behind on a person is told."""


def search(
    words: Annotated[
        list[str], typer.Argument(metavar="WORDS", help="All of them.", show_default=False)
    ],
    kind: Annotated[Kind | None, typer.Option("--kind", help="Only tasks, or only agents.")] = None,
    limit: Limit = 20,
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Find tasks and agents by any words in them, newest first.

    Words may stand anywhere: in ids, descriptions, payloads, labels, errors,
    results. Parts of words are found as well.
    """
    with hub.client() as client:
        found, page = _collect(client, " ".join(words), kind, min(limit, MOST))
    if as_json:
        emit({"items": found, "next_cursor": page.next_cursor, **_standing(page)})
        return
    if found:
        OUT.print(found_table(found))
    else:
        note("Nothing has all these words.")
    if page.next_cursor is not None:
        note("There may be more: --limit, or more words.")
    if not page.ready:
        note("The index is being built: some things are not found yet.", "yellow")
    elif page.behind_ms >= LATE_MS:
        note(f"The index is {span(page.behind_ms)} behind.", "yellow")


def _standing(page: SearchPage) -> dict[str, int | bool]:
    return {"behind": page.behind, "behind_ms": page.behind_ms, "ready": page.ready}


def _collect(
    client: Client, words: str, kind: Kind | None, limit: int
) -> tuple[list[Found], SearchPage]:
    """At most so many, and the last page. Raises `Trouble`."""
    found: list[Found] = []
    cursor: str | None = None
    while True:
        size = min(PAGE, limit - len(found))
        query = {"q": words, "kind": kind, "limit": size, "cursor": cursor}
        page = client.ask("GET", "/search", SearchPage, query)
        found += page.items
        cursor = page.next_cursor
        if cursor is None or len(found) >= limit:
            return found, page


def found_table(found: Sequence[Found]) -> Table:
    """Two lines for each: what it is, and where the words stand."""
    table = plain("ID", "STATE", "AGE")
    table.columns[0].min_width = 31
    table.add_column("TITLE AND WHERE", overflow="fold", ratio=1)
    for each in found:
        text = Text(clean(each.title))
        if each.field not in ("description", "name"):
            text.append(f"\n{each.field}: ", style="dim")
            text.append_text(_marked(each))
        table.add_row(each.id, each.state, age(each.at), text)
    return table


def _marked(found: Found) -> Text:
    text = Text(clean(found.snippet), style="dim")
    for begin, end in found.marks:
        text.stylize("bold not dim", begin, end)
    return text
