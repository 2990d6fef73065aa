"""One action on many tasks: asked for first, watched to its end."""

import json
from typing import Any

from schemas.scalars import StateName
from tests.cli.conftest import Corral
from tests.cli.hub_double import TASK_ID, HubDouble

BULK = "POST /api/v1/tasks/bulk"
JOB = "GET /api/v1/bulk/bulk-1"


def job(**fields: Any) -> dict[str, Any]:
    """A bulk action as the hub shows it."""
    return {
        "id": "bulk-1",
        "about": "tasks",
        "action": "cancel",
        "state": "running",
        "target": {},
        "created_at": 1,
        "created_by": "admin",
        "total": {"count": 3, "more": False},
        "done": 0,
        "failed": 0,
        "skipped": 0,
    } | fields


def test_it_is_watched_to_its_end(hub: HubDouble, corral: Corral) -> None:
    """The filter goes along, and the end is told."""
    hub.prepare(BULK, job(state="waiting"), 202)
    hub.prepare(JOB, job(done=1))
    hub.prepare(JOB, job(state="completed", done=2, skipped=1, finished_at=2))
    ended = corral("tasks", "cancel", "--label", "a=b", "--reason", "old", "--yes")
    assert ended.exit_code == 0
    assert "2 tasks cancelled" in ended.err
    assert "1 were left alone" in ended.err
    wanted = {"action": "cancel", "filter": {"labels": {"a": "b"}}, "reason": "old"}
    assert hub.asked[0].body == wanted


def test_it_is_told_why_the_hub_stopped_it(hub: HubDouble, corral: Corral) -> None:
    """A person sees the reason beside how far it came."""
    why = "the token that began it was revoked"
    hub.prepare(BULK, job(state="cancelled", done=2, finished_at=2, why_stopped=why), 202)
    ended = corral("tasks", "cancel", "--label", "a=b", "--yes")
    assert "2 tasks cancelled" in ended.err
    assert why in ended.err


def test_failures_are_told_and_count(hub: HubDouble, corral: Corral) -> None:
    """Which tasks, and why; the exit code says it too."""
    failure = {"task_id": TASK_ID, "code": "invalid_state", "message": "It \x1b[2Jended."}
    done = job(action="retry", state="completed", failed=2, failures=[failure], finished_at=2)
    hub.prepare(BULK, done, 202)
    ended = corral("tasks", "retry", "--state", "dead_letter", "-y")
    assert ended.exit_code == 6
    assert f"{TASK_ID}: It ·[2Jended." in ended.err
    assert "1 more failed" in ended.err


def test_json_is_the_job_at_its_end(hub: HubDouble, corral: Corral) -> None:
    """One document, once it is over."""
    hub.prepare(BULK, job(action="edit", state="completed", done=3, finished_at=2), 202)
    ended = corral("tasks", "reprioritise", "--to", "urgent", "--all", "-y", "--json")
    assert json.loads(ended.out)["done"] == 3
    wanted = {"action": "edit", "filter": {"state": list(StateName)}}
    assert hub.asked[0].body == wanted | {"edit": {"priority": "urgent"}}


def test_all_of_a_retry_are_the_dead_letters(hub: HubDouble, corral: Corral) -> None:
    """Whoever cancelled a task meant it."""
    hub.prepare(BULK, job(action="retry", state="completed", done=3, finished_at=2), 202)
    corral("tasks", "retry", "--all", "-y", "--json")
    assert hub.asked[0].body == {"action": "retry", "filter": {"state": ["dead_letter"]}}


def test_conditions_in_the_wrong_place_are_refused(hub: HubDouble, corral: Corral) -> None:
    """Before the command they would be for the list, and the command be about everything."""
    ended = corral("tasks", "--label", "a=b", "cancel", "--all", "--yes")
    assert ended.exit_code == 2
    assert "Put them after cancel" in ended.err
    assert hub.asked == []


def test_nothing_is_done_unasked(hub: HubDouble, corral: Corral) -> None:
    """Without a person to ask it takes --yes; without a condition it takes --all."""
    assert corral("tasks", "cancel", "--state", "queued").exit_code == 2
    assert corral("tasks", "cancel", "--yes").exit_code == 2
    assert hub.asked == []
