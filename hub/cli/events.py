"""What happened: the newest events, and those that happen from now on."""

import time
from collections import deque
from collections.abc import Iterator
from functools import partial
from typing import Annotated, Final

import msgspec
import typer
from rich.text import Text

from hub.cli.client import Client
from hub.cli.exits import Exit, Trouble
from hub.cli.follow import patiently
from hub.cli.options import Access, Json, words
from hub.cli.screen import OUT, emit, note, one_line
from hub.cli.sse import HEARTBEAT, told
from schemas.events import Envelope
from schemas.http.events import SELECTORS, EventPage

PAGE: Final = 200
LOOK_BACK: Final = 10_000
"""How many of the newest events are searched for what a filter wants."""
START: Final = "start"
STREAM: Final = "/events/stream"
AGAIN_S: Final = 0.5
"""How long to wait before a stream that ended is opened again."""

Wanted = dict[str, str | None]

Follow = Annotated[
    bool, typer.Option("--follow", "-f", help="Go on with what happens from now on.")
]
Types = Annotated[
    str | None,
    typer.Option("--type", help="Only these types, with commas: task.created,agent.*", metavar="T"),
]
Entity = Annotated[
    str | None,
    typer.Option("--entity", help="Only about this one: a task, an agent.", metavar="ID"),
]
Actor = Annotated[
    str | None, typer.Option("--actor", help="Only what this one caused.", metavar="NAME")
]
After = Annotated[
    str | None,
    typer.Option("--after", help=f"Begin after this cursor, or at the {START}.", metavar="CURSOR"),
]
Limit = Annotated[
    int,
    typer.Option(
        "--limit",
        "-n",
        min=0,
        max=100_000,
        help="Without --after: how many of the newest.",
        metavar="N",
    ),
]


def events(
    follow: Follow = False,
    types: Types = None,
    entity: Entity = None,
    actor: Actor = None,
    after: After = None,
    limit: Limit = 20,
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Show what happened, oldest first; with --follow also what happens from now on."""
    wanted: Wanted = {"type": _checked(types), "entity": entity, "actor": actor}
    with hub.client() as client:
        if after is None:
            cursor = newest(client)
            back = LOOK_BACK if any(wanted.values()) else limit
            latest: deque[Envelope] = deque(maxlen=limit)
            for page in _pages(client, before(cursor, back), wanted):
                latest.extend(page.items)
                cursor = page.next_cursor
            _show(list(latest), as_json=as_json)
        else:
            for page in _pages(client, None if after == START else after, wanted):
                _show(page.items, as_json=as_json)
                cursor = page.next_cursor
        if follow:
            for envelope in _live(client, cursor, wanted):
                _show([envelope], as_json=as_json)


def _checked(types: str | None) -> str | None:
    """The types, once the hub would take them; raises `Trouble` otherwise."""
    chosen = words(types)
    for each in chosen:
        if each not in SELECTORS:
            raise Trouble(
                Exit.USAGE, f"There are no events {each!r}.", f"There are: {', '.join(SELECTORS)}."
            )
    return ",".join(chosen) or None


def newest(client: Client) -> str:
    """The cursor of the newest event: what a stream says first."""
    for heard in told(client.stream(STREAM, {})):
        return heard.cursor
    raise Trouble(Exit.LATER, "The hub stops.", "Try again in a moment.")


def before(cursor: str, count: int) -> str | None:
    """The cursor that many events earlier; None for the very first."""
    epoch, _, seq = cursor.partition(":")
    return f"{epoch}:{int(seq) - count}" if int(seq) > count else None


def _pages(client: Client, after: str | None, wanted: Wanted) -> Iterator[EventPage]:
    """Every page up to the newest event."""
    while True:
        query = {"after": after, "limit": PAGE, **wanted}
        page = client.ask("GET", "/events", EventPage, query)
        yield page
        if page.at_end:
            return
        after = page.next_cursor


def _live(client: Client, cursor: str, wanted: Wanted) -> Iterator[Envelope]:
    """What happens from a cursor on, for as long as the hub is there or comes back."""
    while True:
        open_stream = partial(client.stream, STREAM, {"after": cursor, **wanted})
        try:
            for heard in told(patiently(open_stream)):
                cursor = heard.cursor
                if heard.event != HEARTBEAT:
                    yield msgspec.json.decode(heard.data, type=Envelope)
        except Trouble as trouble:
            if trouble.exit_code is not Exit.UNREACHABLE:
                raise
            note("The stream broke. Going on from where it was.", style="yellow")
        time.sleep(AGAIN_S)


def _show(found: list[Envelope], *, as_json: bool) -> None:
    for envelope in found:
        if as_json:
            emit(envelope)
        else:
            OUT.print(_line(envelope), soft_wrap=True)


def _line(event: Envelope) -> Text:
    """When, what, about what, by whom, and what it says."""
    at = time.strftime("%H:%M:%S", time.localtime(event.timestamp))
    says = " ".join(f"{name}={brief(value)}" for name, value in event.payload.items())
    return Text.assemble(
        (at, "dim"),
        f"  {event.type:<19}  ",
        (one_line(event.target or "-"), "cyan"),
        ("  by ", "dim"),
        one_line(event.meta.actor_id),
        (f"  {one_line(says)}", "dim"),
    )


def brief(value: object) -> str:
    """A value of an event in as few characters as possible."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
