"""Many rows in few statements.

apsw lets go of the interpreter lock at every step of a statement. A second busy thread then
makes a step per row slow: one per row took six times as long as one per 64 rows. So
rows are written in chunks of fixed sizes, each size a statement that stays prepared.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any, Final

import apsw

SIZES: Final = (64, 32, 16, 8, 4, 2, 1)
"""How many rows one statement may write, largest first; ends in 1, so that all fit."""


class Bulk:
    """A query with `{rows}` in it, ready for any number of rows of one width."""

    def __init__(self, text: str, width: int) -> None:
        row = "(" + ", ".join("?" * width) + ")"
        self._texts = [(size, text.replace("{rows}", ", ".join([row] * size))) for size in SIZES]

    def write(self, connection: apsw.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write these rows in order. Raises apsw.Error."""
        start, end = 0, len(rows)
        for size, text in self._texts:
            while end - start >= size:
                chunk = rows[start : start + size]
                connection.execute(text, tuple(chain.from_iterable(chunk)))
                start += size
