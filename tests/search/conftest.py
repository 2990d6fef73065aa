"""Fixtures of the search."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.search.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An empty database with an index."""
    desk = Desk(tmp_path)
    yield desk
    desk.close()
