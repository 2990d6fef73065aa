"""The options that several commands share, each described once."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from hub.cli.client import Client
from hub.cli.exits import Exit, Trouble
from hub.cli.locate import locate
from schemas.scalars import StateName

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
State = Annotated[
    StateName | None,
    typer.Option("--state", help="Only tasks in this state.", metavar="STATE"),
]


def connected(url: str | None, token: str | None, data: Path) -> Client:
    """A client for the hub that the options name; raises `Trouble` when they name none."""
    return Client(locate(url, token, data))


def words(text: str | None) -> list[str]:
    """The parts of a comma-separated list, without blanks and empty parts."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def pairs(texts: Sequence[str]) -> dict[str, str]:
    """Labels from `key=value`; raises `Trouble` when there is no key or no equals sign."""
    found: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not (key and equals):
            raise Trouble(Exit.USAGE, f"{text!r} is not a label.", "Write key=value.")
        found[key] = value
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
    try:
        return round(float(number) * _UNITS_MS[unit])
    except (ValueError, OverflowError) as error:
        raise Trouble(
            Exit.USAGE, f"{text!r} is not a duration.", "Write 90s, 500ms, 15m, 2h or 30d."
        ) from error


_UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
