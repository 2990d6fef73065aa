"""Bulk actions over HTTP: preview, progress, failures, stops, and what a kill leaves behind."""

import random
import time
from collections import Counter
from functools import partial
from typing import Any, Final

import apsw
import pytest

from schemas.events import EventType
from schemas.scalars import Role, StateName, TaskState
from tests.transport.conftest import StartHub
from tests.transport.ranch import Hub, Reply, until
from tests.transport.wire import Door, new_name

ALL: Final = {"state": list(StateName)}
"""All tasks; an action takes those that it is for."""
MANY: Final = 10_000


def bulk(hub: Hub, **request: Any) -> Any:
    """Begin a bulk action."""
    reply = ask(hub, **request)
    assert reply.status == 202, reply
    return reply.json


def ask(hub: Hub, path: str = "", **request: Any) -> Reply:
    """Ask for a bulk action, or for its preview."""
    return hub.http("POST", f"/api/v1/tasks/bulk{path}", request, role=Role.OPERATOR)


def ended(hub: Hub, job: Any) -> Any:
    """Wait for the end of a bulk action."""

    def finished() -> Any:
        found = hub.get(f"/bulk/{job['id']}")
        return found if "finished_at" in found else None

    return until(finished)


def submit_many(hub: Hub, count: int, **spec: Any) -> list[str]:
    """Submit so many tasks that nobody can do."""
    ids: list[str] = []
    task = {"description": "one of many", "needs": ["nobody"], **spec}
    while len(ids) < count:
        tasks = [task] * min(1_000, count - len(ids))
        reply = hub.http("POST", "/api/v1/tasks", {"tasks": tasks})
        assert reply.status == 201, reply
        ids += [each["id"] for each in reply.json["items"]]
    return ids


def test_a_preview_changes_nothing(calm_hub: Hub) -> None:
    """It counts, and shows some of the tasks."""
    label = {"preview": new_name()}
    ids = submit_many(calm_hub, 25, labels=label)
    request: dict[str, Any] = {"action": "cancel", "filter": {"labels": label}}
    shown = ask(calm_hub, "/preview", **request).json
    assert shown["total"] == {"count": 25, "more": False}
    assert [each["id"] for each in shown["sample"]] == ids[:-11:-1]
    named = ask(calm_hub, "/preview", action="cancel", ids=[*ids[:3], "task-nope"]).json
    assert named["total"]["count"] == 3
    assert ask(calm_hub, "/preview", action="retry", ids=ids[:3]).json["sample"] == []
    assert {calm_hub.task(each)["state"] for each in ids[:2]} == {"queued"}


def test_cancel_by_filter(calm_hub: Hub) -> None:
    """Every task that the filter means is cancelled, for a reason; it can be looked at."""
    label = {"sweep": new_name()}
    ids = submit_many(calm_hub, 230, labels=label)
    job = bulk(calm_hub, action="cancel", filter={"labels": label}, reason="cleaning up")
    assert (job["state"], job["total"]) == ("waiting", {"count": 230, "more": False})
    done = ended(calm_hub, job)
    assert (done["state"], done["done"], done["failed"]) == ("completed", 230, 0)
    states = {
        each["state"] for each in calm_hub.get(f"/tasks?label=sweep%3D{label['sweep']}")["items"]
    }
    assert states == {"cancelled"}
    (_, moved) = calm_hub.get(f"/tasks/{ids[0]}/events")["items"]
    assert (moved["payload"]["reason"], moved["meta"]["actor_id"]) == ("cleaning up", "operator")
    assert calm_hub.get("/bulk?limit=1")["items"][0] == done


