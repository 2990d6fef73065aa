"""What principals and addresses have left, and who may try to log in."""

import gc
from collections.abc import Callable
from typing import Any

import pytest

from hub.core.credentials import Principal, new_token
from hub.core.errors import Refused
from hub.core.limits import Rate, Rates
from hub.services import limits as limits_module
from hub.services.limits import FAILURES_OF_ADDRESS, FAILURES_OF_TOKEN, Limits, client_of
from schemas.scalars import ErrorCode, Role, Tier
from tests.core.hand_hub import HandClock

ANNA = Principal("anna", Role.OPERATOR, "main")
FAR = "203.0.113.7"
GOOD = new_token(Role.OPERATOR, 1).text
WRONG = new_token(Role.OPERATOR, 2).text


@pytest.fixture
def clock() -> HandClock:
    """Time that passes when a test says so."""
    return HandClock(0, 0)


@pytest.fixture
def limits(clock: HandClock) -> Limits:
    """Small rates, and one valid token."""
    rates = Rates(reads=Rate(60, 2), anonymous=Rate(60, 2), handshakes=Rate(600, 3))
    return Limits(clock, rates, lambda text: text == GOOD)


def refusals(tries: int, attempt: Callable[..., None], *arguments: Any) -> list[int | None]:
    """What each of some tries is told: None, or when to come back."""
    told: list[int | None] = []
    for _ in range(tries):
        try:
            attempt(*arguments)
            told.append(None)
        except Refused as refused:
            told.append(refused.retry_after_ms)
    return told


def test_a_refusal_says_what_and_when(limits: Limits) -> None:
    """So that frames and requests answer alike."""
    refusals(2, limits.take, ANNA, Tier.READS)
    with pytest.raises(Refused) as refused:
        limits.take(ANNA, Tier.READS)
    assert (refused.value.code, refused.value.retryable) == (ErrorCode.RATE_LIMITED, True)
    assert refused.value.retry_after_ms == 1_000


def test_a_principal_has_what_its_tier_has(limits: Limits, clock: HandClock) -> None:
    """Others, other roles and other orgs have their own."""
    assert refusals(3, limits.take, ANNA, Tier.READS) == [None, None, 1_000]
    for other in (
        Principal("bert", Role.OPERATOR, "main"),
        Principal("anna", Role.VIEWER, "main"),
        Principal("anna", Role.OPERATOR, "other"),
    ):
        assert refusals(1, limits.take, other, Tier.READS) == [None]
    clock.wait(1_000)
    assert refusals(2, limits.take, ANNA, Tier.READS) == [None, 1_000]


def test_a_session_and_a_request_share(limits: Limits, clock: HandClock) -> None:
    """One meter for both, also after everything idle was swept."""
    held = limits.meter(ANNA)
    clock.wait(600_000)
    limits.sweep(clock.now())
    gc.collect()
    assert limits.meter(ANNA) is held
    assert refusals(3, limits.take, ANNA, Tier.READS)[2]
    assert held.bucket(Tier.READS, clock.hub()).remaining(clock.hub()) == 0


def test_what_is_idle_is_forgotten(limits: Limits, clock: HandClock) -> None:
    """What is not, stays, however often it is swept."""
    limits.take(ANNA, Tier.READS)
    limits.take_anonymous(FAR)
    limits.login_failed(FAR, WRONG)
    for _ in range(3):
        limits.sweep(clock.now())
    assert len(limits._meters) == 2
    assert len(limits._failures) == 2
    clock.wait(60_000)
    limits.sweep(clock.now())
    gc.collect()
    assert (len(limits._meters), len(limits._recent), len(limits._failures)) == (0, 0, 0)


