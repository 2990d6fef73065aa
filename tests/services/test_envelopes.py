"""Envelopes: what is published of a stored event, and who is said to have caused it."""

import msgspec
import pytest

from hub.core.agent import AgentRecord
from hub.core.org import Org
from hub.services.envelopes import KEPT, Envelopes
from hub.store.contract import EventRow
from schemas.events import PAYLOADS, ActorType, Envelope, EventType
from schemas.scalars import Role
from tests.schemas.agreement import published
from tests.schemas.messages import good

AT = 1_763_700_000_123


class Register:
    """Credentials by name, as many as a test needs."""

    def __init__(self, **roles: Role) -> None:
        self.roles = roles
        self.asked = 0

    def role_of(self, org: str, subject: str) -> Role | None:
        """The role of the credential with this name."""
        assert org == "main"
        self.asked += 1
        return self.roles.get(subject)


def envelopes(register: Register | None = None, *agents: str) -> Envelopes:
    """Envelopes for an org with these agents."""
    org = Org("main", 1)
    for name in agents:
        org.know(
            AgentRecord(
                org="main",
                id=name,
                name=name,
                capabilities=(),
                executors=(),
                slots=1,
                created_at=1,
            )
        )
    return Envelopes({"main": org}, register or Register())


def row(kind: EventType, seq: int = 7, actor: str = "hub", entity: str = "task-1") -> EventRow:
    """A stored event with a payload of its type."""
    return EventRow(seq, kind, entity, actor, AT, msgspec.json.encode(good(PAYLOADS[kind])))


@pytest.mark.parametrize("kind", EventType)
def test_every_event_is_as_published(kind: EventType) -> None:
    """What a reader gets fits the published schema of its type."""
    event = envelopes().of("main", row(kind))
    text = msgspec.json.decode(event.json)
    assert published("events.json", None).is_valid(text)
    assert (event.seq, event.name) == (7, text["type"])


def test_what_an_envelope_says() -> None:
    """Every field, once in full."""
    event = envelopes().of("main", row(EventType.TASK_UPDATED))
    envelope = msgspec.json.decode(event.json, type=Envelope)
    assert (envelope.seq, envelope.source, envelope.target) == (7, "hub", "task-1")
    assert envelope.timestamp == pytest.approx(AT / 1000)
    assert envelope.meta.correlation_id == "task-1"
    assert envelope.meta.causation_id is None
    assert (envelope.meta.org, envelope.meta.actor_id) == ("main", "hub")


def test_only_what_is_about_a_task_belongs_to_one() -> None:
    """Other events have nothing to belong to."""
    event = envelopes().of("main", row(EventType.AGENT_ONLINE, entity="agent-1"))
    assert msgspec.json.decode(event.json, type=Envelope).meta.correlation_id is None


def test_the_id_is_stable() -> None:
    """Every reader of every hub gets the same one, and no two events share it."""
    first, second = (
        msgspec.json.decode(each.of("main", row(EventType.TASK_CREATED)).json)["id"]
        for each in (envelopes(), envelopes())
    )
    other = envelopes().of("main", row(EventType.TASK_CREATED, seq=8))
    assert first == second != msgspec.json.decode(other.json)["id"]


@pytest.mark.parametrize(
    ("actor", "kind"),
    [
        ("hub", ActorType.HUB),
        ("agent-1", ActorType.AGENT),
        ("both", ActorType.AGENT),
        ("joined", ActorType.AGENT),
        ("chief", ActorType.ADMIN),
        ("clerk", ActorType.OPERATOR),
        ("guest", ActorType.VIEWER),
        ("stranger", ActorType.OTHER),
    ],
)
def test_who_did_it(actor: str, kind: ActorType) -> None:
    """By name: an agent's before a credential's, and nobody is guessed."""
    register = Register(
        both=Role.ADMIN,
        joined=Role.AGENT,
        chief=Role.ADMIN,
        clerk=Role.OPERATOR,
        guest=Role.VIEWER,
    )
    event = envelopes(register, "agent-1", "both").of(
        "main", row(EventType.TASK_UPDATED, actor=actor)
    )
    meta = msgspec.json.decode(event.json, type=Envelope).meta
    assert (meta.actor_id, meta.actor_type) == (actor, kind)


def test_an_envelope_is_made_once() -> None:
    """Readers at about the same place share it; how many are kept is bounded."""
    register = Register(me=Role.ADMIN)
    made = envelopes(register)
    first = made.of("main", row(EventType.TASK_UPDATED, actor="me"))
    assert made.of("main", row(EventType.TASK_UPDATED, actor="me")) is first
    for seq in range(KEPT + 10):
        made.of("main", row(EventType.TASK_UPDATED, seq, "me"))
    assert len(made._made) <= KEPT
    assert register.asked == 1
