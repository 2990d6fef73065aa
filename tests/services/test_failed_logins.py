"""Failed logins as events: told soon, and never too often. The clock is moved by hand."""

import pytest
from msgspec import json

from hub.services import failed_logins
from hub.services.failed_logins import AT_ONCE, LOOKED_AT, FailedLogins
from hub.store.batcher import Batcher
from hub.store.memory import MemoryStore
from schemas.events import AuthLoginFailed, EventType
from tests.core.hand_hub import HandClock, HandJournal

FAR = "203.0.113.7"
MINUTE = 60_000
KNOWN = frozenset({"abcdefghi"})
"""Public ids that there are."""


class Porch:
    """The service over a store in memory, and what it told."""

    def __init__(self) -> None:
        self.clock = HandClock(0, 1_000_000_000)
        self.store = MemoryStore()
        past = self.store.recover()
        self.journal = HandJournal(self.store, Batcher(past.event_seq), self.clock.hub)
        self.failed = FailedLogins("main", self.journal, self.clock, KNOWN.__contains__)

    def pass_by(self, ms: int) -> None:
        """Let time go by, with a pass of the upkeep at its end."""
        self.clock.wait(ms)
        self.failed.tell_due(self.clock.now())

    def attempts(self) -> list[int]:
        """How many attempts each event so far tells of."""
        return [one.attempts for _, _, one in self.told()]

    def told(self) -> list[tuple[str, str, AuthLoginFailed]]:
        """The events so far: about what, by whom, and what they hold."""
        self.journal.commit()
        rows = self.store.reader().events("main", 0, 1_000).rows
        assert {row.type for row in rows} <= {EventType.AUTH_LOGIN_FAILED}
        return [
            (row.entity, row.actor, json.decode(row.data, type=AuthLoginFailed)) for row in rows
        ]


@pytest.fixture
def porch() -> Porch:
    """A hub to which nobody came yet."""
    return Porch()


def test_the_first_is_told_at_once(porch: Porch) -> None:
    """About the token that it named."""
    porch.failed.note(FAR, None)
    porch.failed.note("203.0.113.8", "abcdefghi")

    assert porch.told() == [
        (FAR, "nobody", AuthLoginFailed(FAR, 1)),
        ("abcdefghi", "nobody", AuthLoginFailed("203.0.113.8", 1, "abcdefghi")),
    ]


def test_a_stranger_does_not_choose_whom_it_is_about(porch: Porch) -> None:
    """What was made up is about the address, and stays a claim."""
    porch.failed.note(FAR, "builder01")

    assert porch.told() == [(FAR, "nobody", AuthLoginFailed(FAR, 1, "builder01"))]


def test_an_address_is_told_once_a_minute(porch: Porch) -> None:
    """The next event says how many there were."""
    for _ in range(6):
        porch.failed.note(FAR, None)
        porch.clock.wait(MINUTE // 6)
    porch.failed.note(FAR, None)

    assert porch.attempts() == [1, 6]


def test_who_does_not_come_again_is_told_too(porch: Porch) -> None:
    """When the minute is over, once, with what was named last."""
    for public_id in (None, None, None, "abcdefghi"):
        porch.failed.note(FAR, public_id)
    porch.pass_by(MINUTE - 1)
    assert porch.attempts() == [1]
    for _ in range(3):
        porch.pass_by(1)

    assert porch.told()[1:] == [("abcdefghi", "nobody", AuthLoginFailed(FAR, 3, "abcdefghi"))]


def test_what_was_beyond_the_budget_is_told_later(porch: Porch) -> None:
    """One address a minute, none of them twice, and a pass looks at a few."""
    for number in range(2 * AT_ONCE):
        porch.failed.note(f"198.51.100.{number}", None)
    for _ in range(5):
        porch.pass_by(MINUTE)
    assert porch.attempts() == [1] * (AT_ONCE + 5)
    porch.clock.wait(AT_ONCE * MINUTE)
    porch.pass_by(0)

    assert porch.attempts() == [1] * (AT_ONCE + 5 + LOOKED_AT)
    assert len({one.address for _, _, one in porch.told()}) == len(porch.told())


def test_many_addresses_do_not_fill_the_database(porch: Porch) -> None:
    """They share a budget of one event a minute; what it does not cover is told later."""
    for number in range(10 * AT_ONCE):
        porch.failed.note(f"198.51.100.{number}", None)
    porch.failed.note(FAR, None)
    assert len(porch.told()) == AT_ONCE
    porch.clock.wait(MINUTE)
    porch.failed.note(FAR, None)
    porch.failed.note("203.0.113.8", None)

    assert [one for _, _, one in porch.told()[AT_ONCE:]] == [AuthLoginFailed(FAR, 2)]


def test_memory_is_bounded(porch: Porch, monkeypatch: pytest.MonkeyPatch) -> None:
    """The address that failed longest ago is forgotten."""
    monkeypatch.setattr(failed_logins, "ADDRESSES", 10)
    for number in range(100):
        porch.failed.note(f"198.51.100.{number}", None)

    assert len(porch.failed) == 10
    assert len(porch.failed._waiting) == 10
