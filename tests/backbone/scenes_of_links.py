"""Rows of the scenario table about connections (f, g, i)."""

import asyncio
import itertools
import signal
from typing import Final

from tests.backbone.double import OldClient
from tests.backbone.rows import Row
from tests.backbone.scene import Scene
from tests.transport.wire import until

SOON_LEAVES: Final = {"ping_every": 0.3, "pong_within": 0.5}
"""A client that soon has enough of a hub that does not answer."""
TERM: Final = 0.8
"""What a try takes at least whose pings are not answered."""
INVALID: Final = frozenset({"invalid_token"})


async def every_ping_is_answered(on: Scene) -> None:
    """The connection stands for as many pings as one likes."""
    await on.hears("pong", 20)
    assert on.sessions == 1
    assert not [note for note in on.client.notes if "no pong" in note]


async def hub_stands_still(on: Scene) -> None:
    """The client drops the connection and comes back; its attempt goes on."""
    task = await on.begun()
    on.hub.signal(signal.SIGSTOP)
    try:
        await on.noted("no pong")
        await until(lambda: len(on.client.tries) >= 2)
    finally:
        on.hub.signal(signal.SIGCONT)
    await on.identified(2)
    on.client.finish(task)
    await on.ends(task, "completed", 1)


async def hub_is_stopped(on: Scene) -> None:
    """A polite stop is a cut like any other: the client comes back and goes on."""
    task = await on.begun()
    assert await asyncio.to_thread(on.hub.stop) == 0
    await on.noted("closed 4000")
    await on.hub_back()
    on.client.finish(task)
    await on.ends(task, "completed", 1)


async def token_is_revoked(on: Scene) -> None:
    """It is closed once; when it comes back with that token it meets silence."""
    path = f"/admin/tokens/{on.client.agent_id}"
    reply = await asyncio.to_thread(on.hub.http, "DELETE", path)
    assert reply.status == 200
    await on.noted("closed 4500")
    await on.hears("error", 2)
    assert len([note for note in on.client.notes if note.startswith("closed 4")]) == 1
    assert shortest_try(on.client, first=1) >= TERM


async def errors_mean_nothing(on: Scene) -> None:
    """They are for the log; the connection stands, and the attempt too."""
    task = await on.begun()
    process = on.client.process
    process.send("task_complete", task_id=task, generation=1, result={"from": "long ago"})
    process.send("task_failed", task_id="nobodys", generation=1, reason="boom")
    await on.hears("error", 2)
    process.link.send({"type": [], "task_id": task})
    await on.hears("error", 3)
    on.client.finish(task)
    await on.ends(task, "completed", 1)
    assert (on.sessions, len(on.said("task_complete"))) == (1, 2)


async def two_processes(on: Scene) -> None:
    """After two turns the standing session stays; the other waits in silence."""
    one = on.client
    other = copy_of(on)
    async with other:
        await until(lambda: any(each["type"] == "error" for each in one.heard + other.heard))
        task = await on.submit()
        await on.ends(task, "completed", 1)
        # By the hub's own count: who is thrown out in the same moment does not hear of it.
        events = await asyncio.to_thread(on.hub.events_of, one.agent_id)
        assert [event["type"] for event in events].count("agent.online") == 3


def copy_of(on: Scene, token: str | None = None) -> OldClient:
    """Another process of the same name."""
    one = on.client
    work = one.results.folder.parent / "copy"
    return OldClient(one.version, one.url, one.agent_id, token or one.token, work, one.pace)


def shortest_try(client: OldClient, first: int = 0) -> float:
    """The shortest time between two tries, in seconds."""
    return min(after - before for before, after in itertools.pairwise(client.tries[first:]))


async def silence_then_let_in(on: Scene) -> None:
    """One error and no pong; with the right token it comes in at its next try."""
    good = on.client.token
    on.client.token = "no-such-token"
    await on.noted("no pong")
    await on.hears("error", 2)
    on.client.token = good
    await on.identified(1)
    assert not on.told("bye")
    first = [frame["type"] for frame in on.client.heard].index("identified")
    assert {frame["type"] for frame in on.client.heard[:first]} == {"error"}


async def silence_for_anothers_token(on: Scene) -> None:
    """A good token under another name is none."""
    good = on.client.token
    await on.killed()
    on.client.token = await asyncio.to_thread(on.door.token, f"{on.client.agent_id}-too")
    on.client.start()
    await on.hears("error", 2)
    assert shortest_try(on.client) >= TERM
    on.client.token = good
    await on.identified(2)


async def no_storm(on: Scene) -> None:
    """It is never closed, so it comes no sooner than its own patience ends."""
    good = on.client.token
    on.client.token = "no-such-token"
    await on.hears("error", 3)
    assert shortest_try(on.client) >= TERM
    assert not [note for note in on.client.notes if note.startswith("closed 4")]
    on.client.token = good
    await on.identified(1)


async def disturbs_nobody(on: Scene) -> None:
    """Whoever has the name but not the token does not touch the one that has both."""
    task = await on.begun()
    other = copy_of(on, token="no-such-token")
    async with other:
        await until(lambda: any(each["type"] == "error" for each in other.heard))
        on.client.finish(task)
        await on.ends(task, "completed", 1)
    assert on.sessions == 1
    assert {frame["type"] for frame in other.heard} == {"error"}


ROWS: Final = [
    Row("f", "no pong", every_ping_is_answered, pace={"ping_every": 0.05}),
    Row("f", "no pong", hub_stands_still, "hub stands still", hub="own", pace=SOON_LEAVES),
    Row("g", "closes", hub_is_stopped, hub="own"),
    Row(
        "g",
        "closes",
        token_is_revoked,
        "token revoked",
        pace=SOON_LEAVES,
        errors=INVALID,
        goes_on=False,
    ),
    Row(
        "g",
        "errors",
        errors_mean_nothing,
        errors=frozenset({"stale_generation", "not_found", "invalid_json"}),
    ),
    Row("g", "two processes", two_processes, errors=frozenset({"conflict"}), goes_on=False),
    Row(
        "i",
        "error and silence",
        silence_then_let_in,
        pace=SOON_LEAVES,
        errors=INVALID,
        comes_in=False,
    ),
    Row(
        "i",
        "error and silence",
        silence_for_anothers_token,
        "another's token",
        pace=SOON_LEAVES,
        errors=frozenset({"token_agent_mismatch"}),
    ),
    Row("i", "error and silence", disturbs_nobody, "beside the right one"),
    Row(
        "i",
        "error and close",
        no_storm,
        pace=SOON_LEAVES,
        errors=INVALID,
        comes_in=False,
    ),
]
