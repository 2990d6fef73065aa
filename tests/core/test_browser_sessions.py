"""When a browser session is over, and what is kept of it."""

import pytest

from hub.core.browser_sessions import SENTENCES, Ending, begin, digest_of
from hub.core.clock import Instant
from schemas.http.sessions import IDLE_MS, LONGEST_MS

BEGAN = Instant(5_000, 1_763_700_000_000)
SESSION = begin("ab" * 32, "main", "token-id", "192.0.2.1", "Firefox", BEGAN)


def later(hub: int, wall: int) -> Instant:
    """So much after its beginning, by each clock."""
    return Instant(BEGAN.hub + hub, BEGAN.wall + wall)


def test_the_secret_is_not_kept() -> None:
    """Only its hash, of which the name is the beginning."""
    assert SESSION.digest == digest_of("ab" * 32)
    assert SESSION.digest.hex().startswith(SESSION.id)
    assert "abab" not in repr(SESSION)


@pytest.mark.parametrize(
    ("hub", "wall", "over"),
    [
        (0, 0, False),
        (IDLE_MS - 1, IDLE_MS - 1, False),
        (IDLE_MS, 0, True),
        (0, IDLE_MS, True),
        (-IDLE_MS, -IDLE_MS, False),
    ],
)
def test_it_is_over_when_nobody_uses_it(hub: int, wall: int, over: bool) -> None:
    """By either clock: one is never set back, the other goes on while the machine sleeps."""
    assert SESSION.is_over(BEGAN, later(hub, wall)) is over


@pytest.mark.parametrize(
    ("hub", "wall", "over"),
    [
        (LONGEST_MS - 1, LONGEST_MS - 1, False),
        (LONGEST_MS, 0, True),
        (0, LONGEST_MS, True),
    ],
)
def test_it_is_over_when_it_is_old(hub: int, wall: int, over: bool) -> None:
    """However busy its person is."""
    assert SESSION.is_over(later(hub, wall), later(hub, wall)) is over
    assert SESSION.expires_at == BEGAN.wall + LONGEST_MS


def test_every_end_has_its_sentence() -> None:
    """A person hears why."""
    assert set(SENTENCES) == set(Ending)