def test_retry_means_dead_letters(calm_hub: Hub) -> None:
    """Who cancelled a task meant it; unless the filter names that state."""
    label = {"again": new_name()}
    cancelled = submit_many(calm_hub, 3, labels=label)
    dead = submit_many(calm_hub, 4, labels=label, complete_by=1)
    for task in dead:
        calm_hub.reaches(task, "dead_letter")
    for task in cancelled:
        calm_hub.cancel(task)
    assert ended(calm_hub, bulk(calm_hub, action="retry", filter={"labels": label}))["done"] == 4
    assert calm_hub.task(cancelled[0])["state"] == "cancelled"
    wanted = {"labels": label, "state": ["cancelled", "completed"]}
    assert ended(calm_hub, bulk(calm_hub, action="retry", filter=wanted))["done"] == 3


def test_edit_by_ids_tells_what_failed(calm_hub: Hub) -> None:
    """What is so already is skipped; what cannot be done has its reason."""
    waiting, urgent, over = submit_many(calm_hub, 3)
    calm_hub.http("PATCH", f"/api/v1/tasks/{urgent}", {"priority": "urgent"})
    calm_hub.cancel(over)
    ids = [waiting, urgent, over, "task-nope"]
    edit = {"priority": "urgent"}
    done = ended(calm_hub, bulk(calm_hub, action="edit", ids=ids, edit=edit))
    assert (done["done"], done["skipped"], done["failed"]) == (1, 1, 2)
    told = {each["task_id"]: each["code"] for each in done["failures"]}
    assert told == {over: "invalid_state", "task-nope": "not_found"}
    assert calm_hub.task(waiting)["priority"] == "urgent"


def test_a_task_named_twice_is_one(calm_hub: Hub) -> None:
    """In the total, and in what became of it."""
    twice = submit_many(calm_hub, 3) * 2
    done = ended(calm_hub, bulk(calm_hub, action="cancel", ids=twice))
    assert done["total"] == {"count": 3, "more": False}
    assert (done["done"], done["skipped"], done["failed"]) == (3, 0, 0)


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        ({"action": "cancel"}, "$"),
        ({"action": "cancel", "filter": ALL, "ids": ["a"]}, "$"),
        ({"action": "cancel", "ids": []}, "$.ids"),
        ({"action": "cancel", "filter": {}}, "$.filter"),
        ({"action": "cancel", "filter": {"state": []}}, "$.filter.state"),
        ({"action": "cancel", "filter": {"labels": {}}}, "$.filter.labels"),
        ({"action": "stop", "filter": ALL}, "$.action"),
        ({"action": "cancel", "filter": {"state": ["completed"]}}, "$.filter.state"),
        ({"action": "cancel", "filter": {"labels": 1}}, "$.filter.labels"),
        ({"action": "edit", "filter": ALL}, "$.edit"),
        ({"action": "edit", "filter": ALL, "edit": {}}, "$.edit"),
        ({"action": "edit", "filter": ALL, "edit": {"metadata": 1}}, "$.edit.metadata"),
        ({"action": "cancel", "filter": ALL, "edit": {"priority": "low"}}, "$.edit"),
    ],
)
@pytest.mark.parametrize("route", ["", "/preview"])
def test_a_bad_request(calm_hub: Hub, request_: Any, path: str, route: str) -> None:
    """It is refused by name, before anything begins."""
    reply = ask(calm_hub, route, **request_)
    assert (reply.status, reply.paths) == (422, {path})


def test_who_may_and_what_is_not_there(calm_hub: Hub) -> None:
    """Viewers look, agents and viewers begin nothing, and an unknown action is 404."""
    request = {"action": "cancel", "ids": ["task-nope"]}
    for role in (Role.VIEWER, None):
        reply = calm_hub.http("POST", "/api/v1/tasks/bulk", request, role=role)
        assert reply.status in (401, 403)
    assert calm_hub.http("GET", "/api/v1/bulk", role=Role.VIEWER).status == 200
    assert calm_hub.http("GET", "/api/v1/bulk/bulk-nope").status == 404
    assert calm_hub.http("POST", "/api/v1/bulk/bulk-nope/cancel").status == 404
    assert calm_hub.http("GET", "/api/v1/bulk?cursor=x").code == "invalid_cursor"


