"""Tasks over HTTP: submit, look, wait, list, cancel, log, explain."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.transport.conftest import StartHub
from tests.transport.ranch import Hub
from tests.transport.wire import Door, Frame, Peer, new_name

FULL: dict[str, Any] = {
    "description": "everything",
    "run": {"kind": "command", "argv": ["echo", "ü"], "cwd": "/", "env": {"A": "b"}},
    "payload": {"deep": [1, 2.5, None, "x"]},
    "metadata": {"k": "v"},
    "needs": ["nobody"],
    "priority": "high",
    "fairness_key": "team-1",
    "labels": {"a": "b"},
    "not_before": 1,
    "complete_by": 4_000_000_000_000,
    "timeout_ms": 1_000,
    "max_attempts": 5,
    "retry": {"base_ms": 1, "factor": 1.5, "cap_ms": 2},
}


async def working(calm: Door, **spec: Any) -> tuple[Peer, Frame, str]:
    """An agent that has accepted a task."""
    name = new_name()
    agent = await calm.agent(name)
    task = calm.hub.submit(assign_to=name, **spec)
    return agent, await agent.accepts(task), task


def test_a_task_comes_back_as_it_was_given(calm_hub: Hub) -> None:
    """Field by field, and in the answer to the submission already."""
    reply = calm_hub.http("POST", "/api/v1/tasks", FULL)
    assert reply.status == 201
    task = calm_hub.task(reply.json["id"])
    assert {key: task[key] for key in FULL} == FULL
    assert task == reply.json
    assert (task["state"], task["attempt"], task["version"]) == ("queued", 0, 1)
    assert task["submitted_by"] == "admin"


def test_words_for_priorities(calm_hub: Hub) -> None:
    """Two of them have another name."""
    names = {"critical": "urgent", "medium": "normal", None: "normal", "low": "low"}
    for given, shown in names.items():
        task = calm_hub.submit(priority=given, needs=["nobody"])
        assert calm_hub.task(task)["priority"] == shown


def test_a_batch_is_all_or_nothing(calm_hub: Hub) -> None:
    """A good one is not taken beside a bad one; good ones come back in order."""
    mark = new_name("mark")
    good: dict[str, Any] = {"description": mark, "needs": ["nobody"]}
    bad = {**good, "payload": 2**53}
    refused = calm_hub.http("POST", "/api/v1/tasks", {"tasks": [good, bad]})
    assert (refused.status, refused.paths) == (422, {"$.tasks[1].payload"})
    listed = calm_hub.get("/tasks?limit=200")["items"]
    assert mark not in {task["description"] for task in listed}
    batch = [{**good, "description": f"{mark} {n}"} for n in range(3)]
    items = calm_hub.http("POST", "/api/v1/tasks", {"tasks": batch}).json["items"]
    assert [item["state"] for item in items] == ["queued"] * 3
    told = [calm_hub.task(item["id"])["description"] for item in items]
    assert told == [task["description"] for task in batch]


async def test_waiting_for_an_end(calm: Door) -> None:
    """The answer comes when the task has ended, not before and not much later."""
    agent, fence, task = await working(calm)
    path = f"/api/v1/tasks/{task}?wait_ms=20000"
    asked = asyncio.create_task(asyncio.to_thread(calm.hub.http, "GET", path))
    await agent.everything()
    assert not asked.done()
    await agent.completes(fence, "done")
    reply = await asked
    assert (reply.json["state"], reply.json["result"]) == ("completed", "done")
    assert calm.hub.http("GET", path).json["state"] == "completed"


def test_waiting_has_an_end(calm_hub: Hub) -> None:
    """Then the answer is how things stand."""
    task = calm_hub.submit(needs=["nobody"])
    began = time.monotonic()
    reply = calm_hub.http("GET", f"/api/v1/tasks/{task}?wait_ms=300")
    assert (reply.status, reply.json["state"]) == (200, "queued")
    assert 0.25 < time.monotonic() - began < 5


def test_many_may_wait_for_one(calm_hub: Hub) -> None:
    """All of them hear it."""
    task = calm_hub.submit(needs=["nobody"])
    path = f"/api/v1/tasks/{task}?wait_ms=20000"
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(calm_hub.http, "GET", path) for _ in range(20)]
        calm_hub.cancel(task)
        assert {each.result().json["state"] for each in asked} == {"cancelled"}


def test_a_list_has_no_gap_and_no_double(own_hub: StartHub) -> None:
    """Newest first, page by page, also while new ones come."""
    hub = own_hub()
    ids = [hub.submit(needs=["nobody"]) for _ in range(25)]
    seen: list[str] = []
    page = hub.get("/tasks?limit=7")
    while page["next_cursor"] is not None:
        seen += [task["id"] for task in page["items"]]
        hub.submit(needs=["nobody"])
        page = hub.get(f"/tasks?limit=7&cursor={page['next_cursor']}")
    seen += [task["id"] for task in page["items"]]
    assert seen == ids[::-1]


def test_a_list_by_state(own_hub: StartHub) -> None:
    """One state or several, with a cursor too."""
    hub = own_hub()
    queued = [hub.submit(needs=["nobody"]) for _ in range(5)]
    cancelled = [hub.submit(needs=["nobody"]) for _ in range(5)]
    later = hub.submit(not_before=4_000_000_000_000)
    for task in cancelled:
        hub.cancel(task)

    def listed(states: str) -> list[str]:
        first = hub.get(f"/tasks?limit=3&state={states}")
        more = hub.get(f"/tasks?limit=200&state={states}&cursor={first['next_cursor']}")
        return [task["id"] for task in first["items"] + more["items"]]

    assert listed("queued") == queued[::-1]
    assert listed("cancelled,queued") == cancelled[::-1] + queued[::-1]
    assert [task["id"] for task in hub.get("/tasks?state=scheduled")["items"]] == [later]


def test_cancel_takes_a_reason(calm_hub: Hub) -> None:
    """And nothing else."""
    task = calm_hub.submit(needs=["nobody"])
    path = f"/api/v1/tasks/{task}/cancel"
    assert calm_hub.http("POST", path, {"raison": "x"}).status == 422
    for control in ("\n", "\0", "\x1b[2J", "\x7f"):
        assert calm_hub.http("POST", path, {"reason": f"a{control}"}).paths == {"$.reason"}
    assert calm_hub.http("POST", path, {"reason": "not needed"}).status == 202
    assert calm_hub.http("POST", "/api/v1/tasks/task-nobody/cancel").status == 404


async def test_output_is_kept_by_offset(calm: Door) -> None:
    """What comes twice is ignored, each stream has its own offset, in bytes."""
    agent, fence, task = await working(calm)
    said = [("stdout", 0, "one\n"), ("stdout", 0, "one\ntwø\n"), ("stderr", 0, "oh\n")]
    ends = [4, 9, 3]
    for (stream, offset, text), end in zip(said, ends, strict=True):
        await agent.say("task_log", **fence, stream=stream, offset=offset, text=text)
        ack = await agent.hears("log_ack", stream=stream)
        assert ack["offset"] == end
    log = calm.hub.get(f"/tasks/{task}/log")
    assert (log["text"], log["next_offset"], log["ended"]) == ("one\ntwø\n", 9, False)
    assert calm.hub.get(f"/tasks/{task}/log?offset=4")["text"] == "twø\n"
    assert calm.hub.get(f"/tasks/{task}/log?stream=stderr")["text"] == "oh\n"
    assert calm.hub.get(f"/tasks/{task}/log?offset=900")["text"] == ""
    end = calm.hub.get(f"/tasks/{task}/log?tail=4")
    assert (end["offset"], end["text"], end["next_offset"]) == (5, "wø\n", 9)
    whole = calm.hub.get(f"/tasks/{task}/log?tail=900&offset=7")
    assert (whole["offset"], whole["text"]) == (0, "one\ntwø\n")


async def test_output_is_waited_for(calm: Door) -> None:
    """Until there is some, or the task has ended."""
    agent, fence, task = await working(calm)
    path = f"/api/v1/tasks/{task}/log?wait_ms=20000"
    asked = asyncio.create_task(asyncio.to_thread(calm.hub.http, "GET", path))
    await agent.everything()
    await agent.say("task_log", **fence, stream="stdout", offset=0, text="news")
    assert (await asked).json["text"] == "news"
    more = asyncio.create_task(asyncio.to_thread(calm.hub.http, "GET", f"{path}&offset=4"))
    await agent.completes(fence, 1)
    reply = await more
    assert (reply.json["text"], reply.json["ended"]) == ("", True)


async def test_output_of_each_attempt_is_kept_apart(calm: Door) -> None:
    """The newest is shown, an older one on request; a stranger's is refused."""
    agent, fence, task = await working(calm, retry={"base_ms": 0, "factor": 1, "cap_ms": 0})
    await agent.say("task_log", **fence, stream="stdout", offset=0, text="first")
    await agent.hears("log_ack")
    await agent.reports("task_failed", fence, error="x")
    second = await agent.accepts(task)
    await agent.say("task_log", **second, stream="stdout", offset=0, text="second")
    await agent.hears("log_ack")
    assert calm.hub.get(f"/tasks/{task}/log")["text"] == "second"
    old = calm.hub.get(f"/tasks/{task}/log?generation={fence['generation']}")
    assert old["text"] == "first"
    await agent.say("task_log", **fence, stream="stdout", offset=5, text="late")
    assert (await agent.hears("error"))["error"] == "stale_generation"


