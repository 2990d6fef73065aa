"""Options that go together: one parameter of a command that stands for several options."""

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

Command = Callable[..., None]


def unfolded(
    command: Command, name: str, options: Sequence[inspect.Parameter], made: Callable[..., Any]
) -> Command:
    """The command with `options` in the place of its parameter `name`.

    When it is called, `made` makes that parameter of what the options say.
    """
    parameters: list[inspect.Parameter] = []
    for each in inspect.signature(command).parameters.values():
        parameters += options if each.name == name else [each]

    @wraps(command)
    def called(**given: Any) -> None:
        chosen = {each.name: given.pop(each.name) for each in options}
        command(**{name: made(**chosen)}, **given)

    keyed = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters]
    called.__signature__ = inspect.Signature(keyed)  # type: ignore[attr-defined]
    called.__annotations__ = {each.name: each.annotation for each in keyed}
    return called


def option(name: str, annotation: Any, default: Any = None) -> inspect.Parameter:
    """One of the options of a set."""
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )
