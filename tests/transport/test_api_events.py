"""Events over HTTP: pages, filters, and the four answers to a cursor."""

import asyncio
import shutil
from collections.abc import Iterator
from typing import Any

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.transport.routes import ROUTES
from schemas.events import EVENT_NAMES
from schemas.http.events import SELECTORS
from schemas.scalars import Role
from tests.transport.conftest import StartHub
from tests.transport.ranch import CALM, Hub
from tests.transport.wire import Door

URL = "/api/v1/events"


def page(hub: Hub, **query: Any) -> Any:
    """One page."""
    text = "&".join(f"{name}={value}" for name, value in query.items())
    return hub.get(f"/events?{text}")


def pages(hub: Hub, **query: Any) -> Iterator[Any]:
    """All pages up to the end."""
    while True:
        found = page(hub, **query)
        yield found
        if found["at_end"]:
            return
        query["after"] = found["next_cursor"]


def found(hub: Hub, **query: Any) -> list[Any]:
    """The events of all pages."""
    return [event for each in pages(hub, **query) for event in each["items"]]


def details(reply: Any) -> dict[str, str]:
    """What a refusal names."""
    return {each["path"]: each["message"] for each in reply.json["error"]["details"]}


def submit(hub: Hub, count: int) -> list[str]:
    """Submit so many tasks at once; their ids."""
    tasks = [{"description": "x", "needs": ["nobody"]} for _ in range(count)]
    reply = hub.http("POST", "/api/v1/tasks", {"tasks": tasks})
    return [item["id"] for item in reply.json["items"]]


def test_the_list_is_the_whole_story(untold_hub: StartHub) -> None:
    """From the first event on, in order, without a gap; the end can be gone on from."""
    hub = untold_hub()
    ids = submit(hub, 7)
    events = found(hub, limit=3)
    assert [event["seq"] for event in events] == list(range(1, 8))
    assert [event["target"] for event in events] == ids
    end = page(hub, after="1:7")
    assert end == {"items": [], "next_cursor": "1:7", "at_end": True, "newest": "1:7"}
    submit(hub, 1)
    assert [each["seq"] for each in page(hub, after="1:7")["items"]] == [8]


def test_every_page_says_where_the_end_is(untold_hub: StartHub) -> None:
    """So that a reader can begin with the newest events and go backwards."""
    hub = untold_hub()
    submit(hub, 7)
    assert page(hub, limit=1)["newest"] == "1:7"
    assert page(hub, after="1:4", type="agent.*")["newest"] == "1:7"


@settings(max_examples=15, deadline=None)
@given(limits=st.lists(st.integers(1, 200), min_size=1, max_size=20), more=st.integers(0, 20))
def test_pages_under_writes(calm_hub: Hub, limits: list[int], more: int) -> None:
    """Whatever sizes are asked for while events happen: each once, in order, none left out."""
    cursor = f"1:{max(newest(calm_hub) - 150, 0)}"
    seen: list[int] = []
    for limit in limits:
        if more:
            submit(calm_hub, more)
        got = page(calm_hub, after=cursor, limit=limit)
        seen += [event["seq"] for event in got["items"]]
        cursor = got["next_cursor"]
    if seen:
        assert seen == list(range(seen[0], seen[0] + len(seen)))
        assert cursor == f"1:{seen[-1]}"


def newest(hub: Hub) -> int:
    """The seq of the last event."""
    reply = hub.http("GET", f"{URL}?after=1:9007199254740991")
    return int(details(reply)["newest"].partition(":")[2])


async def test_the_life_of_a_task(calm: Door) -> None:
    """Told by its own list: each step once, with who did it."""
    agent = await calm.agent("teller")
    task = calm.hub.submit(assign_to="teller")
    await agent.completes(await agent.accepts(task), 1)
    events = (await asyncio.to_thread(calm.hub.get, f"/tasks/{task}/events"))["items"]
    assert [(event["type"], event["meta"]["actor_type"]) for event in events] == [
        ("task.created", "admin"),
        ("task.assigned", "hub"),
        ("task.status.changed", "agent"),
        ("task.status.changed", "agent"),
    ]
    assert {event["target"] for event in events} == {task}
    assert {event["meta"]["correlation_id"] for event in events} == {task}
    changed = await asyncio.to_thread(
        calm.hub.get, f"/tasks/{task}/events?type=task.status.*&limit=1"
    )
    assert [event["payload"]["to"] for event in changed["items"]] == ["running"]


def test_the_events_of_no_task(calm_hub: Hub) -> None:
    """There is no such list."""
    assert calm_hub.http("GET", "/api/v1/tasks/task-nobody/events").status == 404


def test_filters(untold_hub: StartHub) -> None:
    """By type, family of types, entity and actor; several are all to hold."""
    hub = untold_hub()
    first, second = submit(hub, 2)
    hub.join("agent-1")
    hub.cancel(second)
    hub.http("POST", f"/api/v1/tasks/{first}/cancel", role=Role.OPERATOR)
    kinds = [event["type"] for event in found(hub)]
    assert (
        kinds
        == ["task.created"] * 2 + ["auth.invited", "auth.registered"] + ["task.status.changed"] * 2
    )
    for query, seqs in (
        ({"type": "task.created"}, [1, 2]),
        ({"type": "auth.*"}, [3, 4]),
        ({"type": "auth.invited,task.status.changed"}, [3, 5, 6]),
        ({"type": "task.*", "entity": second}, [2, 5]),
        ({"actor": "operator"}, [6]),
        ({"actor": "agent-1"}, [4]),
        ({"actor": "nobody"}, []),
        ({"entity": "nobody"}, []),
        ({"type": "agent.*"}, []),
    ):
        assert [event["seq"] for event in found(hub, limit=1, **query)] == seqs, query