async def test_a_new_session_hears_how_much_output_is_here(calm: Door) -> None:
    """So that it goes on from there."""
    agent, fence, task = await working(calm)
    await agent.say("task_log", **fence, stream="stdout", offset=0, text="12345")
    await agent.hears("log_ack")
    name = calm.hub.task(task)["assigned_to"]
    agent.vanish()
    back = await calm.connect(calm.token(name))
    told = await back.identify(name, in_flight=[{**fence, "state": "running"}])
    assert told["verdicts"][0]["log_offsets"] == {"stdout": 5, "stderr": 0}


@pytest.mark.parametrize("query", ["stream=stdin", "offset=-1", "wait_ms=60001", "generation=x"])
def test_a_bad_question_for_output(calm_hub: Hub, query: str) -> None:
    """Is refused with its name."""
    task = calm_hub.submit(needs=["nobody"])
    reply = calm_hub.http("GET", f"/api/v1/tasks/{task}/log?{query}")
    assert reply.status == 422
    assert reply.paths == {f"query.{query.partition('=')[0]}"}


async def test_explain_says_why_not(calm: Door) -> None:
    """For the task, and for each agent."""
    need = new_name("need")
    able, unable = new_name(), new_name()
    task = calm.hub.submit(needs=[need])
    assert reason(calm.hub, task) in ("no_such_agent", "no_agents")
    await calm.agent(unable)
    busy = await calm.agent(able, capabilities=[need])
    fence = await busy.accepts(task)
    assert reason(calm.hub, task) == "running"
    second = calm.hub.submit(needs=[need])
    told = calm.hub.get(f"/tasks/{second}/explain")
    codes = {
        each["agent_id"]: [reason["code"] for reason in each["reasons"]]
        for each in told["candidates"]
    }
    assert codes[able] == ["no_free_slot"]
    assert "missing_capability" in codes[unable]
    assert told["reasons"][0]["code"] == "waiting_for_agent"
    await busy.completes(fence, 1)
    assert reason(calm.hub, task) == "completed"


