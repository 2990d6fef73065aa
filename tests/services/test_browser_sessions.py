"""Browser sessions over time: begun, used, ended, crowded. The clock is moved by hand."""

import pytest

from hub.core import cookies
from hub.core.browser_sessions import Ending
from hub.core.cookies import Origin
from hub.core.errors import Refused
from hub.services import browser_sessions
from hub.services.browser_sessions import LEFT, MOST_OF_ONE, ROUND_MS, USES_MS, OfTwo
from hub.store.memory import MemoryStore
from schemas.events import EventType
from schemas.http.sessions import IDLE_MS, LONGEST_MS
from schemas.scalars import ErrorCode
from tests.services.porch import HERE, Porch
from tests.services.test_tokens import Desk

MINUTE = 60_000


@pytest.fixture
def porch() -> Porch:
    """A hub without any token or session."""
    return Porch(Desk(MemoryStore(), 1_000_000_000))


def test_a_cookie_is_its_person(porch: Porch) -> None:
    """As its token is; the session is told beside it."""
    anna = porch.person()
    cookie, session = porch.begin(anna)
    found = porch.find(cookie)

    assert found == session
    principal = porch.sessions.principal_of(session)
    assert principal == anna
    assert (principal.credential, principal.session) == (anna.credential, session.id)
    assert porch.ends() == [EventType.AUTH_SESSION_BEGAN]


def test_no_cookie_is_no_session_and_a_wrong_one_is_refused(porch: Porch) -> None:
    """Whatever it is made of."""
    cookie, session = porch.begin(porch.person())

    assert porch.find("") is None
    assert porch.find("other=1") is None
    assert porch.sessions.find(cookie, Origin(True, 8420)) is None
    for wrong in ("0" * 64, session.digest.hex(), session.id, "", "\udcff"):
        assert porch.refusal(f"{cookies.name_of(HERE)}={wrong}") is ErrorCode.INVALID_SESSION


def test_what_ended_hides_nothing_that_lasts(porch: Porch) -> None:
    """An old cookie beside a new one; what is over is ended by that."""
    anna = porch.person()
    old, over = porch.begin(anna)
    porch.desk.clock.wait(IDLE_MS)
    new, session = porch.begin(anna)

    assert porch.find(f"{old}; {new}") == session
    porch.desk.journal.commit()
    assert porch.ended == [(over.id, Ending.EXPIRED)]


def test_of_what_ended_the_first_reason_that_is_known_is_told(porch: Porch) -> None:
    """A cookie that nobody knows says nothing."""
    idle, _ = porch.begin(porch.person())
    porch.desk.clock.wait(IDLE_MS)
    left, over = porch.begin(porch.person("bert"))
    porch.sessions.end(over, Ending.LOGGED_OUT, "bert")
    unknown = f"{cookies.name_of(HERE)}={'0' * 64}"

    assert porch.refusal(f"{unknown}; {idle}; {left}") is ErrorCode.SESSION_EXPIRED
    assert porch.refusal(f"{unknown}; {left}; {idle}") is ErrorCode.INVALID_SESSION


def test_of_one_person_the_first_session_counts(porch: Porch) -> None:
    """Whichever token each came with."""
    anna = porch.person()
    one, first = porch.begin(anna)
    text, _ = porch.desk.tokens.rotate("main", anna.credential, MINUTE, "admin")
    same = porch.desk.tokens.check(text)
    assert same is not None
    other, second = porch.begin(same)

    assert first.credential != second.credential
    assert porch.find(f"{one}; {other}") == first
    assert porch.find(f"{other}; {one}") == second


def test_two_people_of_one_browser_are_nobody(porch: Porch) -> None:
    """And that was no use of either's session or token; a logout still finds both."""
    anna, bert = porch.person(), porch.person("bert")
    (one, hers), (other, his) = porch.begin(anna), porch.begin(bert)
    both = f"{one}; {other}"
    began = porch.desk.clock.now().wall
    porch.desk.clock.wait(MINUTE)

    assert porch.refusal(both) is ErrorCode.INVALID_SESSION
    for session in (hers, his):
        token = porch.desk.tokens.find("main", session.credential)
        assert porch.sessions.last_used(session) == began
        assert porch.desk.tokens.last_used(token) == began
    assert porch.sessions.all_in(both, HERE) == [hers, his]


