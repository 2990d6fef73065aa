"""The bus: every event once and in order, from memory or from the database, for every reader."""

import asyncio
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.credentials import Principal
from hub.core.cursor import Cursor
from hub.core.errors import Refused
from hub.services.ring import Wanted
from schemas.events import EventType
from schemas.scalars import ErrorCode, Role
from tests.services.newsroom import READER, fact, newsroom

OTHER = Principal("other", Role.VIEWER, "main")
THIRD = Principal("third", Role.VIEWER, "main")
FILTERS = (
    Wanted(types=frozenset({EventType.AGENT_OFFLINE})),
    Wanted(entity="agent-2"),
    Wanted(actor="actor-1"),
    Wanted(frozenset({EventType.AGENT_OFFLINE}), "agent-1", "actor-2"),
)


def details(refused: Refused) -> dict[str, str]:
    """What a refusal names."""
    return {flaw.path: flaw.message for flaw in refused.flaws}


@settings(max_examples=25, deadline=None)
@given(
    bursts=st.lists(st.integers(1, 40), min_size=1, max_size=8),
    limits=st.lists(st.integers(1, 50), min_size=1, max_size=5),
    ring=st.integers(1, 60),
)
def test_pages_have_no_gap_and_no_duplicate(
    bursts: list[int], limits: list[int], ring: int
) -> None:
    """Under writes, with any page sizes, with any part of it in memory."""

    async def read_along() -> None:
        with TemporaryDirectory() as folder:
            async with newsroom(Path(folder), ring) as room:
                seen: list[int] = []
                seq, turn = 0, 0
                for burst in bursts:
                    room.say([fact(number) for number in range(burst)])
                    page = await room.bus.read("main", seq, limits[turn % len(limits)])
                    seen += [row.seq for row in page.rows]
                    seq, turn = page.reached, turn + 1
                await room.journal.settled()
                rows, reached = await room.all_after(seq, limits[0])
                seen += [row.seq for row in rows]
                assert seen == list(range(1, sum(bursts) + 1))
                assert reached == sum(bursts)

    asyncio.run(read_along())


@pytest.mark.parametrize("ring", [1, 20, 1_000])
@pytest.mark.parametrize("wanted", FILTERS)
async def test_a_filter_finds_the_same_everywhere(
    tmp_path: Path, wanted: Wanted, ring: int
) -> None:
    """In memory and in the database, and its cursor gets on although nothing is found."""
    kinds = (EventType.AGENT_ONLINE, EventType.AGENT_OFFLINE)
    facts = [fact(n, kinds[n % 2], f"agent-{n % 4}") for n in range(1, 101)]
    async with newsroom(tmp_path, ring) as room:
        room.say(facts)
        await room.journal.settled()
        rows, reached = await room.all_after(0, 7, wanted)
        everything, _ = await room.all_after(0, 1_000)
        assert rows == [row for row in everything if wanted.takes(row)]
        assert rows
        assert reached == 100


async def test_nothing_is_seen_before_it_is_durable(tmp_path: Path) -> None:
    """A decision that waits for the disk is no event yet."""
    async with newsroom(tmp_path) as room:
        await room.tell(3)
        room.say([fact(4)])
        assert (await room.all_after(0, 10))[1] == 3
        await room.journal.settled()
        assert (await room.all_after(0, 10))[1] == 4


async def test_whoever_was_answered_finds_the_events(tmp_path: Path) -> None:
    """They are published before anything promised with them is released."""
    async with newsroom(tmp_path) as room:
        found: list[int] = []
        room.say([fact(1)])
        room.journal.promise(lambda _: found.append(room.bus.end_of("main").seq), None)
        await room.journal.settled()
        assert found == [1]


async def test_the_oldest_leave_the_ring(tmp_path: Path) -> None:
    """It holds no more than it should, and what left is still found."""
    async with newsroom(tmp_path, 20) as room:
        for _ in range(10):
            await room.tell(9)
        assert room.bus.held == 18, "two commits; a third would not fit whole"
        rows, _ = await room.all_after(0, 30)
        assert [row.seq for row in rows] == list(range(1, 91))


async def test_after_a_start_the_past_is_in_the_database(tmp_path: Path) -> None:
    """A reader goes on over the start as if nothing had been."""
    async with newsroom(tmp_path) as room:
        await room.tell(30)
    async with newsroom(tmp_path) as room:
        assert room.bus.held == 0
        await room.tell(5)
        rows, _ = await room.all_after(17, 6)
        assert [row.seq for row in rows] == list(range(18, 36))


async def test_orgs_have_streams_of_their_own(tmp_path: Path) -> None:
    """Each is numbered without gaps, also when both happen in one commit."""
    async with newsroom(tmp_path) as room:
        for number in range(10):
            room.say([fact(number)], "main" if number % 3 else "other")
        await room.journal.settled()
        assert (room.bus.end_of("main").seq, room.bus.end_of("other").seq) == (6, 4)
        page = await room.bus.read("other", 0, 10)
        assert [row.seq for row in page.rows] == [1, 2, 3, 4]
        assert [row.at for row in page.rows] == [0, 3, 6, 9]


