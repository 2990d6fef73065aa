"""How many may be in, and how many of whom nothing is known."""

from hub.services.turnstile import (
    SILENT,
    UNKNOWN,
    UNKNOWN_PER_ADDRESS,
    UNKNOWN_PER_LOOPBACK,
    Turnstile,
)


class Guest:
    """A connection."""

    def __init__(self, *, is_known: bool = False) -> None:
        """Known when it came with a credential."""
        self.is_known = is_known
        self.is_cut = False

    def cut(self) -> None:
        """It ends."""
        self.is_cut = True


def enter(turnstile: Turnstile, address: str, count: int) -> list[Guest]:
    """Let so many unknown ones in; all of them get in."""
    guests = [Guest() for _ in range(count)]
    assert [turnstile.enter(guest, address) for guest in guests] == [None] * count
    return guests


def test_places_are_bounded_for_everybody() -> None:
    """Also for those who are known; a place that is left is free again."""
    turnstile = Turnstile(2)
    guests = [Guest(is_known=True) for _ in range(3)]
    assert turnstile.enter(guests[0], "1.1.1.1") is None
    assert turnstile.enter(guests[1], "1.1.1.1") is None
    assert "no free place" in str(turnstile.enter(guests[2], "2.2.2.2"))
    turnstile.leave(guests[0], "1.1.1.1")
    assert turnstile.enter(guests[2], "2.2.2.2") is None


def test_one_address_has_few_unknown_ones() -> None:
    """Others are not in its way, nor are those who have identified since."""
    turnstile = Turnstile(10_000)
    guests = enter(turnstile, "1.1.1.1", UNKNOWN_PER_ADDRESS)
    assert "this address" in str(turnstile.enter(Guest(), "1.1.1.1"))
    assert turnstile.enter(Guest(is_known=True), "1.1.1.1") is None
    enter(turnstile, "2.2.2.2", 1)
    guests[0].is_known = True
    enter(turnstile, "1.1.1.1", 1)
    assert turnstile.enter(Guest(), "1.1.1.1") is not None
    turnstile.leave(guests[1], "1.1.1.1")
    enter(turnstile, "1.1.1.1", 1)


def test_all_addresses_together_have_some() -> None:
    """A crowd of addresses cannot take all places; this machine is not counted."""
    turnstile = Turnstile(10_000)
    guests = [enter(turnstile, f"1.1.1.{number}", 1)[0] for number in range(UNKNOWN)]
    assert turnstile.enter(Guest(), "2.2.2.2") is not None
    enter(turnstile, "127.0.0.1", UNKNOWN_PER_LOOPBACK)
    assert turnstile.enter(Guest(), "127.0.0.1") is not None
    guests[7].is_known = True
    enter(turnstile, "2.2.2.2", 1)
    assert turnstile.enter(Guest(), "2.2.2.2") is not None


def test_who_was_turned_away_may_leave() -> None:
    """And one who is gone is counted no more, known by then or not."""
    turnstile = Turnstile(1)
    first, second = Guest(), Guest()
    assert turnstile.enter(first, "1.1.1.1") is None
    assert turnstile.enter(second, "1.1.1.1") is not None
    turnstile.leave(second, "1.1.1.1")
    assert turnstile.enter(second, "1.1.1.1") is not None
    first.is_known = True
    turnstile.leave(first, "1.1.1.1")
    turnstile.leave(first, "1.1.1.1")
    for _ in range(3 * UNKNOWN):
        assert turnstile.enter(second, "1.1.1.1") is None
        turnstile.leave(second, "1.1.1.1")


def test_one_network_is_one_client() -> None:
    """Whoever has an IPv6 address has a whole network of them."""
    turnstile = Turnstile(10_000)
    for number in range(UNKNOWN_PER_ADDRESS):
        enter(turnstile, f"2001:db8::{number:x}", 1)
    assert "this address" in str(turnstile.enter(Guest(), "2001:db8::ffff"))
    enter(turnstile, "2001:db8:0:1::1", 1)


def test_silent_ones_take_no_place_of_those_who_still_may_identify() -> None:
    """Many machines behind one address may have a wrong token."""
    turnstile = Turnstile(10_000)
    for guest in enter(turnstile, "1.1.1.1", UNKNOWN_PER_ADDRESS):
        assert turnstile.hush(guest, "1.1.1.1") is None
    enter(turnstile, "1.1.1.1", UNKNOWN_PER_ADDRESS)


def test_of_silent_ones_the_oldest_ends_for_the_newest() -> None:
    """There are only so many; one that left does not count."""
    turnstile = Turnstile(10_000)
    guests = [Guest() for _ in range(SILENT + 2)]
    for guest in guests[:SILENT]:
        assert turnstile.hush(guest, "1.1.1.1") is None
    turnstile.leave(guests[0], "1.1.1.1")
    assert turnstile.hush(guests[SILENT], "1.1.1.1") is None
    assert turnstile.hush(guests[SILENT + 1], "1.1.1.1") is guests[1]


def test_silent_ones_take_a_part_of_the_places_only() -> None:
    """A small hub cannot be filled by strangers that are not heard."""
    turnstile = Turnstile(40)
    guests = [Guest() for _ in range(12)]
    ends = [turnstile.hush(guest, "1.1.1.1") for guest in guests]
    assert ends == [None] * 10 + guests[:2]