def test_all_of_a_browser_are_those_that_last(porch: Porch) -> None:
    """None of them without a cookie; what is over is ended by the look."""
    old, over = porch.begin(porch.person())
    porch.desk.clock.wait(IDLE_MS)
    new, session = porch.begin(porch.person("bert"))

    assert porch.sessions.all_in("", HERE) == []
    assert porch.sessions.all_in(f"{old}; {new}", HERE) == [session]
    porch.desk.journal.commit()
    assert porch.ended == [(over.id, Ending.EXPIRED)]


def test_an_idle_session_ends(porch: Porch) -> None:
    """A use puts that off; it says that it expired, also later."""
    cookie, session = porch.begin(porch.person())
    porch.desk.clock.wait(IDLE_MS - 1)
    assert porch.find(cookie) is not None
    porch.desk.clock.wait(IDLE_MS - 1)
    assert porch.find(cookie) is not None
    porch.desk.clock.wait(IDLE_MS)

    assert [porch.refusal(cookie) for _ in range(2)] == [ErrorCode.SESSION_EXPIRED] * 2
    porch.desk.journal.commit()
    assert porch.ended == [(session.id, Ending.EXPIRED)]


def test_what_is_no_use_does_not_put_the_end_off(porch: Porch) -> None:
    """A socket that comes again by itself, in a tab that nobody looks at."""
    cookie, _ = porch.begin(porch.person())
    porch.desk.clock.wait(IDLE_MS - 1)
    assert porch.find(cookie, is_use=False) is not None
    porch.desk.clock.wait(1)

    assert porch.refusal(cookie) is ErrorCode.SESSION_EXPIRED


