"""The options that say which tasks are meant, the same for every command about many tasks."""

import inspect
import time
from collections.abc import Callable
from typing import Annotated, Any, Final

import typer

from hub.cli.option_sets import Command, option, unfolded
from hub.cli.options import duration_ms, pairs
from schemas.http.tasks import TaskConditions
from schemas.scalars import PriorityName, StateName

_PANEL: Final[dict[str, Any]] = {"rich_help_panel": "Which tasks"}


def _condition(name: str, kind: Any, meaning: str, metavar: str) -> inspect.Parameter:
    flag = f"--{name.replace('_', '-')}"
    told = typer.Option(flag, help=meaning, metavar=metavar, **_PANEL)
    return option(name, Annotated[kind | None, told])


STATE: Final = _condition("state", list[StateName], "In this state; may be repeated.", "STATE")
OTHERS: Final = (
    _condition("agent", str, "That this agent has, or ended.", "ID"),
    _condition("priority", list[PriorityName], "Of this priority; may be repeated.", "WORD"),
    _condition("capability", str, "That need this capability.", "NAME"),
    _condition("label", list[str], "With this label; may be repeated.", "KEY=VALUE"),
    _condition("mission", str, "Of this mission.", "ID"),
    _condition("submitter", str, "Submitted by this one.", "NAME"),
    _condition("newer_than", str, "Created within this time.", "2h"),
    _condition("older_than", str, "Created before that.", "2h"),
    _condition("text", str, "With this text in id or description.", "TEXT"),
)


def filtered(*, by_state: bool = True) -> Callable[[Command], Command]:
    """Give a command the options of a filter, in the place of its parameter `wanted`."""
    options = (STATE, *OTHERS) if by_state else OTHERS
    return lambda command: unfolded(command, "wanted", options, conditions_of)


def conditions_of(
    *,
    state: list[StateName] | None = None,
    priority: list[PriorityName] | None = None,
    label: list[str] | None = None,
    newer_than: str | None = None,
    older_than: str | None = None,
    **plain: str | None,
) -> TaskConditions:
    """The filter that the options describe. Raises Trouble for what cannot be one."""
    return TaskConditions(
        state=state or None,
        priority=priority or None,
        labels=pairs(label or ()) or None,
        created_after=_ago(newer_than),
        created_before=_ago(older_than),
        **plain,
    )


def _ago(text: str | None) -> int | None:
    passed = duration_ms(text)
    return None if passed is None else max(time.time_ns() // 1_000_000 - passed, 0)


def query_of(wanted: TaskConditions) -> dict[str, Any]:
    """The filter as query parameters."""
    named = {name: getattr(wanted, name) for name in wanted.__struct_fields__}
    labels = named.pop("labels") or {}
    named["label"] = [f"{key}={value}" for key, value in labels.items()]
    return named
