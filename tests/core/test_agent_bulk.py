"""Bulk actions on agents: what a request means, and the job that it becomes."""

from typing import Any

import pytest
from msgspec import structs

from hub.core import agent_bulk
from hub.core.agent import AgentRecord
from hub.core.errors import Refused
from schemas.http.bulk import AgentAction, AgentBulkRequest, BulkState
from schemas.scalars import ErrorCode

OAK = AgentRecord("main", "oak", "Oak", (), (), 1, 0)
PAUSE, RESUME, DRAIN, DELETE = AgentAction


@pytest.mark.parametrize(
    ("action", "fields", "path"),
    [
        (PAUSE, {}, "$"),
        (PAUSE, {"ids": ["oak"], "all": True}, "$"),
        (PAUSE, {"filter": "oak", "ids": ["oak"]}, "$"),
        (PAUSE, {"filter": "status:awake"}, "$.filter"),
        (PAUSE, {"filter": "  "}, "$.filter"),
        (PAUSE, {"all": True, "force": True}, "$.force"),
        (DRAIN, {"all": True, "note": "why"}, "$.note"),
        (RESUME, {"all": True, "until": 100}, "$.until"),
        (DELETE, {"all": True, "for_ms": 100}, "$.for_ms"),
        (PAUSE, {"all": True, "until": 7}, "$.until"),
        (PAUSE, {"all": True, "until": 20, "for_ms": 1}, "$.until"),
    ],
)
def test_parts_that_do_not_go_together(
    action: AgentAction, fields: dict[str, Any], path: str
) -> None:
    """Each is refused with its place, before anything begins."""
    with pytest.raises(Refused) as caught:
        agent_bulk.check(AgentBulkRequest(action, **fields), 10)
    assert caught.value.code is ErrorCode.VALIDATION_FAILED
    assert [flaw.path for flaw in caught.value.flaws] == [path]


def test_all_of_a_pause_end_together() -> None:
    """The end is reckoned once, when it is asked for."""
    request = AgentBulkRequest(PAUSE, all=True, note="new disks", for_ms=90)
    assert agent_bulk.check(request, 10) == agent_bulk.Arguments("new disks", 100)


@pytest.mark.parametrize(
    ("action", "fresh", "paused", "draining"),
    [
        (PAUSE, True, False, True),
        (RESUME, False, True, True),
        (DRAIN, True, True, False),
        (DELETE, True, True, True),
    ],
)
def test_whom_an_action_concerns(
    action: AgentAction, fresh: bool, paused: bool, draining: bool
) -> None:
    """Not those that are so already: a pause of a machine keeps its own end."""
    verdicts = [
        agent_bulk.concerns(action, OAK),
        agent_bulk.concerns(action, structs.replace(OAK, paused=True)),
        agent_bulk.concerns(action, structs.replace(OAK, draining=True)),
    ]
    assert verdicts == [fresh, paused, draining]


@pytest.mark.parametrize("which", [{"ids": ["oak", "elm"]}, {"filter": "el"}, {"all": True}])
def test_a_job_has_all_it_needs_to_go_on(which: dict[str, Any]) -> None:
    """After a restart nothing else is known."""
    request = AgentBulkRequest(DELETE, **which, force=True)
    arguments = agent_bulk.check(request, 10)
    found = [] if "ids" in which else ["elm", "oak"]
    job = agent_bulk.create(
        request, arguments, org="main", job_id="bulk-1", actor="me", wall=10, found=found
    )
    assert (job.action, job.state, job.cursor, job.total) == ("delete", BulkState.WAITING, 2, 2)
    assert agent_bulk.target_of(job) == agent_bulk.Target(**which, found=found)
    assert agent_bulk.arguments_of(job) == arguments
