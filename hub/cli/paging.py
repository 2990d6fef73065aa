"""Reading a list of the hub page by page, as far as a person wants to see it."""

from collections.abc import Callable
from typing import Final, Protocol, TypeVar

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


def collect(read: Callable[[int, str | None], Page[T]], limit: int) -> tuple[list[T], str | None]:
    """At most `limit` items, and where more begin; `read` takes a size and a cursor."""
    found: list[T] = []
    cursor: str | None = None
    while len(found) < limit:
        page = read(min(PAGE, limit - len(found)), cursor)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    return found, cursor
