"""Standing: what people say about an agent, and what is left to the agent itself.

Pause, drain, edits and the list of agents change its record; its live state follows from
that. Each function takes a record and returns the next one, or the same when nothing
changes. What a person set is *fixed*: the agent's own words at its next login do not count.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import structs

from hub.core.agent import AgentRecord
from schemas.from_agent import Identify
from schemas.scalars import OLD_PROTOCOL, AgentStatus

FIXABLE: Final = ("name", "capabilities", "slots")
"""What an agent says of itself, unless a person has said it."""
EDITABLE: Final = (*FIXABLE, "labels", "note")
FROM_FILE: Final = "file"
"""The source of an agent that the list has."""


def standing(record: AgentRecord) -> AgentStatus:
    """Whether it may be given work, as far as people have a say in it."""
    if not record.active:
        return AgentStatus.INACTIVE
    if record.draining:
        return AgentStatus.DRAINING
    return AgentStatus.PAUSED if record.paused else AgentStatus.ACTIVE


def paused(record: AgentRecord, note: str | None, until: int | None) -> AgentRecord:
    """It gets no new work, until this wall time if there is one."""
    return _next(record, paused=True, pause_note=note, paused_until=until)


def resumed(record: AgentRecord) -> AgentRecord:
    """It is neither paused nor draining."""
    return _next(record, paused=False, pause_note=None, paused_until=None, draining=False)


def unpaused(record: AgentRecord) -> AgentRecord:
    """The end of its pause has come; a drain goes on."""
    return _next(record, paused=False, pause_note=None, paused_until=None)


def draining(record: AgentRecord) -> AgentRecord:
    """It gets no new work, and is done when it has none left."""
    return _next(record, draining=True)


def deactivated(record: AgentRecord) -> AgentRecord:
    """The list does not have it any more."""
    return _next(record, active=False)


def edited(record: AgentRecord, changes: Mapping[str, Any]) -> AgentRecord:
    """The fields of `EDITABLE` that are named get these values.

    None empties a field; one that the agent can say itself is its own again, from its next
    login on.
    """
    fixed = set(record.fixed)
    values: dict[str, Any] = {}
    for name, value in changes.items():
        if name in FIXABLE and value is None:
            fixed.discard(name)
            continue
        if name in FIXABLE:
            fixed.add(name)
        values[name] = _stored(name, value)
    return _next(record, **values, fixed=tuple(sorted(fixed)))


def declared(
    record: AgentRecord | None, org: str, agent_id: str, changes: Mapping[str, Any], wall: int
) -> AgentRecord:
    """The list has this agent, with these fields; what it leaves out stays as it is."""
    if record is not None:
        after = edited(structs.replace(record, source=FROM_FILE, active=True), changes)
        same = structs.replace(after, version=record.version) == record
        return record if same else structs.replace(after, version=record.version + 1)
    fresh = AgentRecord(org, agent_id, agent_id, (), (), 1, wall, source=FROM_FILE)
    return structs.replace(edited(fresh, changes), version=1)


def introduced(record: AgentRecord | None, org: str, message: Identify, wall: int) -> AgentRecord:
    """An agent says who it is: it has all of that but what is fixed."""
    base = record or AgentRecord(org, message.agent_id, "", (), (), 1, wall)
    own: dict[str, Any] = {
        "name": message.name or message.agent_id,
        "capabilities": tuple(sorted(set(message.capabilities or ()))),
        "slots": 1 if message.slots is None else message.slots,
    }
    return structs.replace(
        base,
        **{name: value for name, value in own.items() if name not in base.fixed},
        executors=tuple(sorted(set(message.executors or ()))),
        host=message.host,
        protocol_version=message.protocol_version or OLD_PROTOCOL,
        last_seen_at=wall,
    )


def changed_fields(before: AgentRecord, after: AgentRecord) -> list[str]:
    """The names of what an edit changed, also of what is fixed now and was not, or the reverse."""
    return [
        name
        for name in EDITABLE
        if getattr(before, name) != getattr(after, name)
        or (name in before.fixed) != (name in after.fixed)
    ]


def _stored(name: str, value: Any) -> Any:
    if name == "capabilities":
        return tuple(sorted(set(value)))
    if name == "labels":
        return tuple(sorted((value or {}).items()))
    return value


def _next(record: AgentRecord, **changes: Any) -> AgentRecord:
    after = structs.replace(record, **changes)
    return record if after == record else structs.replace(after, version=record.version + 1)
