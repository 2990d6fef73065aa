"""All pages of an org: what is gathered, when batches are made, and who shares a snapshot."""

import asyncio
import gc
from collections import Counter
from contextlib import suppress
from itertools import pairwise

import msgspec
import pytest

from hub.core.clock import Instant
from hub.services.follower import Follower
from hub.services.following import LINGER_MS, SLICE, Following
from hub.services.picture import encode
from hub.store.contract import StoreError
from hub.store.memory import MemoryStore
from schemas.dashboard import MOST_EVENTS, Delta, Pace, Reset, Snapshot, Step
from schemas.events import EventType
from schemas.http.metrics import SeriesName
from schemas.work import TaskSpec
from tests.core.hand_hub import OPERATOR, HandHub
from tests.core.making import record
from tests.services.newsroom import fact
from tests.services.onlooker import Onlooker, Watcher, followed, join, snapshot


class Scene:
    """A hub worked by hand, and its pages."""

    def __init__(self) -> None:
        self.hub = HandHub(MemoryStore(), 1_700_000_000_000, 1)
        self.following: Following = followed(self.hub)

    def submit(self, count: int = 1) -> None:
        """Something changes."""
        self.hub.tasks.submit(self.hub.org, OPERATOR, [TaskSpec("x")] * count)

    def tick(self) -> None:
        """A batch is made if there is news, and everything is durable."""
        self.following.make(self.hub.clock.now())
        self.hub.journal.commit()

    def wait(self, ms: int) -> bool:
        """Time passes; whether nothing is gathered any more."""
        self.hub.clock.wait(ms)
        return self.following.rest(self.hub.clock.now())

    @property
    def batches(self) -> int:
        """How many were made."""
        return self.following._metrics.page_batches

    def declare(self, *names: str, capabilities: tuple[str, ...] = ()) -> None:
        """These agents are known."""
        for name in names:
            self.hub.org.know(record(name, 1, *capabilities))

    def open(self, count: int) -> list[tuple[Follower, Onlooker]]:
        """So many pages, all of them up to date."""
        lines = [Onlooker() for _ in range(count)]
        return [(join(self.following, self.hub, line)[0], line) for line in lines]


async def everybody_had_a_turn(pages: list[tuple[Follower, Onlooker]]) -> None:
    """The loop has turned often enough even for one page a turn."""
    for _ in pages:
        await asyncio.sleep(0)


async def most_in_a_turn(scene: Scene, pages: list[tuple[Follower, Onlooker]]) -> int:
    """So many of these pages hear of a batch within one turn of the loop, at most."""
    scene.submit()
    scene.tick()
    told = [0]
    while told[-1] < len(pages):
        told.append(sum(bool(line.heard) for _, line in pages))
        await asyncio.sleep(0)
    return max(after - before for before, after in pairwise(told))


@pytest.fixture
def scene() -> Scene:
    """Nobody follows."""
    return Scene()


def test_nothing_is_gathered_for_nobody(scene: Scene) -> None:
    """No mark, no batch, no row."""
    scene.declare("ada")
    scene.submit()
    scene.tick()
    assert scene.wait(1)
    assert scene.batches == 0
    assert not scene.hub.org.changes.gathers
    assert scene.hub.org.changes.take_tasks() == ([], False)
    assert not scene.following.picture.fleet.rows


def test_a_page_may_come_back_for_a_while(scene: Scene) -> None:
    """It goes on from where it was; nothing was made for nobody meanwhile."""
    watcher = Watcher(scene.following, scene.hub)
    scene.following.leave(watcher.follower)
    made = scene.batches
    scene.submit()
    assert not scene.wait(LINGER_MS - 1)
    assert scene.batches == made
    line = Onlooker()
    follower, resumed = join(scene.following, scene.hub, line, watcher.view.seq)
    scene.hub.journal.commit()
    assert resumed
    (delta,) = line.take(Delta)
    assert [row.state for row in delta.tasks] == ["queued"]
    scene.following.leave(follower)
    assert scene.wait(LINGER_MS)
    assert not scene.hub.org.changes.gathers


def test_who_comes_too_late_begins_anew(scene: Scene) -> None:
    """Also when nothing happened: nobody looked."""
    watcher = Watcher(scene.following, scene.hub)
    scene.following.leave(watcher.follower)
    assert scene.wait(LINGER_MS)
    _, resumed = join(scene.following, scene.hub, Onlooker(), watcher.view.seq)
    assert not resumed


