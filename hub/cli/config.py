"""`corral config`: the configuration that a hub started here would have, with its sources."""

import io
from contextlib import redirect_stderr
from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table

from hub.cli.exits import Exit, Trouble
from hub.cli.options import Json
from hub.cli.screen import OUT, emit
from hub.config import ConfigError, Loaded, read
from hub.flags import parser
from hub.keys import keys, shown


def config(
    flags: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FLAGS]", help="The flags that `corral up` would get."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Print each setting of a hub, and whether it is from a flag, a variable, a file or nobody."""
    try:
        loaded = read(_given(flags or []))
    except ConfigError as error:
        raise Trouble(Exit.USAGE, f"{error}.") from error
    if as_json:
        emit(document(loaded))
    else:
        OUT.print(table(loaded))


def _given(flags: list[str]) -> dict[str, Any]:
    """The flags by setting; raises `Trouble` where the hub's own parser would end the program."""
    said = io.StringIO()
    try:
        with redirect_stderr(said):
            return vars(parser("corral config").parse_args(flags))
    except SystemExit as left:
        if left.code != Exit.USAGE:
            raise
        reason = said.getvalue().rpartition("error: ")[2].strip()
        raise Trouble(
            Exit.USAGE, f"{reason[:1].upper()}{reason[1:]}.", "See `corral up --help`."
        ) from left


def document(loaded: Loaded) -> dict[str, dict[str, object]]:
    """Each setting with its value and its source, for programs."""
    return {
        key.name: {
            "value": str(key.default) if key.is_path and key.default else key.default,
            "source": loaded.sources[key.name],
        }
        for key in keys(loaded.config)
    }


def table(loaded: Loaded) -> Table:
    """The same for people; what somebody set stands out."""
    made = Table("setting", "value", "from", box=box.SIMPLE_HEAD, pad_edge=False)
    for key in keys(loaded.config):
        source = loaded.sources[key.name]
        style = "dim" if source == "default" else ""
        made.add_row(key.name, shown(key.default), source, style=style)
    return made
