"""Events: every type has a number, a name and a payload, and its schema says so."""

from typing import Any

import pytest

from schemas.events import EVENT_NAMES, PAYLOADS, EventMeta, EventType
from tests.schemas.agreement import assert_corpus, published
from tests.schemas.messages import good


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=lambda payload: payload.__name__)
def test_corpus(payload: Any) -> None:
    """Everything that can be wrong with a payload is refused by both."""
    assert assert_corpus(payload, payload, published("events.json", payload.__name__))


def test_every_type_has_a_name_and_a_payload() -> None:
    """Adding a type without its name or payload is noticed."""
    assert set(EventType) == set(EVENT_NAMES) == set(PAYLOADS)
    assert len(set(EVENT_NAMES.values())) == len(EventType)


@pytest.mark.parametrize("kind", EventType)
def test_the_envelope_knows_its_payload(kind: EventType) -> None:
    """An event is taken with its own payload and refused with none."""
    event = {
        "id": "e",
        "seq": 1,
        "type": EVENT_NAMES[kind],
        "source": "hub",
        "target": None,
        "timestamp": 1.5,
        "payload": good(PAYLOADS[kind]),
        "meta": good(EventMeta),
    }
    validator = published("events.json", None)

    assert validator.is_valid(event)
    assert not validator.is_valid(event | {"payload": {}})
    assert not validator.is_valid(event | {"type": "no.such.event"})
