"""How an error is told: in two lines to a person, in one JSON object to a program."""

import sys
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import typer

from hub.cli.exits import Exit, Trouble
from hub.cli.screen import NOTES, clean, note
from schemas.redaction import without_secrets

Mistyped: Final[Any] = next(
    each for each in typer.BadParameter.mro() if each.__name__ == "UsageError"
)
"""What typer raises for every command that cannot be read; it exports only this kind of it."""


def mistyped(error: Any) -> Trouble:
    """The same as an error of our own; the hint names the help of the command that was meant."""
    meant = error.ctx.command_path if error.ctx else "corral"
    return Trouble(Exit.USAGE, error.format_message(), f"See `{meant} --help`.")


def internal(error: Exception) -> Trouble:
    """What nobody foresaw, in one line without secrets."""
    said = " ".join(without_secrets(str(error)).split())
    message = f"{type(error).__name__}: {said}" if said else type(error).__name__
    hint = "" if isinstance(error, OSError) else "This is a defect in Corral. Please report it."
    return Trouble(Exit.INTERNAL, message, hint)


def refuse_what_is_no_text(words: Sequence[str]) -> None:
    """Raises `Trouble` for a word that the shell gave as bytes which are not UTF-8.

    It could not be sent to a hub, nor printed.
    """
    for word in words:
        if word.encode(errors="replace").decode() != word:
            raise Trouble(Exit.USAGE, f"{word!r} is not UTF-8.", "Type words and paths in UTF-8.")


def tell(trouble: Trouble, *, as_json: bool = False) -> None:
    """Print what is wrong and what to do next, on standard error."""
    if as_json:
        print(msgspec.json.encode(document(trouble)).decode(), file=sys.stderr, flush=True)
        return
    NOTES.print("error: ", style="bold red", end="")
    NOTES.print(clean(trouble.message), soft_wrap=True)
    if trouble.hint:
        note(trouble.hint)


def document(trouble: Trouble) -> dict[str, Any]:
    """The error for programs: `code` is the name of the exit code; `hint` may be missing.

    What cannot be written as UTF-8, such as half a character of a path, becomes a `?`.
    """
    said = {"code": trouble.exit_code.name.lower(), "message": trouble.message}
    if trouble.hint:
        said["hint"] = trouble.hint
    readable = {name: text.encode(errors="replace").decode() for name, text in said.items()}
    return {"error": readable, "exit_code": int(trouble.exit_code)}
