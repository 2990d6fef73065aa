"""What each message has to pass, and what it costs."""

from typing import get_args

import msgspec
import pytest

from hub.core.gates import ALLOWED, COSTS, GATES
from schemas import from_agent as wire
from schemas.attempts import Stream
from schemas.scalars import Role, Tier
from schemas.work import TaskSpec

REPORTS = {
    wire.TaskAccepted,
    wire.TaskRejected,
    wire.TaskComplete,
    wire.TaskFailed,
    wire.TaskCancelled,
}


@pytest.mark.parametrize("member", get_args(wire.FromAgent), ids=lambda member: member.__name__)
def test_every_message_has_a_tier(member: type[msgspec.Struct]) -> None:
    """As an attribute of its class, not as a field of the frame."""
    assert isinstance(member.tier, Tier)  # type: ignore[attr-defined]
    assert "tier" not in member.__struct_fields__


def test_reports_are_free() -> None:
    """And nothing else but the greeting, which has a limit of its own."""
    free = set(get_args(wire.FromAgent)) - set(COSTS)
    assert free == REPORTS | {wire.Identify}
    assert {kind.tier for kind in REPORTS} == {Tier.REPORTS}  # type: ignore[attr-defined]


@pytest.mark.parametrize("role", Role)
def test_there_is_a_gate_for_all_that_is_allowed(role: Role) -> None:
    """But for `identify`, which comes before any gate."""
    assert set(GATES[role]) == ALLOWED[role] - {wire.Identify}


def test_costs() -> None:
    """Tasks count one by one, output by its bytes, watches by the hundred."""
    tasks = [TaskSpec("x")] * 7
    assert COSTS[wire.TaskSubmit](wire.TaskSubmit("r", tasks)) == 7
    log = wire.TaskLog("t", 1, Stream.STDOUT, 0, "abc")
    assert COSTS[wire.TaskLog](log) == 3
    assert COSTS[wire.TaskLog](msgspec.structs.replace(log, text="ü\N{PILE OF POO}")) == 6
    assert COSTS[wire.TaskWatch](wire.TaskWatch(["t"])) == 1
    assert COSTS[wire.TaskWatch](wire.TaskWatch(["t"] * 1_000)) == 11
    assert COSTS[wire.Ping](wire.Ping()) == 1
