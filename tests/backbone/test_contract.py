"""The contract of old clients: how they come in, what they hear, and that they may say all."""

import asyncio
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest
from websockets.asyncio.client import connect

from tests.backbone.clauses import (
    PARTS,
    SPARE,
    at_work,
    by_both,
    client_of,
    greeted,
    heard,
    held,
    said,
)
from tests.backbone.double import OldClient
from tests.backbone.errands import Onboarding, ask, remove_agent, submit, submit_goal
from tests.backbone.fleet import begins, by_hand, ended
from tests.backbone.script import HANG, SUCCEED, VERSIONS, Frame, Setup, Version
from tests.backbone.verify import DEFAULT_TIER
from tests.transport.conftest import StartHub
from tests.transport.ranch import HUB, Hub
from tests.transport.wire import Door, Peer, new_name, open_door, until

REPO: Final = "https://git.example/repo.git"
PONG_WITHIN: Final = 10.0
"""Seconds after which a client drops a connection on which its ping was not answered."""
EMPTY: Final[dict[str, Any]] = {"protocol_version": 1}
OLDER: Final[dict[str, tuple[str, ...]]] = {
    "ping": (),
    "identify": ("agent_id", "token", "name", "status", "capabilities", "client_type"),
    "task_accepted": ("task_id",),
    "task_rejected": ("task_id", "reason"),
    "task_complete": ("task_id", "result", "generation"),
    "task_failed": ("task_id", "reason", "generation"),
    "task_recovering": ("task_id", "description", "metadata", "last_status"),
}
NEWER: Final[dict[str, tuple[str, ...]]] = OLDER | {
    "identify": (*OLDER["identify"], "ollama_url", "pm2_info"),
    "task_complete": (*OLDER["task_complete"], "verification_report", "verification_history"),
    "wake_result": ("task_id", "status", "attempt", "error", "reason"),
    "state_report": ("task_id", "status", "generation", "assigned_at"),
    "resource_report": ("agent_id", "cpu_percent", "vram_total_bytes", "timestamp"),
    "task_progress": ("task_id", "execution_event", "progress", "tool_name"),
    "agent_restarting": ("reason",),
}
"""The frames of each version, and what they may have in them."""


def test_each_item_is_held_once() -> None:
    """12 MUST, 3 SHOULD and 5 MUST NOT, each held by one function of its name."""
    numbered = {
        (part, f"{number:02}" if part == "must" else str(number))
        for part, items in PARTS.items()
        for number in items
    }

    assert [list(items) for items in PARTS.values()] == [
        list(range(1, count + 1)) for count in (12, 3, 5)
    ]
    assert Counter(held()) == Counter(numbered)


@pytest.mark.parametrize("compression", ["deflate", None])
@pytest.mark.parametrize("subprotocols", [["agentcom"], None])
async def test_must_01_a_plain_socket(
    calm: Door, compression: str | None, subprotocols: Any
) -> None:
    """101 and nothing chosen, without a header or query of ours; then text, an object a frame."""
    name = new_name()
    async with connect(
        calm.hub.socket_url, compression=compression, subprotocols=subprotocols, proxy=None
    ) as socket:
        answer = socket.response
        assert answer is not None
        assert (answer.status_code, socket.subprotocol) == (101, None)
        assert "Authorization" not in (socket.request.headers if socket.request else ())
        assert not {"Sec-WebSocket-Protocol", "Location"} & set(answer.headers)
        identify = {"type": "identify", "agent_id": name, "token": calm.token(name)}
        await socket.send(json.dumps(identify))
        await socket.send(json.dumps({"type": "ping"}))
        kinds: set[str] = set()
        while not kinds >= {"identified", "pong"}:
            frame = await asyncio.wait_for(socket.recv(), 10)
            assert isinstance(frame, str)
            kinds.add(json.loads(frame)["type"])


async def test_must_02_identify_comes_first(calm: Door, tmp_path: Path) -> None:
    """It is answered by identified before all else, so that the client reports what it has."""
    setup = Setup(ollama_url="http://127.0.0.1:1", pm2={"name": "x", "uptime_ms": None})

    async def play(version: Version) -> None:
        async with client_of(calm, version, tmp_path, HANG, setup=setup) as client:
            task = await at_work(calm, client)
            assert said(client, "identify")[0] == client.sent[0]
            assert (client.heard[0]["type"], len(heard(client, "identified"))) == ("identified", 1)
            client.process.link.cut()
            await greeted(client, 2)
            await client.kill()
            client.start()
            await until(lambda: said(client, "task_recovering"))
            if version == "1.4":
                await until(lambda: said(client, "resource_report"))
                assert said(client, "state_report")[0]["task_id"] == task

    await by_both(play)
    name = new_name()
    peer = await calm.connect()
    turned = {"client_type": "sidecar", "status": None, "token": calm.token(name)}
    await peer.raw(
        json.dumps(turned | {"agent_id": name, "capabilities": None, "type": "identify"})
    )
    await peer.hears("identified")


