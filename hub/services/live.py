"""Live: what the dashboard's pages see of every org, and when they are told.

While no page is open nothing is made, and after a while nothing is gathered. One timer serves
all orgs; it stops with the last page.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from loguru import logger

from hub.core.credentials import Principal
from hub.core.errors import Refused
from hub.core.org import Org
from hub.services.chance import Chance
from hub.services.clock import Clock
from hub.services.follower import Follower, Line
from hub.services.following import Following
from hub.services.loader import Loader
from hub.services.metrics import Metrics
from hub.services.picture import encode
from hub.services.series import Values
from hub.services.snapshots import About, Shot
from hub.services.waiting import oldest_queued_at
from hub.store.contract import Batch, JournalPort, StoreError
from schemas.dashboard import BATCH_MS, BEAT_MS, HIDDEN_MS, Hello, Step
from schemas.scalars import ErrorCode

MOST_PAGES: Final = 256
"""Pages of one org."""
MOST_OF_ONE: Final = 32
"""Pages of one principal."""
RETRY_MS: Final = 5_000
TICK_S: Final = BATCH_MS / 1000
SLOW_TICK_S: Final = HIDDEN_MS / 1000
"""How often everybody is looked at, and hidden pages are told the numbers."""


class Since(NamedTuple):
    """The last batch that a page has."""

    epoch: str
    seq: int


class Live:
    """The pages of all orgs."""

    def __init__(
        self,
        orgs: Mapping[str, Org],
        journal: JournalPort,
        clock: Clock,
        chance: Chance,
        loader: Loader,
        metrics: Metrics,
        version: str,
    ) -> None:
        self.epoch = f"{chance.bits(64):016x}"
        """Another one with every start: what happened in between nobody knows."""
        about = About(self.epoch, version)
        self._of_org = {
            name: Following(org, metrics, journal, clock, about) for name, org in orgs.items()
        }
        self._clock = clock
        self._loader = loader
        self._metrics = metrics
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        """When the timer should come..."""
        self._late = 0.0
        """...and how late it was at worst since everybody was looked at."""
        self._looked_at = 0
        self._looking: asyncio.Task[None] | None = None
        self._reads = True
        """The database could be read when the queues were looked at last."""
        self._stopped = False

    def serve(self, build: str | None, *, search: bool) -> None:
        """The hub serves this build of the page, and has search or not: pages hear of it."""
        for following in self._of_org.values():
            following.snapshots.build = build
            following.snapshots.search = search

    # From the journal

    def published(self, batch: Batch) -> None:
        """These events are durable."""
        if self._timer is None:
            return
        for name in batch.orgs:
            following = self._of_org.get(name)
            if following is not None and following.active:
                facts = batch.facts
                if len(batch.orgs) > 1:
                    facts = [event for event in facts if event[0] == name]
                following.picture.tell(facts)

    # From the series

    def tell_step(self, at: int, values: Callable[[str], Values]) -> None:
        """A step of the series is over: pages that are seen hear what is known of it."""
        for name, following in self._of_org.items():
            if any(not follower.hidden for follower in following.followers):
                following.send_step(encode(Step(at, values(name))))

    # Pages

    def join(self, principal: Principal, line: Line, since: Since | None) -> Follower:
        """A page follows from now on; it has every batch up to `since`, if it says so.

        While the hub stops it hears only that. Raises Refused `busy` when there are too many
        pages, or too many of this principal.
        """
        following = self._of_org[principal.org]
        follower = Follower(principal, line, following.ring, self._clock.now())
        if self._stopped:
            follower.stop()
            return follower
        self._check_room(following, principal)
        known = since is not None and since.epoch == self.epoch
        missed = following.enter(follower, since.seq if known and since is not None else None)
        seq, wall = following.ring.last, self._clock.now().wall
        line.deliver(encode(Hello(self.epoch, seq, wall, missed is not None, BEAT_MS)))
        follower.begin(missed)
        self._metrics.pages += 1
        self._set_timer(TICK_S)
        return follower

    def _check_room(self, following: Following, principal: Principal) -> None:
        followers = following.followers
        text = None
        if len(followers) >= MOST_PAGES:
            text = f"there are {MOST_PAGES} pages open already"
        elif sum(other.principal == principal for other in followers) >= MOST_OF_ONE:
            text = f"you have {MOST_OF_ONE} pages open already"
        if text is not None:
            raise Refused(ErrorCode.BUSY, text, retryable=True, retry_after_ms=RETRY_MS)

    def leave(self, follower: Follower) -> None:
        """A page is gone. Idempotent."""
        following = self._of_org[follower.principal.org]
        if follower in following.followers:
            following.leave(follower)
            self._metrics.pages -= 1

    def dismiss(self, whom: Callable[[Principal], bool], reason: str) -> None:
        """End the pages of these principals: their credential or session is over."""
        for follower in self._all():
            if whom(follower.principal):
                follower.end(reason)

    def credentials(self) -> set[str]:
        """The credentials with which pages are open."""
        return {follower.principal.credential for follower in self._all()}

    def stop(self) -> None:
        """The hub stops: every page hears it, and nobody comes any more."""
        self._stopped = True
        for follower in self._all():
            follower.stop()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._looking is not None:
            self._looking.cancel()

    def _all(self) -> list[Follower]:
        return [each for following in self._of_org.values() for each in following.followers]

    async def snapshot(self, org: str, *, agents: bool) -> Shot:
        """Everything a page needs to begin with; with `agents` a row for each of them."""
        following = self._of_org[org]
        if self._timer is None:
            self._set_timer(SLOW_TICK_S)
        return await following.snapshot(agents=agents)

    # Time

    def _set_timer(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + seconds
        if self._stopped or (self._timer is not None and self._due <= due):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._due = due
        self._timer = loop.call_at(due, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._late = max(self._late, asyncio.get_running_loop().time() - self._due)
        now = self._clock.now()
        if now.hub >= self._looked_at + HIDDEN_MS:
            self._looked_at = now.hub
            self._look()
        alive = busy = False
        for following in self._of_org.values():
            if following.followers:
                following.make(now)
                busy = True
            alive = not following.rest(now) or alive
        if alive:
            self._set_timer(TICK_S if busy else SLOW_TICK_S)

    def _look(self) -> None:
        """Look at every page, and at what changes without news."""
        now = self._clock.now()
        lag_ms, self._late = int(self._late * 1000), 0.0
        followed = [each for each in self._of_org.values() if each.followers]
        for following in followed:
            following.lag_ms = lag_ms
            following.send_numbers(now)
            for follower in list(following.followers):
                follower.look(now)
        if followed and (self._looking is None or self._looking.done()):
            self._looking = asyncio.create_task(self._look_at_queues(followed))

    async def _look_at_queues(self, followed: list[Following]) -> None:
        for following in followed:
            picture = following.picture
            try:
                picture.oldest_at = await oldest_queued_at(picture.org, self._loader)
            except StoreError as error:
                # The pages keep the age that they know; the next look may be luckier.
                if self._reads:
                    logger.bind(org=picture.org.name).warning(f"cannot look at the queue: {error}")
                self._reads = False
            else:
                self._reads = True
