"""Named queries in `.sql` files: read once, each with its name and its sentence.

A query is written as a line `-- name: …`, at least one more comment line that says what it is
for, and its SQL. Where a query writes many rows at once, `{rows}` stands for their
placeholders: see `bulk.py`.
"""

from importlib.resources import files
from typing import Final, NamedTuple

_MARK: Final = "-- name: "


class Query(NamedTuple):
    """One named query."""

    name: str
    sentence: str
    """What it is for."""
    text: str
    """The SQL itself."""


def parse(text: str) -> dict[str, Query]:
    """The queries in a file by name.

    Raises ValueError when one lacks its sentence or its SQL, or when a name comes twice.
    """
    queries: dict[str, Query] = {}
    _, *pieces = ("\n" + text).split("\n" + _MARK)
    for piece in pieces:
        name, *lines = piece.splitlines()
        sentence = " ".join(line[3:] for line in lines if line.startswith("-- "))
        body = "\n".join(line for line in lines if not line.startswith("--")).strip()
        if not sentence or not body or name in queries:
            raise ValueError(f"query {name!r} has no sentence or no SQL, or comes twice")
        queries[name] = Query(name, sentence, body)
    return queries


def read(file: str) -> dict[str, Query]:
    """The queries in a file of this package by name. Raises ValueError as `parse` does."""
    return parse((files("hub.store") / file).read_text(encoding="utf-8"))


QUERIES: Final = read("queries.sql")
"""The queries on `hub.db`."""


def sql(name: str) -> str:
    """The SQL of a named query on `hub.db`. Raises KeyError when there is none."""
    return QUERIES[name].text
