"""Registration without a join code: closed unless opened, each name once, not too many."""

import pytest

from hub.core.errors import Refused
from hub.services.newcomers import BURST, Newcomers
from hub.store.memory import MemoryStore
from schemas.events import EventType
from schemas.scalars import ErrorCode, Role
from tests.services.test_invites import Reception
from tests.services.test_tokens import Desk


@pytest.fixture
def reception() -> Reception:
    """A hub without any token."""
    return Reception(Desk(MemoryStore(), 1_000_000_000))


def newcomers(reception: Reception, *, is_open: bool = True) -> Newcomers:
    """The service over that hub."""
    return Newcomers(
        "main",
        reception.invites,
        reception.desk.clock,
        is_open=is_open,
        of_others=False,
        default_repo=None,
    )


def refusal(service: Newcomers, agent_id: str) -> ErrorCode:
    """Why this registration is refused."""
    with pytest.raises(Refused) as refused:
        service.register(agent_id)
    return refused.value.code


def test_it_is_closed_unless_opened(reception: Reception) -> None:
    """Nothing is made then."""
    assert refusal(newcomers(reception, is_open=False), "birch") is ErrorCode.FORBIDDEN
    assert reception.desk.told() == []


def test_a_newcomer_gets_a_token(reception: Reception) -> None:
    """One of an agent, and the stream of events tells it."""
    token = newcomers(reception).register("birch")
    principal = reception.desk.tokens.check(token)

    assert principal is not None
    assert (principal.id, principal.role) == ("birch", Role.AGENT)
    assert [kind for kind, _ in reception.desk.told()] == [EventType.AUTH_REGISTERED]


def test_each_name_is_given_once(reception: Reception) -> None:
    """Also after its token was taken back, and never a person's or the hub's own."""
    service = newcomers(reception)
    service.register("birch")
    reception.desk.tokens.add("main", Role.OPERATOR, "ann", "admin")
    (record,) = reception.desk.tokens.live_of_agent("main", "birch")
    reception.desk.tokens.revoke("main", record.public_id, "admin")

    for name in ("birch", "ann", "hub", "nobody"):
        assert refusal(service, name) is ErrorCode.AGENT_EXISTS


def test_not_too_many_at_once(reception: Reception) -> None:
    """Names are kept for good, so nobody may take them all."""
    service = newcomers(reception)
    for number in range(BURST):
        service.register(f"a-{number}")

    assert refusal(service, "one-more") is ErrorCode.RATE_LIMITED
