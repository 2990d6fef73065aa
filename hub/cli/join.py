"""Bringing agents in: `invite` makes a join code, `join` uses it, `sidecar` runs the agent.

The sidecar itself is imported only when one of its commands runs, so that the others start
quickly.
"""

import re
import shlex
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from hub.cli.exits import Exit, Trouble
from hub.cli.options import Access, Config, Json, duration_ms, words
from hub.cli.screen import OUT, emit, note, span
from schemas.http.access import InviteRequest
from schemas.scalars import AGENT_ID

if TYPE_CHECKING:
    from sidecar.config import Config as JoinedConfig

DEFAULT_CONFIG: Final = Path("~/.config/corral")
LONGEST_CODE_MS: Final = 600_000
Programs = Annotated[
    list[str] | None,
    typer.Option("--allow", help="A program it may run; give it once for each.", metavar="PROGRAM"),
]
Functions = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-python",
        help="A Python function it may call, or module:* for those that a module defines.",
        metavar="MODULE:FUNCTION",
    ),
]
Places = Annotated[
    list[Path] | None,
    typer.Option("--python-path", help="Where modules of functions are found.", metavar="DIR"),
]
JOIN_EXITS: Final = {"unreachable": Exit.UNREACHABLE, "invalid_code": Exit.DENIED}
"""The exit code for what a hub says to a join code; others are refusals."""


def invite(
    agent: Annotated[
        str | None, typer.Option("--agent", help="Only this agent may use it.", metavar="ID")
    ] = None,
    ttl: Annotated[
        str, typer.Option("--ttl", help="How long it is good: 90s, at most 10m.", metavar="TIME")
    ] = "10m",
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Make a join code, good for one agent."""
    ttl_ms = duration_ms(ttl) or 0
    if not 1_000 <= ttl_ms <= LONGEST_CODE_MS:
        raise Trouble(Exit.USAGE, f"{ttl} is no lifetime for a join code.", "Take 1s to 10m.")
    with hub.client() as client:
        made = client.invite(InviteRequest(agent_id=agent, ttl_ms=ttl_ms))
        address = client.address.url
    if as_json:
        emit({"url": address, "code": made.code, "expires_at": made.expires_at})
        return
    OUT.print(join_line(address, made.code, agent), soft_wrap=True)
    note(f"Good for one agent and {span(ttl_ms)}. Run it on the agent's machine.")


def join_line(url: str, code: str, agent: str | None = None) -> str:
    """The line to paste on an agent's machine."""
    name = ["--name", agent] if agent else []
    return shlex.join(["corral", "join", _from_elsewhere(url), code, *name, "--allow", "uname"])


def _from_elsewhere(url: str) -> str:
    """The address as another machine can use it: "every interface" is no place to call."""
    host = socket.gethostname()
    return url.replace("//0.0.0.0", f"//{host}").replace("//[::]", f"//{host}")


def join(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where the hub is.")],
    code: Annotated[str, typer.Argument(metavar="CODE", help="From `corral invite`.")],
    config: Config = DEFAULT_CONFIG,
    name: Annotated[
        str | None,
        typer.Option("--name", help="The agent's id; without it the host's name.", metavar="NAME"),
    ] = None,
    capabilities: Annotated[
        str | None,
        typer.Option(
            "--capabilities", help="What it offers; tasks ask for it with --needs.", metavar="A,B"
        ),
    ] = None,
    slots: Annotated[
        int,
        typer.Option(
            "--slots", min=1, max=1024, help="How many tasks it runs at once.", metavar="N"
        ),
    ] = 1,
    allow: Programs = None,
    allow_python: Functions = None,
    python_path: Places = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Join again, in place of what is configured there.")
    ] = False,
    start: Annotated[bool, typer.Option(help="Start the sidecar after joining.")] = True,
) -> None:
    """Make this machine an agent of a hub, and start its sidecar."""
    from sidecar import app

    directory = config.expanduser()
    with _in_words():
        joined = app.join(
            url,
            code,
            config_dir=directory,
            agent_id=name if name and re.fullmatch(AGENT_ID, name) else None,
            name=name,
            capabilities=words(capabilities),
            slots=slots,
            allow=allow or (),
            allow_python=allow_python or (),
            python_path=list(map(str, python_path or ())),
            replace=replace,
        )
    _tell_what_may_run(joined, directory)
    if start:
        sidecar(config)
    note(f"Start it with: {shlex.join(['corral', 'sidecar', '--config', str(directory)])}")


@contextmanager
def _in_words() -> Iterator[None]:
    """Turn what may go wrong with a join into `Trouble`."""
    from sidecar import app

    try:
        yield
    except app.ConfigError as error:
        raise Trouble(Exit.USAGE, str(error)) from error
    except app.JoinError as error:
        raise Trouble(JOIN_EXITS.get(error.code, Exit.REFUSED), str(error)) from error


def _tell_what_may_run(joined: "JoinedConfig", directory: Path) -> None:
    note(f"Joined as {joined.agent_id}. The configuration is in {directory}.", style="green")
    allowed = (*joined.allow, *joined.allow_python)
    if allowed:
        note(f"It may run: {', '.join(allowed)}. Nothing else.")
    else:
        note("It may not run any program yet, so it will give every command back.", "yellow")
    note(f"Change that under `allow` in {directory / 'sidecar.json'}, then start it again.")


def sidecar(config: Config = DEFAULT_CONFIG) -> None:
    """Run the agent of this machine until it is stopped; Ctrl-C lets its tasks end first."""
    from sidecar import app

    try:
        leave = app.run(config.expanduser())
    except app.ConfigError as error:
        raise Trouble(Exit.USAGE, str(error)) from error
    if leave.exit is not app.Exit.DONE:
        raise Trouble(_SIDECAR_EXITS[leave.exit.name], f"The sidecar ended: {leave.message}.")


_SIDECAR_EXITS: Final = {
    "FAILED": Exit.INTERNAL,
    "CONFIG": Exit.USAGE,
    "CREDENTIAL": Exit.DENIED,
    "SUPERSEDED": Exit.SENT_AWAY,
    "REFUSED": Exit.SENT_AWAY,
}
"""The sidecar's own ways to end, as exit codes of the command line."""
