"""What a session may say: refusals that name everything, and what submitters ask for."""

import json
from typing import Any, cast

import pytest

from hub.services.bundle import Services
from hub.transport.commands import clogged
from schemas.scalars import Role
from tests.services.test_upkeep import Hall
from tests.transport.wire import Door, Peer, new_name

DEEP = "[" * 40 + "]" * 40
HUGE = str(2**53)


def paths(error: dict[str, Any]) -> set[str]:
    """The places that an error names."""
    return {flaw["path"] for flaw in error["errors"]}


@pytest.mark.parametrize(
    ("frame", "code", "places"),
    [
        ("{", "invalid_json", set()),
        ("[]", "validation_failed", {"$"}),
        ("17", "validation_failed", set()),
        ("{}", "validation_failed", set()),
        ('{"type": 7}', "validation_failed", set()),
        ('{"type": "no_such_thing"}', "unknown_message_type", set()),
        ('{"type": "channel_publish"}', "unsupported", set()),
        ("[" * 100_000, "validation_failed", {"$"}),
        ('{"type": "ping", "pad": ' + "[" * 100_000, "invalid_json", set()),
        (
            '{"type": "task_accepted", "task_id": 7, "generation": -1}',
            "validation_failed",
            {"$.task_id", "$.generation"},
        ),
        (
            '{"type": "task_accepted", "task_id": "", "generation": 1' + "0" * 40 + "}",
            "validation_failed",
            {"$.task_id", "$.generation"},
        ),
        (
            '{"type": "task_accepted", "task_id": "t", "generation": true}',
            "validation_failed",
            {"$.generation"},
        ),
        (
            '{"type": "ping", "running": [{"task_id": "t"}, {"generation": 1}]}',
            "validation_failed",
            {"$.running[0].generation", "$.running[1].task_id"},
        ),
        (
            '{"type": "task_submit", "ref": "r", "tasks": [{"descripton": "x", "priority": "p"}]}',
            "validation_failed",
            {"$.tasks[0].description", "$.tasks[0].descripton", "$.tasks[0].priority"},
        ),
        (
            '{"type": "task_complete", "task_id": "", "generation": 1, "usage": [], "result": '
            + HUGE
            + "}",
            "validation_failed",
            {"$.task_id", "$.usage", "$.result"},
        ),
        (
            '{"type": "task_progress", "task_id": "t", "generation": 1, "progress": 101}',
            "validation_failed",
            {"$.progress"},
        ),
    ],
)
async def test_a_bad_frame_is_refused_by_name(
    calm: Door, frame: str, code: str, places: set[str]
) -> None:
    """The error names the code and every place; the session goes on as if nothing was."""
    agent = await calm.agent()
    await agent.raw(frame)
    error = await agent.hears("error")
    assert error["error"] == code
    assert paths(error) >= places
    assert error["request_id"]
    await agent.everything()


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (DEEP, "$.tasks[1].payload"),
        (f'{{"n": {HUGE}}}', "$.tasks[1].payload"),
        (f"[-{HUGE}]", "$.tasks[1].payload"),
        ('"' + "x" * (512 * 1024) + '"', "$.tasks[1].payload"),
    ],
)
async def test_hostile_payloads_stay_outside(calm: Door, value: str, place: str) -> None:
    """None of the tasks is taken, so none can reach an agent."""
    name, ref = new_name(), new_name("ref")
    agent, submitter = await calm.agent(name), await calm.submitter()
    good = f'{{"description": "good", "assign_to": "{name}"}}'
    bad = f'{{"description": "bad", "assign_to": "{name}", "payload": {value}}}'
    await submitter.raw(f'{{"type": "task_submit", "ref": "{ref}", "tasks": [{good}, {bad}]}}')
    error = await submitter.hears("error")
    assert (error["error"], error["ref"]) == ("validation_failed", ref)
    assert paths(error) == {place}
    assert await agent.everything() == []


