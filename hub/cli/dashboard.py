"""The way to the dashboard: a link that logs one browser in, once."""

import webbrowser
from typing import Annotated

import typer
from msgspec import Struct

from hub.cli.client import Client
from hub.cli.options import Access, Json
from hub.cli.screen import OUT, emit, note
from schemas.http.sessions import LoginCode
from schemas.scalars import WallTime


class LoginLink(Struct, frozen=True):
    """A one-time link."""

    login_url: str
    expires_at: WallTime


def dashboard(
    context: typer.Context,
    browse: Annotated[bool, typer.Option("--open", help="Open it in a browser here.")] = False,
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Print a link that logs you in to the dashboard: good once, for ten minutes."""
    if context.invoked_subcommand is not None:
        return
    with hub.client() as client:
        link = login_link(client)
    if as_json:
        emit(link)
    else:
        OUT.print(link.login_url, soft_wrap=True)
        note("Good once, for 10 minutes. Whoever opens it is logged in with your token's role.")
    if browse and not webbrowser.open(link.login_url):
        note("No browser could be opened here: open the link yourself.", style="yellow")


def login_link(client: Client) -> LoginLink:
    """A fresh link, as whoever the client's token is of; raises Trouble."""
    made = client.ask("POST", "/login-codes", LoginCode)
    return LoginLink(from_here(client.address.url) + made.path, made.expires_at)


def from_here(url: str) -> str:
    """The address as a browser can call it: "every interface" is no place to go to."""
    return url.replace("//0.0.0.0", "//127.0.0.1").replace("//[::]", "//[::1]")
