"""Facts: what happened, in the words of `schemas.events`, before it has a number.

A pure transition returns its facts; they are committed together with the change, and get
their place in the stream when the unit joins its batch.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from msgspec import Struct, json

from schemas import events
from schemas.attempts import FailureClass
from schemas.events import EventType
from schemas.scalars import StateName

HUB: Final = "hub"
"""The actor of what the hub does by itself."""
_encode = json.Encoder().encode
_CREATED: Final = EventType.TASK_CREATED
_ASSIGNED: Final = EventType.TASK_ASSIGNED
_MOVED: Final = EventType.TASK_STATUS_CHANGED


@lru_cache(maxsize=16)
def _created_data(state: StateName) -> bytes:
    return _encode(events.TaskCreated(state=state))


@lru_cache(maxsize=256)
def _moved_data(
    before: StateName, after: StateName, reason: str | None, failure_class: FailureClass | None
) -> bytes:
    return _encode(
        events.TaskStatusChanged(
            before=before, after=after, reason=reason, failure_class=failure_class
        )
    )


class Fact(Struct, frozen=True, gc=False):
    """One thing that happened to one entity."""

    type: EventType
    entity: str
    """The id of the task, agent, bulk action or pause, or a credential's public id."""
    seq: int
    """The task's seq, 0 for other entities: the compact key of an event row."""
    actor: str
    """Who caused it: an agent, a credential, or `hub`."""
    at: int
    """Wall time in milliseconds."""
    data: bytes
    """The payload as JSON."""


def created(seq: int, task_id: str, actor: str, at: int, state: StateName) -> Fact:
    """A task was submitted."""
    return Fact(_CREATED, task_id, seq, actor, at, _created_data(state))


def assigned(seq: int, task_id: str, at: int, agent: str, generation: int) -> Fact:
    """A task was pushed to an agent."""
    data = _encode(events.TaskAssigned(agent_id=agent, generation=generation))
    return Fact(_ASSIGNED, task_id, seq, HUB, at, data)


def unassigned(
    seq: int, task_id: str, actor: str, at: int, agent: str, reason: str, state: StateName
) -> Fact:
    """A task was taken back from an agent."""
    data = _encode(events.TaskUnassigned(agent_id=agent, reason=reason, state=state))
    return Fact(EventType.TASK_UNASSIGNED, task_id, seq, actor, at, data)


def moved(
    seq: int,
    task_id: str,
    actor: str,
    at: int,
    before: StateName,
    after: StateName,
    reason: str | None = None,
    failure_class: FailureClass | None = None,
) -> Fact:
    """A task changed its state."""
    data = _moved_data(before, after, reason, failure_class)
    return Fact(_MOVED, task_id, seq, actor, at, data)


def updated(
    seq: int,
    task_id: str,
    actor: str,
    at: int,
    change: str,
    reason: str | None = None,
    fields: Sequence[str] = (),
) -> Fact:
    """A task changed in another way: a cancel was asked for, or `fields` were edited."""
    data = _encode(events.TaskUpdated(change=change, reason=reason, fields=list(fields)))
    return Fact(EventType.TASK_UPDATED, task_id, seq, actor, at, data)


def of_agent(kind: EventType, agent_id: str, actor: str, at: int, payload: Struct) -> Fact:
    """Something happened to an entity that is no task: an agent, a token, a bulk action."""
    return Fact(kind, agent_id, 0, actor, at, _encode(payload))
