"""Search over HTTP, against a real hub and the process that feeds its index."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from schemas.scalars import Role
from tests.search.test_finder import HOSTILE
from tests.transport.ranch import CALM, WITH_SEARCH, Hub, Reply, until


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub with search; each test has words of its own."""
    hub = Hub(tmp_path_factory.mktemp("search") / "data", **CALM, **WITH_SEARCH).start()
    yield hub
    hub.kill()


def asked(hub: Hub, query: str, **more: Any) -> Reply:
    """The answer to a question."""
    text = urlencode({"q": query, **more})
    return hub.http("GET", f"/api/v1/search?{text}")


def found(hub: Hub, query: str, **more: Any) -> list[str]:
    """The ids of what is found."""
    reply = asked(hub, query, **more)
    assert reply.status == 200, reply
    return [item["id"] for item in reply.json["items"]]


def test_a_task_is_found_soon_after_it_was_submitted(hub: Hub) -> None:
    """With the place where the words stand, and its state as it is now."""
    task = hub.submit(description="Sweep the yard", payload={"tool": "BESOM broom"})
    until(lambda: found(hub, "besom"))
    (item,) = asked(hub, "besom sweep").json["items"]
    assert (item["kind"], item["id"], item["title"]) == ("task", task, "Sweep the yard")
    assert (item["field"], item["snippet"]) == ("payload", "tool: BESOM broom")
    assert [item["snippet"][begin:end] for begin, end in item["marks"]] == ["BESOM"]
    assert item["state"] == "queued"
    hub.cancel(task)
    assert asked(hub, "besom").json["items"][0]["state"] == "cancelled"


def test_edits_are_followed(hub: Hub) -> None:
    """Old words are not found any more, new ones are."""
    task = hub.submit(description="polish the brass", needs=["nobody"])
    until(lambda: found(hub, "brass"))
    hub.http("PATCH", f"/api/v1/tasks/{task}", {"description": "polish the silver"})
    until(lambda: found(hub, "polish silver") == [task])
    assert found(hub, "brass") == []


def test_the_end_of_a_task_is_followed(hub: Hub) -> None:
    """A retry of what was cancelled is found as before."""
    task = hub.submit(description="wind the clock", needs=["nobody"])
    until(lambda: found(hub, "wind clock"))
    hub.cancel(task)
    hub.http("POST", f"/api/v1/tasks/{task}/retry")
    until(lambda: asked(hub, "wind clock").json["behind"] == 0)
    (item,) = asked(hub, "wind clock").json["items"]
    assert item["state"] == "queued"


def test_agents_are_found(hub: Hub) -> None:
    """By what was said about them; one that is gone is not."""
    entry = {"id": "hazel", "note": "in the north barn"}
    assert hub.http("POST", "/api/v1/agents/sync", {"agents": [entry]}).status == 200
    until(lambda: found(hub, "north barn") == ["hazel"])
    (item,) = asked(hub, "hazel", kind="agent").json["items"]
    assert (item["kind"], item["state"], item["field"]) == ("agent", "offline", "id")
    assert found(hub, "hazel", kind="task") == []
    hub.http("DELETE", "/api/v1/agents/hazel")
    assert found(hub, "north barn") == []


def test_pages_follow_each_other(hub: Hub) -> None:
    """By a cursor that is good for this question only."""
    tasks = [hub.submit(description=f"stack plank {number}") for number in range(5)]
    until(lambda: len(found(hub, "plank")) == 5)
    first = asked(hub, "plank", limit=3).json
    second = asked(hub, "plank", limit=3, cursor=first["next_cursor"]).json
    items = [*first["items"], *second["items"]]
    assert [item["id"] for item in items] == tasks[::-1]
    assert second["next_cursor"] is None
    for query, more in (("stack", {}), ("plank", {"kind": "task"})):
        reply = asked(hub, query, **more, cursor=first["next_cursor"])
        assert (reply.status, reply.code) == (400, "invalid_cursor")


def test_who_may_ask(hub: Hub) -> None:
    """Whoever may read tasks."""
    path = "/api/v1/search?q=needle"
    assert hub.http("GET", path, role=Role.VIEWER).status == 200
    assert hub.http("GET", path, role=None).status == 401
    assert hub.http("GET", path, token=hub.join("oak")).status == 200


@pytest.mark.parametrize(
    "query", ["q=a", "q=" + "a" * 257, "", "q=abc&kind=cat", "q=abc&limit=101", "q=abc&x=1"]
)
def test_what_is_no_question_is_refused(hub: Hub, query: str) -> None:
    """With the parameter that is wrong."""
    reply = hub.http("GET", f"/api/v1/search?{query}")
    assert (reply.status, reply.code) == (422, "validation_failed")


@pytest.mark.parametrize("query", HOSTILE)
def test_a_question_is_text(hub: Hub, query: str) -> None:
    """Nothing in it is an operator, and nothing in it breaks the hub."""
    assert asked(hub, query).status == 200


def test_it_says_how_far_it_is(hub: Hub) -> None:
    """When nothing happens it has everything."""
    until(lambda: asked(hub, "anything").json["behind"] == 0)
    page = asked(hub, "anything").json
    assert (page["behind_ms"], page["ready"]) == (0, True)
