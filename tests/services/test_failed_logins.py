"""Failed logins as events: told soon, and never too often. The clock is moved by hand."""

import pytest
from msgspec import json

from hub.services import failed_logins
from hub.services.failed_logins import AT_ONCE, FailedLogins
from hub.store.batcher import Batcher
from hub.store.memory import MemoryStore
from schemas.events import AuthLoginFailed, EventType
from tests.core.hand_hub import HandClock, HandJournal

FAR = "203.0.113.7"
MINUTE = 60_000


class Porch:
    """The service over a store in memory, and what it told."""

    def __init__(self) -> None:
        self.clock = HandClock(0, 1_000_000_000)
        self.store = MemoryStore()
        past = self.store.recover()
        self.journal = HandJournal(self.store, Batcher(past.event_seq), self.clock.hub)
        self.failed = FailedLogins("main", self.journal, self.clock)

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
    """About the public id that it named, otherwise about the address."""
    porch.failed.note(FAR, None)
    porch.failed.note("203.0.113.8", "abcdefghi")

    assert porch.told() == [
        (FAR, "nobody", AuthLoginFailed(FAR, 1)),
        ("abcdefghi", "nobody", AuthLoginFailed("203.0.113.8", 1, "abcdefghi")),
    ]


def test_an_address_is_told_once_a_minute(porch: Porch) -> None:
    """The next event says how many there were."""
    for _ in range(6):
        porch.failed.note(FAR, None)
        porch.clock.wait(MINUTE // 6)
    porch.failed.note(FAR, None)

    assert [one.attempts for _, _, one in porch.told()] == [1, 6]


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
