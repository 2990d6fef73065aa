"""Records and rows: the orders of columns agree with queries and schema."""

import re

import apsw
import pytest
from msgspec import structs

from hub.core import requirements
from hub.core.task import Task
from hub.store import rows
from hub.store.migrate import MIGRATIONS
from hub.store.sql import sql
from tests.store.records import new_task

ORGS = {"main": 1}


def columns_of(text: str) -> list[str]:
    """The names in the parentheses of an INSERT."""
    return [name.strip() for name in text[text.index("(") + 1 : text.index(")")].split(",")]


def test_a_new_task_has_a_value_for_each_column() -> None:
    """In the order of the query; every column of the table is among them."""
    columns = columns_of(sql("insert_tasks"))
    (row,) = rows.fresh_rows([new_task(7, fairness_key="f", complete_by=9)], ORGS)
    assert len(columns) == len(row) == rows.FRESH_WIDTH
    found = dict(zip(columns, row, strict=True))
    assert (found["org"], found["seq"], found["fairness_key"], found["complete_by"]) == (
        1,
        7,
        "f",
        9,
    )
    connection = apsw.Connection(":memory:")
    for migration in MIGRATIONS:
        connection.execute(migration.text)
    assert {name for _, name, *_ in connection.execute("PRAGMA table_info(task)")} == set(columns)
    connection.close()


def test_a_changed_task_has_a_value_for_each_column_set() -> None:
    """The n-th value goes to the column that the query gives it to."""
    columns = columns_of(sql("update_tasks"))
    columns, dummies = columns[:-6], columns[-6:]
    assert dummies == ["org", "id", "priority", "submitted_by", "created_at", "spec"]
    pairs = re.findall(r"(\w+) = excluded\.(\w+)", sql("update_tasks"))
    assert [(name, name) for name in columns[1:]] == pairs
    task = new_task(7)
    (row,) = rows.changed_rows([task])
    assert len(columns) == len(row) == rows.CHANGED_WIDTH
    fields = ["queued_at" if name == "queued_after" else name for name in columns]
    assert [getattr(task, name) for name in fields] == list(row)


def test_a_task_is_read_in_the_order_of_its_fields() -> None:
    """So that a new field cannot be forgotten."""
    columns = rows.TASK_COLUMNS.replace("created_at + queued_after", "queued_at")
    assert columns.split(", ") == [field.name for field in structs.fields(Task)]


@pytest.mark.parametrize(("queued_at", "stored"), [(None, None), (2_000, 0), (2_007, 7)])
def test_a_task_says_how_long_after_its_creation_it_was_queued(
    queued_at: int | None, stored: int | None
) -> None:
    """Nearly always at once: then it takes no room."""
    task = structs.replace(new_task(7), created_at=2_000, queued_at=queued_at)
    (row,) = rows.fresh_rows([task], ORGS)
    assert row[columns_of(sql("insert_tasks")).index("queued_after")] == stored


def test_a_task_spec_is_stored_without_what_it_does_not_say() -> None:
    """Defaults are left out: they would be more than the rest."""
    (row,) = rows.fresh_rows([new_task(7)], ORGS)
    assert row[1] == b'{"description":"task 7","payload":{"n": 1}}'


@pytest.mark.parametrize("needs", [None, [], ["gpu"], ["gpu", "linux"], ["b", "a"], ["a", "a"]])
def test_needs_are_stored_once_and_come_back_as_they_were(needs: list[str] | None) -> None:
    """In the key of the lane; only those in disorder are in the spec as well."""
    task = new_task(7, needs=needs)
    (row,) = rows.fresh_rows([task], ORGS)
    ordered = bool(needs) and needs == sorted(set(needs or ()))
    assert (b"needs" in row[1]) is (needs is not None and not ordered)
    assert rows.spec_of(row[1], task.requires) == task.spec


def test_needs_come_back_where_agents_are_excluded() -> None:
    """The key of the lane changes after a rejection, what the submitter said does not."""
    task = new_task(7, needs=["gpu"], assign_to="needs")
    (row,) = rows.fresh_rows([task], ORGS)
    excluding = requirements.exclude(task.requires, "oak", 0, 1)
    assert rows.spec_of(row[1], excluding) == task.spec
