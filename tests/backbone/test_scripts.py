"""The helper scripts of old clients against a real hub: each does its errand, or says why not."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from schemas.scalars import Role
from tests.backbone.errands import Onboarding, remove_agent, submit, submit_goal
from tests.transport.ranch import CALM, PATIENCE, Hub, Reply
from tests.transport.wire import Peer, new_name, open_door

REPO: Final = "https://git.example/repo.git"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub as it is by default."""
    made = Hub(tmp_path_factory.mktemp("closed") / "data", **CALM).start()
    yield made
    made.kill()


@pytest.fixture(scope="module")
def open_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub that gives tokens without a join code."""
    made = Hub(tmp_path_factory.mktemp("open") / "data", **CALM)
    made.program = (*made.program, "--open-registration", "--default-repo", REPO)
    made.start()
    yield made
    made.kill()


def url(hub: Hub) -> str:
    """What a script is given as `--hub`."""
    return f"http://127.0.0.1:{hub.port}"


def onboarding(hub: Hub, home: Path) -> Onboarding:
    """`add-agent.js`, which gives up soon."""
    return Onboarding(url(hub), home, poll_every=0.05, poll_within=1.0)


def register(hub: Hub, agent_id: Any, **headers: str) -> Reply:
    """Ask for a token without a join code."""
    body = {"agent_id": agent_id, "unknown": 1}
    path = "/api/onboard/register"
    return hub.http("POST", path, body, role=None, headers=headers)


# Submitting


@pytest.mark.parametrize(
    ("given", "taken"),
    [("low", "low"), ("normal", "normal"), ("urgent", "urgent"), ("critical", "urgent")],
)
def test_a_submission(hub: Hub, given: str, taken: str) -> None:
    """The script sees its 201; the task is as it was wished, pinned to its target."""
    name = new_name()
    outcome = submit(url(hub), hub.join(name), "do it", given, {"a": 1}, target="elsewhere")
    assert outcome.exit_code == 0
    receipt = outcome.replies[0].body
    task = hub.task(receipt["task_id"])

    assert outcome.replies[0].status == 201
    assert (receipt["status"], receipt["priority"]) == ("queued", taken)
    assert receipt["created_at"] == task["created_at"]
    assert (task["priority"], task["assign_to"]) == (taken, "elsewhere")
    assert (task["submitted_by"], task["needs"]) == (name, [])
    assert task["metadata"] == {"a": 1, "target_agent": "elsewhere"}


def test_a_goal_is_not_taken(hub: Hub) -> None:
    """501, with what to do instead."""
    outcome = submit_goal(url(hub), hub.tokens[Role.OPERATOR], "win", ("it works",), "high")

    assert (outcome.exit_code, outcome.replies[0].status) == (1, 501)
    assert "POST /api/tasks" in outcome.printed[0]


# Looking


async def test_the_status_of_a_task(hub: Hub) -> None:
    """In the old words, beside those of this hub, from the queue to the end."""
    async with open_door(hub) as door:
        name = new_name()
        agent = await door.agent(name)
        task_id = pinned(hub, name)
        fence = await agent.given(task_id)
        assert status(hub, task_id) == ("assigned", "assigned")
        await agent.say("task_accepted", **fence)
        await door.reaches(task_id, "running")
        assert status(hub, task_id) == ("assigned", "running")
        await agent.completes(fence, {"a": 1})
        assert status(hub, task_id) == ("completed", "completed")

    assert hub.http("GET", f"/api/tasks/{task_id}").json["result"] == {"a": 1}


def pinned(hub: Hub, name: str) -> str:
    """Submit a task for one agent, as old clients do."""
    spec = {"description": "x", "metadata": {"target_agent": name}}
    return str(hub.http("POST", "/api/tasks", spec).json["task_id"])


def status(hub: Hub, task_id: str) -> tuple[str, str]:
    """How a task stands, in both languages."""
    task = hub.http("GET", f"/api/tasks/{task_id}").json
    return task["status"], task["state"]


def test_what_ended_otherwise_has_failed(hub: Hub) -> None:
    """Old clients wait for completed or failed only."""
    waits = hub.submit(needs=["nobody"])
    assert status(hub, waits) == ("queued", "queued")
    assert status(hub, hub.submit(not_before=9_000_000_000_000)) == ("queued", "scheduled")
    hub.cancel(waits)
    assert status(hub, waits) == ("failed", "cancelled")
    late = hub.submit(needs=["nobody"], complete_by=1)
    hub.reaches(late, "dead_letter")
    assert status(hub, late) == ("failed", "dead_letter")


@pytest.mark.parametrize(
    "path", ["/health", "/api/agents", "/api/tasks/{task_id}", "/api/config/default-repo"]
)
def test_a_content_type_without_a_body(open_hub: Hub, path: str) -> None:
    """The scripts send one with every GET."""
    real = path.format(task_id=open_hub.submit())
    headers = {"Content-Type": "application/json", "Connection": "keep-alive"}

    assert open_hub.http("GET", real, headers=headers).status == 200


def test_a_stranger_sees_no_agents(hub: Hub) -> None:
    """In a shape that the script takes; with a token they are there."""
    name = new_name()
    hub.http("POST", "/api/v1/agents/sync", {"agents": [{"id": name}], "deactivate_missing": False})
    strange = hub.http("GET", "/api/agents", role=None)
    known = hub.http("GET", "/api/agents", role=Role.VIEWER).json["agents"]

    assert (strange.status, strange.json) == (200, {"agents": []})
    assert {"agent_id": name, "name": name, "status": "offline", "capabilities": []} in known
    assert hub.http("GET", "/api/agents", token="wrong").status == 401


def test_the_default_repository(hub: Hub, open_hub: Hub) -> None:
    """Under both of its names, for anybody; 404 when there is none."""
    path = "/api/config/default-repo"
    assert open_hub.http("GET", path, role=None).json == {"default_repo": REPO, "url": REPO}
    assert hub.http("GET", path, role=None).status == 404


# Coming and going


def test_onboarding(open_hub: Hub, tmp_path: Path) -> None:
    """Registers, writes a configuration that works, and submits its test task."""
    name = new_name()
    outcome = onboarding(open_hub, tmp_path).add(name)

    config = outcome.config
    assert config is not None
    assert config["hub_url"] == open_hub.socket_url
    assert config["hub_api_url"] == url(open_hub)
    assert config["default_repo"] == REPO
    assert open_hub.http("GET", "/api/v1/me", token=config["token"]).json["id"] == name
    # Nobody works here, so that the last step is the only one that fails.
    assert "did not end in time" in outcome.printed[-1]


async def test_onboarding_to_the_end(open_hub: Hub, tmp_path: Path) -> None:
    """With somebody who does the test task."""
    script = onboarding(open_hub, tmp_path)
    script.poll_within = PATIENCE
    async with open_door(open_hub) as door:
        agent = await door.agent(slots=8)
        working = asyncio.create_task(works(agent))
        outcome = await asyncio.to_thread(script.add)
        working.cancel()

    assert outcome.exit_code == 0, outcome.printed


async def works(agent: Peer) -> None:
    """Do whatever comes."""
    while True:
        frame = await agent.hears("task_assign")
        fence = {name: frame[name] for name in ("task_id", "generation")}
        await agent.say("task_accepted", **fence)
        await agent.completes(fence, "hello")


def test_a_name_is_given_once(open_hub: Hub, tmp_path: Path) -> None:
    """409 for an agent's, a person's, and the hub's own; also after the agent was removed."""
    name = new_name()
    token = register(open_hub, name).json["token"]
    assert remove_agent(url(open_hub), tmp_path, name, token).printed == ["token removed"]

    for taken in (name, "admin", "hub", "nobody"):
        assert register(open_hub, taken).status == 409
    assert "is taken" in onboarding(open_hub, tmp_path).add(name).printed[-1]


