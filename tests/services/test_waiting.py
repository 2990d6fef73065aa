"""What waits: the first in line are found among all lanes, and nobody waits for the search."""

import asyncio

import pytest

from hub.core.lanes import place_of
from hub.core.org import Org
from hub.core.requirements import Requirements, encode
from hub.services import waiting
from hub.services.waiting import PIECE, first_in_line

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
