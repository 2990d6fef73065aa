"""Looking at tasks and agents: tables, pages, JSON, pages of a list."""

import json
from typing import Any

import pytest

from tests.cli.conftest import Corral
from tests.cli.hub_double import TASK_ID, HubDouble, log, task

TASK = f"/api/v1/tasks/{TASK_ID}"
AGENT: dict[str, Any] = {
    "id": "birch",
    "org": "main",
    "name": "birch",
    "status": "working",
    "capabilities": ["python", "hash"],
    "executors": ["command"],
    "slots": 2,
    "running": [TASK_ID],
    "host": "h",
    "created_at": 1,
    "last_seen_at": 1_750_000_000_000,
    "protocol_version": 2,
}


def page(*items: Any, cursor: str | None = None) -> dict[str, Any]:
    """A page of a list."""
    return {"items": list(items), "next_cursor": cursor}


def test_the_table_fits_80_columns_and_keeps_the_id(hub: HubDouble, corral: Corral) -> None:
    """An id can be copied whole; the description gives way."""
    hub.prepare("GET /api/v1/tasks", page(task("running", attempt=1, description="long " * 40)))
    ended = corral("tasks")
    assert ended.exit_code == 0
    assert TASK_ID in ended.out
    assert "running" in ended.out
    assert "1/3" in ended.out
    assert max(len(line) for line in ended.out.splitlines()) <= 80


def test_a_description_cannot_drive_the_terminal(hub: HubDouble, corral: Corral) -> None:
    """Control characters of a task are shown as dots, its markup as it is."""
    hub.prepare("GET /api/v1/tasks", page(task(description="[red]\x1b[2Jx\x9b")))
    assert "[red]·[2Jx·" in corral("tasks").out


def test_a_long_list_is_read_page_by_page(hub: HubDouble, corral: Corral) -> None:
    """The limit is the person's, the size of a page the hub's."""
    hub.prepare("GET /api/v1/tasks", page(*[task()] * 200, cursor="c1"))
    hub.prepare("GET /api/v1/tasks", page(*[task()] * 50, cursor="c2"))
    ended = corral("tasks", "--limit", "250", "--state", "queued", "--json")
    assert len(json.loads(ended.out)["items"]) == 250
    assert hub.asked[1].query == {"limit": "50", "state": "queued", "cursor": "c1"}


def test_an_empty_list_leads_on(hub: HubDouble, corral: Corral) -> None:
    """Nothing to show is said, on standard error."""
    hub.prepare("GET /api/v1/tasks", page())
    ended = corral("tasks")
    assert (ended.exit_code, ended.out) == (0, "")
    assert "corral run" in ended.err


def test_agents_are_listed(hub: HubDouble, corral: Corral) -> None:
    """Who is there, how busy, and what it offers."""
    hub.prepare("GET /api/v1/agents", page(AGENT))
    out = corral("agents").out
    assert "birch" in out
    assert "1/2" in out
    assert "python, hash" in out


def test_a_task_page_shows_what_came_out(hub: HubDouble, corral: Corral) -> None:
    """State, attempts, error and output are on one page."""
    result = {"exit_code": 3, "stdout": "hello\n", "stderr": "\x1b[31mbad"}
    fields: dict[str, Any] = {"attempt": 3, "error": "exit code 3", "failure_class": "agent"}
    hub.prepare(f"GET {TASK}", task("dead_letter", result=result, started_at=1, **fields))
    out = corral("task", "show", TASK_ID).out
    for part in ("dead_letter", "3 of 3", "exit code 3", "agent", "hello", "·[31mbad"):
        assert part in out


def test_a_result_of_its_own_is_shown_as_json(hub: HubDouble, corral: Corral) -> None:
    """A program may write any JSON as its result."""
    hub.prepare(f"GET {TASK}", task("completed", result={"lines": [1, 2]}))
    assert '"lines"' in corral("task", "show", TASK_ID).out


def test_json_is_one_document_on_one_line(hub: HubDouble, corral: Corral) -> None:
    """A program reads exactly what the hub said."""
    hub.prepare(f"GET {TASK}", task("completed", result={"a": 1.50}))
    out = corral("task", "show", TASK_ID, "--json").out
    assert out.count("\n") == 1
    assert json.loads(out)["result"] == {"a": 1.5}


def test_cancel_says_what_becomes_of_the_task(hub: HubDouble, corral: Corral) -> None:
    """A task that runs is stopped by its agent, later."""
    hub.prepare(f"POST {TASK}/cancel", task("running", assigned_to="birch"), 202)
    assert "will be stopped on birch" in corral("task", "cancel", TASK_ID).err


def test_an_explanation_goes_through_the_agents(hub: HubDouble, corral: Corral) -> None:
    """Each agent has its reason."""
    reason = {"code": "missing_capability", "message": "does not offer quantum"}
    hub.prepare(
        f"GET {TASK}/explain",
        {
            "task_id": TASK_ID,
            "state": "queued",
            "reasons": [{"code": "no_such_agent", "message": "no agent offers quantum"}],
            "candidates": [{"agent_id": "birch", "reasons": [reason]}],
            "candidates_total": 3,
        },
    )
    out = corral("explain", TASK_ID).out
    assert "no agent offers quantum (no_such_agent)" in out
    assert "does not offer quantum" in out
    assert "and 2 more agents" in out


def test_the_output_of_a_task(hub: HubDouble, corral: Corral) -> None:
    """Everything there is, piece by piece, and then the end."""
    hub.prepare(f"GET {TASK}/log", log("one\n"))
    hub.prepare(f"GET {TASK}/log", log("", offset=4))
    ended = corral("task", "log", TASK_ID, "--stream", "stdout")
    assert ended.out == "one\n"
    assert hub.asked[1].query["offset"] == "4"


def test_following_ends_with_the_task(hub: HubDouble, corral: Corral) -> None:
    """Each piece is printed once."""
    for part in (
        log("a\n"),
        log("", offset=2),
        log("b\n", offset=2),
        log("", offset=4, ended=True),
    ):
        hub.prepare(f"GET {TASK}/log", part)
    assert corral("task", "log", "-f", TASK_ID, "--stream", "stdout").out == "a\nb\n"


def test_an_unknown_task_is_an_exit_code(hub: HubDouble, corral: Corral) -> None:
    """A script can tell a missing task from a missing hub."""
    ended = corral("task", "show", "task-nope")
    assert ended.exit_code == 5
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("run", "line"),
    [
        ({"kind": "command", "argv": ["ls", "-l"]}, "ls -l"),
        ({"kind": "python", "target": "shop:total"}, "shop:total()"),
        (
            {"kind": "python", "target": "shop:total", "kwargs": {"of": [1, "\x1b"], "rate": 2}},
            'shop:total(of=[1,"\\u001b"], rate=2)',
        ),
    ],
)
def test_a_page_says_what_is_run(
    hub: HubDouble, corral: Corral, run: dict[str, Any], line: str
) -> None:
    """A command as it is typed, a function as it is called."""
    hub.prepare(f"GET {TASK}", task(run=run))
    assert line in corral("task", "show", TASK_ID).out
