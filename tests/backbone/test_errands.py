"""The helper scripts ask exactly what the page says, and end as it says."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.backbone.errands import Onboarding, Outcome, remove_agent, submit, submit_goal
from tests.backbone.script import VERSIONS, Version
from tests.backbone.stub_api import StubApi

CREATED: Final = {"task_id": "t1", "status": "queued", "priority": 2, "created_at": 5}
NOWHERE: Final = "http://127.0.0.1:1"
REPO: Final = "https://git.example/repo.git"
REGISTERED: Final = {
    "token": "tok-2",
    "hub_ws_url": "ws://hub.example/ws",
    "hub_api_url": "http://hub.example",
    "default_repo": REPO,
}


@pytest.fixture
def api() -> Iterator[StubApi]:
    """An HTTP server that refuses everything until it is told more."""
    stub = StubApi()
    yield stub
    stub.close()


def test_a_submission_has_these_headers_and_this_body(api: StubApi) -> None:
    """Nothing more and nothing less is sent."""
    api.answers["POST /api/tasks"] = (201, CREATED)

    outcome = submit(api.url + "/", "tok-1", "do it", "urgent", {"a": 1}, target="old-1")

    (asked,) = api.asked
    assert asked.headers | {"host": ""} == {
        "host": "",
        "connection": "keep-alive",
        "content-type": "application/json",
        "content-length": str(len(asked.body)),
        "authorization": "Bearer tok-1",
    }
    assert list(asked.json) == ["description", "priority", "metadata", "needed_capabilities"]
    assert asked.json["metadata"] == {"a": 1, "target_agent": "old-1"}
    assert asked.json["needed_capabilities"] == []
    assert outcome.exit_code == 0
    assert outcome.printed == ["task_id: t1", "priority: 2", "status: queued", "created_at: 5"]


def test_a_base_path_is_kept(api: StubApi) -> None:
    """The hub may live below a path."""
    api.answers["POST /base/api/tasks"] = (201, CREATED)

    assert submit(api.url + "/base/", "tok-1", "do it").exit_code == 0


@pytest.mark.parametrize("status", [200, 202, 307, 401, 422, 429, 503])
def test_only_201_is_a_submission(api: StubApi, status: int) -> None:
    """Everything else is a failure, and no redirect is followed."""
    api.answers["POST /api/tasks"] = (status, CREATED)

    assert submit(api.url, "tok-1", "do it").exit_code == 1
    assert len(api.asked) == 1


@pytest.mark.parametrize("body", [{}, "no JSON"])
def test_missing_fields_are_printed_as_undefined(api: StubApi, body: Any) -> None:
    """A 201 without the fields is a success all the same."""
    api.answers["POST /api/tasks"] = (201, body)

    outcome = submit(api.url, "tok-1", "do it")

    assert outcome.exit_code == 0
    assert outcome.printed[0] == "task_id: undefined"
    assert "status: queued" in outcome.printed


@pytest.mark.parametrize("wrong", [{"priority": "high"}, {"metadata": [1]}])
def test_a_wrong_argument_asks_nothing(api: StubApi, wrong: dict[str, Any]) -> None:
    """Priority and metadata are looked at before the hub hears of them."""
    assert submit(api.url, "tok-1", "do it", **wrong).exit_code == 1
    assert not api.asked


def test_a_hub_that_is_away_is_a_failure(tmp_path: Path) -> None:
    """For every script but the removal, which only warns."""
    assert submit(NOWHERE, "tok-1", "do it").exit_code == 1
    assert submit_goal(NOWHERE, "tok-1", "do it").exit_code == 1
    assert Onboarding(NOWHERE, tmp_path).add("old-2").exit_code == 1
    assert remove_agent(NOWHERE, tmp_path, "old-2", "tok-1").exit_code == 0


def test_a_goal_has_this_body(api: StubApi) -> None:
    """A goal is a success with 201 only, a repository is named only if there is one."""
    api.answers["POST /api/goals"] = [(201, {"goal_id": "g1"}), (200, {"goal_id": "g1"})]

    good = submit_goal(api.url, "tok-1", "win", ("it works",), "high", ("a",))
    bad = submit_goal(api.url, "tok-1", "win", repo=REPO)

    assert api.asked[0].json == {
        "description": "win",
        "success_criteria": ["it works"],
        "priority": "high",
        "source": "cli",
        "tags": ["a"],
    }
    assert api.asked[1].json["repo"] == REPO
    assert (good.exit_code, good.printed, bad.exit_code) == (0, ["goal_id: g1"], 1)


def placed(home: Path, name: str) -> Path:
    """An agent's folder with a configuration."""
    config = home / ".agentcom" / name / "repo" / "sidecar" / "config.json"
    config.parent.mkdir(parents=True)
    config.write_text(json.dumps({"token": "tok-own"}))
    return home / ".agentcom" / name


@pytest.mark.parametrize(
    ("status", "says"), [(200, "token removed"), (204, "warning: 204"), (404, "warning: 404")]
)
def test_a_removal_deletes_the_folder_in_any_case(
    api: StubApi, tmp_path: Path, status: int, says: str
) -> None:
    """Only 200 counts as done; the agent's own token will do."""
    folder = placed(tmp_path, "old-2")
    api.answers["DELETE /admin/tokens/old-2"] = (status, "" if status == 204 else {})

    outcome = remove_agent(api.url, tmp_path, "old-2")

    (asked,) = api.asked
    assert asked.headers["authorization"] == "Bearer tok-own"
    assert asked.body == ""
    assert (outcome.exit_code, outcome.printed) == (0, [says])
    assert not folder.exists()


