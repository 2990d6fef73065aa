"""Envelopes: stored events as readers see them.

An event is written as a few columns; its envelope is made when somebody reads it, once, and
shared between all who read it at about the same time.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple, Protocol

from msgspec import Raw, json

from hub.core.facts import HUB
from hub.core.org import Org
from hub.store.contract import EventRow
from schemas.events import EVENT_NAMES, ActorType, Envelope, EventMeta, EventType
from schemas.scalars import Role

KEPT: Final = 4_096
"""How many envelopes are kept for the next reader."""
ACTORS: Final = 4_096
"""How many actors' types are remembered."""
SCHEMA_VERSION: Final = 1
_TASKS: Final = range(EventType.TASK_CREATED, EventType.AGENT_CREATED)
"""The numbers of the events whose entity is a task."""
_ROLES: Final = {
    Role.AGENT: ActorType.AGENT,
    Role.VIEWER: ActorType.VIEWER,
    Role.OPERATOR: ActorType.OPERATOR,
    Role.ADMIN: ActorType.ADMIN,
}
_encode = json.Encoder().encode


class Names(Protocol):
    """Who knows the names of credentials. `tokens.py` has the real one."""

    def role_of(self, org: str, subject: str) -> Role | None:
        """The role of a credential of this name, also of one that is revoked."""
        ...


class Event(NamedTuple):
    """An event ready to be sent."""

    seq: int
    name: str
    json: bytes
    """The envelope."""


class Envelopes:
    """Makes envelopes, and keeps the latest."""

    def __init__(self, orgs: Mapping[str, Org], names: Names) -> None:
        self._orgs = orgs
        self._names = names
        self._made: dict[tuple[str, int], Event] = {}
        self._actors: dict[tuple[str, str], ActorType] = {}

    def of(self, org: str, row: EventRow) -> Event:
        """The event as readers of this org see it."""
        key = org, row.seq
        event = self._made.get(key)
        if event is None:
            if len(self._made) >= KEPT:
                self._made.clear()
            event = self._made[key] = self._make(org, row)
        return event

    def _make(self, org: str, row: EventRow) -> Event:
        kind = EventType(row.type)
        name = EVENT_NAMES[kind]
        meta = EventMeta(
            org=org,
            actor_id=row.actor,
            actor_type=self._actor_type(org, row.actor),
            correlation_id=row.entity if kind in _TASKS else None,
            causation_id=None,
            schema_version=SCHEMA_VERSION,
        )
        envelope = Envelope(
            id=f"evt-{org}-{row.at:x}-{row.seq:x}",
            seq=row.seq,
            type=name,
            source=HUB,
            target=row.entity,
            timestamp=row.at / 1000,
            payload=Raw(row.data),
            meta=meta,
        )
        return Event(row.seq, name, _encode(envelope))

    def _actor_type(self, org: str, actor: str) -> ActorType:
        """What an actor is, as far as the hub knows when the event is first read."""
        if actor == HUB:
            return ActorType.HUB
        known = self._actors.get((org, actor))
        if known is None:
            if len(self._actors) >= ACTORS:
                self._actors.clear()
            known = self._actors[org, actor] = self._look_up(org, actor)
        return known

    def _look_up(self, org: str, actor: str) -> ActorType:
        home = self._orgs.get(org)
        if home is not None and actor in home.agents:
            return ActorType.AGENT
        role = self._names.role_of(org, actor)
        return ActorType.OTHER if role is None else _ROLES[role]
