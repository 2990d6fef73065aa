"""A profile: what fits it, and the order of its lanes."""

from hub.core.lanes import Lane
from hub.core.profiles import Profile
from hub.core.requirements import Requirements
from schemas.scalars import Executor


def profile() -> Profile:
    """Agents that offer x and y, and run commands."""
    return Profile(frozenset({"x", "y"}), frozenset({Executor.COMMAND}))


def lane() -> Lane:
    """A lane."""
    return Lane("{}", Requirements())


def test_all_that_is_needed_must_be_offered() -> None:
    """Capabilities and the executor; what is offered beyond that does not matter."""
    assert profile().fits(Requirements())
    assert profile().fits(Requirements(needs=("x",), executor=Executor.COMMAND))
    assert not profile().fits(Requirements(needs=("x", "z")))
    assert not Profile(frozenset(), frozenset()).fits(Requirements(executor=Executor.COMMAND))


def test_the_earliest_lane_stands_first() -> None:
    """A lane that is offered an earlier head moves forward, never backward."""
    offers, one, other = profile(), lane(), lane()
    offers.offer(one, 5)
    offers.offer(other, 3)
    offers.offer(one, 9)
    assert offers.heads[0][2] is other
    offers.offer(one, 1)

    assert offers.heads[0][2] is one
    assert offers.listed[id(one)] == 1


def test_a_forgotten_entry_can_be_offered_again() -> None:
    """Stale entries of the same lane do not stand for it."""
    offers, one = profile(), lane()
    offers.offer(one, 5)
    offers.offer(one, 3)
    offers.drop_first()
    assert offers.listed == {}
    offers.offer(one, 7)
    offers.drop_first()

    assert offers.listed == {id(one): 7}


def test_an_earlier_lane_is_noticed() -> None:
    """Another lane before this place; entries of the lane itself do not count."""
    offers, one, other = profile(), lane(), lane()
    assert not offers.has_earlier(one, 5)
    offers.offer(one, 2)
    assert not offers.has_earlier(one, 5)
    offers.offer(other, 4)

    assert offers.has_earlier(one, 5)
    assert not offers.has_earlier(one, 4)
    assert offers.has_earlier(other, 4)
