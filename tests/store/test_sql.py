"""The loader of named queries."""

import apsw
import apsw.ext
import pytest

from hub.store.migrate import MIGRATIONS
from hub.store.rows import TASK_COLUMNS
from hub.store.sql import QUERIES, parse, read, sql


def test_a_query_has_name_sentence_and_text() -> None:
    """A sentence may have several lines, and the SQL too."""
    text = "-- name: one\n-- Says\n-- one.\nSELECT\n  1\n\n-- name: two\n-- Two.\nSELECT 2\n"
    queries = parse("-- a heading\n\n" + text)
    assert list(queries) == ["one", "two"]
    assert queries["one"] == ("one", "Says one.", "SELECT\n  1")


@pytest.mark.parametrize(
    "text",
    [
        "-- name: one\nSELECT 1",
        "-- name: one\n-- Says one.\n",
        "-- name: one\n-- One.\nSELECT 1\n-- name: one\n-- One.\nSELECT 1",
    ],
)
def test_a_query_without_sentence_or_text_or_twice_is_refused(text: str) -> None:
    """Each must be explained, and meant."""
    with pytest.raises(ValueError, match="'one'"):
        parse(text)


def test_an_unknown_query_is_an_error() -> None:
    """A typo is found at import."""
    with pytest.raises(KeyError):
        sql("no_such_query")


def test_every_query_fits_the_schema() -> None:
    """SQLite takes each of them, and reads no table that is not there."""
    connection = apsw.Connection(":memory:")
    for migration in MIGRATIONS:
        connection.execute(migration.text)
    shapes = {"insert_tasks": 33, "put_tasks": 33, "update_tasks": 24}
    shapes |= {"insert_events": 7, "note_endings": 3, "file_endings": 3}
    for query in QUERIES.values():
        row = "(" + ",".join("?" * shapes.get(query.name, 1)) + ")"
        text = query.text.replace("{rows}", row).replace("{columns}", TASK_COLUMNS)
        statement = "EXPLAIN " + text
        needed = apsw.ext.query_info(connection, statement).bindings_count
        connection.execute(statement, (None,) * needed).fetchall()
    connection.close()


def test_other_files_are_read_likewise() -> None:
    """The queries on task logs stand in a file of their own."""
    assert "add_piece" in read("logs.sql")
