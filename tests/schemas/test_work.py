"""What a task is made of."""

from typing import Any

import msgspec
import pytest
from hypothesis import given

from schemas.work import Command, PythonCall, Retry, TaskSpec
from tests.schemas.agreement import assert_both, assert_corpus, assert_same, changed, published
from tests.schemas.messages import anything_good

TASK = published("http.json", "TaskSpec")


@pytest.mark.parametrize(
    "part", [TaskSpec, Command, PythonCall, Retry], ids=lambda part: part.__name__
)
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


@pytest.mark.parametrize(
    ("target", "fine"),
    [
        ("shop:total", True),
        ("shop._cart.v2:_total_2", True),
        ("shop", False),
        ("shop:", False),
        (":total", False),
        ("shop:Cart.total", False),
        ("shop..cart:total", False),
        (".shop:total", False),
        ("shop:total()", False),
        ("shop:total\n", False),
        ("2shop:total", False),
        ("shöp:total", False),
        ("a:" + "b" * 254, True),
        ("a:" + "b" * 255, False),
    ],
)
def test_a_target_is_a_module_and_a_function(target: str, fine: bool) -> None:
    """Nothing that would have to be evaluated."""
    task = {"description": "x", "run": {"kind": "python", "target": target}}

    assert_both(fine, task, TaskSpec, TASK)


def test_a_run_says_its_kind() -> None:
    """Neither judge guesses."""
    for run in ({"argv": ["true"]}, {"target": "a:b"}, {"kind": "python", "argv": ["true"]}):
        assert_both(False, {"description": "x", "run": run}, TaskSpec, TASK)


def test_opaque_json_is_kept_byte_for_byte() -> None:
    """What the hub does not read it does not rewrite."""
    raw = b'{"description":"x","payload":{"b": 1.0,  "a":[1e2]}}'

    task = msgspec.json.decode(raw, type=TaskSpec)

    assert isinstance(task.payload, msgspec.Raw)
    assert bytes(task.payload) == b'{"b": 1.0,  "a":[1e2]}'
