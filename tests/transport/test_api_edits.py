"""Edits and retries over HTTP."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from schemas.scalars import Role
from tests.transport.conftest import StartHub
from tests.transport.ranch import Hub, Reply
from tests.transport.wire import Door, new_name

WISH: dict[str, Any] = {
    "description": "something else",
    "priority": "urgent",
    "labels": {"c": "d"},
    "metadata": {"k": [1.50]},
    "needs": ["nobody", "else"],
    "assign_to": "nobody",
    "fairness_key": "k",
    "complete_by": 4_000_000_000_000,
    "timeout_ms": 5_000,
    "max_attempts": 7,
    "retry": {"base_ms": 1, "factor": 2.0, "cap_ms": 3},
}


def edit(hub: Hub, task: str, wish: Any, version: Any = None, **more: Any) -> Reply:
    """Edit a task, perhaps only a certain version."""
    headers = {} if version is None else {"If-Match": f'"{version}"'}
    return hub.http("PATCH", f"/api/v1/tasks/{task}", wish, headers=headers, **more)


def retry(hub: Hub, task: str, body: Any = None, **more: Any) -> Reply:
    """Ask for a retry."""
    return hub.http("POST", f"/api/v1/tasks/{task}/retry", body, **more)


def events_of(hub: Hub, task: str) -> list[Any]:
    """What happened to a task."""
    return [(each["type"], each["payload"]) for each in hub.get(f"/tasks/{task}/events")["items"]]


def test_everything_can_be_edited(calm_hub: Hub) -> None:
    """A waiting task has the new values, in the answer and from then on; then none of them."""
    task = calm_hub.submit(needs=["nobody"])
    reply = edit(calm_hub, task, WISH)
    assert reply.status == 200
    assert {name: reply.json[name] for name in WISH} == WISH
    assert (reply.json["version"], reply.headers["etag"]) == (2, '"2"')
    assert calm_hub.task(task) == reply.json
    kept = {"description", "max_attempts", "assign_to"}
    cleared = edit(calm_hub, task, {name: None for name in WISH if name not in kept}).json
    assert cleared.keys() & WISH.keys() == {*kept, "priority"}
    edited = [payload for kind, payload in events_of(calm_hub, task) if kind == "task.updated"]
    assert edited[0] == {"change": "edited", "fields": sorted(WISH)}
    assert len(edited) == 2


def test_nothing_new_is_no_edit(calm_hub: Hub) -> None:
    """Neither a version nor an event comes of it."""
    task = calm_hub.submit(needs=["nobody"], labels={"a": "b"})
    assert edit(calm_hub, task, {"labels": {"a": "b"}, "priority": None}).json["version"] == 1
    assert len(events_of(calm_hub, task)) == 1


@pytest.mark.parametrize(
    ("wish", "path"),
    [
        ({"nope": 1}, "$.nope"),
        ({"description": None}, "$.description"),
        ({"max_attempts": 0}, "$.max_attempts"),
        ({"metadata": [1]}, "$.metadata"),
        ({"payload": 1}, "$.payload"),
        ({"priority": "soon"}, "$.priority"),
    ],
)
def test_a_bad_edit(calm_hub: Hub, wish: Any, path: str) -> None:
    """It is refused by name, and changes nothing."""
    task = calm_hub.submit(needs=["nobody"])
    reply = edit(calm_hub, task, wish)
    assert (reply.status, reply.paths) == (422, {path})
    assert calm_hub.task(task)["version"] == 1


def test_only_the_version_that_was_seen(calm_hub: Hub) -> None:
    """A stale version is a conflict that says what the present one is."""
    task = calm_hub.submit(needs=["nobody"])
    assert edit(calm_hub, task, {"priority": "low"}, 1).status == 200
    late = edit(calm_hub, task, {"priority": "high"}, 1)
    assert (late.status, late.code) == (409, "version_conflict")
    assert late.json["error"]["details"] == [{"path": "version", "message": "2"}]
    assert edit(calm_hub, task, {"priority": "high"}, "x").status == 400
    for tag in ("2", '"2', '2"', '""', 'W/"2"', '"2", "3"'):
        headers = {"If-Match": tag}
        path = f"/api/v1/tasks/{task}"
        reply = calm_hub.http("PATCH", path, {"priority": "high"}, headers=headers)
        assert (reply.status, reply.code) == (400, "invalid_header")


def test_one_of_many_edits_wins(calm_hub: Hub) -> None:
    """Twenty at once for the same version: one is taken, the others hear of a conflict."""
    task = calm_hub.submit(needs=["nobody"])
    with ThreadPoolExecutor(20) as pool:
        wishes = [{"labels": {"winner": str(number)}} for number in range(20)]
        replies = list(pool.map(lambda wish: edit(calm_hub, task, wish, 1), wishes))
    statuses = sorted(reply.status for reply in replies)
    assert statuses == [200] + [409] * 19
    (won,) = [reply.json for reply in replies if reply.status == 200]
    assert calm_hub.task(task) == won


def test_who_may(calm_hub: Hub) -> None:
    """An agent only what it submitted; a viewer nothing; only operators retry."""
    name = new_name()
    token = calm_hub.join(name)
    body = {"description": "mine", "needs": ["nobody"]}
    mine = calm_hub.http("POST", "/api/v1/tasks", body, token=token).json["id"]
    others = calm_hub.submit(needs=["nobody"])
    assert edit(calm_hub, mine, {"priority": "low"}, token=token).status == 200
    assert edit(calm_hub, others, {"priority": "low"}, token=token).status == 403
    assert edit(calm_hub, others, {"priority": "low"}, role=Role.VIEWER).status == 403
    assert edit(calm_hub, "task-nope", {"priority": "low"}).status == 404
    assert retry(calm_hub, mine, token=token).status == 403


async def test_an_edit_moves_a_task_to_who_can_do_it(calm: Door) -> None:
    """A task that nobody could do is given out as soon as it asks for less."""
    name = new_name()
    agent = await calm.agent(name)
    task = calm.hub.submit(assign_to="nobody", needs=["nobody"])
    edit(calm.hub, task, {"assign_to": name, "needs": None, "description": "now"})
    given = await agent.hears("task_assign", task_id=task)
    assert given["description"] == "now"
    held = edit(calm.hub, task, {"needs": ["x"], "priority": "low"})
    assert (held.code, held.paths) == ("invalid_state", {"$.needs"})
    assert edit(calm.hub, task, {"priority": "low"}).json["state"] == "assigned"


def test_times_follow_an_edit(calm_hub: Hub) -> None:
    """A task can be put off, called back, and given a deadline that it misses at once."""
    task = calm_hub.submit(needs=["nobody"])
    later = edit(calm_hub, task, {"not_before": 4_000_000_000_000}).json
    assert (later["state"], "queued_at" in later) == ("scheduled", False)
    assert edit(calm_hub, task, {"not_before": None}).json["state"] == "queued"
    edit(calm_hub, task, {"complete_by": 4_000_000_000_000})
    edit(calm_hub, task, {"complete_by": 1})
    calm_hub.reaches(task, "dead_letter", failure_class="expired")


def test_edits_survive_a_kill(own_hub: StartHub) -> None:
    """Also those of tasks that are not in memory; a cold task finds its new lane."""
    hub = own_hub()
    task = hub.submit(needs=["nobody"], priority="low")
    hub.restart()
    assert edit(hub, task, WISH).status == 200
    before = hub.task(task)
    hub.restart()
    assert hub.task(task) == before
    labels = hub.get("/tasks?label=c%3Dd&capability=else&priority=urgent")
    assert [each["id"] for each in labels["items"]] == [task]
    candidate = hub.get(f"/tasks/{task}/explain")
    assert candidate["reasons"][0]["code"]


async def test_a_retry_begins_anew(calm: Door) -> None:
    """Attempts, result and error are gone; the generation goes on."""
    name = new_name()
    agent = await calm.agent(name)
    task = calm.hub.submit(assign_to=name, max_attempts=1)
    given = await agent.accepts(task)
    fence = {"task_id": task, "generation": given["generation"]}
    await agent.say("task_failed", **fence, error="broke", result=1)
    await agent.hears("task_ack", status="dead_letter")
    reply = retry(calm.hub, task, {"reason": "try again"}, role=Role.OPERATOR)
    assert reply.status == 200
    assert reply.json["attempt"] == 0
    assert not {"error", "failure_class", "result", "finished_at"} & reply.json.keys()
    again = await agent.hears("task_assign", task_id=task)
    assert again["generation"] > given["generation"]
    told = [payload.get("reason") for _, payload in events_of(calm.hub, task)]
    assert "retried: try again" in told
    assert retry(calm.hub, task).code == "invalid_state"


def test_a_retry_lifts_a_deadline_that_passed(calm_hub: Hub) -> None:
    """Or the task would be dead again at once."""
    task = calm_hub.submit(needs=["nobody"], complete_by=1)
    calm_hub.reaches(task, "dead_letter")
    assert "complete_by" not in retry(calm_hub, task).json
    assert calm_hub.task(task)["state"] == "queued"


def test_two_cancels_of_a_cold_task(own_hub: StartHub) -> None:
    """Both read it at once; it is cancelled once, and counted once."""
    hub = own_hub()
    task = hub.submit(needs=["nobody"])
    hub.restart()
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: hub.cancel(task), range(8)))
    assert {reply.status for reply in replies} == {202}
    states = hub.get("/tasks/stats")["states"]
    assert (states["queued"], states["cancelled"]) == (0, 1)
    kinds = [kind for kind, _ in events_of(hub, task)]
    assert kinds.count("task.status.changed") == 1