def test_a_page_without_a_past_needs_a_snapshot(scene: Scene) -> None:
    """One of the future as well; its snapshot holds what it did not hear."""
    Watcher(scene.following, scene.hub)
    scene.submit()
    scene.tick()
    for since in (None, 1_000):
        follower, resumed = join(scene.following, scene.hub, Onlooker(), since)
        assert not resumed
        assert follower.told_from == scene.following.ring.last
        assert snapshot(scene.following).seq >= follower.told_from


def test_a_batch_waits_for_the_disk(scene: Scene) -> None:
    """What is not durable yet is shown to nobody."""
    watcher = Watcher(scene.following, scene.hub)
    scene.submit()
    scene.following.make(scene.hub.clock.now())
    assert watcher.line.heard == []
    scene.hub.journal.commit()
    (delta,) = watcher.line.take(Delta)
    assert len(delta.tasks) == 1


async def test_the_same_bytes_go_to_all(scene: Scene) -> None:
    """A batch is made and encoded once."""
    pages = scene.open(50)
    scene.submit()
    scene.tick()
    await everybody_had_a_turn(pages)
    assert scene.batches == 1
    assert len({id(line.frames[-1]) for _, line in pages}) == 1


async def test_others_have_their_turn_between_pages(scene: Scene) -> None:
    """One turn of the loop writes to a few pages: the hub has more to do."""
    assert await most_in_a_turn(scene, scene.open(50)) == SLICE


def step(at: int) -> bytes:
    """A step of the series that ended then."""
    return encode(Step(at, {SeriesName.RUNNING: 1}))


async def test_a_step_waits_for_the_disk_and_goes_to_all(scene: Scene) -> None:
    """It is the same for everybody, a few in each turn, and no batch: nobody misses a number."""
    pages = scene.open(50)
    scene.submit()
    scene.following.send_step(step(1))
    assert not any(line.heard for _, line in pages)
    scene.hub.journal.commit()
    assert sum(bool(line.heard) for _, line in pages) == SLICE
    await everybody_had_a_turn(pages)
    assert len({id(line.frames[-1]) for _, line in pages}) == 1
    assert all(line.take(Step) == [Step(1, {SeriesName.RUNNING: 1})] for _, line in pages)
    assert {follower.seq for follower, _ in pages} == {0}


async def test_a_step_meets_a_batch(scene: Scene) -> None:
    """Everybody gets both; who has left gets neither."""
    pages = scene.open(50)
    scene.submit()
    scene.tick()
    scene.following.send_step(step(1))
    gone, silence = next(page for page in pages if not page[1].heard)
    scene.following.leave(gone)
    pages.remove((gone, silence))
    for _ in range(2):
        await everybody_had_a_turn(pages)
    assert {tuple(type(each) for each in line.heard) for _, line in pages} == {(Delta, Step)}
    assert silence.heard == []


async def test_pages_that_left_hurry_nobody(scene: Scene) -> None:
    """Those that come after them get no more in a turn than others."""
    gone = scene.open(50)
    scene.submit()
    scene.tick()
    for follower, _ in gone:
        scene.following.leave(follower)
    assert await most_in_a_turn(scene, scene.open(50)) == SLICE


