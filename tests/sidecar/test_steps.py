"""The vocabulary between session and supervisor."""

import dataclasses
from typing import get_args

import pytest

from sidecar.steps import Keep, Step


def test_every_step_is_frozen() -> None:
    """A step is a fact that was decided; nobody changes it on its way."""
    for step in get_args(Step):
        assert step.__struct_config__.frozen, step


def test_steps_are_compared_by_value() -> None:
    """Two equal decisions are equal."""
    assert Keep(("task-1", 1), "no") == Keep(("task-1", 1), "no")
    with pytest.raises((AttributeError, dataclasses.FrozenInstanceError)):
        Keep(("task-1", 1), "no").error = "yes"  # type: ignore[misc]
