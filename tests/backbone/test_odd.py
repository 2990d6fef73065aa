"""What no old client should send: it ends in a defined answer, and costs nobody else anything."""

import json

import pytest

from schemas.scalars import OLD_FRAME_BYTES
from tests.backbone.fleet import begins, by_hand, ended
from tests.transport.wire import Door, new_name, until

ODD_IDS = ("", "x" * 65, "x" * 100_000, "\u0000", {"a": [1]}, -1, None)
RUN = {"kind": "command", "argv": ["true"]}


async def test_an_id_that_cannot_be_one_hurts_nobody(calm: Door) -> None:
    """Not the hub, and not the session either."""
    name = new_name()
    peer = await by_hand(calm, name)
    for kind in ("complete", "failed", "progress", "recovering", "accepted", "rejected"):
        for task_id in ODD_IDS:
            await peer.say(f"task_{kind}", task_id=task_id, generation=5, result={}, reason="x")
    for task_id in ODD_IDS:
        await peer.say("state_report", task_id=task_id, generation=5)
    await peer.pings()
    task = calm.hub.submit(assign_to=name)
    fence = await begins(peer, task)
    assert (await peer.completes(fence, "done"))["status"] == "complete"


async def test_what_names_nothing_known_is_answered_or_passed_over(calm: Door) -> None:
    """They are answered or mean nothing; the session stands, and work goes on."""
    name = new_name()
    peer = await calm.connect(calm.token(name))
    odd = [{"task_id": "t", "generation": 1, "state": "running"}]
    await peer.say("identify", agent_id=name, in_flight=odd, status=5)
    await peer.hears("identified")
    for fields in (
        {"type": "task_complete"},
        {"type": "task_complete", "task_id": {"a": 1}, "generation": "x", "result": []},
        {"type": "task_failed", "task_id": 5, "reason": ["x"]},
        {"type": "task_accepted", "task_id": "nobody's"},
        {"type": "state_report", "task_id": "nobody's", "generation": -1},
        {"type": "task_recovering", "task_id": "nobody's"},
        {"type": "no_such_type"},
        {"type": None},
        {"type": "identify", "agent_id": "another"},
    ):
        await peer.raw(json.dumps(fields))
    acks = [await peer.hears(kind) for kind in ("state_report_ack", "task_reassign")]
    assert [ack["task_id"] for ack in acks] == ["nobody's"] * 2
    assert acks[0]["action"] == "abort"
    task = calm.hub.submit(assign_to=name)
    fence = await peer.given(task)
    await peer.say("task_accepted", task_id=task)
    await peer.say("task_complete", task_id=task, result={"n": 1}, generation=fence["generation"])
    assert (await until(ended(calm.hub, task)))["result"] == {"n": 1}


@pytest.mark.parametrize(
    ("output", "kept"), [(r"ab\ud83d", "ab\ufffd"), (r"\ude00 \\ud83d", "\ufffd \\ud83d")]
)
async def test_half_a_character_loses_no_result(calm: Door, output: str, kept: str) -> None:
    """Clients cut texts wherever a limit falls."""
    name = new_name()
    peer = await by_hand(calm, name)
    task = calm.hub.submit(assign_to=name)
    fence = await begins(peer, task)
    await peer.raw(
        f'{{"type":"task_complete","task_id":"{task}","generation":{fence["generation"]},'
        f'"result":{{"status":"success","output":"{output}"}}}}'
    )
    assert (await until(ended(calm.hub, task)))["result"]["output"] == kept


async def test_a_result_that_nests_too_deep_is_a_failure_with_its_text(calm: Door) -> None:
    """It will never come again."""
    name = new_name()
    peer = await by_hand(calm, name)
    task = calm.hub.submit(assign_to=name, max_attempts=1)
    fence = await begins(peer, task)
    deep = "[" * 5_000 + "]" * 5_000
    await peer.raw(
        f'{{"type":"task_complete","task_id":"{task}","generation":{fence["generation"]},'
        f'"result":{deep}}}'
    )
    found = await until(ended(calm.hub, task))
    assert (found["state"], found["error"]) == ("dead_letter", "the result could not be read")
    assert "[[[[" in found["result"]["text"]


async def test_before_a_credential_no_frame_may_be_large(calm: Door) -> None:
    """Memory is for those who are known."""
    peer = await calm.connect()
    await peer.say("identify", agent_id=new_name(), token="no-token", protocol_version=1)
    await peer.hears("error")
    await peer.raw("x" * (OLD_FRAME_BYTES // 2))
    code, _ = await peer.bye()
    assert code == 1009


@pytest.mark.parametrize(
    "odd",
    [
        {"capabilities": [{"name": "code"}]},
        {"capabilities": ["x" * 65]},
        {"agent_id": "with a space"},
        {"token": 5},
        {"name": ""},
    ],
)
async def test_a_greeting_that_is_not_taken_is_answered_once(calm: Door, odd: object) -> None:
    """A close would bring the client back after a second, for ever."""
    name = new_name()
    peer = await calm.connect()
    assert isinstance(odd, dict)
    await peer.say("identify", **{"agent_id": name, "token": calm.token(name)} | odd)
    assert (await peer.hears("error"))["error"] == "validation_failed"
    await peer.say("ping")
    await peer.say("identify", agent_id=name, token=calm.token(name))
    other = await by_hand(calm, new_name())
    await other.pings()
    assert (peer.frames, peer.closed) == ([], False)


async def test_an_old_client_runs_no_programs_whatever_it_says(calm: Door) -> None:
    """Its assignments have no room for what is to be run."""
    name = new_name()
    peer = await calm.connect()
    await peer.say("identify", agent_id=name, token=calm.token(name), executors=["command"])
    await peer.hears("identified")
    assert calm.hub.get(f"/agents/{name}")["executors"] == []
    task = calm.hub.submit(assign_to=name, run=RUN)
    found = calm.hub.get(f"/tasks/{task}/explain")
    assert "no_executor" in json.dumps(found)
