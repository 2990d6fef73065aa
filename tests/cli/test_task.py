"""One task: retry it, edit it, see what happened to it; and statistics of all."""

import json
from typing import Any

from tests.cli.conftest import Corral
from tests.cli.hub_double import TASK_ID, HubDouble, task

TASK = f"/api/v1/tasks/{TASK_ID}"


def test_a_retry_has_a_reason(hub: HubDouble, corral: Corral) -> None:
    """It travels with the request."""
    hub.prepare(f"POST {TASK}/retry", task())
    assert "is queued" in corral("task", "retry", TASK_ID, "--reason", "again").err
    assert hub.asked[0].body == {"reason": "again"}


def test_an_edit_says_only_what_changes(hub: HubDouble, corral: Corral) -> None:
    """What is not named is not sent; what is cleared is null."""
    hub.prepare(f"PATCH {TASK}", task(priority="low"))
    words = ("--priority", "low", "--label", "a=b", "--needs", "x,y", "--timeout", "15m")
    ended = corral("task", "edit", TASK_ID, *words, "--clear", "retry", "--clear", "metadata")
    assert ended.exit_code == 0
    assert hub.asked[0].body == {
        "priority": "low",
        "labels": {"a": "b"},
        "needs": ["x", "y"],
        "timeout_ms": 900_000,
        "retry": None,
        "metadata": None,
    }


def test_an_edit_of_nothing(hub: HubDouble, corral: Corral) -> None:
    """It is refused before the hub is asked, as is clearing what has to be there."""
    assert corral("task", "edit", TASK_ID).exit_code == 2
    assert corral("task", "edit", TASK_ID, "--clear", "description").exit_code == 2
    assert hub.asked == []


def test_a_conflict_is_an_exit_code(hub: HubDouble, corral: Corral) -> None:
    """Somebody else was faster."""
    hub.refuse(f"PATCH {TASK}", 409, "version_conflict")
    ended = corral("task", "edit", TASK_ID, "--priority", "low", "--if-version", "3")
    assert ended.exit_code == 6


def test_statistics(hub: HubDouble, corral: Corral) -> None:
    """States, queue, throughput and times fit 80 columns."""
    spread = {"count": 5, "p50": 1, "p90": 2_000, "p99": 60_000}
    counts = {"completed": 10, "dead_letter": 1, "cancelled": 0, "per_second": 0.167}
    stats: dict[str, Any] = {
        "states": {"queued": 12_345, "running": 2},
        "queued_by_priority": {
            "urgent": {"count": 10_000, "more": True},
            "low": {"count": 0, "more": False},
        },
        "oldest_queued_ms": 90_000,
        "throughput": [{"minutes": 1} | counts],
        "wait_ms": spread,
        "run_ms": {"count": 0},
        "since": 1,
    }
    hub.prepare("GET /api/v1/tasks/stats", stats)
    out = corral("stats").out
    for part in ("12,345", "urgent 10,000+", "oldest 90 s", "0.167", "2 s"):
        assert part in out
    assert max(len(line) for line in out.splitlines()) <= 80
    assert json.loads(corral("stats", "--json").out)["states"]["queued"] == 12_345