def onboarding(api: StubApi, home: Path, version: Version = "1.4") -> Onboarding:
    """A script in a hurry, before a hub that takes it."""
    api.answers |= {
        "GET /health": (200, {}),
        "GET /api/agents": (200, [{"agent_id": "brave-otter"}, {"id": "calm-heron"}]),
        "POST /api/onboard/register": (201, REGISTERED),
        "GET /api/config/default-repo": (200, {"default_repo": REPO, "url": REPO}),
        "POST /api/tasks": (201, CREATED),
        "GET /api/tasks/t1": [
            (503, {}),
            (200, {"status": "queued"}),
            (200, {"status": "completed"}),
        ],
    }
    return Onboarding(api.url, home, version, poll_every=0.01, poll_within=5.0)


def asked(api: StubApi) -> list[str]:
    """The requests without the polls that were repeated."""
    lines = [f"{each.method} {each.path}" for each in api.asked]
    return list(dict.fromkeys(lines))


@pytest.mark.parametrize("version", VERSIONS)
def test_an_agent_is_added_by_these_steps(api: StubApi, tmp_path: Path, version: Version) -> None:
    """Health, names, registration without a credential, the task of the first day."""
    outcome = onboarding(api, tmp_path, version).add()

    assert outcome.exit_code == 0, outcome.printed
    assert asked(api) == [
        "GET /health",
        "GET /api/agents",
        "POST /api/onboard/register",
        "POST /api/tasks",
        "GET /api/tasks/t1",
    ]
    by_path = {each.path: each for each in api.asked}
    register, task = by_path["/api/onboard/register"], by_path["/api/tasks"]
    assert register.json == {"agent_id": "quick-lynx"}
    assert "authorization" not in register.headers
    assert task.headers["authorization"] == "Bearer tok-2"
    assert set(task.json) == {"description", "priority", "metadata"}
    assert task.json["metadata"] == {"onboarding_test": True}
    assert by_path["/health"].headers["content-type"] == "application/json"
    assert outcome.config is not None
    assert outcome.config["hub_url"] == "ws://hub.example/ws"


def refusing(api: StubApi, home: Path, request: str, status: int, body: Any) -> Outcome:
    """Add an agent at a hub that answers one request otherwise."""
    script = onboarding(api, home)
    api.answers[request] = (status, body)
    return script.add("old-2")


@pytest.mark.parametrize(
    ("request_line", "status", "body"),
    [
        ("GET /health", 503, {}),
        ("POST /api/onboard/register", 409, {}),
        ("POST /api/onboard/register", 403, {"error": "closed"}),
        ("POST /api/tasks", 422, {}),
        ("POST /api/tasks", 201, {"status": "queued"}),
        ("GET /api/tasks/t1", 200, {"status": "failed"}),
    ],
)
def test_adding_stops_at(
    api: StubApi, tmp_path: Path, request_line: str, status: int, body: Any
) -> None:
    """Each refusal ends the script with 1, and it is the last thing that was asked."""
    outcome = refusing(api, tmp_path, request_line, status, body)

    assert outcome.exit_code == 1
    assert asked(api)[-1] == request_line


def test_a_task_that_never_ends_is_a_failure(api: StubApi, tmp_path: Path) -> None:
    """Every other status is waited for until the time is over."""
    script = onboarding(api, tmp_path)
    script.poll_within = 0.05
    api.answers["GET /api/tasks/t1"] = (200, {"status": "working"})

    assert script.add("old-2").exit_code == 1


def test_a_wrapped_list_of_agents_hides_the_taken_names(api: StubApi, tmp_path: Path) -> None:
    """The check for taken names silently does nothing then."""
    script = onboarding(api, tmp_path)
    api.answers["GET /api/agents"] = (200, {"agents": [{"agent_id": "brave-otter"}]})
    script.add()

    register = next(each for each in api.asked if each.method == "POST")
    assert register.json == {"agent_id": "brave-otter"}


def test_the_repository_is_looked_up_under_its_other_name(api: StubApi, tmp_path: Path) -> None:
    """Without one in the registration, `url` of the configuration is read; 200 registers too."""
    bare = {"token": "tok-2"}
    outcome = refusing(api, tmp_path, "POST /api/onboard/register", 200, bare)

    assert outcome.exit_code == 0
    assert outcome.config is not None
    assert outcome.config["default_repo"] == REPO
    assert outcome.config["hub_url"] == api.url.replace("http", "ws") + "/ws"
    assert outcome.config["hub_api_url"] == api.url


@pytest.mark.parametrize("version", VERSIONS)
def test_only_the_newer_one_rejoins(api: StubApi, tmp_path: Path, version: Version) -> None:
    """With a token v1.4 registers nothing and asks for the repository instead."""
    outcome = onboarding(api, tmp_path, version).add("old-2", rejoin_token="tok-old")

    assert outcome.config is not None
    assert outcome.config["token"] == ("tok-old" if version == "1.4" else "tok-2")
    assert ("POST /api/onboard/register" in asked(api)) == (version == "1.1")
