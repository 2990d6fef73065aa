"""Shelves: which tasks stand on which, and how the file is opened."""

from pathlib import Path

import apsw
import pytest

from hub.search.shelves import BLOCK_BITS, block_of, connect, first_of, shelf_of


def test_blocks_follow_each_other() -> None:
    """Each seq is in one block, between its first and the next one's."""
    for seq in (0, 1, (1 << BLOCK_BITS) - 1, 1 << BLOCK_BITS, 10_000_000):
        assert first_of(block_of(seq)) <= seq < first_of(block_of(seq) + 1)


def test_orgs_have_shelves_of_their_own() -> None:
    """No two orgs and no two blocks share one."""
    names = {shelf_of(org, block) for org in range(1, 30) for block in range(30)}
    assert len(names) == 29 * 30


def test_no_file_is_made_by_looking(tmp_path: Path) -> None:
    """Whoever asks finds none, and says so."""
    with pytest.raises(apsw.CantOpenError):
        connect(tmp_path / "search.db")
    assert list(tmp_path.iterdir()) == []