def test_closed_unless_the_operator_opens_it(hub: Hub, tmp_path: Path) -> None:
    """403, whatever is asked; the script shows how to invite."""
    outcome = onboarding(hub, tmp_path).add(new_name())

    assert (outcome.exit_code, outcome.replies[-1].status) == (1, 403)
    assert "corral invite" in outcome.printed[-1]
    assert register(hub, 5).status == 403
    token = hub.tokens[Role.ADMIN]
    assert hub.http("POST", "/api/onboard/register", {"agent_id": "x"}, token=token).status == 403


@pytest.mark.parametrize("agent_id", [None, 5, "", "a b", "../x", "x" * 129, [], "a\n"])
def test_names_that_no_agent_has(open_hub: Hub, agent_id: Any) -> None:
    """They end in a shell and in paths on the other side."""
    assert register(open_hub, agent_id).status == 422


@pytest.mark.parametrize(
    "headers",
    [{"X-Forwarded-For": "203.0.113.9"}, {"X-Real-IP": "127.0.0.1"}, {"Via": "1.1 x"}],
)
def test_a_tunnel_is_not_this_machine(open_hub: Hub, headers: dict[str, str]) -> None:
    """Whoever stands behind it may be anywhere."""
    assert register(open_hub, new_name(), **headers).status == 403


