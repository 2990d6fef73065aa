"""The options that say which tasks are meant, the same for every command about many tasks."""

import inspect
import time
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, Final

import typer

from hub.cli.options import duration_ms, pairs
from schemas.http.tasks import TaskConditions
from schemas.scalars import PriorityName, StateName

_PANEL: Final[dict[str, Any]] = {"rich_help_panel": "Which tasks"}
STATE: Final = inspect.Parameter(
    "state",
    inspect.Parameter.KEYWORD_ONLY,
    default=None,
    annotation=Annotated[
        list[StateName] | None,
        typer.Option("--state", help="In this state; may be repeated.", metavar="STATE", **_PANEL),
    ],
)


def _text(name: str, flag: str, meaning: str, metavar: str) -> inspect.Parameter:
    option = typer.Option(flag, help=meaning, metavar=metavar, **_PANEL)
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[str | None, option],
    )


OTHERS: Final = (
    _text("agent", "--agent", "That this agent has, or ended.", "ID"),
    inspect.Parameter(
        "priority",
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[
            list[PriorityName] | None,
            typer.Option(
                "--priority", help="Of this priority; may be repeated.", metavar="WORD", **_PANEL
            ),
        ],
    ),
    _text("capability", "--capability", "That need this capability.", "NAME"),
    inspect.Parameter(
        "label",
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[
            list[str] | None,
            typer.Option(
                "--label", help="With this label; may be repeated.", metavar="KEY=VALUE", **_PANEL
            ),
        ],
    ),
    _text("mission", "--mission", "Of this mission.", "ID"),
    _text("submitter", "--submitter", "Submitted by this one.", "NAME"),
    _text("newer_than", "--newer-than", "Created within this time.", "2h"),
    _text("older_than", "--older-than", "Created before that.", "2h"),
    _text("text", "--text", "With this text in id or description.", "TEXT"),
)


def filtered(*, by_state: bool = True) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of a filter, in the place of its parameter `wanted`."""
    options = (STATE, *OTHERS) if by_state else OTHERS

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def called(**given: Any) -> None:
            chosen = {each.name: given.pop(each.name) for each in options}
            command(wanted=conditions_of(**chosen), **given)

        own = inspect.signature(command).parameters.values()
        kept = [
            each.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for each in own
            if each.name != "wanted"
        ]
        parameters = [*kept[:1], *options, *kept[1:]]
        called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        called.__annotations__ = {each.name: each.annotation for each in parameters}
        return called

    return decorate


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
