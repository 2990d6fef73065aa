"""`corral up`: a hub that is started again when it fails, and a page that says how to go on."""

import shlex
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import urlsplit

import typer
from rich.table import Table

from hub.cli import hub_options
from hub.cli.client import Client
from hub.cli.dashboard import login_link
from hub.cli.exits import Exit, Trouble
from hub.cli.join import join_line
from hub.cli.locate import ADMIN_TOKEN, DEFAULT_DATA, locate
from hub.cli.options import Json
from hub.cli.screen import NOTES, emit, note
from hub.config import Config, ConfigError, load
from hub.keys import keys
from hub.supervise import HOPELESS, GaveUp, Serving, Supervisor
from schemas.http.access import InviteRequest
from schemas.scalars import MIB

LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
LOG_NAME: Final = "hub.log"
LOG_BYTES: Final = 16 * MIB
"""How large the log file may be at a start; a larger one is put aside, replacing the last."""
EXITS: Final = {0: Exit.OK, -signal.SIGINT: Exit.INTERRUPTED, -signal.SIGTERM: Exit.INTERRUPTED}
"""How `up` ends for the status of a hub that was asked to stop; a signal means too early."""
LAST_WORDS: Final = 3
"""How many lines of the log are shown when the hub has failed."""


def up(
    data: hub_options.Data = None,
    config: hub_options.Config = None,
    host: hub_options.Host = None,
    port: hub_options.Port = None,
    log: hub_options.Log = None,
    public: hub_options.Public = False,
    tls_cert: hub_options.TlsCert = None,
    tls_key: hub_options.TlsKey = None,
    behind_proxy: hub_options.BehindProxy = None,
    insecure: hub_options.Insecure = False,
    allowed_host: hub_options.AllowedHost = None,
    allowed_origin: hub_options.AllowedOrigin = None,
    open_registration: hub_options.OpenRegistration = False,
    default_repo: hub_options.DefaultRepo = None,
    no_search: hub_options.NoSearch = False,
    as_json: Json = False,
) -> None:
    """Run a hub here; started again when it fails. With --json one line when it serves."""
    flags: dict[str, Any] = {
        "config": config,
        "data": data,
        "host": host,
        "public": public or None,
        "tls_cert": tls_cert,
        "tls_key": tls_key,
        "behind_proxy": behind_proxy,
        "insecure": insecure or None,
        "allowed_hosts": allowed_host,
        "allowed_origins": allowed_origin,
        "open_registration": open_registration or None,
        "default_repo": default_repo,
        "no_search": no_search or None,
    }
    try:
        settings = load({**flags, "port": port})
    except ConfigError as error:
        raise Trouble(Exit.USAGE, f"{error}.") from error
    _run(settings, port, as_given(flags), log, as_json=as_json)


def _run(
    settings: Config, port: int | None, given: list[str], log: str | None, *, as_json: bool
) -> None:
    chosen = log_path(settings.data, log)
    with opened(chosen) as file:
        if chosen is not None and not as_json:
            note(f"The hub's log is in {chosen}.")
        supervisor = Supervisor(
            lambda at: supervised_command(at, given),
            port,
            partial(_say_that_it_serves, settings=settings, as_json=as_json),
            log=file,
        )
        try:
            status = supervisor.run()
        except GaveUp as error:
            raise Trouble(
                Exit.GAVE_UP, f"Giving up: {error}.{last_words(chosen)}", "Its log says why."
            ) from error
    if status in HOPELESS:
        why = f": {supervisor.reason}." if supervisor.reason else f".{last_words(chosen)}"
        raise Trouble(Exit.USAGE, f"The hub cannot start{why}")
    if status == 0 and not as_json:
        note("Stopped.")
    raise typer.Exit(EXITS.get(status, Exit.GAVE_UP))


def _say_that_it_serves(hub: Serving, restarted: int, *, settings: Config, as_json: bool) -> None:
    if not restarted:
        for remark in remarks(hub, settings):
            note(remark, style="yellow")
    if as_json:
        if not restarted:
            emit({"url": hub.url, "data": hub.data, "login_url": _link_to(hub)})
    elif restarted:
        note(f"The hub is back at {hub.url} after a failure (restart {restarted}).", "yellow")
    else:
        start_page(hub)