def test_memory_is_bounded(limits: Limits, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has very many addresses pushes out his own oldest."""
    monkeypatch.setattr(limits_module, "MOST", 10)
    for number in range(100):
        limits.take_anonymous(f"203.0.113.{number}")
        limits.login_failed(f"203.0.113.{number}", "nonsense")
    gc.collect()
    assert len(limits._meters) == 10
    assert len(limits._failures) == 10


def test_addresses(limits: Limits) -> None:
    """Requests without a credential and new sockets, each with a rate."""
    assert refusals(3, limits.take_anonymous, FAR) == [None, None, 1_000]
    assert refusals(4, limits.take_handshake, FAR) == [None, None, None, 100]
    assert refusals(1, limits.take_anonymous, "203.0.113.8") == [None]


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", ""])
def test_this_machine_is_not_limited_by_address(address: str, clock: HandClock) -> None:
    """Unless the settings say so."""
    for limited in (False, True):
        rates = Rates(anonymous=Rate(60, 2), limit_loopback=limited)
        limits = Limits(clock, rates, lambda _: False)
        assert (refusals(3, limits.take_anonymous, address)[2] is not None) == limited


def test_whom_an_address_stands_for() -> None:
    """One IPv6 client has a network to choose from, and IPv4 has two spellings."""
    assert client_of("2001:db8:1:2:aaaa::1") == client_of("2001:db8:1:2::ffff")
    assert client_of("2001:db8:1:3::1") != client_of("2001:db8:1:2::1")
    assert client_of("::ffff:203.0.113.7") == (FAR, False)
    assert client_of("fe80::1%eth0") == ("fe80::/64", False)
    assert client_of("made up") == client_of("another") == ("unknown", False)
    assert client_of("") == ("unknown", True)


def test_failed_logins_of_an_address(limits: Limits, clock: HandClock) -> None:
    """After ten of them it has to wait for the rest of the minute."""
    for _ in range(FAILURES_OF_ADDRESS):
        limits.may_log_in(FAR, "nonsense")
        limits.login_failed(FAR, "nonsense")
        clock.wait(1_000)
    assert refusals(1, limits.may_log_in, FAR, "nonsense") == [50_000]
    assert refusals(1, limits.may_log_in, "203.0.113.8", "nonsense") == [None]
    clock.wait(50_000)
    assert refusals(1, limits.may_log_in, FAR, "nonsense") == [None]


def test_a_failed_login_is_passed_on(limits: Limits) -> None:
    """With where it came from and the public id, never with a secret; no token is no login."""
    heard: list[tuple[str, str | None]] = []
    limits.failed = lambda client, public_id: heard.append((client, public_id))
    for address, token in ((FAR, WRONG), ("2001:db8::1", "nonsense"), ("127.0.0.1", "")):
        limits.login_failed(address, token)

    assert heard == [(FAR, WRONG.split("_")[2]), ("2001:db8::/64", None)]


def test_failed_logins_with_one_public_id(limits: Limits) -> None:
    """From anywhere, this machine too."""
    for number in range(FAILURES_OF_TOKEN):
        limits.login_failed(f"203.0.113.{number}", WRONG)
    assert refusals(1, limits.may_log_in, "127.0.0.1", WRONG)[0]
    assert refusals(1, limits.may_log_in, FAR, new_token(Role.OPERATOR, 3).text) == [None]


def test_a_guesser_locks_nobody_out(limits: Limits) -> None:
    """A valid token always passes, whatever its address and its public id were used for."""
    for _ in range(100):
        limits.login_failed(FAR, WRONG)
        limits.login_failed(FAR, GOOD)
    assert refusals(1, limits.may_log_in, FAR, WRONG)[0]
    assert refusals(1, limits.may_log_in, FAR, GOOD) == [None]


def test_the_report_lists_what_is_in_use(limits: Limits, clock: HandClock) -> None:
    """Full buckets are not worth a line, and other orgs are nobody's business."""
    limits.take(ANNA, Tier.READS)
    limits.take(Principal("anna", Role.OPERATOR, "other"), Tier.READS)
    limits.take_anonymous(FAR)
    assert limits.report("main") == [
        (FAR, None, Tier.ANONYMOUS, 60, 2, 1),
        ("anna", Role.OPERATOR, Tier.READS, 60, 2, 1),
    ]
    clock.wait(60_000)
    assert limits.report("main") == []


def test_what_is_nearly_empty_shows(limits: Limits) -> None:
    """Below a fifth, so that an answer can warn."""
    assert limits.low(ANNA, Tier.READS) is None
    refusals(2, limits.take, ANNA, Tier.READS)
    assert limits.low(ANNA, Tier.READS) == 0


def test_a_cooldown_is_the_principals(limits: Limits, clock: HandClock) -> None:
    """It is known to whoever opens the door."""
    for _ in range(10):
        limits.meter(ANNA).violations.note(clock.hub())
    assert limits.cooling(ANNA) == 30_000
    assert limits.cooling(Principal("bert", Role.OPERATOR, "main")) == 0