def test_a_job_can_be_stopped(own_hub: StartHub) -> None:
    """What was done stays done; what was not is left alone; it cannot be stopped twice."""
    hub = own_hub()
    submit_many(hub, 4_000)
    job = bulk(hub, action="cancel", filter=ALL)
    until(lambda: hub.get(f"/bulk/{job['id']}")["done"])
    stopped = hub.http("POST", f"/api/v1/bulk/{job['id']}/cancel")
    assert (stopped.status, stopped.json["state"]) == (200, "cancelled")
    again = hub.http("POST", f"/api/v1/bulk/{job['id']}/cancel")
    assert again.code == "invalid_state"
    states = hub.get("/tasks/stats")["states"]
    assert states["cancelled"] == hub.get(f"/bulk/{job['id']}")["done"] < 4_000


async def test_new_tasks_are_left_alone_and_nobody_waits(own_hub: StartHub) -> None:
    """Beside a big job others are answered quickly, and what they submit is not part of it."""
    hub = own_hub()
    submit_many(hub, 6_000, labels={"a": "b"})
    job = bulk(hub, action="cancel", filter={"labels": {"a": "b"}})
    times, late = [], []
    while "finished_at" not in hub.get(f"/bulk/{job['id']}"):
        began = time.perf_counter()
        late += submit_many(hub, 1, labels={"a": "b"})
        times.append(time.perf_counter() - began)
    times.sort()
    print(
        f"{len(times)} submissions, median {times[len(times) // 2] * 1000:.1f} ms, "
        f"longest {times[-1] * 1000:.1f} ms"
    )
    assert {hub.task(each)["state"] for each in late} == {"queued"}
    assert ended(hub, job)["done"] == 6_000


def test_a_kill_neither_repeats_nor_skips(own_hub: StartHub) -> None:
    """Ten thousand tasks, a hub that is killed again and again: each is edited exactly once."""
    hub = own_hub()
    submit_many(hub, MANY)
    edits = [bulk(hub, action="edit", filter=ALL, edit={"labels": {"n": str(n)}}) for n in range(2)]
    first = edits[0]["id"]
    for _ in range(4):
        seen = hub.get(f"/bulk/{first}")["done"]
        until(partial(_goes_on, hub, first, seen))
        time.sleep(random.uniform(0, 0.05))
        hub.restart()
    for job in edits:
        assert ended(hub, job)["done"] == MANY
    cancel = bulk(hub, action="cancel", filter=ALL)
    hub.restart()
    assert ended(hub, cancel)["done"] == MANY
    hub.kill()
    _check_events(hub)


def _goes_on(hub: Hub, job: str, seen: int) -> bool:
    found = hub.get(f"/bulk/{job}")
    return found["done"] > seen or "finished_at" in found


def _check_events(hub: Hub) -> None:
    database = apsw.Connection(str(hub.data / "hub.db"))
    kinds: Counter[int] = Counter()
    for kind, number in database.execute("SELECT type, count(*) FROM event GROUP BY type"):
        kinds[int(kind)] = int(number)
    states = {state for (state,) in database.execute("SELECT DISTINCT state FROM task")}
    database.close()
    assert states == {TaskState.CANCELLED}
    assert kinds[EventType.TASK_CREATED] == MANY
    assert kinds[EventType.TASK_UPDATED] == 2 * MANY
    assert kinds[EventType.TASK_STATUS_CHANGED] == MANY
    assert (kinds[EventType.BULK_CREATED], kinds[EventType.BULK_STATUS_CHANGED]) == (3, 3)


async def test_tasks_that_run_are_asked_to_stop(calm: Door) -> None:
    """A bulk cancel reaches the agent like any other."""
    name = new_name()
    agent = await calm.agent(name)
    task = calm.hub.submit(assign_to=name)
    await agent.accepts(task)
    done = ended(calm.hub, bulk(calm.hub, action="cancel", filter={"agent": name}))
    assert done["done"] == 1
    await agent.hears("task_cancel", task_id=task)
