"""Tokens and join codes: make them, list them, replace them, end them."""

import os
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Table
from rich.text import Text

from hub.cli.client import part
from hub.cli.exits import Exit, Trouble
from hub.cli.options import Access, Json, Limit, duration_ms
from hub.cli.paging import collect, show
from hub.cli.screen import OUT, age, emit, moment, note, span
from hub.cli.tables import plain
from schemas.http.access import (
    LONGEST_OVERLAP_MS,
    LONGEST_TTL_MS,
    InvitePage,
    InviteView,
    NewToken,
    Rotation,
    TokenPage,
    TokenRequest,
    TokenView,
)
from schemas.scalars import RoleName, TokenState

ADMIN_TOKEN: Final = "admin.token"
"""The file in the data directory by which this command line is an admin on the hub's machine."""
STATE_STYLES: Final = {
    TokenState.ACTIVE: "green",
    TokenState.ROTATED: "yellow",
    TokenState.EXPIRED: "dim",
    TokenState.REVOKED: "dim",
}

TokenId = Annotated[
    str,
    typer.Argument(metavar="ID", help="The token's id, as `token list` shows it."),
]


def create(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Whose it is: a person, a program, an agent.")
    ],
    role: Annotated[
        RoleName,
        typer.Option(
            "--role",
            help="What it may do: agent, viewer, operator or admin.",
            metavar="ROLE",
            show_default=False,
        ),
    ],
    ttl: Annotated[
        str | None,
        typer.Option("--ttl", help="How long it is good; without it for ever.", metavar="30d"),
    ] = None,
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Make a token. It is shown this once: the hub keeps only a hash of it."""
    ttl_ms = duration_ms(ttl)
    if ttl_ms is not None and not 1_000 <= ttl_ms <= LONGEST_TTL_MS:
        raise Trouble(Exit.USAGE, f"{ttl} is no lifetime for a token.", "Take 1s to 3660d.")
    is_agent = role is RoleName.AGENT
    wish = TokenRequest(
        role=role,
        name=None if is_agent else name,
        agent_id=name if is_agent else None,
        ttl_ms=ttl_ms,
    )
    with hub.client() as client:
        made = client.ask("POST", "/tokens", NewToken, body=wish)
    _show_new(made, as_json=as_json)


def _show_new(made: NewToken, *, as_json: bool) -> None:
    if as_json:
        emit(made)
        return
    OUT.print(made.token, soft_wrap=True)
    end = "" if made.expires_at is None else f", good until {moment(made.expires_at)}"
    note(f"The token {made.id} of {made.name} ({made.role.value}{end}). It is not shown again.")


def list_tokens(
    role: Annotated[RoleName | None, typer.Option("--role", help="Only of this role.")] = None,
    state: Annotated[TokenState | None, typer.Option("--state", help="Only in this state.")] = None,
    limit: Limit = 200,
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """List tokens, the oldest first; their secrets are nowhere."""
    wanted = {"role": role and role.value, "state": state and state.value}
    with hub.client() as client:
        found, cursor = collect(client, "/tokens", TokenPage, wanted, limit)
    show(found, cursor, _tokens_table, none="No such token.", as_json=as_json)


def _tokens_table(tokens: list[TokenView]) -> Table:
    table = plain("ID", "ROLE", "STATE", "USED", "ENDS")
    table.add_column("NAME", overflow="fold", ratio=1)
    for each in tokens:
        ends = each.revoked_at if each.state is TokenState.ROTATED else each.expires_at
        table.add_row(
            each.id,
            each.role.value,
            Text(each.state.value, style=STATE_STYLES[each.state]),
            age(each.last_used_at),
            "-" if ends is None else moment(ends),
            Text(each.name),
        )
    return table


def rotate(
    token_id: TokenId,
    overlap: Annotated[
        str,
        typer.Option(
            "--overlap", help="How long the old one stays good; at most 7d.", metavar="1h"
        ),
    ] = "24h",
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Put a new token in the place of one. It is shown this once.

    When it is the one in this data directory's admin.token, that file gets
    the new one.
    """
    overlap_ms = duration_ms(overlap) or 0
    if not 0 <= overlap_ms <= LONGEST_OVERLAP_MS:
        raise Trouble(Exit.USAGE, f"{overlap} is no overlap for tokens.", "Take 0s to 7d.")
    with hub.client() as client:
        path = f"/tokens/{part(token_id)}/rotate"
        made = client.ask("POST", path, NewToken, body=Rotation(overlap_ms))
    _show_new(made, as_json=as_json)
    old = f"The token {token_id} " + (
        f"stays good for {span(overlap_ms)}." if overlap_ms else "has ended."
    )
    note(old)
    _keep_admin(hub.data.expanduser() / ADMIN_TOKEN, token_id, made.token)


def _keep_admin(path: Path, old_id: str, fresh: str) -> None:
    """Replace the token in the file, if it is the one that was rotated."""
    try:
        parts = path.read_text("utf-8").strip().split("_")
    except (OSError, UnicodeDecodeError):
        return
    if len(parts) != 4 or parts[2] != old_id:
        return
    beside = path.with_name(path.name + ".new")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(fresh + "\n")
        beside.replace(path)
    except OSError as error:
        note(f"Put the new token into {path} yourself: {error.strerror}.", "yellow")
    else:
        note(f"The new token is in {path} now.")


def revoke(
    token_id: TokenId,
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """End a token at once, with every session it has."""
    with hub.client() as client:
        client.ask("DELETE", f"/tokens/{part(token_id)}", type(None))
    if as_json:
        emit({"id": token_id, "revoked": True})
    else:
        note(f"The token {token_id} has ended.")


def invites(
    revoked: Annotated[
        str | None, typer.Option("--revoke", help="Take this join code back.", metavar="ID")
    ] = None,
    limit: Limit = 200,
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """List the join codes that may still be used, or take one back."""
    with hub.client() as client:
        if revoked is not None:
            client.ask("DELETE", f"/invites/{part(revoked)}", type(None))
        found, cursor = collect(client, "/invites", InvitePage, {}, limit)
    none = "No join code is open. Make one with `corral invite`."
    show(found, cursor, _invites_table, none=none, as_json=as_json)


def _invites_table(found: list[InviteView]) -> Table:
    table = plain("ID", "MADE", "BY", "ENDS")
    table.add_column("FOR", overflow="fold", ratio=1)
    for each in found:
        ends = moment(each.expires_at)
        agent = Text(each.agent_id or "any agent")
        table.add_row(each.id, age(each.created_at), Text(each.created_by), ends, agent)
    return table
