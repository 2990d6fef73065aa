"""Facts hold what the published schema of their event says."""

import msgspec
import pytest

from hub.core import facts
from hub.core.facts import Fact
from schemas.attempts import FailureClass
from schemas.events import PAYLOADS, AgentOnline, EventType
from schemas.scalars import StateName

FACTS = {
    EventType.TASK_CREATED: facts.created(7, "task-1", "me", 5, StateName.QUEUED),
    EventType.TASK_ASSIGNED: facts.assigned(7, "task-1", 5, "agent-1", 9),
    EventType.TASK_UNASSIGNED: facts.unassigned(
        7, "task-1", "hub", 5, "agent-1", "lost", StateName.QUEUED
    ),
    EventType.TASK_STATUS_CHANGED: facts.moved(
        7,
        "task-1",
        "agent-1",
        5,
        StateName.RUNNING,
        StateName.DEAD_LETTER,
        "why",
        FailureClass.INFRA,
    ),
    EventType.TASK_UPDATED: facts.updated(7, "task-1", "me", 5, "cancel_requested"),
}


@pytest.mark.parametrize(("kind", "fact"), FACTS.items(), ids=lambda value: str(value)[:20])
def test_a_fact_of_a_task(kind: EventType, fact: Fact) -> None:
    """It names its task, when it was, and a payload of its type."""
    assert (fact.type, fact.entity, fact.seq, fact.at) == (kind, "task-1", 7, 5)
    assert msgspec.json.encode(msgspec.json.decode(fact.data, type=PAYLOADS[kind])) == fact.data


def test_a_move_tells_from_and_to() -> None:
    """The words of the published event are used, and what is not known is left out."""
    full = msgspec.json.decode(FACTS[EventType.TASK_STATUS_CHANGED].data)
    short = facts.moved(7, "task-1", "hub", 5, StateName.QUEUED, StateName.CANCELLED)

    assert full == {
        "from": "running",
        "to": "dead_letter",
        "reason": "why",
        "failure_class": "infra",
    }
    assert msgspec.json.decode(short.data) == {"from": "queued", "to": "cancelled"}


def test_a_fact_of_an_agent_has_no_seq() -> None:
    """Only tasks have a compact key."""
    fact = facts.of_agent(EventType.AGENT_ONLINE, "agent-1", "agent-1", 5, AgentOnline(session=3))

    assert (fact.seq, fact.entity, fact.data) == (0, "agent-1", b'{"session":3}')
