"""Who gets what, against looking at every pair of a task and an agent."""

import pytest
from hypothesis import settings
from hypothesis.stateful import invariant

from hub.core import matching
from hub.core.agent import Agent
from hub.core.lanes import place_of
from hub.core.matching import Match, Matcher
from hub.core.requirements import decode
from hub.core.task import Task
from tests.core.making import online
from tests.core.yard import Yard


def may_have(agent: Agent, task: Task, hub_now: int) -> bool:
    """Whether an agent may have a task now, told by the words of the plan."""
    need = decode(task.requires)
    offers = agent.record
    until = need.without.get(offers.id)
    return (
        agent.session != 0
        and not agent.busy
        and not agent.silent
        and not agent.clogged
        and not (offers.paused or offers.draining or not offers.active)
        and len(agent.held) + len(agent.foreign) < offers.slots
        and set(need.needs) <= set(offers.capabilities)
        and (need.executor is None or need.executor in offers.executors)
        and need.agent in (None, offers.id)
        and (until is None or 0 < until <= hub_now)
        and task.id not in agent.foreign
    )


class Matching(Yard):
    """Looks at each match, and at what is left when there is none."""

    def heads(self) -> list[tuple[int, Task]]:
        """The first task of each lane, with its place."""
        firsts = [lane.first() for lane in self.org.matcher.lanes.values()]
        return [(first[1], self.at(first[1])) for first in firsts if first is not None]

    def look_at(self, match: Match, task: Task) -> None:
        """The agent may have it, and nothing that it may have stands before it."""
        assert may_have(match.agent, task, self.now.hub)
        earlier = [
            head
            for place, head in self.heads()
            if place < match.place and self.is_ready(head, place)
        ]
        assert not [head for head in earlier if may_have(match.agent, head, self.now.hub)]

    def is_ready(self, task: Task, place: int) -> bool:
        """Whether the task need not be read first."""
        shares = self.org.matcher.lanes[task.requires].shares
        return shares[task.spec.fairness_key].ready(place)

    @invariant()
    def no_match_is_missed(self) -> None:
        """When matching has come to an end, no agent may have the head of any lane."""
        if self.settled:
            for _, head in self.heads():
                fitting = [
                    agent
                    for agent in self.org.agents.values()
                    if may_have(agent, head, self.now.hub)
                ]
                assert not fitting

    @invariant()
    def free_agents_are_counted(self) -> None:
        """The count says how many agents may be given work."""
        free = [agent for agent in self.org.agents.values() if agent.available]
        assert self.org.matcher.free_agents == len(free)


Matching.TestCase.settings = settings(max_examples=150, stateful_step_count=40)
TestMatching = Matching.TestCase


def add(matcher: Matcher, key: str, when: int, seq: int) -> None:
    """A hot task waits in a lane."""
    matcher.add(key, None, place_of(when, seq), hot=True)


def next_place(matcher: Matcher) -> int | None:
    """Make the next match; its place."""
    match = matcher.next(0, str)
    if match is None:
        return None
    matcher.take(match)
    return match.place


def test_a_flood_in_one_lane_does_not_starve_another() -> None:
    """New work in a lane does not go before older work in another."""
    matcher = Matcher()
    agent = online(slots=1_000)
    add(matcher, "{}", 5, 1)
    add(matcher, '{"run":"command"}', 1, 2)
    matcher.enter(agent)
    assert next_place(matcher) == place_of(1, 2)
    for seq in range(3, 20):
        add(matcher, "{}", 6, seq)
        add(matcher, '{"run":"command"}', 2, 100 + seq)

        assert next_place(matcher) == place_of(2, 100 + seq)


def test_idle_agents_take_turns() -> None:
    """Work is spread over those that are free, the one that waited longest first."""
    matcher = Matcher()
    for name in ("a", "b", "c"):
        matcher.enter(online(name, slots=10))
    assert next_place(matcher) is None
    names = []
    for seq in range(1, 7):
        add(matcher, "{}", 1, seq)
        match = matcher.next(0, str)
        assert match is not None
        matcher.take(match)
        names.append(match.agent.record.id)

    assert names == ["a", "b", "c", "a", "b", "c"]


def test_there_is_room_for_so_many_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A task of a new kind is refused at the limit, unless an empty lane can go."""
    monkeypatch.setattr(matching, "LANES", 2)
    monkeypatch.setattr(matching, "KEPT_EMPTY", 1)
    matcher = Matcher()
    add(matcher, '{"needs":["a"]}', 1, 1)
    add(matcher, '{"needs":["b"]}', 1, 2)
    assert matcher.has_room({'{"needs":["a"]}'})
    assert not matcher.has_room({'{"needs":["c"]}'})
    matcher.enter(online("one", 1, "a"))
    assert next_place(matcher) == place_of(1, 1)
    share = matcher.lanes['{"needs":["a"]}'].shares[None]
    assert not matcher.has_room({'{"needs":["c"]}'})
    matcher.ended(share)

    assert matcher.has_room({'{"needs":["c"]}'})
    assert set(matcher.lanes) == {'{"needs":["b"]}'}


def test_few_empty_lanes_are_kept() -> None:
    """The next task of the same kind finds its lane."""
    matcher = Matcher()
    matcher.lane("{}")
    matcher.sweep()

    assert set(matcher.lanes) == {"{}"}


def test_an_agent_that_left_gets_nothing() -> None:
    """It is not known to the matcher any more, and its profile is forgotten."""
    matcher = Matcher()
    agent = online()
    matcher.enter(agent)
    matcher.leave(agent)
    matcher.leave(agent)
    matcher.refresh(agent)
    add(matcher, "{}", 1, 1)

    assert next_place(matcher) is None
    assert matcher.free_agents == 0