@pytest.mark.parametrize("text", [b'"\xff"', b'"\xed\xa0\x80"', b'"\\ud800"'])
async def test_broken_text_in_a_payload_stays_outside(calm: Door, text: bytes) -> None:
    """It would close the socket of whoever receives it."""
    name = new_name()
    agent, submitter = await calm.agent(name), await calm.submitter()
    task = b'{"description": "bad", "assign_to": "' + name.encode() + b'", "payload": ' + text
    frame = b'{"type": "task_submit", "ref": "r", "tasks": [' + task + b"}]}"
    await send_bytes(submitter, frame)
    assert (await submitter.hears("error"))["error"] in ("validation_failed", "invalid_json")
    assert await agent.everything() == []


async def send_bytes(peer: Peer, data: bytes) -> None:
    """Send a text frame that need not be text."""
    peer.socket.protocol.send_text(data)
    peer.socket.transport.write(b"".join(peer.socket.protocol.data_to_send()))


@pytest.mark.parametrize("value", [DEEP, HUGE, '"' + "x" * (512 * 1024) + '"', '"\\ud800"'])
async def test_hostile_results_stay_outside(calm: Door, value: str) -> None:
    """The watcher never sees them, and the report can still be put right."""
    name = new_name()
    agent, submitter = await calm.agent(name), await calm.submitter()
    task = calm.hub.submit(assign_to=name)
    await submitter.say("task_watch", task_ids=[task])
    fence = await agent.accepts(task)
    told = json.dumps({"type": "task_complete", **fence})[:-1]
    await agent.raw(f'{told}, "result": {value}}}')
    error = await agent.hears("error")
    assert error["error"] in ("validation_failed", "invalid_json")
    if error["error"] == "validation_failed":
        assert (error["task_id"], error["generation"]) == (task, fence["generation"])
        assert paths(error) == {"$.result"}
    await agent.completes(fence, "good")
    assert (await submitter.hears("task_result"))["result"] == "good"


async def test_an_operator_reports_no_work(calm: Door) -> None:
    """Each role says only what it may."""
    operator = await calm.submitter()
    await operator.say("task_complete", task_id="t", generation=1)
    assert (await operator.hears("error"))["error"] == "forbidden"


async def test_submit_and_result(calm: Door) -> None:
    """Ids come in the order of the tasks, results when they are there."""
    name = new_name()
    agent, submitter = await calm.agent(name, slots=3), await calm.submitter()
    specs = [{"description": f"number {n}", "assign_to": name} for n in range(3)]
    await submitter.say("task_submit", ref="mine", tasks=specs, watch=True)
    ids = (await submitter.hears("task_submitted", ref="mine"))["ids"]
    for n, task in enumerate(ids):
        frame = await agent.hears("task_assign", task_id=task)
        assert (frame["description"], frame["attempt"]) == (f"number {n}", 1)
        await agent.completes({"task_id": task, "generation": frame["generation"]}, {"n": n})
        told = await submitter.hears("task_result", task_id=task)
        assert (told["state"], told["result"], told["attempt"]) == ("completed", {"n": n}, 1)


async def test_an_agent_may_submit(calm: Door) -> None:
    """Its task is its own: it may cancel it, but nobody else's."""
    agent = await calm.agent()
    await agent.say("task_submit", ref="r", tasks=[{"description": "x", "needs": ["nobody"]}])
    (mine,) = (await agent.hears("task_submitted"))["ids"]
    other = calm.hub.submit(needs=["nobody"])
    name = calm.hub.task(mine)["submitted_by"]
    token = calm.token(name)
    path = "/api/v1/tasks/{}/cancel"
    assert calm.hub.http("POST", path.format(other), token=token).status == 403
    assert calm.hub.http("POST", path.format(mine), token=token).json["state"] == "cancelled"


async def test_a_watch_after_the_end_answers_at_once(calm: Door) -> None:
    """Who was away asks, and misses nothing."""
    name = new_name()
    agent, first = await calm.agent(name), await calm.submitter()
    done, gone = calm.hub.submit(assign_to=name), calm.hub.submit(needs=["nobody"])
    await first.say("task_watch", task_ids=[done, gone])
    await first.everything()
    first.vanish()
    await agent.completes(await agent.accepts(done), [1])
    calm.hub.cancel(gone)
    second = await calm.submitter()
    await second.say("task_watch", task_ids=[done, gone])
    assert (await second.hears("task_result", task_id=done))["result"] == [1]
    assert (await second.hears("task_result", task_id=gone))["state"] == "cancelled"