def reason(hub: Hub, task: str) -> str:
    """The first reason why a task stands where it does."""
    return str(hub.get(f"/tasks/{task}/explain")["reasons"][0]["code"])


async def test_priorities_and_fairness(calm: Door) -> None:
    """The urgent first; then the key that has less running has its turn."""
    name = new_name()
    calm.hub.submit(assign_to=name, priority="low", fairness_key="three")
    for _ in range(3):
        calm.hub.submit(assign_to=name, fairness_key="one")
    two = calm.hub.submit(assign_to=name, fairness_key="two")
    urgent = calm.hub.submit(assign_to=name, priority="urgent", fairness_key="one")
    agent = await calm.agent(name, slots=2)
    given = [(await agent.hears("task_assign"))["task_id"] for _ in range(2)]
    assert given == [urgent, two]


def test_a_page_is_bounded_in_bytes(own_hub: StartHub) -> None:
    """Large tasks come on more pages, and each comes once."""
    hub = own_hub()
    ids = [hub.submit(needs=["nobody"], payload="x" * 500_000) for _ in range(11)]
    seen: list[str] = []
    path = "/tasks?limit=200"
    page = hub.get(path)
    while True:
        assert 0 < len(page["items"]) <= 8
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        page = hub.get(f"{path}&cursor={page['next_cursor']}")
    assert seen == ids[::-1]
