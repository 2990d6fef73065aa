"""The cookie of a session: found in whatever a browser sends, and set so that it stays at home."""

import pytest

from hub.core.cookies import Origin, clearing, name_of, secrets_in, setting

PLAIN, SECURE = Origin(False, 8420), Origin(True, 443)
PLAIN_NAME, SECURE_NAME = name_of(PLAIN), name_of(SECURE)
SECRET = "0123456789abcdef" * 4
OTHER = "f" * 64


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("", None),
        ("a=b", None),
        (PLAIN_NAME, None),
        (f"x{PLAIN_NAME}={SECRET}", None),
        (f"{PLAIN_NAME}2={SECRET}", None),
        (f"{PLAIN_NAME.upper()}={SECRET}", None),
        (f"{SECURE_NAME}={SECRET}", None),
        (f"{name_of(Origin(False, 8421))}={SECRET}", None),
        (f"{PLAIN_NAME}={SECRET}", [SECRET]),
        (f"a=b; {PLAIN_NAME}={SECRET}; c=d", [SECRET]),
        (f";;a;=;{PLAIN_NAME}={SECRET};;", [SECRET]),
        (f"\t{PLAIN_NAME} = {SECRET} ", [SECRET]),
        (f"{PLAIN_NAME}={SECRET}; {PLAIN_NAME}={SECRET}", [SECRET]),
        (f"{PLAIN_NAME}={SECRET}; {PLAIN_NAME}={OTHER}", [SECRET, OTHER]),
        (f"{PLAIN_NAME}={OTHER}; {PLAIN_NAME}={SECRET}", [OTHER, SECRET]),
        (f"{PLAIN_NAME}={SECRET}; {PLAIN_NAME}=", [SECRET]),
        (f"{PLAIN_NAME}=", []),
        (f'{PLAIN_NAME}="{SECRET}"', []),
        (f"{PLAIN_NAME}={SECRET}, {PLAIN_NAME}={OTHER}", []),
        (f"{PLAIN_NAME}={SECRET.upper()}", []),
        (f"{PLAIN_NAME}={SECRET}0", []),
        (f"{PLAIN_NAME}={SECRET}\n", []),
        (f"{PLAIN_NAME}={SECRET[:-1]}\u0661", []),
        (f"{PLAIN_NAME}=\udcff", []),
        (f"\udcff={SECRET}; a=\ud800", None),
        ("a=b; " * 5_000 + f"{PLAIN_NAME}={SECRET}", [SECRET]),
        ("=" * 60_000 + ";" * 60_000, None),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_cookie_is_found_or_it_is_not(header: str, found: list[str] | None) -> None:
    """Among others, twice, cut, quoted, in other letters, and in bytes that are no text."""
    assert secrets_in(header, PLAIN) == found


def test_none_is_hidden_behind_others() -> None:
    """Whoever plants many hides nobody's own; what cannot be ours is left out."""
    jar = [f"{PLAIN_NAME}=x{n}" for n in range(500)]
    jar += [f"{PLAIN_NAME}={n:064x}" for n in range(300) for _ in range(2)]

    assert secrets_in("; ".join(jar), PLAIN) == [f"{n:064x}" for n in range(300)]


def test_an_encrypted_connection_has_a_cookie_of_its_own() -> None:
    """The plain one, which any neighbour may have planted, is not looked at there."""
    both = f"{PLAIN_NAME}={OTHER}; {SECURE_NAME}={SECRET}"

    assert secrets_in(both, SECURE) == [SECRET]
    assert secrets_in(both, PLAIN) == [OTHER]
    assert secrets_in(f"{PLAIN_NAME}={OTHER}", SECURE) is None
    assert SECURE_NAME == "__Host-corral_session_443"


def test_each_port_of_a_host_has_a_cookie_of_its_own() -> None:
    """A browser sends all of them to each: two hubs on one machine must not take the other's."""
    first, second = Origin(False, 8420), Origin(False, 8421)
    both = f"{name_of(first)}={SECRET}; {name_of(second)}={OTHER}"

    assert (secrets_in(both, first), secrets_in(both, second)) == ([SECRET], [OTHER])
    assert clearing(second).startswith("corral_session_8421=; ")


def test_no_script_and_no_other_site_gets_it() -> None:
    """Over https it is never sent in the clear either."""
    plain = f"{PLAIN_NAME}={SECRET}; Path=/; Max-Age=9; HttpOnly; SameSite=Strict"
    secure = plain.replace(PLAIN_NAME, SECURE_NAME) + "; Secure"

    assert setting(SECRET, 9, PLAIN) == plain
    assert setting(SECRET, 9, SECURE) == secure


def test_it_is_taken_away_as_it_was_given() -> None:
    """Browsers take another path or other flags for another cookie."""
    assert clearing(SECURE) == setting("", 0, SECURE)
    assert "Max-Age=0" in clearing(PLAIN)
