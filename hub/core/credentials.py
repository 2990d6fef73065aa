"""Credentials: what a token looks like, how it is kept, and who may do what.

A token is `corral_<role letter>_<public id>_<secret><checksum>`: the prefix makes it easy to
find by scanners, the CRC-32 checksum lets a typo be refused before any look-up. Only a keyed
hash (HMAC-SHA-256, the key lies outside the database) is kept. The secret has 256 random
bits, so a slow hash would add nothing but a slow restart.
"""

import hmac
import re
from binascii import crc32
from hashlib import sha256
from typing import Final

from msgspec import Struct, structs

from schemas.scalars import Role, TokenState

SECRET_BITS: Final = 256
PUBLIC_BITS: Final = 48
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET_CHARS: Final = 43
_PUBLIC_CHARS: Final = 9
_CHECK_CHARS: Final = 6
_INVITE_LETTER: Final = "j"
_LOGIN_LETTER: Final = "l"
_LETTERS: Final = "".join(role.value for role in Role) + _INVITE_LETTER + _LOGIN_LETTER
_FORM: Final = re.compile(
    f"corral_([{_LETTERS}])_([0-9A-Za-z]{{{_PUBLIC_CHARS}}})"
    f"_[0-9A-Za-z]{{{_SECRET_CHARS + _CHECK_CHARS}}}"
)


class Principal(Struct, frozen=True):
    """Who is asking: always from the credential, never from a field."""

    id: str
    """The agent's id, or the name of the person's token."""
    role: Role
    org: str
    credential: str = ""
    """The public id of the token it came with: another one does not make it somebody else."""
    session: str = ""
    """The id of the browser session it came with, if it came with one."""

    def __eq__(self, other: object) -> bool:
        """Whether both are the same, by whichever of its tokens."""
        if not isinstance(other, Principal):
            return NotImplemented
        return (self.id, self.role, self.org) == (other.id, other.role, other.org)

    def __hash__(self) -> int:
        """As equality has it."""
        return hash((self.id, self.role, self.org))


class Credential(Struct, frozen=True):
    """A token as the hub keeps it."""

    public_id: str
    org: str
    role: Role
    subject: str
    """The agent it belongs to, or a name for people."""
    mac: bytes
    created_at: int
    created_by: str
    revoked_at: int | None = None
    """Wall time in milliseconds from which it is refused; a rotation sets it into the future."""
    expires_at: int | None = None
    """Wall time in milliseconds from which it is refused; None when it does not expire."""
    rotated_to: str | None = None
    """The public id of the token that takes its place."""
    last_used_at: int | None = None
    """Wall time in milliseconds; up to an hour behind, or None when it was never used."""

    @property
    def principal(self) -> Principal:
        """Who a bearer of this token is."""
        return Principal(self.subject, self.role, self.org, self.public_id)

    @property
    def ends_at(self) -> int | None:
        """The wall time from which it is refused by itself; None when there is none."""
        ends = [at for at in (self.expires_at, self.revoked_at) if at is not None]
        return min(ends, default=None)

    def standing(self, wall: int) -> TokenState:
        """How it stands at this wall time.

        Only the end of an overlap may lie in the future. Without one a revocation holds
        whatever the clock says, so that setting it back does not undo it.
        """
        if self.revoked_at is not None and (self.rotated_to is None or self.revoked_at <= wall):
            return TokenState.REVOKED
        if self.expires_at is not None and self.expires_at <= wall:
            return TokenState.EXPIRED
        return TokenState.ACTIVE if self.revoked_at is None else TokenState.ROTATED

    def revoke(self, wall: int) -> "Credential":
        """The same, refused from now on."""
        return structs.replace(self, revoked_at=wall, rotated_to=None)

    def rotate(self, successor: str, until: int) -> "Credential":
        """The same, replaced by another and refused from a wall time on."""
        return structs.replace(self, revoked_at=until, rotated_to=successor)


class InviteRecord(Struct, frozen=True):
    """A join code as the hub keeps it: good for one registration."""

    public_id: str
    org: str
    mac: bytes
    agent_id: str | None
    created_at: int
    created_by: str
    expires_at: int
    used_at: int | None = None


class Parsed(Struct, frozen=True):
    """The parts of a well-formed token or join code."""

    letter: str
    public_id: str
    text: str


def _base62(value: int, width: int) -> str:
    digits = []
    for _ in range(width):
        value, rest = divmod(value, 62)
        digits.append(_DIGITS[rest])
    return "".join(reversed(digits))


def _format(letter: str, randomness: int) -> Parsed:
    public = _base62(randomness & (1 << PUBLIC_BITS) - 1, _PUBLIC_CHARS)
    secret = _base62(randomness >> PUBLIC_BITS, _SECRET_CHARS)
    body = f"corral_{letter}_{public}_{secret}"
    return Parsed(letter, public, body + _base62(crc32(body.encode()), _CHECK_CHARS))


def new_token(role: Role, randomness: int) -> Parsed:
    """A new token from 304 random bits."""
    return _format(role.value, randomness)


def new_invite(randomness: int) -> Parsed:
    """A new join code from 304 random bits."""
    return _format(_INVITE_LETTER, randomness)


def new_login_code(randomness: int) -> str:
    """The code of a new one-time link from 304 random bits; it looks like a token to scanners."""
    return _format(_LOGIN_LETTER, randomness).text


def parse(text: str) -> Parsed | None:
    """The parts of a token or join code; None when it is malformed or mistyped."""
    form = _FORM.fullmatch(text)
    if form is None:
        return None
    body, check = text[:-_CHECK_CHARS], text[-_CHECK_CHARS:]
    if _base62(crc32(body.encode()), _CHECK_CHARS) != check:
        return None
    return Parsed(form[1], form[2], text)


def mac_of(pepper: bytes, text: str) -> bytes:
    """The keyed hash under which a token or join code is kept."""
    return hmac.new(pepper, text.encode(), sha256).digest()


def matches(pepper: bytes, text: str, kept: bytes) -> bool:
    """Whether a token is the one kept; takes the same time either way."""
    return hmac.compare_digest(mac_of(pepper, text), kept)


class Scope(Struct, frozen=True):
    """Which roles may use a route or message."""

    roles: frozenset[Role]

    def allows(self, role: Role) -> bool:
        """Whether this role may."""
        return role in self.roles


READ: Final = Scope(frozenset({Role.VIEWER, Role.AGENT, Role.OPERATOR, Role.ADMIN}))
SUBMIT: Final = Scope(frozenset({Role.AGENT, Role.OPERATOR, Role.ADMIN}))
OPERATE: Final = Scope(frozenset({Role.OPERATOR, Role.ADMIN}))
ADMIN: Final = Scope(frozenset({Role.ADMIN}))
WORK: Final = Scope(frozenset({Role.AGENT}))
OWN_TOKEN: Final = Scope(frozenset({Role.AGENT, Role.ADMIN}))
METRICS: Final = Scope(frozenset({Role.VIEWER, Role.OPERATOR, Role.ADMIN}))