def test_every_type_can_be_asked_for(calm_hub: Hub) -> None:
    """Each by its name, and each family of names."""
    assert set(EVENT_NAMES.values()) < set(SELECTORS)
    assert {"task.*", "task.status.*", "admin.*"} < set(SELECTORS)
    for selector in SELECTORS:
        assert calm_hub.http("GET", f"{URL}?type={selector}&limit=1").status == 200


@pytest.mark.parametrize("text", ["x", "1", "1:", "1:-1", "0x1:1", "1:1:1", "1:99999999999999999"])
@pytest.mark.parametrize("path", [URL, f"{URL}/stream"])
def test_a_forged_cursor(calm_hub: Hub, path: str, text: str) -> None:
    """It is no cursor at all."""
    reply = calm_hub.http("GET", f"{path}?after={text}")
    assert (reply.status, reply.code) == (400, "invalid_cursor")
    if path != URL:
        reply = calm_hub.http("GET", path, headers={"Last-Event-ID": text})
        assert (reply.status, reply.code) == (400, "invalid_cursor")


@pytest.mark.parametrize("query", ["type=task", "type=*", "limit=0", "limit=201", "page=2"])
def test_a_query_that_is_wrong(calm_hub: Hub, query: str) -> None:
    """A typo does not widen what is found."""
    reply = calm_hub.http("GET", f"{URL}?{query}")
    assert (reply.status, reply.code) == (422, "validation_failed")


@pytest.mark.parametrize("path", [URL, f"{URL}/stream"])
def test_a_cursor_of_the_future(untold_hub: StartHub, path: str) -> None:
    """It is refused with where the stream begins and ends."""
    hub = untold_hub()
    submit(hub, 2)
    reply = hub.http("GET", f"{path}?after=1:3")
    assert (reply.status, reply.code) == (409, "cursor_ahead")
    assert details(reply) == {"epoch": "1", "oldest": "1:0", "newest": "1:2"}


@pytest.mark.parametrize("path", [URL, f"{URL}/stream"])
def test_a_cursor_of_a_history_that_was_cut(untold_hub: StartHub, path: str) -> None:
    """After an older database was put back no cursor goes on, however it looks."""
    hub = untold_hub()
    submit(hub, 2)
    hub.stop()
    shutil.copy(hub.data / "hub.db", hub.data.parent / "older.db")
    hub.start()
    submit(hub, 3)
    hub.stop()
    shutil.copy(hub.data.parent / "older.db", hub.data / "hub.db")
    hub.start()
    submit(hub, 9)
    reply = hub.http("GET", f"{path}?after=1:5")
    assert (reply.status, reply.code) == (410, "epoch_changed")
    assert details(reply) == {"epoch": "2", "oldest": "2:0", "newest": "2:11"}
    assert [event["seq"] for event in found(hub, after="2:0")] == list(range(1, 12))


@pytest.mark.parametrize("path", [URL, f"{URL}/stream"])
def test_a_cursor_whose_events_are_gone(untold_hub: StartHub, path: str) -> None:
    """It is told where what is kept begins; without a cursor the list begins there."""
    hub = untold_hub()
    submit(hub, 9)
    hub.stop()
    forget_events(hub, 4)
    hub.start()
    reply = hub.http("GET", f"{path}?after=1:3")
    assert (reply.status, reply.code) == (410, "cursor_expired")
    assert details(reply) == {"epoch": "1", "oldest": "1:4", "newest": "1:9"}
    assert [event["seq"] for event in found(hub, limit=2)] == [5, 6, 7, 8, 9]
    assert [event["seq"] for event in found(hub, after="1:4")] == [5, 6, 7, 8, 9]


def forget_events(hub: Hub, up_to: int) -> None:
    """Drop old events, as retention will."""
    connection = apsw.Connection(str(hub.data / "hub.db"))
    connection.execute("DELETE FROM event WHERE seq <= ?", (up_to,))
    connection.close()


def test_what_left_the_memory_is_still_there(untold_hub: StartHub) -> None:
    """Far more than the hub keeps in memory is listed all the same, also after a start."""
    hub = untold_hub(**CALM)
    for _ in range(11):
        submit(hub, 1_000)
    assert hub.metric("corral_events_in_memory") == 10_000
    assert hub.metric("corral_events_published_total") == 11_000
    seqs = [event["seq"] for event in found(hub, limit=200)]
    assert seqs == list(range(1, 11_001))
    hub.restart()
    assert hub.metric("corral_events_in_memory") == 0
    assert len(found(hub, limit=200, after="1:10000")) == 1_000
    assert [each["seq"] for each in found(hub, actor="nobody", after="1:10990")] == []


def test_reading_tells_nothing() -> None:
    """A route that only reads leaves no event."""
    assert not [route.path for route in ROUTES if route.method == "GET" and route.events]
