"""What a task is made of."""

from typing import Any

import msgspec
import pytest
from hypothesis import given

from schemas.work import Command, Retry, TaskSpec
from tests.schemas.agreement import assert_both, assert_corpus, assert_same, changed, published
from tests.schemas.messages import anything_good

TASK = published("http.json", "TaskSpec")


@pytest.mark.parametrize("part", [TaskSpec, Command, Retry], ids=lambda part: part.__name__)
def test_corpus(part: Any) -> None:
    """At least five kinds of wrong in each part, each refused by both."""
    kinds = assert_corpus(part, part, published("http.json", part.__name__))

    assert len(kinds) >= 5


@given(anything_good(TaskSpec))
def test_good_tasks_are_taken(task: Any) -> None:
    """Whatever fits the Struct is taken by both."""
    assert_both(True, task, TaskSpec, TASK)


@given(changed(TaskSpec))
def test_changed_tasks_are_judged_alike(task: Any) -> None:
    """One random change to a good task, and both still say the same."""
    assert_same(task, TaskSpec, TASK)


def test_opaque_json_is_kept_byte_for_byte() -> None:
    """What the hub does not read it does not rewrite."""
    raw = b'{"description":"x","payload":{"b": 1.0,  "a":[1e2]}}'

    task = msgspec.json.decode(raw, type=TaskSpec)

    assert isinstance(task.payload, msgspec.Raw)
    assert bytes(task.payload) == b'{"b": 1.0,  "a":[1e2]}'
