"""`corral up`: a hub that is started again when it fails, and a page that says how to go on."""

import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Table

from hub.cli.client import Client
from hub.cli.exits import Exit, Trouble
from hub.cli.join import join_line
from hub.cli.locate import ADMIN_TOKEN, DEFAULT_DATA, locate
from hub.cli.options import Data, Json
from hub.cli.screen import NOTES, emit, note
from hub.supervise import GaveUp, Serving, Supervisor
from schemas.http import InviteRequest

DEFAULT_PORT: Final = 8420
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


def up(
    data: Data = DEFAULT_DATA,
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on.", metavar="HOST")
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one.", metavar="PORT"),
    ] = DEFAULT_PORT,
    as_json: Json = False,
) -> None:
    """Run a hub here; started again when it fails. With --json one line when it serves."""
    if host not in LOOPBACK:
        note(
            f"Listening on {host} without encryption: put a TLS proxy in front, or keep to a"
            " network you trust.",
            style="yellow",
        )
    directory = data.expanduser()

    def serving(hub: Serving, restarted: int) -> None:
        if as_json:
            if not restarted:
                emit(hub)
        elif restarted:
            note(f"The hub is back at {hub.url} after a failure (restart {restarted}).", "yellow")
        else:
            start_page(hub)

    supervisor = Supervisor(lambda at: hub_command(directory, host, at), port, serving)
    try:
        status = supervisor.run()
    except GaveUp as error:
        raise Trouble(
            Exit.GAVE_UP, f"Giving up: {error}.", "The hub's log above says why."
        ) from error
    raise typer.Exit(_exit_of(status))


def hub_command(data: Path, host: str, port: int) -> list[str]:
    """The argument list that starts one hub."""
    at = ["--data", str(data), "--host", host, "--port", str(port)]
    return [sys.executable, "-m", "hub.app", *at, "--json"]


def _exit_of(status: int) -> Exit:
    """The exit code for the status of a hub that ended and is not started again."""
    if status == 0:
        return Exit.OK
    return Exit.USAGE if status == Exit.USAGE else Exit.GAVE_UP


def start_page(hub: Serving) -> None:
    """Tell a person where the hub is, how an agent joins, and how to run something."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("hub", hub.url)
    grid.add_row("data", hub.data)
    grid.add_row("admin token", f"in {Path(hub.data) / ADMIN_TOKEN}")
    NOTES.rule("Corral is up", style="green")
    NOTES.print(grid)
    NOTES.print()
    _print_first_steps(hub)
    NOTES.rule("Ctrl-C stops it", style="dim")


def _print_first_steps(hub: Serving) -> None:
    data = "" if Path(hub.data) == DEFAULT_DATA.expanduser() else f" --data {hub.data}"
    try:
        with Client(locate(None, None, Path(hub.data))) as client:
            code = client.invite(InviteRequest()).code
    except Trouble as trouble:
        note(f"No join code could be made: {trouble.message} {trouble.hint}", style="yellow")
        return
    note("1. In another terminal, join an agent (the code is good for ten minutes):")
    NOTES.print(f"   {join_line(hub.url, code)}", soft_wrap=True)
    note("2. In a third, run a command on it:")
    NOTES.print(f"   corral run --follow{data} -- uname -a", soft_wrap=True)