def test_a_page_cannot_register(open_hub: Hub) -> None:
    """A browser on this machine may show anybody's page."""
    assert register(open_hub, new_name(), Origin="https://evil.example").status == 403


def test_who_may_remove_whom(hub: Hub, tmp_path: Path) -> None:
    """An agent itself, an admin any agent but no person; what is gone is gone."""
    one, other = new_name(), new_name()
    tokens = {name: hub.join(name) for name in (one, other)}

    def ended(name: str, token: str) -> int:
        return remove_agent(url(hub), tmp_path, name, token).replies[0].status

    assert ended(other, tokens[one]) == 404
    assert ended("admin", tokens[one]) == 404
    assert ended("viewer", hub.tokens[Role.ADMIN]) == 404
    assert ended(one, tokens[one]) == 200
    assert ended(one, tokens[one]) == 401
    assert ended(other, hub.tokens[Role.OPERATOR]) == 403
    assert ended(other, hub.tokens[Role.ADMIN]) == 200
    assert ended(other, hub.tokens[Role.ADMIN]) == 404
    assert hub.http("GET", "/api/v1/me", token=tokens[other]).status == 401
    assert hub.http("GET", "/api/v1/me", role=Role.VIEWER).status == 200


# Whatever comes

POSTS: Final = (
    "/api/tasks",
    "/api/goals",
    "/api/onboard/register",
    "/api/tasks/{task_id}/classify",
)
ODD: Final[dict[str, Callable[[], bytes]]] = {
    "nothing": lambda: b"",
    "null": lambda: b"null",
    "a list": lambda: b"[{}]",
    "a number": lambda: b"5",
    "half an object": lambda: b'{"description": "x"',
    "no UTF-8": lambda: b'{"description": "\xff\xfe", "agent_id": "\xff"}',
    "half a surrogate": lambda: b'{"description": "\\ud800", "agent_id": "\\ud800"}',
    "a zero byte": lambda: b'{"description": "\\u0000", "metadata": {"a": "\\u0000"}}',
    "deep": lambda: b'{"description": "x", "metadata": ' + b'{"a":' * 20_000 + b"1" + b"}" * 20_001,
    "deep elsewhere": lambda: b'{"x": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "a huge number": lambda: b'{"lines_added": 1e999, "max_retries": 1e999, "priority": 1e999}',
    "long digits": lambda: b'{"lines_added": ' + b"9" * 5_000 + b', "description": 5}',
    "wrong kinds": lambda: b'{"files_changed": [1], "tests_exist": "yes", "agent_id": {}}',
    "names twice": lambda: (
        b'{"description": "x", "metadata": {"target_agent": 1, "target_agent": 2}}'
    ),
    "too large": lambda: b'{"description": "' + b"x" * (1 << 20) + b'"}',
}


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("odd", ODD)
def test_odd_bodies_get_a_defined_answer(open_hub: Hub, path: str, odd: str) -> None:
    """Never a 500, and always the one shape of an error."""
    real = path.format(task_id="nothing")
    reply = open_hub.http("POST", real, ODD[odd]())

    assert reply.status in (201, 400, 404, 413, 415, 422, 501), reply
    if reply.status != 201:
        assert reply.json["error"]["message"]