async def test_a_watch_of_the_unknown_is_refused_one_by_one(calm: Door) -> None:
    """The known ones are watched all the same."""
    submitter = await calm.submitter()
    task = calm.hub.submit(needs=["nobody"])
    await submitter.say("task_watch", task_ids=["task-nobody", task], ref="w")
    error = await submitter.hears("error")
    assert (error["error"], error["task_id"], error["ref"]) == ("not_found", "task-nobody", "w")
    calm.hub.cancel(task)
    assert (await submitter.hears("task_result"))["task_id"] == task


async def test_an_agent_watches_only_its_own(calm: Door) -> None:
    """Results of others are not for it; the refusal can be found in the log."""
    agent = await calm.agent()
    await agent.say("task_submit", ref="r", tasks=[{"description": "x", "needs": ["nobody"]}])
    (mine,) = (await agent.hears("task_submitted"))["ids"]
    other = calm.hub.submit(needs=["nobody"])
    await agent.say("task_watch", task_ids=[other, mine], ref="w")
    error = await agent.hears("error")
    assert (error["error"], error["task_id"], error["ref"]) == ("forbidden", other, "w")
    lines = [each for each in calm.hub.log_lines() if each.get("request_id") == error["request_id"]]
    assert [(line["code"], line["task"]) for line in lines] == [("forbidden", other)]
    for task in (other, mine):
        calm.hub.cancel(task)
    assert (await agent.hears("task_result"))["task_id"] == mine


@pytest.mark.parametrize(
    "kind", ["task_accepted", "task_rejected", "task_complete", "task_failed", "task_cancelled"]
)
async def test_a_report_on_an_unknown_task_is_refused(calm: Door, kind: str) -> None:
    """With the fence it named, so that the sidecar knows which one to forget."""
    agent = await calm.agent()
    more = {"reason": "busy"} if kind == "task_rejected" else {}
    answer = await agent.reports(kind, {"task_id": "task-nobody", "generation": 3}, **more)
    assert (answer["error"], answer["retryable"]) == ("not_found", False)


async def test_too_many_lanes_and_names_of_any_kind(calm: Door) -> None:
    """Texts travel as they are, whatever they hold."""
    name = new_name()
    agent = await calm.agent(name, capabilities=["größe", "a b"])
    text = "naïve \u202e \U0001f404 <script>"
    task = calm.hub.submit(description=text, needs=["a b", "größe"], payload=[text])
    frame = await agent.hears("task_assign", task_id=task)
    assert (frame["description"], frame["payload"]) == (text, [text])


async def test_answers_come_in_the_order_of_the_questions(calm: Door) -> None:
    """However fast they were asked."""
    submitter = await calm.submitter(Role.ADMIN)
    for n in range(50):
        tasks = [{"description": "x", "needs": ["nobody"]}]
        await submitter.say("task_submit", ref=str(n), tasks=tasks)
    told = [(await submitter.hears("task_submitted"))["ref"] for _ in range(50)]
    assert told == [str(n) for n in range(50)]


async def test_only_a_possible_fence_is_repeated(calm: Door) -> None:
    """An error holds no number that its own schema forbids."""
    agent = await calm.agent()
    for wrong in ("-1", "true", "1" + "0" * 40, "1.5"):
        await agent.raw(f'{{"type": "task_accepted", "task_id": "t", "generation": {wrong}}}')
        error = await agent.hears("error")
        assert (error["task_id"], error["generation"]) == ("t", None)


def test_a_connection_that_stops_reading_is_looked_at_from_then_on() -> None:
    """It would otherwise be cut only when its silence has lasted too long."""
    hall = Hall()
    caller = hall.calls()
    hall.waits(1_000)
    assert hall.looks_at() == []
    clogged(cast(Services, hall.hub), caller, clogged=True)

    assert hall.looks_at() == [caller]
