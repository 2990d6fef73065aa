"""Join codes: each good for one registration, for a while. The clock is moved by hand."""

import pytest

from hub.core.agent import AgentRecord
from hub.core.errors import Refused
from hub.services.invites import Invites
from hub.store.memory import MemoryStore
from schemas.events import EventType
from schemas.scalars import ErrorCode, Role
from tests.core.hand_hub import Dice
from tests.services.test_tokens import HOUR, Desk

MINUTE = 60_000


class Reception:
    """Both services that let agents in, over one store."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        past = desk.store.recover()
        dice = Dice(len(past.credentials) + 1 << 90)
        self.invites = Invites(
            {"main": desk.org}, desk.tokens, desk.journal, desk.clock, dice, past.invites
        )

    def code(self, agent_id: str | None = None, ttl_ms: int = MINUTE) -> str:
        """A join code."""
        return self.invites.invite("main", agent_id, ttl_ms, "admin")[0]

    def refusal(self, code: str, agent_id: str) -> ErrorCode:
        """Why this registration is refused."""
        with pytest.raises(Refused) as refused:
            self.invites.register(code, agent_id)
        return refused.value.code


@pytest.fixture
def reception() -> Reception:
    """A hub without any token."""
    return Reception(Desk(MemoryStore(), 1_000_000_000))


def test_a_code_is_good_once(reception: Reception) -> None:
    """Then it is a wrong one like any other, also for the hub that comes after this one."""
    code = reception.code()
    token = reception.invites.register(code, "birch")
    principal = reception.desk.tokens.check(token)

    assert principal is not None
    assert (principal.id, principal.role) == ("birch", Role.AGENT)
    assert reception.refusal(code, "elm") is ErrorCode.INVALID_CODE
    assert Reception(reception.desk.again()).refusal(code, "elm") is ErrorCode.INVALID_CODE
    kinds = [kind for kind, _ in reception.desk.told()]
    assert kinds == [EventType.AUTH_INVITED, EventType.AUTH_REGISTERED]


def test_a_code_gets_old(reception: Reception) -> None:
    """From then on it is neither good nor listed."""
    code = reception.code(ttl_ms=MINUTE)
    reception.desk.clock.wait(MINUTE - 1)
    assert reception.invites.is_open(code)
    reception.desk.clock.wait(1)

    assert not reception.invites.is_open(code)
    assert reception.invites.open("main") == []
    assert reception.refusal(code, "birch") is ErrorCode.INVALID_CODE


def test_a_code_is_taken_back(reception: Reception) -> None:
    """Once; a later hub does not know it either, and another org never did."""
    code = reception.code()
    (invite,) = reception.invites.open("main")
    for org, expected in (("other", False), ("main", True), ("main", False)):
        if expected:
            reception.invites.revoke(org, invite.public_id, "admin")
        else:
            with pytest.raises(Refused):
                reception.invites.revoke(org, invite.public_id, "admin")

    assert reception.refusal(code, "birch") is ErrorCode.INVALID_CODE
    assert Reception(reception.desk.again()).invites.open("main") == []


def test_an_agent_gets_nobodys_name(reception: Reception) -> None:
    """Not with any code, nor may a code be made for that; the refused code stays good."""
    _, public_id = reception.desk.person("anna", ttl_ms=HOUR)
    reception.desk.tokens.revoke("main", public_id, "admin")
    code = reception.code()

    assert reception.refusal(code, "anna") is ErrorCode.AGENT_EXISTS
    with pytest.raises(Refused):
        reception.code("anna")
    assert reception.invites.register(code, "birch")


def test_a_code_for_anybody_gives_no_agent_away(reception: Reception) -> None:
    """Not one that is only known, nor one whose token has ended; a code made for it does."""
    desk = reception.desk
    desk.org.know(AgentRecord("main", "elm", "elm", (), (), 1, 0))
    _, record = desk.tokens.create(desk.org, Role.AGENT, "oak", "admin")
    desk.tokens.revoke("main", record.public_id, "admin")
    code = reception.code()

    for name in ("elm", "oak"):
        assert reception.refusal(code, name) is ErrorCode.AGENT_EXISTS
        assert reception.invites.register(reception.code(name), name)


def test_a_code_gives_no_third_token(reception: Reception) -> None:
    """It stays good, and is used once one of the two is revoked."""
    desk = reception.desk
    made = [desk.tokens.create(desk.org, Role.AGENT, "birch", "admin")[1] for _ in range(2)]
    code = reception.code("birch")

    assert reception.refusal(code, "birch") is ErrorCode.CONFLICT
    desk.tokens.revoke("main", made[0].public_id, "admin")
    assert reception.invites.register(code, "birch")


@pytest.mark.parametrize("code", ["", "x", "\udcff", "corral_j_abcdefghi_" + "0" * 49])
def test_anything_else_is_no_code(reception: Reception, code: str) -> None:
    """And hurts nobody."""
    reception.code()

    assert reception.refusal(code, "birch") is ErrorCode.INVALID_CODE
