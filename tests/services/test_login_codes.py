"""Login codes: each good for one login, for ten minutes. The clock is moved by hand."""

import pytest

from hub.core.browser_sessions import Ending
from hub.core.credentials import Principal
from hub.services import login_codes
from hub.services.login_codes import LoginCodes
from hub.store.memory import MemoryStore
from schemas.events import EventType
from schemas.http.sessions import CODE_MS
from schemas.redaction import without_secrets
from tests.core.hand_hub import Dice
from tests.services.porch import Porch
from tests.services.test_tokens import Desk


class Office:
    """Codes, and somebody who asks for them."""

    def __init__(self) -> None:
        self.desk = Desk(MemoryStore(), 1_000_000_000)
        self.porch = Porch(self.desk)
        self.codes = LoginCodes(
            self.desk.tokens,
            self.porch.sessions,
            self.desk.journal,
            self.desk.clock,
            Dice(1 << 90),
        )
        anna = self.desk.tokens.check(self.desk.person()[0])
        assert anna is not None
        self.anna: Principal = anna

    def code(self) -> str:
        """A new code."""
        return self.codes.make(self.anna, "anna")[0]


@pytest.fixture
def office() -> Office:
    """A hub with one token."""
    return Office()


def test_a_code_is_good_once(office: Office) -> None:
    """For whoever asked for it; then it is a wrong one like any other."""
    code = office.code()

    assert office.codes.is_open(code)
    assert code not in without_secrets(code)
    assert office.codes.redeem(code) == office.anna
    assert office.codes.redeem(code) is None
    assert not office.codes.is_open(code)
    assert office.desk.told()[-1] == (
        EventType.AUTH_LOGIN_CODE_CREATED,
        office.anna.credential,
    )


@pytest.mark.parametrize("wrong", ["", "x", "0" * 48, "\udcff", "é" * 64])
def test_any_other_text_is_none(office: Office, wrong: str) -> None:
    """And hurts nobody."""
    office.code()

    assert not office.codes.is_open(wrong)
    assert office.codes.redeem(wrong) is None


def test_a_code_gets_old(office: Office) -> None:
    """By hub time: no clock that is set back makes it good again."""
    early, late = office.code(), office.code()
    office.desk.clock.wait(CODE_MS - 1)
    assert office.codes.redeem(early) == office.anna
    office.desk.clock.wait(1)
    now = office.desk.clock.instant
    office.desk.clock.instant = now._replace(wall=now.wall - CODE_MS)

    assert office.codes.redeem(late) is None


def test_a_code_ends_with_its_token(office: Office) -> None:
    """It would begin a session for nobody."""
    code = office.code()
    office.desk.tokens.revoke("main", office.anna.credential, "admin")

    assert not office.codes.is_open(code)
    assert office.codes.redeem(code) is None


@pytest.mark.parametrize("ending", list(Ending))
def test_a_code_ends_with_the_session_that_made_it(office: Office, ending: Ending) -> None:
    """Whoever is sent away leaves no way in behind; the code of another session stays good."""
    sessions = office.porch.sessions
    theirs, others = (office.porch.begin(office.anna)[1] for _ in range(2))
    code, another = (
        office.codes.make(sessions.principal_of(each), "anna")[0] for each in (theirs, others)
    )
    assert office.codes.is_open(code)
    sessions.end(theirs, ending, "admin")

    assert not office.codes.is_open(code)
    assert office.codes.redeem(code) is None
    assert office.codes.redeem(another) == office.anna


def test_there_are_so_many_and_no_more(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest is forgotten."""
    monkeypatch.setattr(login_codes, "MOST", 3)
    made = [office.code() for _ in range(5)]

    assert [office.codes.is_open(each) for each in made] == [False, False, True, True, True]
