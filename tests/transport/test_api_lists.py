"""Many tasks over HTTP: filters, cursors, counts, dead letters, statistics."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest

from schemas.scalars import Role
from tests.transport.ranch import Hub, Reply
from tests.transport.wire import Door, new_name

MARKS = itertools.count(1)


def new_mark() -> str:
    """A label that no other test uses."""
    return f"mark-{next(MARKS)}"


def listed(hub: Hub, query: str) -> list[str]:
    """All pages of a list, as ids."""
    ids: list[str] = []
    cursor = ""
    while True:
        page = hub.get(f"/tasks?{query}{cursor}")
        ids += [task["id"] for task in page["items"]]
        if page["next_cursor"] is None:
            return ids
        cursor = f"&cursor={page['next_cursor']}"


@pytest.fixture(scope="module")
def herd(calm_hub: Hub) -> dict[str, str]:
    """One task for each condition, all with one label."""
    specs: dict[str, dict[str, Any]] = {
        "plain": {},
        "urgent": {"priority": "critical"},
        "low": {"priority": "low"},
        "needs": {"needs": ["lasso", "a,b"]},
        "labels": {"labels": {"herd": "h", "a=b": "c=d,e"}},
        "mission": {"mission_id": "m-7"},
        "text": {"description": "Mend the NORTH fence, 100 %"},
        "later": {"not_before": 4_000_000_000_000},
        "dead": {"complete_by": 1},
    }
    ids = {}
    for name, spec in specs.items():
        spec.setdefault("labels", {"herd": "h"})
        ids[name] = calm_hub.submit(**({"assign_to": "nobody"} | spec))
    calm_hub.reaches(ids["dead"], "dead_letter")
    return ids


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("state=scheduled", "later"),
        ("state=dead_letter,scheduled", "dead later"),
        ("priority=urgent", "urgent"),
        ("priority=critical&priority=low", "low urgent"),
        ("capability=lasso", "needs"),
        ("capability=a,b", "needs"),
        ("label=a%3Db%3Dc%3Dd,e", ""),
        ("mission=m-7", "mission"),
        ("text=north", "text"),
        ("text=100%20%25", "text"),
        ("submitter=admin&state=scheduled", "later"),
        ("submitter=nobody", ""),
        ("agent=nobody", ""),
        ("created_before=1", ""),
        ("created_after=1&state=scheduled", "later"),
    ],
)
def test_each_condition(calm_hub: Hub, herd: dict[str, str], query: str, names: str) -> None:
    """All that are given have to hold; a repeated one names alternatives."""
    found = set(listed(calm_hub, f"label=herd%3Dh&limit=3&{query}"))
    assert found == {herd[name] for name in names.split()}


def test_counts(calm_hub: Hub, herd: dict[str, str]) -> None:
    """A page says how many there are on all pages, when asked."""
    page = calm_hub.get("/tasks?label=herd%3Dh&limit=2&count=true")
    assert page["total"] == {"count": len(herd), "more": False}
    assert "total" not in page or calm_hub.get("/tasks?limit=1")["total"] is None
    queued = calm_hub.get("/tasks?state=queued&limit=1&count=true")["total"]["count"]
    assert queued == calm_hub.get("/tasks/stats")["states"]["queued"]


def test_dead_letters(calm_hub: Hub, herd: dict[str, str]) -> None:
    """The list of tasks that failed for good, by the same conditions."""
    page = calm_hub.get("/dead-letters?label=herd%3Dh")
    assert [task["id"] for task in page["items"]] == [herd["dead"]]
    assert page["items"][0]["failure_class"] == "expired"


@pytest.mark.parametrize(
    "query",
    [
        "label=x",
        "label=x%3D1&label=x%3D2",
        "state=done",
        "limit=0",
        "limit=201",
        "created_after=x",
        "nope=1",
    ],
)
def test_a_bad_question(calm_hub: Hub, query: str) -> None:
    """It is refused by name, not widened."""
    reply = calm_hub.http("GET", f"/api/v1/tasks?{query}")
    assert reply.status == 422
    assert reply.paths == {f"query.{query.partition('=')[0]}"}


def refused(hub: Hub, cursor: str, query: str = "") -> Reply:
    """What a cursor is answered."""
    return hub.http("GET", f"/api/v1/tasks?cursor={quote(cursor, safe='')}{query}")


def test_a_cursor_is_good_for_its_own_list(calm_hub: Hub, herd: dict[str, str]) -> None:
    """Another filter, another list, or one letter changed: 400."""
    cursor = calm_hub.get("/tasks?label=herd%3Dh&limit=2")["next_cursor"]
    assert refused(calm_hub, cursor, "&label=herd%3Dh&limit=5").status == 200
    assert refused(calm_hub, cursor).code == "invalid_cursor"
    assert refused(calm_hub, cursor, "&label=herd%3Dh&state=queued").code == "invalid_cursor"
    for at in range(len(cursor)):
        other = "A" if cursor[at] != "A" else "B"
        changed = cursor[:at] + other + cursor[at + 1 :]
        assert refused(calm_hub, changed, "&label=herd%3Dh").status == 400
    for forged in ("x", "ä", "%00", cursor + "AAAA", cursor[:-3], "MTIz"):
        assert refused(calm_hub, forged, "&label=herd%3Dh").code == "invalid_cursor"


def test_a_list_begins_anywhere(calm_hub: Hub) -> None:
    """So many are left out, after the cursor if there is one; it says how many were."""
    label = new_mark()
    spec = {"assign_to": "nobody", "labels": {label: "y"}}
    ids = [calm_hub.submit(**spec, description=f"no. {number}") for number in range(7)][::-1]
    query = f"/tasks?label={label}=y&limit=2"
    page = calm_hub.get(f"{query}&skip=3")
    assert [task["id"] for task in page["items"]] == ids[3:5]
    assert page["skipped"] == 3
    later = calm_hub.get(f"{query}&skip=1&cursor={page['next_cursor']}")
    assert [task["id"] for task in later["items"]] == ids[6:]
    beyond = calm_hub.get(f"{query}&skip=900")
    assert (beyond["items"], beyond["skipped"], beyond["next_cursor"]) == ([], 7, None)


def test_a_brief_list_leaves_out_what_is_large(calm_hub: Hub) -> None:
    """A page that shows many needs no payloads."""
    label = new_mark()
    calm_hub.submit(assign_to="nobody", labels={label: "y"}, payload={"n": 1}, metadata={"m": 2})
    query = f"/tasks?label={label}=y"
    assert calm_hub.get(query)["items"][0]["payload"] == {"n": 1}
    (brief,) = calm_hub.get(f"{query}&brief=true")["items"]
    assert not {"payload", "metadata", "run", "result", "usage"} & brief.keys()
    assert brief["labels"] == {label: "y"}


def test_what_was_answered_is_listed(calm_hub: Hub) -> None:
    """Whoever has an answer finds it in the next list."""
    mark = new_mark()
    for number in range(20):
        task = calm_hub.submit(labels={"m": mark}, needs=["nobody"])
        ids = listed(calm_hub, f"label=m%3D{mark}")
        assert ids[0] == task
        assert len(ids) == number + 1


def test_pages_under_writes(calm_hub: Hub) -> None:
    """What is there throughout is listed once, whatever comes and ends meanwhile."""
    mark = new_mark()

    def submit(_number: int) -> str:
        return calm_hub.submit(labels={"m": mark}, needs=["nobody"])

    with ThreadPoolExecutor(4) as pool:
        there = list(pool.map(submit, range(60)))
        doomed = there[::3]
        coming = pool.map(submit, range(60))
        going = pool.map(calm_hub.cancel, doomed)
        found = listed(calm_hub, f"label=m%3D{mark}&state=queued&limit=7")
        later = list(coming)
        assert all(reply.status == 202 for reply in going)
    assert len(found) == len(set(found))
    assert set(there) - set(doomed) <= set(found) <= {*there, *later}


async def test_statistics(calm: Door) -> None:
    """States, queue, throughput and times."""
    before = calm.hub.get("/tasks/stats")
    name = new_name()
    agent = await calm.agent(name)
    task = calm.hub.submit(assign_to=name)
    given = await agent.accepts(task)
    await agent.say("task_complete", task_id=task, generation=given["generation"], result=1)
    await agent.hears("task_ack")
    calm.hub.submit(needs=["nobody"], priority="urgent")
    after = calm.hub.http("GET", "/api/v1/tasks/stats", role=Role.VIEWER).json
    assert after["states"]["completed"] == before["states"]["completed"] + 1
    minute, _, quarter = after["throughput"]
    assert [minute["minutes"], quarter["minutes"]] == [1, 15]
    assert quarter["completed"] == before["throughput"][2]["completed"] + 1
    assert after["run_ms"]["count"] == before["run_ms"]["count"] + 1
    assert after["wait_ms"]["p50"] is not None
    urgent = "urgent"
    more = (
        after["queued_by_priority"][urgent]["count"] - before["queued_by_priority"][urgent]["count"]
    )
    assert more == 1
    queued = sum(total["count"] for total in after["queued_by_priority"].values())
    assert queued == after["states"]["queued"]
    assert after["oldest_queued_ms"] >= 0