def test_a_busy_session_ends_as_well(porch: Porch) -> None:
    """When it is as old as a session gets."""
    cookie, session = porch.begin(porch.person())
    for _ in range(LONGEST_MS // (IDLE_MS // 2) - 1):
        porch.desk.clock.wait(IDLE_MS // 2)
        assert porch.find(cookie) is not None
    porch.desk.clock.wait(IDLE_MS // 2)

    assert session.expires_at == porch.desk.clock.now().wall
    assert porch.refusal(cookie) is ErrorCode.SESSION_EXPIRED


def test_an_end_is_noticed_without_anybody_asking(porch: Porch) -> None:
    """So that what is open for it closes; the end is told once it is durable."""
    _, session = porch.begin(porch.person())
    porch.wait(IDLE_MS - ROUND_MS)
    assert porch.ended == []
    porch.desk.clock.wait(ROUND_MS)
    porch.sessions.end_due(porch.desk.clock.now())
    assert porch.ended == []
    porch.desk.journal.commit()

    assert porch.ended == [(session.id, Ending.EXPIRED)]
    assert porch.sessions.of_org("main") == []
    assert porch.ends() == [EventType.AUTH_SESSION_BEGAN, EventType.AUTH_SESSION_ENDED]


def test_a_session_ends_with_its_token_at_once(porch: Porch) -> None:
    """Nobody waits for the disk with that; whoever is connected hears of it after."""
    anna, bert = porch.person(), porch.person("bert")
    cookie, session = porch.begin(anna)
    other, _ = porch.begin(bert)
    porch.desk.tokens.revoke("main", anna.credential, "admin")

    assert porch.sessions.get(session.id) is None
    assert porch.sessions.of_org("main") == [porch.find(other)]
    porch.desk.journal.commit()
    assert porch.ended == [(session.id, Ending.CREDENTIAL_ENDED)]
    assert porch.refusal(cookie) is ErrorCode.INVALID_SESSION
    assert porch.find(other) is not None


def test_a_revoked_token_lets_no_cookie_in_before_that_is_durable(porch: Porch) -> None:
    """The first request after it finds out by itself."""
    anna = porch.person()
    cookie, _ = porch.begin(anna)
    porch.desk.tokens.revoke("main", anna.credential, "admin")

    assert porch.refusal(cookie) is ErrorCode.INVALID_SESSION
    porch.desk.journal.commit()
    assert [ending for _, ending in porch.ended] == [Ending.CREDENTIAL_ENDED]


def test_a_session_ends_with_a_token_that_expires(porch: Porch) -> None:
    """Though it was used a moment ago."""
    cookie, _ = porch.begin(porch.person(ttl_ms=MINUTE))
    porch.desk.clock.wait(MINUTE - 1)
    assert porch.find(cookie) is not None
    porch.wait(ROUND_MS)

    assert porch.refusal(cookie) is ErrorCode.INVALID_SESSION


@pytest.mark.parametrize("ending", [Ending.LOGGED_OUT, Ending.REPLACED])
def test_whoever_leaves_is_out_at_once(porch: Porch, ending: Ending) -> None:
    """Once; a second time changes nothing."""
    cookie, session = porch.begin(porch.person())
    for _ in range(2):
        porch.sessions.end(session, ending, "anna")

    assert porch.refusal(cookie) is ErrorCode.INVALID_SESSION
    porch.desk.journal.commit()
    assert porch.ended == [(session.id, ending)]
    assert porch.ends() == [EventType.AUTH_SESSION_BEGAN, EventType.AUTH_SESSION_ENDED]


def test_an_admin_ends_a_session(porch: Porch) -> None:
    """Once, and not that of another org."""
    cookie, session = porch.begin(porch.person())
    for org, works in (("other", False), ("main", True), ("main", False)):
        if works:
            porch.sessions.revoke(org, session.id, "admin")
        else:
            with pytest.raises(Refused):
                porch.sessions.revoke(org, session.id, "admin")

    assert porch.refusal(cookie) is ErrorCode.INVALID_SESSION


def test_a_restart_keeps_it(porch: Porch) -> None:
    """With its end; what was used lately is known to the minute."""
    cookie, session = porch.begin(porch.person())
    gone, over = porch.begin(porch.person("bert"))
    porch.sessions.end(over, Ending.LOGGED_OUT, "bert")
    porch.desk.clock.wait(IDLE_MS - USES_MS)
    porch.find(cookie)
    porch.wait(USES_MS)
    later = porch.again()

    assert later.sessions.last_used(session) == porch.sessions.last_used(session)
    later.desk.clock.wait(IDLE_MS - USES_MS - 2)
    assert later.find(cookie, is_use=False) is not None
    later.desk.clock.wait(2)
    assert later.refusal(cookie) is ErrorCode.SESSION_EXPIRED
    assert later.refusal(gone) is ErrorCode.INVALID_SESSION


def test_time_without_a_hub_counts(porch: Porch) -> None:
    """Hub time stands still then; wall time does not."""
    cookie, _ = porch.begin(porch.person())
    later = Porch(porch.desk.again(porch.desk.clock.now().wall + IDLE_MS))

    assert later.refusal(cookie) is ErrorCode.SESSION_EXPIRED


def test_a_clock_set_back_prolongs_nothing(porch: Porch) -> None:
    """Hub time goes on."""
    cookie, _ = porch.begin(porch.person())
    porch.desk.clock.wait(IDLE_MS)
    now = porch.desk.clock.instant
    porch.desk.clock.instant = now._replace(wall=now.wall - LONGEST_MS)

    assert porch.refusal(cookie) is ErrorCode.SESSION_EXPIRED


def test_uses_are_written_seldom(porch: Porch) -> None:
    """A hundred requests are one row, a minute later; and a use of the token as well."""
    anna = porch.person()
    cookie, session = porch.begin(anna)
    porch.wait(USES_MS)
    (before,) = porch.desk.store.recover().sessions
    for _ in range(100):
        porch.desk.clock.wait(1)
        porch.find(cookie)
    assert porch.desk.journal.waiting_rows == 0
    porch.wait(USES_MS)
    (after,) = porch.desk.store.recover().sessions

    assert (before, before.used) == (session, session.began)
    assert after.used.wall == porch.sessions.last_used(session) == before.used.wall + USES_MS + 100
    record = porch.desk.tokens.find("main", anna.credential)
    assert porch.desk.tokens.last_used(record) == after.used.wall


def test_a_person_has_so_many_and_no_more(porch: Porch) -> None:
    """The oldest gives way, whichever token it came with; others keep theirs."""
    anna, bert = porch.person(), porch.person("bert")
    other, _ = porch.begin(bert)
    made = []
    for _ in range(MOST_OF_ONE + 1):
        made.append(porch.begin(anna))
        porch.desk.clock.wait(1)
    later = porch.again()
    later.begin(anna)

    assert later.refusal(made[0][0]) is ErrorCode.INVALID_SESSION
    assert later.refusal(made[1][0]) is ErrorCode.INVALID_SESSION
    assert later.find(made[2][0]) is not None
    assert later.find(other) is not None
    assert len(later.sessions) == MOST_OF_ONE + 1


def test_all_together_have_a_bound(porch: Porch, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that was used longest ago gives way."""
    monkeypatch.setattr(browser_sessions, "MOST", 3)
    made = []
    for name in ("anna", "bert", "carl"):
        made.append(porch.begin(porch.person(name))[0])
        porch.desk.clock.wait(1)
    porch.find(made[0])
    porch.begin(porch.person("dora"))

    assert len(porch.sessions) == 3
    assert porch.refusal(made[1]) is ErrorCode.INVALID_SESSION
    assert porch.find(made[0]) is not None


def test_only_the_latest_ends_are_remembered(porch: Porch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an older one the hub says that there is no such session."""
    monkeypatch.setattr(browser_sessions, "REMEMBERED", 1)
    first, _ = porch.begin(porch.person())
    second, _ = porch.begin(porch.person("bert"))
    porch.desk.clock.wait(IDLE_MS)

    assert porch.refusal(first) is ErrorCode.SESSION_EXPIRED
    assert porch.refusal(second) is ErrorCode.SESSION_EXPIRED
    assert porch.refusal(first) is ErrorCode.INVALID_SESSION


def test_nobody_slips_into_a_session_that_ended(porch: Porch) -> None:
    """Of one that ended by itself the cookie still says whose the browser is, until a login."""
    anna, bert = porch.person(), porch.person("bert")
    planted, _ = porch.begin(bert)
    own, session = porch.begin(anna)
    porch.desk.clock.wait(1)
    porch.sessions.end(session, Ending.REVOKED, "admin")
    with pytest.raises(OfTwo):
        porch.find(f"{planted}; {own}")
    porch.desk.clock.wait(1)
    again, later = porch.begin(anna)
    assert porch.find(f"{own}; {again}") == later


@pytest.mark.parametrize("ending", LEFT)
def test_what_a_browser_left_is_in_nobodys_way(porch: Porch, ending: Ending) -> None:
    """Two people may use a browser one after the other."""
    bert = porch.person("bert")
    other, session = porch.begin(bert)
    left, gone = porch.begin(porch.person())
    porch.desk.clock.wait(1)
    porch.sessions.end(gone, ending, "anna")
    assert porch.find(f"{left}; {other}") == session


def test_every_session_has_a_word_of_its_own(porch: Porch) -> None:
    """The same for as long as it lasts, and not to be told from what others see of it."""
    anna = porch.person()
    (_, one), (_, two) = porch.begin(anna), porch.begin(anna)
    words = {porch.sessions.csrf_of(each) for each in (one, two)}

    assert len(words) == 2
    assert porch.again().sessions.csrf_of(one) in words
    assert not {one.id, one.digest.hex()} & words
