"""HTTP for events: list them, or be sent them as they happen."""

import asyncio
from socket import SO_SNDBUF, SOL_SOCKET
from typing import Final

from msgspec import Raw, json

from hub.core import cursor
from hub.core.cursor import Cursor
from hub.services.bus import Page
from hub.services.ring import EVERYTHING, Wanted
from hub.transport.api_tasks import show_task
from hub.transport.call import Answer, Call
from hub.transport.guard import TRANSPORT
from hub.transport.stream import MEDIA_TYPE, EventStream, Patience
from schemas.events import EVENT_NAMES
from schemas.http.events import EventQuery, StreamQuery, TaskEventQuery
from schemas.scalars import KIB

NOW: Final = "now"
LOOKS: Final = 5
"""How often a request looks on when a filter has found nothing yet."""
SEND_BYTES: Final = 64 * KIB
"""How much the system may keep for a reader; Linux takes twice as much for its own records."""
_encode = json.Encoder().encode


async def list_events(call: Call) -> Answer:
    """A page of the org's events after a cursor, oldest first.

    Without a filter they are numbered without gaps. A cursor is refused with `cursor_expired`
    or `epoch_changed` (410) when what follows it is not kept, or its history was cut; with
    `cursor_ahead` (409) when it is later than the newest event. The details then name the
    present `epoch` and the `oldest` and `newest` cursor to go on after.
    """
    query: EventQuery = call.query
    wanted = Wanted(_types_of(query.type), query.entity, query.actor)
    after = await _start(call, query.after)
    return await _page(call, after, query.limit, wanted)


async def list_task_events(call: Call) -> Answer:
    """A page of the events of one task, oldest first; cursors are as for all events."""
    query: TaskEventQuery = call.query
    task_id = call.path("task_id")
    await show_task(call, task_id)
    after = await _start(call, query.after)
    return await _page(call, after, query.limit, Wanted(_types_of(query.type), task_id))


async def stream_events(call: Call) -> Answer:
    """Events as they happen, as server-sent events, from a cursor or from now on.

    Each has its cursor as `id`, its type as `event` and its envelope as `data`. An event
    `heartbeat` tells the cursor when there is nothing else to tell. A reader that comes back
    with the last id, as browsers do, misses nothing and gets nothing twice. A cursor that
    cannot be gone on from is refused as for the list.
    """
    query: StreamQuery = call.query
    services = call.services
    wanted = Wanted(_types_of(query.type), query.entity, query.actor)
    given = call.request.headers.get("Last-Event-ID") or query.after
    if given in (None, NOW):
        seq = services.bus.end_of(call.caller.org).seq
    else:
        seq = await _start(call, given)
    if call.request.method == "HEAD":
        return Answer(200, b"", MEDIA_TYPE, durable=False)
    connection = _bounded(getattr(call.request.state, TRANSPORT))
    reader = services.bus.subscribe(call.caller, connection.abort)
    stream = EventStream(services.bus, services.envelopes, reader, seq, wanted)
    settings = services.settings
    pieces = stream.pieces(settings.event_heartbeat_ms / 1000)
    patience = Patience(pieces, connection.abort, settings.stall_ms / 1000)
    return Answer(200, media_type=MEDIA_TYPE, durable=False, stream=patience)


def _bounded(connection: asyncio.Transport) -> asyncio.Transport:
    """The connection, for which the system keeps little: what it keeps nobody can take back."""
    connection.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_SNDBUF, SEND_BYTES)
    return connection


def _types_of(selectors: list[str] | None) -> frozenset[int]:
    """The types that names and families of names stand for; all of them when none is given."""
    chosen = selectors or ()
    families = tuple(each.removesuffix("*") for each in chosen if each.endswith(".*"))
    return frozenset(
        kind.value
        for kind, name in EVENT_NAMES.items()
        if name in chosen or (families and name.startswith(families))
    )


async def _start(call: Call, after: str | None) -> int:
    bus, org = call.services.bus, call.caller.org
    if after is not None:
        return await bus.admit(org, cursor.parse(after))
    oldest = await call.services.loader.read(lambda reader: reader.oldest_event(org))
    return max(oldest - 1, 0)


async def _page(call: Call, after: int, limit: int, wanted: Wanted = EVERYTHING) -> Answer:
    """A page; when a filter finds nothing, a few looks further."""
    org = call.caller.org
    for _ in range(LOOKS):
        page: Page = await call.services.bus.read(org, after, limit, wanted)
        after = page.reached
        if page.rows or page.at_end:
            break
    events = [call.services.envelopes.of(org, row) for row in page.rows]
    body = {
        "items": [Raw(event.json) for event in events],
        "next_cursor": str(Cursor(call.services.bus.epoch, page.reached)),
        "at_end": page.at_end,
        "newest": str(call.services.bus.end_of(org)),
    }
    return Answer(200, _encode(body), durable=False)
