"""Many rows in few statements."""

from collections.abc import Iterator

import apsw
import pytest

from hub.store.bulk import SIZES, Bulk


@pytest.fixture
def connection() -> Iterator[apsw.Connection]:
    """A database with one table of two columns."""
    opened = apsw.Connection(":memory:")
    opened.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, x)")
    yield opened
    opened.close()


@pytest.mark.parametrize("number", [0, 1, 2, 3, 63, 64, 65, 127, 200, 1_000])
def test_every_number_of_rows_is_written(connection: apsw.Connection, number: int) -> None:
    """All of them, in order, also those that fill no large chunk."""
    rows = [(n, f"row {n}") for n in range(number)]
    Bulk("INSERT INTO t VALUES {rows}", 2).write(connection, rows)
    assert connection.execute("SELECT * FROM t ORDER BY n").fetchall() == rows


def test_chunks_leave_no_rest() -> None:
    """From the largest down to a single row."""
    assert list(SIZES) == sorted(SIZES, reverse=True)
    assert SIZES[-1] == 1


def test_few_statements_are_run(connection: apsw.Connection) -> None:
    """A batch of hundreds takes a handful."""
    texts: list[str] = []

    def traced(_cursor: object, text: str, _bindings: object) -> bool:
        texts.append(text)
        return True

    connection.exec_trace = traced
    Bulk("INSERT INTO t VALUES {rows}", 2).write(connection, [(n, "") for n in range(500)])
    assert len(texts) <= 500 // SIZES[0] + len(SIZES)


def test_an_error_is_the_drivers(connection: apsw.Connection) -> None:
    """The store says what it means."""
    with pytest.raises(apsw.ConstraintError):
        Bulk("INSERT INTO t VALUES {rows}", 2).write(connection, [(1, ""), (1, "")])
