"""The file `search.db`: how it is opened, and its shelves, each an index of a block of tasks.

A shelf holds the tasks of one org whose seqs lie in one block, so that no question can meet
another org's words, and none is under way for long: between two shelves it may stop.
"""

from importlib.resources import files
from pathlib import Path
from typing import Final

import apsw

from hub.store.sql import parse

SQL: Final = {
    name: query.text
    for name, query in parse((files("hub.search") / "index.sql").read_text("utf-8")).items()
}
VERSION: Final = 1
"""Rises with every change of what is indexed, or how: then the index is built anew."""
BLOCK_BITS: Final = 15
"""A shelf holds the tasks of 32,768 seqs."""
WAIT_MS: Final = 2_000
_PRAGMAS: Final = (
    "PRAGMA synchronous = NORMAL;"
    "PRAGMA mmap_size = 0;"
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA cache_size = -8192;"
)


def connect(path: Path, pragmas: str = "") -> apsw.Connection:
    """Open the file, which has to be there. Raises apsw.Error."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    connection.set_busy_timeout(WAIT_MS)
    connection.execute(_PRAGMAS + pragmas).fetchall()
    return connection


def block_of(seq: int) -> int:
    """The block in which a task is."""
    return seq >> BLOCK_BITS


def first_of(block: int) -> int:
    """The lowest seq of a block."""
    return block << BLOCK_BITS


def shelf_of(org: int, block: int) -> str:
    """The name of a shelf."""
    return f"tasks_{org}_{block}"


def agents_of(org: int) -> str:
    """The name of the shelf of an org's agents."""
    return f"agents_{org}"


def on(shelf: str, query: str) -> str:
    """A query on a shelf."""
    return SQL[query].replace("{shelf}", shelf)
