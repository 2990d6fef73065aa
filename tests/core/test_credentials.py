"""Tokens: their form, how they are kept, and who may do what."""

import re
from binascii import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from hub.core import credentials
from hub.core.credentials import Credential, Principal
from schemas.scalars import Role, TokenState

BITS = st.integers(0, (1 << 304) - 1)
TOKEN = credentials.new_token(Role.AGENT, 12345 << 100)


@given(BITS, st.sampled_from(Role))
def test_a_token_is_read_back(randomness: int, role: Role) -> None:
    """Its letter and its public id stand in it, and it has one form."""
    token = credentials.new_token(role, randomness)

    assert re.fullmatch(r"corral_[avod]_[0-9A-Za-z]{9}_[0-9A-Za-z]{49}", token.text)
    assert credentials.parse(token.text) == token
    assert token.letter == role.value


@given(BITS)
def test_a_join_code_is_no_token(randomness: int) -> None:
    """It has the same form and a letter of its own."""
    invite = credentials.new_invite(randomness)

    assert credentials.parse(invite.text) == invite
    assert invite.letter == "j"
    assert invite.letter not in set(Role)


@given(st.integers(0, len(TOKEN.text) - 1), st.sampled_from("0aZ_é \n"))
def test_a_typo_is_noticed(at: int, wrong: str) -> None:
    """One wrong character is refused before any look-up."""
    typo = TOKEN.text[:at] + wrong + TOKEN.text[at + 1 :]

    assert typo == TOKEN.text or credentials.parse(typo) is None


@given(st.text(max_size=80))
def test_no_text_hurts(text: str) -> None:
    """Whatever comes in a header is refused in peace."""
    assert credentials.parse(text) is None
    assert credentials.parse(f"corral_a_b_{text}") is None


@pytest.mark.parametrize("public_id", ["builder-1", "evil\x1b[2J<", "ünicorns1", "abc defgh"])
def test_who_is_named_is_no_free_text(public_id: str) -> None:
    """Only the characters of our own tokens are read, whatever the checksum says."""
    for body in (f"corral_a_{public_id}_{'0' * 43}", f"corral_a_{'0' * 9}_{public_id:-<43}"):
        typed = body + credentials._base62(crc32(body.encode()), 6)

        assert credentials.parse(typed) is None


@given(BITS, BITS)
def test_different_randomness_is_a_different_token(one: int, other: int) -> None:
    """All bits are used."""
    tokens = {credentials.new_token(Role.ADMIN, bits).text for bits in (one, other)}

    assert len(tokens) == len({one, other})


def test_only_a_keyed_hash_is_kept() -> None:
    """The same token matches under the same key only."""
    kept = credentials.mac_of(b"pepper", TOKEN.text)

    assert len(kept) == 32
    assert credentials.matches(b"pepper", TOKEN.text, kept)
    assert not credentials.matches(b"salt", TOKEN.text, kept)
    assert not credentials.matches(b"pepper", TOKEN.text + "0", kept)


def test_a_bearer_is_who_the_credential_says() -> None:
    """Subject, role and org come from what is kept."""
    kept = Credential("id", "main", Role.AGENT, "agent-1", b"", 0, "admin")

    assert kept.principal == Principal("agent-1", Role.AGENT, "main")


@pytest.mark.parametrize(
    ("scope", "letters"),
    [
        (credentials.READ, "avod"),
        (credentials.SUBMIT, "aod"),
        (credentials.ADMIN, "d"),
        (credentials.WORK, "a"),
        (credentials.METRICS, "vod"),
    ],
)
def test_scopes_name_their_roles(scope: credentials.Scope, letters: str) -> None:
    """As the table of the design has it."""
    assert {role for role in Role if scope.allows(role)} == {Role(letter) for letter in letters}


KEPT = Credential("id", "main", Role.AGENT, "agent-1", b"", 0, "admin")


@pytest.mark.parametrize(
    ("kept", "before", "after"),
    [
        (KEPT, TokenState.ACTIVE, TokenState.ACTIVE),
        (structs.replace(KEPT, expires_at=100), TokenState.ACTIVE, TokenState.EXPIRED),
        (KEPT.rotate("new", 100), TokenState.ROTATED, TokenState.REVOKED),
        (KEPT.revoke(100), TokenState.REVOKED, TokenState.REVOKED),
        (KEPT.rotate("new", 100).revoke(100), TokenState.REVOKED, TokenState.REVOKED),
    ],
)
def test_how_a_token_stands(kept: Credential, before: TokenState, after: TokenState) -> None:
    """Just before the time that it names, and from then on; a revocation knows no before."""
    assert (kept.standing(99), kept.standing(100)) == (before, after)


def test_the_earlier_end_counts() -> None:
    """Of an overlap and an expiry."""
    assert KEPT.ends_at is None
    assert structs.replace(KEPT, expires_at=50).rotate("new", 100).ends_at == 50
