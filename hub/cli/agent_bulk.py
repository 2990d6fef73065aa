"""One action on many agents: pause, resume, drain, delete."""

from collections.abc import Callable
from typing import Annotated, Any, Final

import typer

from hub.cli.bulk_jobs import carry_out
from hub.cli.exits import Exit, Trouble
from hub.cli.option_sets import Command, option, unfolded
from hub.cli.options import Access, For, Json, Note, Yes, duration_ms
from schemas.http.bulk import AgentAction, AgentBulkRequest

_PANEL: Final[dict[str, Any]] = {"rich_help_panel": "Which agents"}
_IDS: Final = typer.Argument(metavar="ID", help="Those with these ids.", show_default=False)
_FILTER: Final = typer.Option(
    "--filter",
    help="Those that these words are about, such as 'status:idle cap:gpu -host:build-* oak'.",
    metavar="WORDS",
    **_PANEL,
)
_ALL: Final = typer.Option("--all", help="All agents.", **_PANEL)
_WHICH: Final = (
    option("ids", Annotated[list[str] | None, _IDS]),
    option("words", Annotated[str | None, _FILTER]),
    option("every", Annotated[bool, _ALL], default=False),
)


def _which(*, ids: list[str] | None, words: str | None, every: bool) -> dict[str, Any]:
    """Which agents the options mean. Raises Trouble when they do not say it, or twice."""
    if bool(ids) + (words is not None) + every != 1:
        text = "Say which agents, in one way."
        raise Trouble(Exit.USAGE, text, "Give ids, --filter or --all.")
    return {"ids": ids or None, "filter": words, "all": every}


def _of_many(command: Callable[..., None]) -> Command:
    """Give a command the options that say which agents, in the place of `which`."""
    return unfolded(command, "which", _WHICH, _which)


@_of_many
def pause(
    *,
    which: dict[str, Any],
    why: Note = None,
    span: For = None,
    yes: Yes = False,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Give many agents no new work; what they have goes on."""
    request = AgentBulkRequest(AgentAction.PAUSE, **which, note=why, for_ms=duration_ms(span))
    with hub.client() as client:
        carry_out(client, request, yes=yes, as_json=as_json)


@_of_many
def resume(
    *,
    which: dict[str, Any],
    yes: Yes = False,
    as_json: Json = False,
    hub: Access,
) -> None:
    """End the pause and the drain of many agents."""
    request = AgentBulkRequest(AgentAction.RESUME, **which)
    with hub.client() as client:
        carry_out(client, request, yes=yes, as_json=as_json)


@_of_many
def drain(
    *,
    which: dict[str, Any],
    yes: Yes = False,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Let many agents finish what they have, and give them nothing new."""
    request = AgentBulkRequest(AgentAction.DRAIN, **which)
    with hub.client() as client:
        carry_out(client, request, yes=yes, as_json=as_json)


@_of_many
def delete(
    *,
    which: dict[str, Any],
    force: Annotated[
        bool, typer.Option("--force", help="Also those that have work, which then goes back.")
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Forget many agents: their tokens are void and their sessions end."""
    request = AgentBulkRequest(AgentAction.DELETE, **which, force=force)
    with hub.client() as client:
        carry_out(client, request, yes=yes, as_json=as_json)
