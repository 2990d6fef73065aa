"""Pauses of dispatch: what is not given out for a while."""

from typing import Annotated

import typer

from hub.cli.agent_tables import pauses_table
from hub.cli.options import Access, For, Json, Note, duration_ms, pairs
from hub.cli.screen import OUT, emit, note
from schemas.http.dispatch import (
    DispatchPause,
    DispatchPauseRequest,
    DispatchResumeRequest,
    DispatchView,
    LabelPair,
)

Label = Annotated[
    str | None,
    typer.Option("--label", help="Only tasks with this label.", metavar="KEY=VALUE"),
]


def dispatch(
    context: typer.Context,
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Show what is paused; or pause dispatch, for all tasks or for those with a label."""
    if context.invoked_subcommand is None:
        show(as_json=as_json, hub=hub)


def show(
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Show what is paused."""
    with hub.client() as client:
        view = client.ask("GET", "/dispatch", DispatchView)
    _show(view, as_json=as_json)


def pause(
    label: Label = None,
    why: Note = None,
    span: For = None,
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Give out no task, or none with a label; what runs goes on."""
    wish = DispatchPauseRequest(_pair(label), why, for_ms=duration_ms(span))
    with hub.client() as client:
        made = client.ask("POST", "/dispatch/pause", DispatchPause, body=wish)
    if as_json:
        emit(made)
    else:
        OUT.print(pauses_table([made]))


def resume(
    pause_id: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]", help="A pause's id; without it and --label the one for all."
        ),
    ] = None,
    label: Label = None,
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """End a pause."""
    wish = DispatchResumeRequest(pause_id, _pair(label))
    with hub.client() as client:
        view = client.ask("POST", "/dispatch/resume", DispatchView, body=wish)
    _show(view, as_json=as_json)


def _show(view: DispatchView, *, as_json: bool) -> None:
    if as_json:
        emit(view)
    elif view.pauses:
        OUT.print(pauses_table(view.pauses))
    else:
        note("Nothing is paused.")


def _pair(label: str | None) -> LabelPair | None:
    if label is None:
        return None
    ((key, value),) = pairs([label]).items()
    return LabelPair(key, value)
