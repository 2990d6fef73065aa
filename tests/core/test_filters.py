"""What a filter means."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from hub.core.filters import TaskFilter, cases, has_text
from hub.core.lifecycle import create
from hub.core.task import Task
from schemas.scalars import Priority, TaskState
from schemas.work import TaskSpec
from tests.core.making import NOW


def new_task(description: str, **spec: Any) -> Task:
    """A task just submitted."""
    return create(1, "task-01JABC", "main", 1, TaskSpec(description, **spec), "ann", NOW).task


TASK = structs.replace(
    new_task(
        "Härte [prüfen]",
        needs=["gpu", "linux"],
        labels={"team": "red", "kind": "nightly"},
        mission_id="m-1",
        priority="high",
    ),
    submitted_by="ann",
    assigned_to="agent-1",
    created_at=100,
    state=TaskState.RUNNING,
)
FITTING: list[dict[str, Any]] = [
    {},
    {"states": (TaskState.QUEUED, TaskState.RUNNING)},
    {"agent": "agent-1"},
    {"priorities": (Priority.HIGH,)},
    {"capability": "gpu"},
    {"labels": (("team", "red"),)},
    {"labels": (("team", "red"), ("kind", "nightly"))},
    {"mission": "m-1"},
    {"submitter": "ann"},
    {"created_after": 100, "created_before": 101},
    {"text": "hÄRTE [PRÜ"},
    {"text": TASK.id[3:9].upper()},
]
OTHERS: list[dict[str, Any]] = [
    {"states": (TaskState.QUEUED,)},
    {"agent": "agent-2"},
    {"priorities": (Priority.NORMAL, Priority.LOW)},
    {"capability": "gp"},
    {"labels": (("team", "red"), ("kind", "daily"))},
    {"mission": "m"},
    {"submitter": "Ann"},
    {"created_after": 101},
    {"created_before": 100},
    {"text": "härte.*"},
]


@pytest.mark.parametrize("conditions", FITTING)
def test_a_task_matches(conditions: dict[str, Any]) -> None:
    """Each condition by itself."""
    assert TaskFilter(**conditions).matches(TASK)


@pytest.mark.parametrize("conditions", OTHERS)
def test_a_task_does_not_match(conditions: dict[str, Any]) -> None:
    """Each condition by itself, and with others that hold."""
    assert not TaskFilter(**conditions).matches(TASK)
    assert not TaskFilter(**{"submitter": "ann", **conditions}).matches(TASK)


def described(description: str) -> Task:
    """A task of which only the description counts."""
    return structs.replace(new_task(description), id="")


@given(st.text(min_size=1), st.text(), st.text())
def test_a_part_of_a_text_is_found(part: str, before: str, after: str) -> None:
    """Whatever stands around it."""
    if "\0" not in before + part:
        assert has_text(part, described(before + part + after))


@given(st.text(st.characters(max_codepoint=0x17F, exclude_characters="\0µſıİ"), min_size=1))
def test_case_does_not_matter(part: str) -> None:
    """For letters that have one upper and one lower form."""
    other = "".join(cases(letter)[-1] for letter in part)
    assert has_text(other, described(part))
    assert has_text(part, described(other))


def test_text_after_a_nul_is_not_looked_at() -> None:
    """A database would not see it either."""
    assert not has_text("b", described("a\0b"))