async def test_must_03_pings_are_answered(calm: Door, tmp_path: Path) -> None:
    """Before the client has heard that it is known, in any number, and amid a flood of progress."""
    name = new_name()
    peer = await calm.connect()
    await peer.say("identify", agent_id=name, token=calm.token(name))
    await pongs(peer, 1)
    await peer.raw('{"protocol_version":1,"extra":[null],"type":"ping","timestamp":null}')
    await pongs(peer, 50, sent=1)
    event = {"event_type": "stdout", "text": "x", "tokens_so_far": None}
    for _ in range(8_000):
        await peer.say("task_progress", task_id="nobody's", execution_event=event)
    await pongs(peer, 3)

    async def play(version: Version) -> None:
        async with client_of(calm, version, tmp_path, HANG) as client:
            await until(lambda: len(heard(client, "pong")) > 2)
            assert len(client.tries) == 1

    await by_both(play)


async def pongs(peer: Peer, count: int, sent: int = 0) -> None:
    """Ping so often, less what was sent already; every one is answered in time."""
    for _ in range(count - sent):
        await peer.say("ping", protocol_version=1)
    async with asyncio.timeout(PONG_WITHIN):
        for _ in range(count):
            await peer.hears("pong")


async def test_must_04_assignments_as_they_are_read(calm: Door, tmp_path: Path) -> None:
    """Whatever was submitted and however much waits: four fields of their kind, one by one."""
    specs: list[Frame] = [
        {},
        {"metadata": {}, "payload": None, "labels": {"a": "b"}},
        {"metadata": {"a": None}, "payload": [1], "description": 'a "quoted"\n`line` \u2028 é'},
    ]

    async def play(version: Version) -> None:
        async with client_of(calm, version, tmp_path) as client:
            first = calm.hub.submit(assign_to=client.agent_id)
            await until(ended(calm.hub, first))
            edit = calm.hub.http("PATCH", f"/api/v1/agents/{client.agent_id}", {"slots": 4})
            assert edit.status == 200
            tasks = [calm.hub.submit(assign_to=client.agent_id, **spec) for spec in specs]
            for task in tasks:
                assert (await until(ended(calm.hub, task)))["state"] == "completed"
            assert len(heard(client, "task_assign")) == 1 + len(specs)
            for frame in heard(client, "task_assign"):
                is_as_read(frame)
            assert not said(client, "task_rejected")

    await by_both(play)


def is_as_read(frame: Frame) -> None:
    """The fields have the only kinds that the client can work with."""
    assert re.fullmatch(r"[A-Za-z0-9_-]+", frame["task_id"])
    assert type(frame["description"]) is str
    assert type(frame["metadata"]) is dict
    assert type(frame["generation"]) is int
    assert frame["generation"] > 0


@pytest.mark.parametrize("version", VERSIONS)
async def test_must_05_all_their_frames_are_taken(calm: Door, version: Version) -> None:
    """Bare, with nulls, and with more than is known, more often than bad frames are forgiven."""
    kinds = OLDER if version == "1.1" else NEWER
    name = new_name()
    peer = await by_hand(calm, name)
    for _ in range(11):
        for kind, fields in kinds.items():
            nulls = dict.fromkeys(fields)
            strange = {"task_id": "nobody's", "added": {"later": [1]}}
            for said_ in ({}, nulls, nulls | strange):
                await peer.say(kind, **EMPTY, **said_)
    task = calm.hub.submit(assign_to=name)
    fence = await begins(peer, task)
    more = dict.fromkeys(("verification_report", "verification_history", "tokens_used"))
    for kind in set(kinds) - {"task_rejected", "task_complete", "task_failed", "task_recovering"}:
        await peer.say(kind, **(EMPTY | dict.fromkeys(kinds[kind]) | {"task_id": task}))
    await peer.say("task_complete", **fence, **EMPTY, **more, result={"n": 1}, added=[])
    found = await until(ended(calm.hub, task))
    assert (found["result"], found["attempt"]) == ({"n": 1}, 1)
    assert not [each for each in peer.frames if each.get("error") == "invalid_json"]
    assert not peer.closed


