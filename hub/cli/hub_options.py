"""The options with which a hub is started; each is a setting of `hub/config.py`."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

_REACH: Final[dict[str, Any]] = {"rich_help_panel": "Who reaches it"}

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="The data directory; else CORRAL_DATA, else ~/.local/share/corral.",
        metavar="DIR",
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help="The configuration file; else CORRAL_CONFIG, else corral.toml in the data directory,"
        " else in ~/.config/corral.",
        metavar="FILE",
    ),
]
Host = Annotated[
    str | None,
    typer.Option(
        "--host", help="Address to listen on; else CORRAL_HOST, else 127.0.0.1.", metavar="HOST"
    ),
]
Port = Annotated[
    int | None,
    typer.Option(
        "--port",
        min=0,
        max=65535,
        help="Port; 0 takes a free one; else CORRAL_PORT, else 8420.",
        metavar="PORT",
    ),
]
Log = Annotated[
    str | None,
    typer.Option(
        "--log",
        help="Where the hub's log goes; - is standard error, which is also the default"
        " where that is no terminal.",
        metavar="FILE",
    ),
]
Public = Annotated[
    bool,
    typer.Option("--public", help="Serve other machines, with --tls-cert and --tls-key.", **_REACH),
]
TlsCert = Annotated[
    Path | None,
    typer.Option("--tls-cert", help="Certificate and chain, PEM.", metavar="FILE", **_REACH),
]
TlsKey = Annotated[
    Path | None,
    typer.Option("--tls-key", help="Its private key, PEM.", metavar="FILE", **_REACH),
]
BehindProxy = Annotated[
    list[str] | None,
    typer.Option("--behind-proxy", help="Exact address of a proxy.", metavar="ADDRESS", **_REACH),
]
Insecure = Annotated[
    bool, typer.Option("--insecure", help="Serve other machines without encryption.", **_REACH)
]
OpenRegistration = Annotated[
    bool,
    typer.Option(
        "--open-registration",
        help="Give a token to any agent that asks, for clients that know no join codes.",
        **_REACH,
    ),
]
NoSearch = Annotated[
    bool, typer.Option("--no-search", help="Leave out full-text search and its process.")
]
DefaultRepo = Annotated[
    str | None,
    typer.Option("--default-repo", help="What new agents of older systems clone.", metavar="URL"),
]
AllowedHost = Annotated[
    list[str] | None,
    typer.Option(
        "--allowed-host",
        help="A further name by which the hub is reached.",
        metavar="NAME",
        **_REACH,
    ),
]
AllowedOrigin = Annotated[
    list[str] | None,
    typer.Option(
        "--allowed-origin", help="A site whose pages may use the hub.", metavar="URL", **_REACH
    ),
]
