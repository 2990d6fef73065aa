"""The options that several commands share, each described once."""

from collections.abc import Sequence
from inspect import signature
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import typer

from hub.cli.client import Client
from hub.cli.exits import Exit, Trouble
from hub.cli.locate import DEFAULT_DATA, locate
from hub.cli.option_sets import Command, option, unfolded

Url = Annotated[
    str | None,
    typer.Option(
        "--url", envvar="CORRAL_URL", help="Where the hub is.", rich_help_panel="Hub", metavar="URL"
    ),
]
Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        envvar="CORRAL_TOKEN",
        help="Who you are; without it the data directory's admin token.",
        rich_help_panel="Hub",
        metavar="TOKEN",
    ),
]
Data = Annotated[
    Path,
    typer.Option(
        "--data",
        envvar="CORRAL_DATA",
        help="The hub's data directory.",
        rich_help_panel="Hub",
        metavar="DIR",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Config = Annotated[
    Path,
    typer.Option(
        "--config",
        envvar="CORRAL_CONFIG",
        help="The sidecar's configuration directory.",
        metavar="DIR",
    ),
]
TaskId = Annotated[str, typer.Argument(metavar="ID", help="The task's id.", show_default=False)]
Limit = Annotated[
    int, typer.Option("--limit", "-n", min=1, max=100_000, help="At most this many.", metavar="N")
]
Note = Annotated[str | None, typer.Option("--note", help="Why, for others.", metavar="TEXT")]
Reason = Annotated[str | None, typer.Option("--reason", help="Why, for others.", metavar="TEXT")]
For = Annotated[
    str | None,
    typer.Option("--for", help="It ends by itself after this long.", metavar="30m"),
]
Needs = Annotated[
    str | None, typer.Option("--needs", help="Capabilities an agent must offer.", metavar="A,B")
]
Description = Annotated[
    str | None, typer.Option("--description", help="What people read.", metavar="TEXT")
]
NewLabels = Annotated[
    list[str] | None,
    typer.Option("--label", help="All its labels from now on, one each time.", metavar="KEY=VALUE"),
]


class Access(NamedTuple):
    """How the hub is reached, as `--url`, `--token` and `--data` say it."""

    url: str | None
    token: str | None
    data: Path

    def client(self) -> Client:
        """A client for the hub that the options name; raises `Trouble` when they name none."""
        return Client(locate(*self))


_ACCESS: Final = (
    option("url", Url),
    option("token", Token),
    option("data", Data, DEFAULT_DATA),
)


def with_access(command: Command) -> Command:
    """Give a command the three options in the place of its parameter `hub`, if it has one."""
    if "hub" not in signature(command).parameters:
        return command
    return unfolded(command, "hub", _ACCESS, Access)


def is_subcommand(context: typer.Context, *, is_filtered: bool) -> bool:
    """Whether a list was called only to reach a command below it.

    Raises `Trouble` when it was given conditions: the command would not hear of them.
    """
    name = context.invoked_subcommand
    if name is not None and is_filtered:
        raise Trouble(
            Exit.USAGE, f"These conditions are not for {name}.", f"Put them after {name}."
        )
    return name is not None


def words(text: str | None) -> list[str]:
    """The parts of a comma-separated list, without blanks and empty parts."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def pairs(texts: Sequence[str]) -> dict[str, str]:
    """Labels from `key=value`; raises `Trouble` for what is none, or has two values."""
    found: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not (key and equals):
            raise Trouble(Exit.USAGE, f"{text!r} is not a label.", "Write key=value.")
        if found.setdefault(key, value) != value:
            raise Trouble(Exit.USAGE, f"The label {key} has two values.", "Give one of them.")
    return found


def duration_ms(text: str | None) -> int | None:
    """Milliseconds from `90`, `90s`, `500ms`, `15m`, `2h` or `30d`; raises `Trouble` otherwise."""
    if text is None:
        return None
    number, unit = text.strip().lower(), "s"
    for name in ("ms", "s", "m", "h", "d"):
        if number.endswith(name):
            number, unit = number.removesuffix(name), name
            break
    wrong = Trouble(Exit.USAGE, f"{text!r} is not a duration.", "Write 90s, 500ms, 15m, 2h or 30d.")
    try:
        duration = round(float(number) * _UNITS_MS[unit])
    except (ValueError, OverflowError) as error:
        raise wrong from error
    if duration < 0:
        raise wrong
    return duration


_UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
