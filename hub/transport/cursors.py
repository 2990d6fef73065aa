"""Cursors of lists: opaque, and good for the list they came from and no other.

A cursor holds the key to go on after and a hash over that key, the list and its conditions. It
is no secret: the hash finds what was cut off, made up or taken from another list. Whose list
it is comes from the credential, never from here.
"""

import base64
import binascii
from hashlib import sha256
from typing import Final

import msgspec
from msgspec import Struct

from hub.core.errors import Refused
from schemas.scalars import ErrorCode

HASH_BYTES: Final = 9
_encode: Final = msgspec.json.Encoder(order="deterministic").encode


def make_cursor(key: str, name: str, conditions: Struct | None = None) -> str:
    """The cursor that goes on after this key in the list of that name."""
    raw = _hash(key, name, conditions) + key.encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def read_cursor(cursor: str, name: str, conditions: Struct | None = None) -> str:
    """The key inside a cursor.

    Raises Refused `invalid_cursor` unless it was made for this list and these conditions.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        key = raw[HASH_BYTES:].decode()
    except (binascii.Error, ValueError) as error:
        raise Refused(ErrorCode.INVALID_CURSOR, "the cursor is not valid") from error
    # The whole text, not the bytes: several texts of base64 may stand for the same bytes.
    if cursor != make_cursor(key, name, conditions):
        text = "the cursor is not one of this list with these conditions"
        raise Refused(ErrorCode.INVALID_CURSOR, text)
    return key


def read_seq(cursor: str, name: str, conditions: Struct | None = None) -> int:
    """The seq inside a cursor whose keys are seqs. Raises Refused `invalid_cursor`."""
    key = read_cursor(cursor, name, conditions)
    if not (key.isascii() and key.isdigit() and len(key) < 16):
        raise Refused(ErrorCode.INVALID_CURSOR, "the cursor is not valid")
    return int(key)


def _hash(key: str, name: str, conditions: Struct | None) -> bytes:
    text = b"\0".join((name.encode(), _encode(conditions), key.encode()))
    return sha256(text).digest()[:HASH_BYTES]
