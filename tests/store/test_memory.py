"""What only the twin in memory can do: die and fail when asked."""

import pytest

from hub.store.contract import StoreError
from hub.store.memory import MemoryStore
from tests.store.records import Clerk, new_task


def test_a_crash_keeps_what_was_committed() -> None:
    """And nothing that comes after it."""
    store = MemoryStore()
    clerk = Clerk(store)
    clerk.submit(new_task(1))
    after = store.crash()
    clerk.submit(new_task(2))
    assert after.recover().task_seq == 1
    assert after.recover().event_seq == {"main": 1}
    assert store.recover().task_seq == 2


@pytest.mark.parametrize("kept", [False, True])
def test_a_failed_commit_may_or_may_not_be_there(kept: bool) -> None:
    """Nobody knows before the restart."""
    store = MemoryStore(fails_at=2, kept=kept)
    clerk = Clerk(store)
    clerk.submit(new_task(1))
    with pytest.raises(StoreError):
        clerk.submit(new_task(2))
    assert store.crash().recover().task_seq == (2 if kept else 1)


def test_a_batch_waits_for_its_commit() -> None:
    """Nothing is written over it, and there is no commit of nothing."""
    store = MemoryStore()
    with pytest.raises(StoreError):
        store.commit()
    clerk = Clerk(store)
    clerk.submit(new_task(1))
    batch = clerk.batcher
    assert batch.idle
    with pytest.raises(StoreError):
        store.commit()
