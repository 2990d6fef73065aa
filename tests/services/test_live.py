"""Pages of several orgs: who has a place, who hears what, and who has to go."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from loguru import logger

from hub.core.credentials import Principal
from hub.core.errors import Refused
from hub.core.org import Org
from hub.services.follower import Follower
from hub.services.live import MOST_OF_ONE, MOST_PAGES, Live, Since
from hub.services.metrics import Metrics
from hub.services.series import Values
from hub.store.contract import Batch, StoreError
from hub.store.memory import MemoryStore
from schemas.dashboard import Delta, Ended, Hello, Pace, Step
from schemas.http.metrics import SeriesName
from schemas.scalars import CloseCode, Role
from tests.core.hand_hub import Dice, HandHub
from tests.services.newsroom import fact
from tests.services.onlooker import Onlooker


class Scene:
    """Two orgs and their pages."""

    def __init__(self) -> None:
        self.hub = hub = HandHub(MemoryStore(), 1_700_000_000_000, 1)
        orgs = {"main": hub.org, "other": Org("other", 1)}
        self.metrics = Metrics(lambda: 0.0)
        self.live = Live(orgs, hub.journal, hub.clock, Dice(1), hub.loader, self.metrics, "1")

    def open(
        self, name: str = "viewer", org: str = "main", since: Since | None = None
    ) -> tuple[Onlooker, Follower]:
        """Somebody opens a page."""
        line = Onlooker()
        return line, self.live.join(Principal(name, Role.VIEWER, org, name), line, since)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    """Nobody follows yet."""
    scene = Scene()
    yield scene
    scene.live.stop()


def refused(scene: Scene, name: str, org: str = "main") -> str:
    """Why somebody may not open a page."""
    with pytest.raises(Refused) as told:
        scene.open(name, org)
    return told.value.message


async def test_places_are_counted(scene: Scene) -> None:
    """By person and by org; whoever leaves makes room, and leaving twice is nothing."""
    pages = [scene.open()[1] for _ in range(MOST_OF_ONE)]
    assert refused(scene, "viewer") == f"you have {MOST_OF_ONE} pages open already"
    for number in range(MOST_PAGES - MOST_OF_ONE):
        scene.open(f"viewer-{number}")
    assert refused(scene, "late") == f"there are {MOST_PAGES} pages open already"
    scene.open("late", "other")
    for _ in range(2):
        scene.live.leave(pages[0])
    assert scene.metrics.pages == MOST_PAGES
    scene.open("late")


async def test_only_this_life_goes_on(scene: Scene) -> None:
    """The numbers of another start of the hub say nothing."""
    epoch = scene.live.epoch
    line, _ = scene.open()
    (hello,) = line.take(Hello)
    assert (hello.epoch, hello.seq, hello.resumed) == (epoch, 0, False)
    for since, goes_on in ((Since(epoch, 0), True), (Since("other", 0), False)):
        line, _ = scene.open(since=since)
        (hello,) = line.take(Hello)
        assert hello.resumed is goes_on


async def test_events_stay_in_their_org(scene: Scene) -> None:
    """Also when they are committed together."""
    lines = {org: scene.open(org=org)[0] for org in ("main", "other")}
    batch = Batch()
    batch.orgs = {"main", "other"}
    batch.facts = [("main", 1, fact(1)), ("other", 1, fact(2)), ("main", 2, fact(3))]
    scene.live.published(batch)
    for following in scene.live._of_org.values():
        following.make(scene.hub.clock.now())
    seen = {
        org: [row.at for delta in line.take(Delta) for row in delta.events]
        for org, line in lines.items()
    }
    assert seen == {"main": [1, 3], "other": [2]}


async def test_a_step_is_told_to_who_sees_it(scene: Scene) -> None:
    """Each org hears of its own; where nobody looks nothing is made."""
    made: list[str] = []

    def values(org: str) -> Values:
        made.append(org)
        return {SeriesName.RUNNING: len(org)}

    scene.live.tell_step(1, values)
    assert made == []
    pages = {org: scene.open(org=org) for org in ("main", "other")}
    hidden, follower = scene.open()
    follower.hears(Pace(hidden=True), scene.hub.clock.now())
    scene.live.tell_step(2, values)
    await asyncio.sleep(0)
    for org, (line, _) in pages.items():
        assert line.take(Step) == [Step(2, {SeriesName.RUNNING: len(org)})]
    assert hidden.take(Step) == []
    assert made == ["main", "other"]
    _, alone = scene.open(org="other")
    for each in (alone, pages["other"][1]):
        each.hears(Pace(hidden=True), scene.hub.clock.now())
    scene.live.tell_step(3, values)
    assert made == ["main", "other", "main"]


async def test_who_may_not_look_any_more_is_told(scene: Scene) -> None:
    """The others stay."""
    ada, _ = scene.open("ada")
    bob, _ = scene.open("bob")
    scene.live.dismiss(lambda principal: principal.credential == "ada", "revoked")
    assert ada.take(Ended) == [Ended("revoked")]
    assert ada.closed is not None
    assert ada.closed.code is CloseCode.CREDENTIAL
    assert not bob.take(Ended)
    assert bob.closed is None


async def test_a_database_that_cannot_be_read_ends_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The age of the queue stays as it was, and the log says why, once."""
    said: list[str] = []
    handler = logger.add(said.append, level="WARNING", format="{message}")

    async def fail(_org: Org, _loader: object) -> int | None:
        raise StoreError("the disk is gone")

    scene.open()
    picture = scene.live._of_org["main"].picture
    picture.oldest_at = 7
    monkeypatch.setattr("hub.services.live.oldest_queued_at", fail)
    for _ in range(2):
        scene.live._look()
        assert scene.live._looking is not None
        await scene.live._looking
    logger.remove(handler)
    assert picture.oldest_at == 7
    assert said == ["cannot look at the queue: the disk is gone\n"]


async def test_a_hub_that_stops_takes_nobody(scene: Scene) -> None:
    """Whoever is there, and whoever comes now, comes back soon."""
    lines = [scene.open()[0]]
    scene.live.stop()
    lines.append(scene.open()[0])
    for line in lines:
        assert line.closed is not None
        assert (line.closed.code, line.closed.reconnect) == (CloseCode.STOPPING, True)
    assert lines[1].heard == []
    assert scene.metrics.pages == 1
