"""The process of a Python task: calls one function and leaves what it returns as the result.

It is started by its path in an interpreter of its own, and imports nothing of the sidecar.
Beside the result file stand the arguments and, after a failure, what the report shall say.
"""

import importlib
import inspect
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final

KWARGS: Final = "kwargs.json"
"""The file with the arguments: a JSON object or null."""
FAILURE: Final = "failure.json"
"""The file that says why the task failed: `error`, and perhaps `class`."""
ERROR_CHARS: Final = 2_000


class CallError(Exception):
    """The call cannot work as it stands, however often it is tried."""


def find(target: str, entry: str) -> Callable[..., Any]:
    """The function `module:name`; raises `CallError` when there is none that `entry` allows.

    `module:*` allows what the module defines, not what it imports: one `from os import system`
    must not give the whole machine away.
    """
    module_name, name = target.split(":")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise CallError(f"{module_name} cannot be imported: {in_words(error)}") from error
    function: Callable[..., Any] | None = getattr(module, name, None)
    if not callable(function):
        raise CallError(f"{module_name} has no function {name!r}.")
    if entry != target and getattr(function, "__module__", None) != module_name:
        raise CallError(f"{name!r} is not defined in {module_name}: allow {target} by its name.")
    return function


def check_arguments(function: Callable[..., Any], kwargs: dict[str, Any]) -> None:
    """Raise `CallError` when the function does not take these arguments."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        # Some functions that are not written in Python do not tell what they take.
        return
    try:
        signature.bind(**kwargs)
    except TypeError as error:
        raise CallError(f"The kwargs do not fit the function: {error}.") from None


def outcome_of(function: Callable[..., Any], kwargs: dict[str, Any]) -> str:
    """Call it, to its end if it is asynchronous; what it returns as JSON."""
    outcome = function(**kwargs)
    if inspect.iscoroutine(outcome):
        # Imported here, because it doubles the time and memory that a plain function takes.
        import asyncio

        outcome = asyncio.run(outcome)
    try:
        return json.dumps(outcome, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise CallError(f"The function returned something that is not JSON: {error}.") from None


def in_words(error: BaseException) -> str:
    """`ValueError: what it says`."""
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def tell_failure(home: Path, error: BaseException) -> None:
    """Write down for the report why the task failed, and the traceback to stderr."""
    wrong_call = isinstance(error, CallError)
    text = str(error) if wrong_call else in_words(error)
    failure = {"error": text[:ERROR_CHARS].encode(errors="replace").decode()}
    if wrong_call:
        failure["class"] = "config"
    (home / FAILURE).write_text(json.dumps(failure))
    shown = error.__cause__ if wrong_call else error
    if shown is not None:
        shown.__traceback__ = _below_us(shown.__traceback__)
        sys.__excepthook__(type(shown), shown, shown.__traceback__)
    if wrong_call:
        sys.stderr.write(f"{text}\n")


def _below_us(trace: TracebackType | None) -> TracebackType | None:
    """The part of a traceback that is not about this file."""
    part = trace
    while part is not None and part.tb_frame.f_code.co_filename == __file__:
        part = part.tb_next
    return part


def main(target: str, entry: str) -> None:
    """Call `target`, which `entry` of the allow-list lets through."""
    result = Path(os.environ["CORRAL_RESULT"])
    home = result.parent
    # Whatever is raised ends the interpreter as usual, with exit code 1.
    sys.excepthook = lambda _kind, error, _trace: tell_failure(home, error)
    kwargs = json.loads((home / KWARGS).read_bytes()) or {}
    function = find(target, entry)
    check_arguments(function, kwargs)
    result.write_text(outcome_of(function, kwargs))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
