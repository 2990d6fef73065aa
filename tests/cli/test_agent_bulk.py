"""One action on many agents: said which, asked for, watched to its end."""

import io
import json
from typing import Any

import pytest

from tests.cli.conftest import Corral
from tests.cli.hub_double import HubDouble
from tests.cli.test_bulk import job

BULK = "POST /api/v1/agents/bulk"


class Seat(io.StringIO):
    """Somebody who types this at a terminal."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def done(action: str, **fields: Any) -> dict[str, Any]:
    """A bulk action on agents at its end."""
    ended = {"state": "completed", "finished_at": 2, "done": 3}
    return job(about="agents", action=action, **(ended | fields))


@pytest.mark.parametrize(
    ("words", "body"),
    [
        (("pause", "--all"), {"action": "pause", "all": True}),
        (
            ("pause", "--filter", "status:idle -cap:gpu", "--note", "new disks", "--for", "2h"),
            {
                "action": "pause",
                "filter": "status:idle -cap:gpu",
                "note": "new disks",
                "for_ms": 7_200_000,
            },
        ),
        (("resume", "oak", "elm"), {"action": "resume", "ids": ["oak", "elm"]}),
        (("drain", "--filter", "host:x"), {"action": "drain", "filter": "host:x"}),
        (("delete", "oak", "--force"), {"action": "delete", "ids": ["oak"], "force": True}),
    ],
)
def test_the_hub_is_asked_once(
    hub: HubDouble, corral: Corral, words: tuple[str, ...], body: dict[str, Any]
) -> None:
    """However many agents there are."""
    hub.prepare(BULK, done(words[0]), 202)
    ended = corral("agents", *words, "--yes")
    assert (ended.exit_code, [each.body for each in hub.asked]) == (0, [body])
    assert "3 agents" in ended.err


def test_failures_are_told_by_agent(hub: HubDouble, corral: Corral) -> None:
    """Which, and why; the exit code says it too."""
    failure = {"agent_id": "oak", "code": "invalid_state", "message": "oak has 2 tasks"}
    hub.prepare(BULK, done("delete", done=0, failed=1, failures=[failure]), 202)
    ended = corral("agents", "delete", "--all", "-y")
    assert ended.exit_code == 6
    assert "oak: oak has 2 tasks (invalid_state)" in ended.err


def test_json_is_the_job_at_its_end(hub: HubDouble, corral: Corral) -> None:
    """One document, once it is over."""
    hub.prepare(BULK, done("drain"), 202)
    assert json.loads(corral("agents", "drain", "--all", "-y", "--json").out)["about"] == "agents"


@pytest.mark.parametrize(
    "words",
    [
        ("pause", "-y"),
        ("pause", "oak", "--all", "-y"),
        ("pause", "--filter", "oak", "--all", "-y"),
        ("delete", "--all"),
        ("--status", "offline", "delete", "--all", "-y"),
    ],
)
def test_nothing_is_done_by_a_slip(hub: HubDouble, corral: Corral, words: tuple[str, ...]) -> None:
    """It is said which agents, once, after the command; and somebody is asked, or --yes given."""
    assert corral("agents", *words).exit_code == 2
    assert hub.asked == []


@pytest.mark.parametrize(("action", "bound"), [("delete", {"at_most": 3}), ("drain", {})])
def test_no_more_are_deleted_than_somebody_saw(
    hub: HubDouble,
    corral: Corral,
    monkeypatch: pytest.MonkeyPatch,
    action: str,
    bound: dict[str, int],
) -> None:
    """What can be taken back is done to all that are meant by then."""
    monkeypatch.setattr("sys.stdin", Seat("y\n"))
    total = {"count": 3, "more": False}
    shown = {"action": action, "total": total, "already": 0, "unknown": 0, "sample": []}
    hub.prepare(f"{BULK}/preview", shown)
    hub.prepare(BULK, done(action), 202)
    assert corral("agents", action, "--all").exit_code == 0
    wanted = {"action": action, "all": True}
    assert [each.body for each in hub.asked] == [wanted, wanted | bound]


def test_the_list_takes_the_same_words(hub: HubDouble, corral: Corral) -> None:
    """So one can look first."""
    hub.prepare("GET /api/v1/agents", {"items": [], "next_cursor": None})
    assert "No such agents" in corral("agents", "--filter", "status:idle").err
    assert hub.asked[0].query["filter"] == "status:idle"