async def test_a_broken_page_is_in_nobodys_way(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All others hear of both batches, but for those that have their turn with it."""

    def fail(_text: bytes) -> None:
        raise OSError("the connection is broken")

    pages = scene.open(50)
    _, broken = pages[0]
    monkeypatch.setattr(broken, "deliver", fail)
    for _ in range(2):
        scene.submit()
        with suppress(OSError):
            scene.tick()
        await everybody_had_a_turn(pages)
    told = [len(line.take(Delta)) for _, line in pages]
    assert told[0] == 0
    assert told.count(2) >= len(pages) - SLICE


async def test_a_batch_meets_the_one_before_it(scene: Scene) -> None:
    """Everybody gets both once, in order, whoever has had a turn already."""
    pages = scene.open(50)
    for _ in range(2):
        scene.submit()
        scene.tick()
        await asyncio.sleep(0)
    gone, silence = next(page for page in pages if not page[1].heard)
    scene.following.leave(gone)
    pages.remove((gone, silence))
    await everybody_had_a_turn(pages)
    assert [[each.seq for each in line.take(Delta)] for _, line in pages] == [[1, 2]] * 49
    assert silence.heard == [], "it has left"


def test_no_news_no_batch(scene: Scene) -> None:
    """Numbers are told when they differ, and not too often."""
    watcher = Watcher(scene.following, scene.hub)
    scene.wait(1_000)
    scene.tick()
    assert watcher.line.take(Delta)[0].counters.readers == 1
    for _ in range(20):
        scene.wait(1_000)
        scene.tick()
    assert watcher.line.heard == []
    scene.wait(1_000)
    scene.submit()
    scene.tick()
    scene.wait(199)
    scene.submit()
    scene.tick()
    counted = [delta.counters for delta in watcher.line.take(Delta)]
    assert [each is None for each in counted] == [False, True]


def test_much_is_told_in_short(scene: Scene) -> None:
    """The latest events are named, and that there were more."""
    watcher = Watcher(scene.following, scene.hub)
    events = [("main", number, fact(number)) for number in range(1, MOST_EVENTS + 11)]
    scene.following.picture.tell(events[:5])
    scene.following.picture.tell(events[5:])
    scene.tick()
    (delta,) = watcher.line.take(Delta)
    assert delta.more
    assert [row.seq for row in delta.events] == list(range(11, MOST_EVENTS + 11))
    assert delta.events[0].data == {"session": 11}
    assert delta.events[0].type == "agent.online"
    scene.following.picture.tell([("main", 200, fact(200, EventType.AGENT_OFFLINE))])
    scene.tick()
    (delta,) = watcher.line.take(Delta)
    assert not delta.more


def test_a_hidden_page_hears_numbers(scene: Scene) -> None:
    """And nothing else."""
    watcher = Watcher(scene.following, scene.hub)
    watcher.follower.hears(Pace(hidden=True), scene.hub.clock.now())
    scene.submit()
    scene.tick()
    scene.following.send_numbers(scene.hub.clock.now())
    (delta,) = watcher.line.take(Delta)
    assert delta.seq == 0
    assert delta.counters is not None
    assert not delta.tasks
    scene.following.send_numbers(scene.hub.clock.now())
    assert watcher.line.heard == [], "they are the same"


def test_capabilities_that_never_repeat_are_forgotten(scene: Scene) -> None:
    """An agent with new ones all the time fills no memory: everybody begins anew."""
    watcher = Watcher(scene.following, scene.hub)
    for number in range(1_100):
        scene.declare("ada", capabilities=(f"c{number}",))
        scene.tick()
    scene.tick()
    assert len(scene.following.picture.fleet.offers) < 1_010
    assert any(isinstance(message, Reset) for message in watcher.line.heard)
    watcher.line.heard.clear()
    watcher.view = type(watcher.view)(snapshot(scene.following))
    assert watcher.view.fleet["ada"][1] == ["c1099"]


async def test_a_snapshot_outlives_a_new_start(scene: Scene) -> None:
    """Whoever asks when everybody begins anew waits until there are numbers again."""
    join(scene.following, scene.hub, Onlooker())
    number = 0
    while not scene.following.picture.fleet.is_worn:
        number += 1
        scene.declare("ada", capabilities=(f"c{number}",))
        scene.tick()
    shot = await scene.following.snapshot(agents=True)
    told = msgspec.json.decode(shot.body, type=Snapshot)
    assert (told.counters.agents["offline"], told.offers) == (1, [[f"c{number}"]])


async def test_many_pages_share_a_snapshot(scene: Scene) -> None:
    """50 tabs that come back at once cost one; one that was reset meanwhile gets a newer one."""
    scene.following.snapshots.pace_s = 0.1
    asked = [scene.following.snapshot(agents=True) for _ in range(50)]
    shots = await asyncio.gather(*asked)
    assert Counter(map(id, shots)).most_common() == [(id(shots[0]), 50)]
    assert scene.following._metrics.page_snapshots == 1
    follower, _ = join(scene.following, scene.hub, Onlooker())
    scene.submit()
    scene.tick()
    follower.reset("too slow")
    shot = await scene.following.snapshot(agents=True)
    assert shot.seq >= follower.told_from > shots[0].seq


async def test_who_asked_first_may_go(scene: Scene) -> None:
    """The others get the snapshot all the same."""
    scene.declare(*(f"agent-{number}" for number in range(3_000)))
    first, second = (asyncio.ensure_future(scene.following.snapshot(agents=True)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    shot = await second
    assert shot.zipped is not None
    assert first.cancelled()


async def test_a_failure_that_nobody_waits_for_is_forgotten(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody asked about would end the hub."""
    errors: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: errors.append(context))
    began = asyncio.Event()

    async def fail() -> Instant:
        began.set()
        await asyncio.sleep(0)
        raise StoreError("the disk is gone")

    monkeypatch.setattr(scene.following.snapshots, "_prepare", fail)
    asked = asyncio.ensure_future(scene.following.snapshot(agents=True))
    await began.wait()
    asked.cancel()
    await asyncio.wait(list(scene.following.snapshots._under_way.values()))
    with pytest.raises(asyncio.CancelledError):
        await asked
    gc.collect()
    assert errors == []
