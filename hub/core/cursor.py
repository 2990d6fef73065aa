"""A cursor: how far a reader of an org's stream of events has come.

Its text is `epoch:seq`, the seq of the last event that was seen. The epoch rises whenever
history may have been cut, so that a cursor never goes on in a history it does not belong to.
"""

import re
from typing import Final, NamedTuple

from hub.core.errors import Refused
from schemas.scalars import SAFE_INTEGER, ErrorCode

_TEXT: Final = re.compile(r"(0|[1-9][0-9]{0,15}):(0|[1-9][0-9]{0,15})")


class Cursor(NamedTuple):
    """The last event that was seen."""

    epoch: int
    seq: int

    def __str__(self) -> str:
        """As readers are given it."""
        return f"{self.epoch}:{self.seq}"


def parse(text: str) -> Cursor:
    """The cursor in a text. Raises Refused `invalid_cursor` when it is none of ours."""
    found = _TEXT.fullmatch(text)
    if found is not None:
        cursor = Cursor(int(found[1]), int(found[2]))
        if max(cursor) <= SAFE_INTEGER:
            return cursor
    raise Refused(ErrorCode.INVALID_CURSOR, "the cursor is not valid: it is epoch:seq")