def as_given(flags: Mapping[str, Any]) -> list[str]:
    """Flags as an argument list: for the hub they are the same."""
    known = {key.name: key.flag for key in keys(Config())} | {"config": "--config"}
    arguments: list[str] = []
    for name, value in flags.items():
        if value is True:
            arguments.append(known[name])
        elif value is not None:
            each = value if isinstance(value, list) else [value]
            arguments += [f"{known[name]}={item}" for item in each]
    return arguments


def supervised_command(port: int | None, given: Sequence[str]) -> list[str]:
    """The argument list that starts one hub which stops when its supervisor is gone."""
    at = [] if port is None else [f"--port={port}"]
    return [sys.executable, "-m", "hub.app", *given, *at, "--json", "--supervised"]


def hub_command(data: Path, host: str | None, port: int | None) -> list[str]:
    """The argument list that starts one hub; what is not given here the hub looks up itself."""
    at = ["--data", str(data)]
    if host is not None:
        at += ["--host", host]
    if port is not None:
        at += ["--port", str(port)]
    return [sys.executable, "-m", "hub.app", *at, "--json"]


def remarks(hub: Serving, settings: Config) -> Iterator[str]:
    """What a person should know of who reaches the hub, and who is let in."""
    host = urlsplit(hub.url).hostname
    if settings.insecure and host not in LOOPBACK:
        yield (
            f"Listening on {host} without encryption: put a TLS proxy in front, or keep to a"
            " network you trust."
        )
    if settings.open_registration:
        yield "Registration is open: whoever reaches the hub gets an agent's token without a code."


def log_path(directory: Path, chosen: str | None) -> Path | None:
    """The log file, or nothing for standard error."""
    if chosen == "-" or (chosen is None and not NOTES.is_terminal):
        return None
    return Path(chosen).expanduser() if chosen else directory / LOG_NAME


@contextmanager
def opened(path: Path | None) -> Iterator[IO[bytes] | None]:
    """The log file, open for appending; raises `Trouble` when it cannot be."""
    if path is None:
        yield None
        return
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.replace(path.with_name(path.name + ".1"))
        path.touch(mode=0o600)
        file = path.open("ab")
    except OSError as error:
        raise Trouble(
            Exit.USAGE, f"{path} cannot be written: {error.strerror}.", "Choose another with --log."
        ) from error
    with file:
        yield file


def last_words(path: Path | None) -> str:
    """The end of the log, when it went to a file and so was not seen."""
    if path is None:
        return ""
    lines = path.read_text(errors="replace").splitlines()[-LAST_WORDS:]
    return "".join(f"\n  {line[:500]}" for line in lines)


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
    elsewhere = Path(hub.data) != DEFAULT_DATA.expanduser()
    data = f" --data {shlex.quote(hub.data)}" if elsewhere else ""
    try:
        with _client_of(hub) as client:
            code = client.invite(InviteRequest()).code
    except Trouble as trouble:
        note(f"No join code could be made: {trouble.message} {trouble.hint}", style="yellow")
        return
    note("1. In another terminal, join an agent (the code is good for ten minutes):")
    NOTES.print(f"   {join_line(hub.url, code)}", soft_wrap=True)
    note("2. In a third, run a command on it:")
    NOTES.print(f"   corral run --follow{data} -- uname -a", soft_wrap=True)
    note("3. Look at it all in a browser:")
    link = _link_to(hub) if NOTES.is_terminal else None
    if link is None:
        NOTES.print(f"   corral dashboard{data}", soft_wrap=True)
    else:
        NOTES.print(f"   Open {link}  (good once, for 10 minutes)", soft_wrap=True)


def _link_to(hub: Serving) -> str | None:
    """A one-time link to the dashboard, for whoever looks on; it never goes into a log."""
    try:
        with _client_of(hub) as client:
            return login_link(client).login_url
    except Trouble as trouble:
        note(f"No link could be made: {trouble.message} {trouble.hint}", style="yellow")
        return None


def _client_of(hub: Serving) -> Client:
    return Client(locate(None, None, Path(hub.data)))
