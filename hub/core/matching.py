"""Who gets what.

Work looks for an agent when it becomes ready; an agent looks for work when a slot becomes
free. What stands in the way of a pair is in `eligibility.py`.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Final

from msgspec import Struct

from hub.core.agent import Agent
from hub.core.eligibility import Question, is_free
from hub.core.lanes import Lane, Share, place_of
from hub.core.parking import Parking
from hub.core.profiles import Profile
from hub.core.requirements import decode
from hub.core.task import Task
from schemas.scalars import Executor

LANES: Final = 10_000
"""The most lanes one org may have at once."""
KEPT_EMPTY: Final = 1_000
"""Empty lanes are kept for the next task up to this many lanes."""
KEPT_SHARES: Final = 64
"""Idle shares of a lane, likewise."""


class Match(Struct, frozen=True, gc=False):
    """The head of a share and the agent that gets it."""

    share: Share
    place: int
    agent: Agent


class Matcher:
    """The lanes and the free agents of one org."""

    def __init__(self) -> None:
        self.lanes: dict[str, Lane] = {}
        self.waiting = 0
        """How many tasks wait in all lanes."""
        self._serving: dict[int, list[Profile]] = {}
        """The profiles that may serve a lane, by the lane's id."""
        self._excluding: dict[int, Lane] = {}
        """Lanes with exclusions, which may end without anything else happening."""
        self._pinned: dict[str, dict[int, Lane]] = {}
        """The lanes that only this agent may serve."""
        self._profiles: dict[tuple[frozenset[str], frozenset[Executor]], Profile] = {}
        self._news: OrderedDict[int, Lane] = OrderedDict()
        """Lanes with work nobody has looked at yet."""
        self._untold: dict[int, Lane] = {}
        """Those of them that their profiles have not been told of yet."""
        self._seekers: OrderedDict[str, Agent] = OrderedDict()
        """Agents with a free slot that have not looked for work yet."""
        self._stuck: dict[int, Lane] = {}
        """Lanes that a free agent may serve, but for the present head."""
        self._agents: dict[str, Agent] = {}
        self.parked = Parking()
        self.cold: dict[int, Share] = {}
        """Shares whose next places have to be read, by id."""
        self.free_agents = 0

    # Lanes

    def lane(self, key: str) -> Lane:
        """The lane of these requirements, made when it is new."""
        lane = self.lanes.get(key)
        if lane is None:
            lane = self.lanes[key] = Lane(key, decode(key))
            if lane.requirements.without:
                self._excluding[id(lane)] = lane
            pin = lane.requirements.agent
            if pin is not None:
                self._pinned.setdefault(pin, {})[id(lane)] = lane
                self._serving[id(lane)] = []
            else:
                self._serving[id(lane)] = [
                    profile
                    for profile in self._profiles.values()
                    if profile.fits(lane.requirements)
                ]
        return lane

    def has_room(self, keys: set[str]) -> bool:
        """Whether tasks with all of these requirements may be queued: see `LANES`."""
        if self._lanes_with(keys) <= LANES:
            return True
        self.sweep()
        return self._lanes_with(keys) <= LANES

    def _lanes_with(self, keys: set[str]) -> int:
        return len(self.lanes) + sum(key not in self.lanes for key in keys)

    def sweep(self) -> None:
        """Forget empty lanes and shares, when there are many."""
        for lane in self.lanes.values():
            if len(lane.shares) > KEPT_SHARES:
                lane.prune()
        if len(self.lanes) <= KEPT_EMPTY:
            return
        for key, lane in list(self.lanes.items()):
            lane.prune()
            if not lane.shares:
                self._forget(key, lane)

    def _forget(self, key: str, lane: Lane) -> None:
        del self.lanes[key]
        for profile in self._serving.pop(id(lane)):
            if profile.listed.pop(id(lane), None) is not None:
                profile.heads = [entry for entry in profile.heads if entry[2] is not lane]
                profile.heads.sort()
        self._news.pop(id(lane), None)
        self._untold.pop(id(lane), None)
        self._stuck.pop(id(lane), None)
        self._excluding.pop(id(lane), None)
        pin = lane.requirements.agent
        if pin is not None:
            self._pinned[pin].pop(id(lane), None)
            if not self._pinned[pin]:
                del self._pinned[pin]

    # Tasks

    def add(self, key: str, fairness_key: str | None, place: int, *, hot: bool) -> None:
        """A task waits from now on."""
        lane = self.lane(key)
        share = lane.share(fairness_key)
        share.add(place, hot=hot)
        self.waiting += 1
        lane.rank(share)
        self._announce(lane)

    def remove(self, task: Task) -> None:
        """A queued task left in another way than by a match."""
        share = self.lane(task.requires).share(task.spec.fairness_key)
        place = place_of(task.queue_key, task.seq)
        if self.parked and self.parked.take(place):
            share.size -= 1
        else:
            share.remove(place)
        self._left(share)

    def take(self, match: Match) -> None:
        """The match is made: the task leaves the queue and counts as running."""
        share = match.share
        share.take()
        share.running += 1
        self._left(share)
        self._turn_changed(share)
        if share.hungry:
            self.cold[id(share)] = share

    def park(self, share: Share, pause: str) -> None:
        """The head is kept back, and whoever waits behind it goes on; it still counts here."""
        self.parked.add(pause, share.set_aside(), share)
        self._moved_up(share)
        if share.hungry:
            self.cold[id(share)] = share

    def put_back(self, pause: str) -> None:
        """A pause is over: what it kept back stands in line again, in its old places."""
        for share, places in self.parked.take_all(pause):
            share.put_back(places)
            self._announce(share.lane)

    def look_at(self, task: Task) -> None:
        """A queued task changed: if it is parked, it is looked at again."""
        share = self.parked.take(place := place_of(task.queue_key, task.seq))
        if share is not None:
            share.put_back([place])
            self._announce(share.lane)

    def cool(self, share: Share) -> None:
        """The head's record is not in memory: it is read before it is matched again."""
        share.cool()
        self.cold[id(share)] = share

    def drop(self, share: Share) -> None:
        """The head turned out not to be queued any more."""
        share.take()
        self._left(share)

    def _left(self, share: Share) -> None:
        """A task left the lane, which may have another head now."""
        self.waiting -= 1
        self._moved_up(share)

    def _moved_up(self, share: Share) -> None:
        """A lane may have another head now."""
        share.lane.rank(share)
        if self._stuck and self._stuck.pop(id(share.lane), None) is not None:
            self._announce(share.lane)

    def ended(self, share: Share) -> None:
        """An attempt taken from this share is over."""
        share.running -= 1
        self._turn_changed(share)

    def _turn_changed(self, share: Share) -> None:
        """Another share may go first now, with a head before the one that profiles know."""
        lane = share.lane
        if len(lane.shares) > 1:
            lane.rank(share)
            self._announce(lane)

    def _announce(self, lane: Lane) -> None:
        """A lane's head may have come closer, or can be taken now."""
        self._news[id(lane)] = self._untold[id(lane)] = lane

    def loaded(self, share: Share) -> None:
        """The places this share was reading are in memory."""
        share.loaded()
        share.lane.rank(share)
        self._announce(share.lane)

    # Agents

    def enter(self, agent: Agent) -> None:
        """An agent is known, or offers other things than before."""
        self.leave(agent)
        self._agents[agent.record.id] = agent
        agent.capabilities = frozenset(agent.record.capabilities)
        agent.executors = frozenset(agent.record.executors)
        key = (agent.capabilities, agent.executors)
        profile = self._profiles.get(key)
        if profile is None:
            profile = self._profiles[key] = Profile(*key)
            for lane in self.lanes.values():
                if lane.requirements.agent is None and profile.fits(lane.requirements):
                    self._serving[id(lane)].append(profile)
                    first = lane.first()
                    if first is not None:
                        profile.offer(lane, first[1])
        profile.members += 1
        agent.profile = profile
        self.refresh(agent)

    def leave(self, agent: Agent) -> None:
        """An agent offers nothing any more."""
        self._agents.pop(agent.record.id, None)
        profile = agent.profile
        if profile is None:
            return
        self._withdraw(agent, profile)
        agent.profile = None
        profile.members -= 1
        if profile.members == 0:
            del self._profiles[profile.capabilities, profile.executors]
            for serving in self._serving.values():
                if profile in serving:
                    serving.remove(profile)

    def refresh(self, agent: Agent) -> None:
        """Something that decides whether the agent may be given work has changed."""
        profile = agent.profile
        if profile is None:
            return
        if not agent.available:
            self._withdraw(agent, profile)
            return
        if agent.record.id not in profile.free:
            profile.free[agent.record.id] = agent
            self.free_agents += 1
        self._seekers[agent.record.id] = agent

    def _withdraw(self, agent: Agent, profile: Profile) -> None:
        if profile.free.pop(agent.record.id, None) is not None:
            self.free_agents -= 1
        self._seekers.pop(agent.record.id, None)

    def look_again(self) -> None:
        """Exclusions may have ended: their lanes look for an agent again."""
        for lane in self._excluding.values():
            if lane.first() is not None:
                self._announce(lane)

    # Matching

    @property
    def pending(self) -> bool:
        """Whether `next` may find something."""
        return bool(self._news) or bool(self._seekers)

    def next(self, hub_now: int, task_id: Callable[[int], str]) -> Match | None:
        """The next match, or None when there is none; `task_id` names the task of a place.

        No agent is given a task while an earlier one that it may have waits at a lane's head,
        unless that one has to be read first.
        """
        for lane in self._untold.values():
            self._tell(lane)
        self._untold.clear()
        while self._news:
            lane = next(iter(self._news.values()))
            match = self._agent_for(lane, hub_now, task_id)
            if match is not None:
                return match
            del self._news[id(lane)]
        while self._seekers:
            agent = next(iter(self._seekers.values()))
            match = self._work_for(agent, hub_now, task_id)
            if match is not None:
                return match
            self._seekers.pop(agent.record.id, None)
        return None

    def _head(self, lane: Lane) -> tuple[Share, int] | None:
        """The lane's head if it can be taken now; otherwise it is read first."""
        first = lane.first()
        if first is None:
            return None
        share, place = first
        if share.ready(place):
            return first
        if not share.loading:
            self.cold[id(share)] = share
        return None

    def _agent_for(self, lane: Lane, hub_now: int, task_id: Callable[[int], str]) -> Match | None:
        head = self._head(lane) if self.free_agents else None
        if head is None:
            return None
        name = task_id(head[1])
        for agent in self._candidates(lane):
            if self._may_have(lane, agent, name, hub_now):
                profile = agent.profile
                if profile is None:
                    return None
                profile.free.move_to_end(agent.record.id)
                if agent.record.id in self._pinned or profile.has_earlier(lane, head[1]):
                    return self._work_for(agent, hub_now, task_id)
                return Match(*head, agent)
        return None

    def _tell(self, lane: Lane) -> None:
        first = lane.first()
        if first is not None:
            for profile in self._serving[id(lane)]:
                profile.offer(lane, first[1])

    def _candidates(self, lane: Lane) -> Iterator[Agent]:
        pin = lane.requirements.agent
        if pin is not None:
            if pin in self._agents:
                yield self._agents[pin]
            return
        for profile in self._serving[id(lane)]:
            yield from profile.free.values()

    def _work_for(self, agent: Agent, hub_now: int, task_id: Callable[[int], str]) -> Match | None:
        profile = agent.profile
        if profile is None or not agent.available:
            return None
        best: Match | None = None
        for lane in self._pinned.get(agent.record.id, {}).values():
            found = self._fitting(lane, agent, hub_now, task_id)
            if found is not None and (best is None or found.place < best.place):
                best = found
        aside: list[Lane] = []
        while profile.heads and (best is None or profile.heads[0][0] < best.place):
            head, key, lane = profile.heads[0]
            first = lane.first() if profile.listed.get(key) == head else None
            if first is None:
                profile.drop_first()
            elif first[1] > head:
                profile.drop_first()
                profile.offer(lane, first[1])
            else:
                found = self._fitting(lane, agent, hub_now, task_id)
                if found is not None:
                    best = found
                    break
                profile.drop_first()
                aside.append(lane)
        for lane in aside:
            first = lane.first()
            if first is not None:
                profile.offer(lane, first[1])
        return best

    def _fitting(
        self, lane: Lane, agent: Agent, hub_now: int, task_id: Callable[[int], str]
    ) -> Match | None:
        head = self._head(lane)
        if head is None:
            return None
        share, place = head
        if not self._may_have(lane, agent, task_id(place), hub_now):
            return None
        return Match(share, place, agent)

    def _may_have(self, lane: Lane, agent: Agent, task_id: str, hub_now: int) -> bool:
        if is_free(Question(lane.requirements, agent, task_id, hub_now)):
            return True
        if task_id in agent.foreign:
            self._stuck[id(lane)] = lane
        return False