async def test_must_06_busy_gives_the_task_back(calm: Door, tmp_path: Path) -> None:
    """At no cost, not again at once, and not lost if it is just what the client works on."""
    name = new_name()
    peer = await by_hand(calm, name)
    task = calm.hub.submit(assign_to=name)
    fence = await peer.given(task)
    await peer.say("task_rejected", task_id=task, reason="busy", **EMPTY)
    found = await calm.reaches(task, "queued", assigned_to=None)
    await asyncio.sleep(0.3)
    assert not [frame for frame in peer.frames if frame["type"] == "task_assign"]
    await peer.say("ping")
    again = await peer.given(task)
    assert again["generation"] > fence["generation"]
    peer.vanish()
    peer = await by_hand(calm, name)
    await peer.given(task)
    await peer.say("task_rejected", task_id=task, reason="busy", **EMPTY)
    await peer.completes(again, "done")
    found = await until(ended(calm.hub, task))
    assert (found["state"], found["attempt"]) == ("completed", 1)

    async with client_of(calm, "1.1", tmp_path, HANG) as client:
        first = await at_work(calm, client)
        client.process.link.cut()
        second = calm.hub.submit(assign_to=client.agent_id)
        await until(lambda: said(client, "task_rejected"))
        await calm.reaches(second, "queued")
        client.otherwise = SUCCEED
        client.finish(first)
        for task in (first, second):
            assert (await until(ended(calm.hub, task)))["attempt"] == 1


async def test_must_12_the_scripts_are_served(own_hub: StartHub, tmp_path: Path) -> None:
    """Each call with its status and the fields that are read of its answer."""
    hub = own_hub((*HUB, "--open-registration", "--default-repo", REPO))
    url, name = f"http://127.0.0.1:{hub.port}", new_name()

    def asked(method: str, path: str, *more: Any) -> tuple[int, Any]:
        reply = ask(method, url, path, *more)
        return reply.status, reply.body

    assert asked("GET", "/health")[0] == 200
    assert asked("GET", "/api/agents") == (200, {"agents": []})
    assert asked("GET", "/api/config/default-repo") == (200, {"default_repo": REPO, "url": REPO})
    status, body = asked("POST", "/api/onboard/register", None, {"agent_id": name})
    token = body.pop("token")
    places = {"hub_ws_url": hub.socket_url, "hub_api_url": url, "default_repo": REPO}
    assert (status, body) == (201, {"agent_id": name, **places})
    assert asked("POST", "/api/onboard/register", None, {"agent_id": name})[0] == 409
    outcome = submit(url, token, "do it", "urgent", {"a": 1}, name)
    (receipt,) = outcome.replies
    assert (outcome.exit_code, receipt.status) == (0, 201)
    assert (receipt.get("status"), receipt.get("priority")) == ("queued", "urgent")
    assert type(receipt.get("created_at")) is int
    task = receipt.get("task_id")
    assert asked("GET", f"/api/tasks/{task}", token)[1]["status"] == "queued"
    await works(hub, name, token, task, tmp_path)
    status, body = asked("GET", f"/api/tasks/{task}", token)
    assert (status, body["status"]) == (200, "completed")
    risk = body["result"]["risk_classification"]
    assert risk != DEFAULT_TIER
    assert risk["tier"] in (1, 2, 3)
    assert submit_goal(url, token, "win").replies[0].status == 501
    assert remove_agent(url, tmp_path, name, token).printed == ["token removed"]
    added = Onboarding(url, tmp_path, poll_every=0.02, poll_within=0.1).add(new_name())
    assert [each.status for each in added.replies[:3]] == [200, 201, 201]
    assert {each.status for each in added.replies[3:]} == {200}
    assert [submit(url, "bad", "x").replies[0].status, asked("GET", "/api/tasks/x")[0]] == [401] * 2


async def works(hub: Hub, name: str, token: str, task: str, work: Path) -> None:
    """Do a task as the newer client does, which has its change classified in between."""
    setup = Setup(repo_dir=True, hub_api_url=f"http://127.0.0.1:{hub.port}")
    async with (
        open_door(hub),
        OldClient("1.4", hub.socket_url, name, token, work / "c", SPARE, setup) as client,
    ):
        assert (await until(ended(hub, task)))["state"] == "completed"
        assert said(client, "task_complete")
