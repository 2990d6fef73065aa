"""Tokens over time: made, replaced, ended, used. The clock is moved by hand."""

import pytest

from hub.core.agent import AgentRecord
from hub.core.clock import Instant
from hub.core.credentials import Credential, Principal
from hub.core.errors import Refused
from hub.core.org import Org
from hub.services.tokens import LIVE_OF_AGENT, USE_MS, USES_AT_ONCE, Tokens
from hub.store.batcher import Batcher
from hub.store.memory import MemoryStore
from schemas.events import EventType
from schemas.scalars import ErrorCode, Role, TokenState
from tests.core.hand_hub import Dice, HandClock, HandJournal

HOUR = 3_600_000


class Desk:
    """The token service over a store in memory, and what it told."""

    def __init__(self, store: MemoryStore, wall_ms: int) -> None:
        past = store.recover()
        self.store = store
        self.clock = HandClock(past.hub_time, wall_ms)
        self.journal = HandJournal(store, Batcher(past.event_seq), self.clock.hub)
        dice = Dice(len(past.credentials) << 50)
        self.tokens = Tokens(self.journal, self.clock, dice, b"pepper", past.credentials)
        self.ended: list[str] = []
        self.tokens.on_end(lambda ended: self.ended.extend(sorted(ended)))
        self.org = Org("main", 1)

    def person(self, name: str = "anna", ttl_ms: int | None = None) -> tuple[str, str]:
        """An operator's token and its public id."""
        text, record = self.tokens.create(self.org, Role.OPERATOR, name, "admin", ttl_ms)
        return text, record.public_id

    def wait(self, ms: int) -> None:
        """Time passes, and upkeep runs."""
        self.clock.wait(ms)
        self.look()

    def look(self) -> None:
        """Upkeep runs."""
        self.tokens.end_due(self.clock.now())
        self.tokens.note_uses(self.clock.now())
        self.journal.commit()

    def again(self, wall_ms: int | None = None) -> "Desk":
        """The service of a hub that comes after this one."""
        self.journal.commit()
        return Desk(self.store.crash(), self.clock.instant.wall if wall_ms is None else wall_ms)

    def kept(self) -> dict[str, Credential]:
        """What a later hub would find."""
        return {each.public_id: each for each in self.store.recover().credentials}

    def told(self) -> list[tuple[EventType, str]]:
        """The events so far: what, and about which token."""
        self.journal.commit()
        rows = self.store.reader().events("main", 0, 1_000).rows
        return [(EventType(row.type), row.entity) for row in rows]


@pytest.fixture
def desk() -> Desk:
    """A hub without any token."""
    return Desk(MemoryStore(), 1_000_000_000)


def refusal(code: ErrorCode) -> "pytest.RaisesExc[Refused]":
    """Expect a refusal with this code."""
    return pytest.raises(Refused, check=lambda refused: refused.code is code)


def test_a_token_is_its_owner(desk: Desk) -> None:
    """The principal carries the public id, and is the same whichever token it came with."""
    text, public_id = desk.person()
    principal = desk.tokens.check(text)

    assert principal == Principal("anna", Role.OPERATOR, "main")
    assert principal is not None
    assert principal.credential == public_id
    assert hash(principal) == hash(Principal("anna", Role.OPERATOR, "main", "another"))


@pytest.mark.parametrize("text", ["", "corral", "\udcff", "é", "corral_o_x_" + "0" * 49])
def test_anything_else_is_nobody(desk: Desk, text: str) -> None:
    """And hurts nobody."""
    assert desk.tokens.check(text) is None


def test_a_revoked_token_is_refused_at_once(desk: Desk) -> None:
    """Who uses it hears of it when that is durable, and not before."""
    text, public_id = desk.person()
    desk.journal.commit()
    desk.tokens.revoke("main", public_id, "admin")

    assert desk.tokens.check(text) is None
    assert not desk.tokens.valid(public_id)
    assert desk.ended == []
    desk.journal.commit()
    assert desk.ended == [public_id]
    with refusal(ErrorCode.NOT_FOUND):
        desk.tokens.revoke("main", public_id, "admin")
    assert desk.told() == [
        (EventType.TOKEN_CREATED, public_id),
        (EventType.TOKEN_DELETED, public_id),
    ]


def test_a_clock_set_back_revives_nothing(desk: Desk) -> None:
    """A revocation holds whatever time it is, also after a restart."""
    text, public_id = desk.person()
    desk.tokens.revoke("main", public_id, "admin")

    assert desk.again(1_000).tokens.check(text) is None


