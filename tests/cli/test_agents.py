"""Agents and dispatch from the command line: what is asked, and what is shown."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Corral
from tests.cli.hub_double import HubDouble

AGENT: dict[str, Any] = {
    "id": "birch",
    "org": "main",
    "name": "Birch \x1b[2J",
    "status": "idle",
    "capabilities": ["python"],
    "executors": ["command"],
    "slots": 2,
    "running": [],
    "host": "h",
    "created_at": 1,
    "last_seen_at": 1_750_000_000_000,
    "protocol_version": 2,
    "version": 3,
    "labels": {"zone": "a"},
    "paused": True,
    "pause_note": "new disk",
    "paused_until": 1_750_000_600_000,
}
PAUSE = {
    "id": "pause-1",
    "label": {"key": "env", "value": "prod"},
    "note": "release",
    "until": None,
    "created_at": 1,
    "created_by": "maria",
}


def test_filters_reach_the_hub(hub: HubDouble, corral: Corral) -> None:
    """Those that are not given are left out; a status is shown with what people said."""
    hub.prepare("GET /api/v1/agents", {"items": [AGENT], "next_cursor": None})
    ended = corral("agents", "--status", "idle", "--label", "zone=a", "--not-paused")
    assert "idle, paused" in ended.out
    asked = {"status": "idle", "label": "zone=a", "paused": "false", "limit": "200"}
    assert hub.asked[0].query == asked


def test_no_such_agent_is_not_no_agent(hub: HubDouble, corral: Corral) -> None:
    """With a filter nobody is told to join one."""
    hub.prepare("GET /api/v1/agents", {"items": [], "next_cursor": None})
    assert "No such agents" in corral("agents", "--text", "x").err
    assert "corral invite" in corral("agents").err


def test_an_agent_is_shown_whole(hub: HubDouble, corral: Corral) -> None:
    """Also why it is paused; what it calls itself cannot drive the terminal."""
    hub.prepare("GET /api/v1/agents/birch", AGENT)
    shown = corral("agent", "show", "birch").out
    assert "new disk" in shown
    assert "zone=a" in shown
    assert "Birch ·[2J" in shown
    assert json.loads(corral("agent", "show", "birch", "--json").out)["version"] == 3


@pytest.mark.parametrize(
    ("words", "method", "path", "body"),
    [
        (["pause", "birch"], "POST", "/birch/pause", {"note": None, "for_ms": None}),
        (
            ["pause", "birch", "--note", "disk", "--for", "2h"],
            "POST",
            "/birch/pause",
            {"note": "disk", "for_ms": 7_200_000},
        ),
        (["resume", "birch"], "POST", "/birch/resume", None),
        (["drain", "birch"], "POST", "/birch/drain", None),
        (
            ["edit", "birch", "--slots", "3", "--label", "a=b=c", "--clear", "note"],
            "PATCH",
            "/birch",
            {"slots": 3, "labels": {"a": "b=c"}, "note": None},
        ),
    ],
)
def test_what_is_typed_is_what_is_asked(
    hub: HubDouble, corral: Corral, words: list[str], method: str, path: str, body: Any
) -> None:
    """Every command with and without JSON."""
    hub.prepare(f"{method} /api/v1/agents{path}", AGENT)
    assert corral("agent", *words).exit_code == 0
    assert json.loads(corral("agent", *words, "--json").out)["id"] == "birch"
    found = hub.asked[0].body
    assert found is None if body is None else body.items() <= found.items()


@pytest.mark.parametrize("words", [["--clear", "colour"], ["--label", "zone"]])
def test_a_bad_edit_asks_nothing(hub: HubDouble, corral: Corral, words: list[str]) -> None:
    """What makes no sense is said before the hub hears of it."""
    assert corral("agent", "edit", "birch", *words).exit_code == 2
    assert hub.asked == []


def test_an_agent_is_deleted(hub: HubDouble, corral: Corral) -> None:
    """An answer without a body is one; a refusal says what to do."""
    hub.prepare("DELETE /api/v1/agents/birch", b"", 204)
    assert "deleted" in corral("agent", "delete", "birch", "--force").err
    assert hub.asked[0].query == {"force": "true"}
    assert json.loads(corral("agent", "delete", "birch", "--json").out)["deleted"]
    hub.refuse("DELETE /api/v1/agents/oak", 409, "invalid_state")
    assert corral("agent", "delete", "oak").exit_code == 6


@pytest.mark.parametrize("wrap", [False, True])
def test_a_file_is_sent_as_it_is(
    hub: HubDouble, corral: Corral, tmp_path: Path, *, wrap: bool
) -> None:
    """A list, or an object with the list; entries that were left out fail the command."""
    listed: Any = [{"id": "oak", "slots": 4}]
    file = tmp_path / "agents.json"
    file.write_text(json.dumps({"agents": listed} if wrap else listed))
    error = {"index": 0, "id": "oak", "message": "the list has it twice"}
    report = {"created": 1, "updated": 0, "deactivated": 2, "unchanged": 0}
    hub.prepare("POST /api/v1/agents/sync", {**report, "errors": []})
    hub.prepare("POST /api/v1/agents/sync", {**report, "errors": [error]})
    ended = corral("agents", "sync", str(file), "--keep-missing")
    assert (ended.exit_code, "1 created, 0 updated, 2 out of use" in ended.err) == (0, True)
    assert hub.asked[0].body["deactivate_missing"] is False
    assert hub.asked[0].body["agents"][0]["slots"] == 4
    again = corral("agents", "sync", str(file), "--json")
    assert (again.exit_code, json.loads(again.out)["errors"]) == (6, [error])


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"id": "oak", "colour": 1}]', "\udcff"])
def test_a_file_that_is_no_list_is_refused(
    hub: HubDouble, corral: Corral, tmp_path: Path, text: str
) -> None:
    """Before the hub hears of it, and so is one that is not there."""
    file = tmp_path / "agents.json"
    file.write_bytes(text.encode(errors="surrogateescape"))
    assert corral("agents", "sync", str(file)).exit_code == 2
    assert corral("agents", "sync", str(tmp_path / "none")).exit_code == 2
    assert hub.asked == []


def test_dispatch_is_paused_and_resumed(hub: HubDouble, corral: Corral) -> None:
    """For a label or for all; what lasts is shown."""
    hub.prepare("POST /api/v1/dispatch/pause", PAUSE)
    hub.prepare("POST /api/v1/dispatch/resume", {"paused": False, "pauses": []})
    hub.prepare("GET /api/v1/dispatch", {"paused": False, "pauses": [PAUSE]})
    typed = corral("dispatch", "pause", "--label", "env=prod", "--note", "release", "--for", "5m")
    assert "env=prod" in typed.out
    body = hub.asked[0].body
    assert (body["label"], body["for_ms"]) == ({"key": "env", "value": "prod"}, 300_000)
    assert corral("dispatch").out == corral("dispatch", "show").out
    assert "release" in corral("dispatch").out
    assert json.loads(corral("dispatch", "--json").out)["pauses"][0]["id"] == "pause-1"
    assert "Nothing is paused" in corral("dispatch", "resume", "pause-1").err
    assert hub.asked[-1].body["id"] == "pause-1"
    for words in (["show"], ["pause"], ["resume"]):
        assert json.loads(corral("dispatch", *words, "--json").out)
