"""Reading a list of the hub page by page, as far as a person wants to see it."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeVar

from rich.table import Table

from hub.cli.client import Client
from hub.cli.screen import OUT, emit, note
from schemas.http.tasks import Total

PAGE: Final = 200
"""The largest page of the hub."""

T = TypeVar("T")


class Page(Protocol[T]):
    """A page of a list."""

    @property
    def items(self) -> list[T]:
        """What is on it."""
        ...

    @property
    def next_cursor(self) -> str | None:
        """Where the next page begins; None after the last one."""
        ...


def collect(
    client: Client, path: str, kind: type[Page[T]], query: Mapping[str, Any], limit: int
) -> tuple[list[T], str | None]:
    """At most `limit` items of the list at `path`, and where more begin. Raises `Trouble`."""
    found: list[T] = []
    cursor: str | None = None
    while len(found) < limit:
        size = min(PAGE, limit - len(found))
        page = client.ask("GET", path, kind, {"limit": size, "cursor": cursor} | dict(query))
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    return found, cursor


def show(
    found: list[T],
    cursor: str | None,
    table: Callable[[list[T]], Table],
    *,
    none: str,
    order: str = "first",
    total: Total | None = None,
    as_json: bool,
) -> None:
    """Print what was collected, and say when there is more; `none` is said when there is nothing.

    `order` is what the beginning of the list is: its first, or its newest.
    """
    if as_json:
        emit({"items": found, "next_cursor": cursor} | ({"total": total} if total else {}))
        return
    if found:
        OUT.print(table(found))
    else:
        note(none)
    if total is not None:
        note(f"{total_text(total)} in all.")
    if cursor is not None:
        note(f"The {order} {len(found)}. There are more: --limit {len(found) * 5}")


def total_text(total: Total) -> str:
    """A total for people."""
    return f"{total.count:,}+" if total.more else f"{total.count:,}"
