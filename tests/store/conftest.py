"""Fixtures of the stores: one of each kind, and who writes into it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.store.contract import Store
from hub.store.memory import MemoryStore
from tests.store.records import Clerk, open_sqlite


@pytest.fixture(params=["sqlite", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    opened: Store = open_sqlite(tmp_path) if request.param == "sqlite" else MemoryStore()
    yield opened
    opened.close()


@pytest.fixture
def clerk(store: Store) -> Clerk:
    """Who puts units into the store."""
    return Clerk(store)
