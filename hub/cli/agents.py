"""Agents: who there is, and what operators do with them."""

from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from msgspec import UNSET

from hub.cli.agent_tables import agent_page, agents_table
from hub.cli.client import part
from hub.cli.exits import Exit, Trouble
from hub.cli.options import (
    Access,
    For,
    Json,
    Limit,
    NewLabels,
    Note,
    duration_ms,
    is_subcommand,
    pairs,
)
from hub.cli.paging import collect
from hub.cli.paging import show as show_page
from hub.cli.screen import OUT, emit, note
from schemas.http.agents import (
    AgentEdit,
    AgentList,
    AgentPage,
    AgentPause,
    AgentsSynced,
    AgentView,
    DeclaredAgent,
)
from schemas.scalars import Presence

AgentName = Annotated[str, typer.Argument(metavar="ID", help="The agent's id.", show_default=False)]
NO_AGENTS: Final = "No agents yet. `corral invite` prints the line that joins one."
EDITABLE: Final = ("name", "note", "labels", "capabilities", "slots")


def agents(
    context: typer.Context,
    status: Annotated[
        Presence | None,
        typer.Option(
            "--status", help="offline, stale, idle, working, draining or drained.", metavar="STATUS"
        ),
    ] = None,
    capability: Annotated[
        str | None,
        typer.Option("--capability", help="Only agents that offer this.", metavar="NAME"),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option("--label", help="Only agents with this label.", metavar="KEY=VALUE"),
    ] = None,
    paused: Annotated[
        bool | None,
        typer.Option("--paused/--not-paused", help="Only agents that are, or are not, paused."),
    ] = None,
    draining: Annotated[
        bool | None,
        typer.Option(
            "--draining/--not-draining",
            help="Only agents that are, or are not, drained.",
        ),
    ] = None,
    text: Annotated[
        str | None,
        typer.Option("--text", help="Part of the id, the name or the note.", metavar="TEXT"),
    ] = None,
    words: Annotated[
        str | None,
        typer.Option(
            "--filter", help="The dashboard's filter: 'status:idle -cap:gpu'.", metavar="WORDS"
        ),
    ] = None,
    limit: Limit = 200,
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """List agents and what they offer."""
    filters: dict[str, Any] = {
        "status": status.value if status else None,
        "capability": capability,
        "label": label,
        "paused": paused,
        "draining": draining,
        "text": text,
        "filter": words,
    }
    is_filtered = any(value not in (None, []) for value in filters.values())
    if is_subcommand(context, is_filtered=is_filtered):
        return
    with hub.client() as client:
        found, cursor = collect(client, "/agents", AgentPage, filters, limit)
    none = "No such agents." if is_filtered else NO_AGENTS
    show_page(found, cursor, agents_table, none=none, as_json=as_json)


def sync(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A JSON list of agents.")],
    keep_missing: Annotated[
        bool,
        typer.Option("--keep-missing", help="Leave agents alone that the list does not have."),
    ] = False,
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Bring the agents in line with a file; what an earlier file had goes out of use."""
    wanted = AgentList(_listed(file), deactivate_missing=not keep_missing)
    with hub.client() as client:
        report = client.ask("POST", "/agents/sync", AgentsSynced, body=wanted)
    if as_json:
        emit(report)
    else:
        note(
            f"{report.created} created, {report.updated} updated, "
            f"{report.deactivated} out of use, {report.unchanged} unchanged."
        )
        for error in report.errors:
            note(f"Entry {error.index + 1} ({error.id}): {error.message}.", style="red")
    if report.errors:
        raise typer.Exit(Exit.REFUSED)


def _listed(file: Path) -> list[DeclaredAgent]:
    """The agents in a file: a list, or an object with `agents`."""
    try:
        raw = file.read_bytes()
        document = msgspec.json.decode(raw)
        listed = document.get("agents") if isinstance(document, dict) else document
        return msgspec.convert(listed, type=list[DeclaredAgent])
    except OSError as error:
        raise Trouble(Exit.USAGE, f"{file} cannot be read: {error.strerror}.") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        hint = 'It is a list such as [{"id": "oak", "slots": 4}].'
        raise Trouble(Exit.USAGE, f"{file} is no list of agents: {error}.", hint) from error


def show(
    agent_id: AgentName,
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Show everything about an agent."""
    with hub.client() as client:
        agent = client.agent(agent_id)
    if as_json:
        emit(agent)
    else:
        OUT.print(agent_page(agent))


def pause(
    agent_id: AgentName,
    why: Note = None,
    span: For = None,
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Give an agent no new work; what it has goes on."""
    wish = AgentPause(why, for_ms=duration_ms(span))
    with hub.client() as client:
        agent = client.ask("POST", f"/agents/{part(agent_id)}/pause", AgentView, body=wish)
    _told(agent, f"{agent.id} gets nothing new.", as_json=as_json)


def resume(
    agent_id: AgentName,
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """End an agent's pause and its drain."""
    with hub.client() as client:
        agent = client.ask("POST", f"/agents/{part(agent_id)}/resume", AgentView)
    _told(agent, f"{agent.id} gets work again.", as_json=as_json)


def drain(
    agent_id: AgentName,
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Let an agent finish what it has, and give it nothing new."""
    with hub.client() as client:
        agent = client.ask("POST", f"/agents/{part(agent_id)}/drain", AgentView)
    left = len(agent.running)
    _told(agent, f"{agent.id} finishes {left} tasks and gets nothing new.", as_json=as_json)


def edit(
    agent_id: AgentName,
    name: Annotated[
        str | None, typer.Option("--name", help="What people call it.", metavar="TEXT")
    ] = None,
    why: Annotated[
        str | None, typer.Option("--note", help="What others should know.", metavar="TEXT")
    ] = None,
    label: NewLabels = None,
    capability: Annotated[
        list[str] | None,
        typer.Option(
            "--capability", help="All it offers from now on, one each time.", metavar="NAME"
        ),
    ] = None,
    slots: Annotated[
        int | None,
        typer.Option("--slots", min=0, help="How many tasks it runs at once.", metavar="N"),
    ] = None,
    clear: Annotated[
        list[str] | None,
        typer.Option(
            "--clear",
            help=f"Empty one of {', '.join(EDITABLE)}; name, capabilities and slots are the"
            " agent's own again from its next login on.",
            metavar="FIELD",
        ),
    ] = None,
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Change what is known of an agent; what is set here outweighs what it says itself."""
    given: dict[str, Any] = {
        "name": name,
        "note": why,
        "labels": pairs(label) if label else None,
        "capabilities": capability or None,
        "slots": slots,
    }
    wish = {field: UNSET if value is None else value for field, value in given.items()}
    for field in clear or ():
        if field not in EDITABLE:
            raise Trouble(Exit.USAGE, f"{field!r} is none of {', '.join(EDITABLE)}.")
        wish[field] = None
    with hub.client() as client:
        agent = client.ask("PATCH", f"/agents/{part(agent_id)}", AgentView, body=AgentEdit(**wish))
    if as_json:
        emit(agent)
    else:
        OUT.print(agent_page(agent))


def delete(
    agent_id: AgentName,
    force: Annotated[
        bool, typer.Option("--force", help="Also when it has work, which then goes back.")
    ] = False,
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Forget an agent: its tokens are void and its session ends."""
    with hub.client() as client:
        query = {"force": force or None}
        client.ask("DELETE", f"/agents/{part(agent_id)}", type(None), query)
    if as_json:
        emit({"id": agent_id, "deleted": True})
    else:
        note(f"{agent_id} is deleted.")


def _told(agent: AgentView, text: str, *, as_json: bool) -> None:
    if as_json:
        emit(agent)
    else:
        note(text)