def test_a_token_gets_old(desk: Desk) -> None:
    """It is refused from the moment on, and its users leave in the next pass."""
    text, public_id = desk.person(ttl_ms=HOUR)
    desk.wait(HOUR - 1)
    assert desk.tokens.check(text) is not None
    desk.clock.wait(1)

    assert desk.tokens.check(text) is None
    assert desk.ended == []
    desk.look()
    assert desk.ended == [public_id]
    desk.clock.instant = Instant(desk.clock.instant.hub, 0)
    assert desk.tokens.check(text) is None
    assert desk.tokens.standing(desk.tokens.find("main", public_id)) is TokenState.EXPIRED


def test_both_are_good_while_a_rotation_overlaps(desk: Desk) -> None:
    """Then only the new one; a restart in between changes nothing."""
    old, old_id = desk.person()
    new, record = desk.tokens.rotate("main", old_id, HOUR, "admin")
    desk.wait(HOUR - 1)
    later = desk.again()

    assert [later.tokens.check(each) is not None for each in (old, new)] == [True, True]
    assert later.tokens.standing(later.tokens.find("main", old_id)) is TokenState.ROTATED
    later.wait(1)
    assert [later.tokens.check(each) is not None for each in (old, new)] == [False, True]
    assert later.ended == [old_id]
    assert later.tokens.find("main", old_id).rotated_to == record.public_id
    assert later.told() == [
        (EventType.TOKEN_CREATED, old_id),
        (EventType.TOKEN_UPDATED, old_id),
        (EventType.TOKEN_CREATED, record.public_id),
    ]


def test_without_overlap_the_old_one_ends(desk: Desk) -> None:
    """At once."""
    old, old_id = desk.person()
    new, _ = desk.tokens.rotate("main", old_id, 0, "admin")
    desk.journal.commit()

    assert desk.tokens.check(old) is None
    assert desk.tokens.check(new) == Principal("anna", Role.OPERATOR, "main")
    assert desk.ended == [old_id]


def test_at_most_two_of_a_name_are_good(desk: Desk) -> None:
    """Rotated again, the first one's overlap is over; what was replaced is not replaced again."""
    first, first_id = desk.person()
    second, record = desk.tokens.rotate("main", first_id, HOUR, "admin")
    with refusal(ErrorCode.INVALID_STATE):
        desk.tokens.rotate("main", first_id, HOUR, "admin")
    third, _ = desk.tokens.rotate("main", record.public_id, HOUR, "admin")

    good = [desk.tokens.check(each) is not None for each in (first, second, third)]
    assert good == [False, True, True]


def test_a_new_token_lasts_as_long_as_the_old_one(desk: Desk) -> None:
    """Counted from the rotation."""
    _, old_id = desk.person(ttl_ms=10 * HOUR)
    desk.wait(HOUR)
    _, new = desk.tokens.rotate("main", old_id, 0, "admin")

    assert new.expires_at == desk.clock.instant.wall + 10 * HOUR


def test_the_last_admin_stays(desk: Desk) -> None:
    """Unless another admin token is there to stay; one that is being replaced does not count."""
    _, first = desk.tokens.add("main", Role.ADMIN, "admin", "hub")
    desk.person()
    with refusal(ErrorCode.INVALID_STATE):
        desk.tokens.revoke("main", first.public_id, "admin")
    _, second = desk.tokens.rotate("main", first.public_id, HOUR, "admin")
    with refusal(ErrorCode.INVALID_STATE):
        desk.tokens.revoke("main", second.public_id, "admin")

    desk.tokens.revoke("main", first.public_id, "admin")
    _, third = desk.tokens.create(desk.org, Role.ADMIN, "anna-2", "admin")
    desk.tokens.revoke("main", second.public_id, "anna-2")
    assert desk.tokens.has_admin
    assert desk.tokens.valid(third.public_id)


def test_an_admin_that_expires_does_not_replace_one_that_stays(desk: Desk) -> None:
    """It may go itself, and counts among those that expire as well."""
    _, lasting = desk.tokens.add("main", Role.ADMIN, "admin", "hub")
    _, brief = desk.tokens.create(desk.org, Role.ADMIN, "anna", "admin", HOUR)
    with refusal(ErrorCode.INVALID_STATE):
        desk.tokens.revoke("main", lasting.public_id, "admin")
    desk.tokens.revoke("main", brief.public_id, "admin")

    assert desk.tokens.valid(lasting.public_id)


def test_of_admins_that_all_expire_one_stays(desk: Desk) -> None:
    """Any of them is enough for another."""
    made = [desk.tokens.create(desk.org, Role.ADMIN, f"a-{n}", "hub", HOUR)[1] for n in (1, 2)]
    desk.tokens.revoke("main", made[0].public_id, "admin")
    with refusal(ErrorCode.INVALID_STATE):
        desk.tokens.revoke("main", made[1].public_id, "admin")


