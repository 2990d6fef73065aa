"""What waits: the first in line are found among all lanes, and nobody waits for the search."""

import asyncio

import pytest

from hub.core.lanes import place_of
from hub.core.org import Org
from hub.core.requirements import Requirements, encode
from hub.services import waiting
from hub.services.waiting import HEADS, PIECE, first_in_line, oldest_queued_at
from hub.store.memory import MemoryStore
from schemas.work import TaskSpec
from tests.core.hand_hub import OPERATOR, HandHub

LANES = 3 * PIECE + 7


def crowded(lanes: int = LANES) -> Org:
    """An org with so many lanes, each with two tasks; the last lane comes first."""
    org = Org("main", 1)
    for n in range(lanes):
        lane = org.matcher.lane(key(n))
        for seq in (2 * n + 1, 2 * n + 2):
            lane.share(None).add(place_of(10 * (lanes - n) + seq % 2, seq), hot=False)
    return org


def key(n: int) -> str:
    """The key of a lane of its own."""
    return encode(Requirements(needs=(f"need-{n}",)))


async def test_some_wait_though_the_first_have_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that were found first are given out while the last lanes are looked at."""
    monkeypatch.setattr(waiting, "REST_S", 0)
    hub = HandHub(MemoryStore(), 1_700_000_000_000, 1)
    made = []
    for n in range(PIECE + HEADS):
        made += hub.tasks.submit(hub.org, OPERATOR, [TaskSpec("x", fairness_key=f"key-{n}")])
        hub.clock.wait(1)
    hub.journal.commit()
    looking = asyncio.ensure_future(oldest_queued_at(hub.org, hub.loader))
    await asyncio.sleep(0)
    for task in made[:HEADS]:
        hub.tasks.cancel(hub.org, OPERATOR.id, task)
    assert await looking == made[HEADS].queued_at


@pytest.mark.parametrize("lanes", [0, 1, PIECE - 1, PIECE, PIECE + 1, LANES])
async def test_the_first_of_all_lanes_are_found(lanes: int) -> None:
    """Of each lane the next task only, and in order."""
    found = await first_in_line(crowded(lanes), 5)

    assert found == [2 * n + 2 for n in reversed(range(lanes))][:5]


async def test_nobody_waits_for_a_look_at_all_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop has its turn after each piece, and lanes may come meanwhile."""
    monkeypatch.setattr(waiting, "REST_S", 0)
    org, turns = crowded(), 0

    async def interfere() -> None:
        nonlocal turns
        while True:
            org.matcher.lane(key(LANES + turns))
            turns += 1
            share = org.matcher.lane(key(LANES - turns)).share(f"key-{turns}")
            share.add(place_of(10 * LANES, 10 * LANES + turns), hot=False)
            await asyncio.sleep(0)

    interfering = asyncio.create_task(interfere())
    found = await first_in_line(org, 3)
    interfering.cancel()

    assert found == [2 * LANES, 2 * LANES - 2, 2 * LANES - 4]
    assert turns >= LANES // PIECE