# Cursors


async def test_a_cursor_that_is_known_is_gone_on_from(tmp_path: Path) -> None:
    """From the very beginning to the very end."""
    async with newsroom(tmp_path, 5) as room:
        await room.tell(10)
        for seq in (0, 3, 9, 10):
            assert await room.bus.admit("main", Cursor(1, seq)) == seq


@pytest.mark.parametrize(
    ("cursor", "code"),
    [
        (Cursor(1, 11), ErrorCode.CURSOR_AHEAD),
        (Cursor(2, 3), ErrorCode.EPOCH_CHANGED),
        (Cursor(0, 3), ErrorCode.EPOCH_CHANGED),
        (Cursor(2, 11), ErrorCode.EPOCH_CHANGED),
    ],
)
async def test_a_cursor_that_cannot_go_on(tmp_path: Path, cursor: Cursor, code: ErrorCode) -> None:
    """The refusal says why, and where one can begin."""
    async with newsroom(tmp_path) as room:
        await room.tell(10)
        with pytest.raises(Refused) as refused:
            await room.bus.admit("main", cursor)
        assert refused.value.code is code
        assert details(refused.value) == {"epoch": "1", "oldest": "1:0", "newest": "1:10"}


async def test_a_cursor_whose_events_are_gone(tmp_path: Path) -> None:
    """At the door, and in the middle of a stream that was too slow."""
    async with newsroom(tmp_path, 5) as room:
        await room.tell(30)
        room.store._writer.execute("DELETE FROM event WHERE seq <= 10")
        for look in (room.bus.admit("main", Cursor(1, 9)), room.bus.read("main", 9, 5)):
            with pytest.raises(Refused) as refused:
                await look
            assert refused.value.code is ErrorCode.CURSOR_EXPIRED
            assert details(refused.value)["oldest"] == "1:10"
        assert await room.bus.admit("main", Cursor(1, 10)) == 10
        assert [row.seq for row in (await room.all_after(10, 50))[0]] == list(range(11, 31))


# Who stays


async def test_a_reader_hears_of_news(tmp_path: Path) -> None:
    """As soon as they are durable, and not of what it has seen."""
    async with newsroom(tmp_path) as room:
        await room.tell(1)
        reader = room.join()
        began = time.monotonic()
        await asyncio.gather(reader.news(1, 10), room.tell(1))
        await reader.news(1, 10)
        assert time.monotonic() - began < 5
        reader.close()


async def test_a_reader_waits_no_longer_than_it_wants(tmp_path: Path) -> None:
    """Then it has time for its heartbeat."""
    async with newsroom(tmp_path) as room:
        reader = room.join()
        async with asyncio.timeout(5):
            await reader.news(0, 0.02)
        reader.close()


async def test_readers_are_bounded(tmp_path: Path) -> None:
    """One more is told to come back; the place of one that left is free."""
    async with newsroom(tmp_path, readers=2) as room:
        first, second = room.join(), room.join(OTHER)
        with pytest.raises(Refused) as refused:
            room.join(THIRD)
        assert refused.value.code is ErrorCode.BUSY
        assert refused.value.retry_after_ms
        first.close()
        first.close()
        assert room.metrics.event_readers == 1
        room.join().close()
        second.close()
        assert room.metrics.event_readers == 0


async def test_nobody_holds_every_place(tmp_path: Path) -> None:
    """A quarter is for one principal, by whichever of its tokens; others find the rest free."""
    async with newsroom(tmp_path, readers=8) as room:
        own = [room.join(), room.join(Principal("viewer", Role.VIEWER, "main", "tok-2"))]
        with pytest.raises(Refused) as refused:
            room.join()
        assert refused.value.code is ErrorCode.BUSY
        assert refused.value.retry_after_ms
        others = [room.join(OTHER), room.join(OTHER)]
        for reader in (own[0], own[0]):
            reader.close()
        own[0] = room.join()
        with pytest.raises(Refused):
            room.join()
        for reader in own + others:
            reader.close()


async def test_readers_end_with_their_credential(tmp_path: Path) -> None:
    """Only those who are meant, at once; whoever cannot speak any more is cut."""
    async with newsroom(tmp_path, readers=8) as room:
        stays, leaves, stuck = (
            room.join(Principal(name, Role.VIEWER, "main")) for name in ("a", "b", "b")
        )
        waiting = asyncio.create_task(leaves.news(0, 60))
        await asyncio.sleep(0)
        room.bus.dismiss(lambda principal: principal.id == "b")
        async with asyncio.timeout(5):
            await waiting
            leaves.close()
            await room.cut.wait()
        assert (stays.over, leaves.over, stuck.over) == (False, True, True)
        stuck.close()
        stays.close()


async def test_a_stop_ends_every_reader(tmp_path: Path) -> None:
    """And nobody comes any more."""
    async with newsroom(tmp_path) as room:
        reader = room.join()
        room.bus.stop()
        assert reader.over
        reader.close()
        with pytest.raises(Refused):
            room.join(READER)