def test_a_name_has_one_owner(desk: Desk) -> None:
    """Also after its token has ended: only a rotation goes on with it."""
    _, public_id = desk.person()
    with refusal(ErrorCode.CONFLICT):
        desk.person()
    _, record = desk.tokens.rotate("main", public_id, 0, "admin")
    desk.tokens.revoke("main", record.public_id, "admin")
    with refusal(ErrorCode.CONFLICT):
        desk.again().person()
    with refusal(ErrorCode.AGENT_EXISTS):
        desk.tokens.create(desk.org, Role.AGENT, "anna", "admin")


def test_a_name_keeps_its_role(desk: Desk) -> None:
    """In its org, and also when all its tokens have ended."""
    desk.tokens.add("other", Role.AGENT, "anna", "hub")
    _, public_id = desk.person()
    desk.tokens.revoke("main", public_id, "admin")

    roles = [desk.again().tokens.role_of(org, "anna") for org in ("main", "other", "third")]
    assert roles == [Role.OPERATOR, Role.AGENT, None]


def test_nobody_gets_an_agents_name(desk: Desk) -> None:
    """Of one that has a token, or that is only known; the hub's own is taken too."""
    desk.tokens.create(desk.org, Role.AGENT, "birch", "admin")
    desk.org.know(AgentRecord("main", "elm", "elm", (), (), 1, 0))
    for name in ("birch", "elm", "hub"):
        with refusal(ErrorCode.CONFLICT):
            desk.person(name)


def test_an_agent_has_few_tokens(desk: Desk) -> None:
    """Enough to replace one while it is used."""
    for _ in range(LIVE_OF_AGENT):
        desk.tokens.create(desk.org, Role.AGENT, "birch", "admin")
    with refusal(ErrorCode.CONFLICT):
        desk.tokens.create(desk.org, Role.AGENT, "birch", "admin")


def test_a_rotation_gives_no_third_token(desk: Desk) -> None:
    """Of two, one is replaced without overlap, or after the other was revoked."""
    made = [desk.tokens.create(desk.org, Role.AGENT, "birch", "admin")[1] for _ in range(2)]
    with refusal(ErrorCode.CONFLICT):
        desk.tokens.rotate("main", made[0].public_id, HOUR, "admin")
    _, new = desk.tokens.rotate("main", made[0].public_id, 0, "admin")
    desk.tokens.revoke("main", made[1].public_id, "admin")
    desk.tokens.rotate("main", new.public_id, HOUR, "admin")

    good = [each for each in desk.tokens.of_org("main") if desk.tokens.valid(each.public_id)]
    assert len(good) == LIVE_OF_AGENT


def test_a_deleted_agents_tokens_are_void(desk: Desk) -> None:
    """Their users hear of it in the next pass."""
    text, record = desk.tokens.create(desk.org, Role.AGENT, "birch", "admin")
    (void,) = desk.tokens.void("main", "birch")

    assert desk.tokens.check(text) is None
    desk.look()
    assert desk.ended == [record.public_id] == [void.public_id]


def test_many_uses_are_written_a_few_at_a_time(desk: Desk) -> None:
    """Nobody waits for those of a whole fleet; in the end all are written."""
    people = [desk.person(f"person-{n}") for n in range(2 * USES_AT_ONCE + 1)]
    for text, _ in people:
        desk.tokens.check(text)
    written = []
    for _ in range(3):
        desk.wait(60_000)
        written.append(sum(each.last_used_at is not None for each in desk.kept().values()))
    assert written == [USES_AT_ONCE, 2 * USES_AT_ONCE, len(people)]


def test_uses_are_written_hourly(desk: Desk) -> None:
    """The first at once, later ones when they are an hour later; they are shown exactly."""
    text, public_id = desk.person()
    assert desk.tokens.last_used(desk.tokens.find("main", public_id)) is None
    desk.tokens.check(text)
    first = desk.clock.instant.wall
    desk.wait(60_000)
    assert desk.kept()[public_id].last_used_at == first

    desk.tokens.check(text)
    shown = desk.tokens.last_used(desk.tokens.find("main", public_id))
    assert shown == desk.clock.instant.wall
    desk.wait(60_000)
    assert desk.kept()[public_id].last_used_at == first

    desk.wait(USE_MS)
    desk.tokens.check(text)
    desk.wait(60_000)
    assert desk.kept()[public_id].last_used_at == first + USE_MS + 120_000
    assert len(desk.told()) == 1
