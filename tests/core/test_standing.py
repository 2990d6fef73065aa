"""What people say about an agent, and what is left to the agent itself."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from hub.core import standing
from hub.core.agent import AgentRecord, is_barred
from schemas.from_agent import Identify
from schemas.scalars import AgentStatus, Executor
from tests.core.making import NOW, record

WALL = NOW.wall


def says(**own: Any) -> Identify:
    """What an agent says of itself."""
    return Identify("agent-1", 2, **own)


@pytest.mark.parametrize(
    ("flags", "status"),
    [
        ({}, AgentStatus.ACTIVE),
        ({"paused": True}, AgentStatus.PAUSED),
        ({"paused": True, "draining": True}, AgentStatus.DRAINING),
        ({"draining": True, "active": False}, AgentStatus.INACTIVE),
    ],
)
def test_the_strongest_word_counts(flags: dict[str, bool], status: AgentStatus) -> None:
    """And only an active agent may be given work."""
    agent = structs.replace(record(), **flags)

    assert standing.standing(agent) is status
    assert is_barred(agent) is (status is not AgentStatus.ACTIVE)


def test_a_pause_has_a_note_and_an_end() -> None:
    """Saying the same again changes nothing; another note or end does."""
    once = standing.paused(record(), "disk", 5)

    assert (once.paused, once.pause_note, once.paused_until) == (True, "disk", 5)
    assert standing.paused(once, "disk", 5) is once
    assert standing.paused(once, "disk", None).paused_until is None


def test_the_end_of_a_pause_leaves_a_drain_alone() -> None:
    """Only a person ends both."""
    both = standing.draining(standing.paused(record(), "disk", 5))

    assert standing.standing(standing.unpaused(both)) is AgentStatus.DRAINING
    assert standing.standing(standing.resumed(both)) is AgentStatus.ACTIVE
    assert standing.resumed(both).pause_note is None


def test_each_change_is_a_version_and_nothing_else_is() -> None:
    """What changes nothing returns the very record."""
    first = record()
    second = standing.paused(first, None, None)

    assert (first.version, second.version) == (1, 2)
    assert standing.resumed(first) is first
    assert standing.draining(standing.draining(first)).version == 2
    assert standing.edited(first, {}) is first


def test_what_a_person_sets_is_not_overwritten() -> None:
    """Until the person gives it back, the agent's own words do not count."""
    edited = standing.edited(record(), {"slots": 7, "capabilities": ["b", "a", "b"]})
    came = standing.introduced(edited, "main", says(slots=2, capabilities=["z"], name="n"), WALL)

    assert edited.fixed == ("capabilities", "slots")
    assert (came.slots, came.capabilities, came.name) == (7, ("a", "b"), "n")
    given_back = standing.edited(came, {"slots": None})
    assert (given_back.slots, given_back.fixed) == (7, ("capabilities",))
    later = standing.introduced(given_back, "main", says(slots=2), WALL)
    assert (later.slots, later.capabilities) == (2, ("a", "b"))


def test_a_login_keeps_what_people_said() -> None:
    """Notes, labels, pauses and the version are no business of the agent."""
    told = standing.paused(standing.edited(record(), {"labels": {"b": "2", "a": "1"}}), "x", 9)
    came = standing.introduced(told, "main", says(executors=[Executor.COMMAND]), WALL + 1)

    assert came.labels == (("a", "1"), ("b", "2"))
    assert (came.paused, came.pause_note, came.paused_until, came.version) == (True, "x", 9, 3)
    assert (came.last_seen_at, came.created_at) == (WALL + 1, WALL)


def test_the_first_login_makes_a_record() -> None:
    """With what the agent says, or with what it means by saying nothing."""
    came = standing.introduced(None, "main", says(), WALL)

    assert (came.id, came.name, came.slots, came.capabilities) == ("agent-1", "agent-1", 1, ())
    assert (came.source, came.created_at, came.version) == ("self", WALL, 1)


def test_null_empties_what_only_people_set() -> None:
    """A note and labels belong to nobody else."""
    noted = standing.edited(record(), {"note": "rack 4", "labels": {"zone": "a"}})
    emptied = standing.edited(noted, {"note": None, "labels": None})

    assert (noted.note, noted.labels, noted.fixed) == ("rack 4", (("zone", "a"),), ())
    assert (emptied.note, emptied.labels) == (None, ())


def test_changed_fields_are_named() -> None:
    """Also one that keeps its value and is fixed from now on."""
    first = record(slots=1)
    edited = standing.edited(first, {"slots": 1, "note": "x"})

    assert standing.changed_fields(first, edited) == ["slots", "note"]


def test_a_declared_agent_exists_before_it_connects() -> None:
    """What the list leaves out is the agent's own."""
    declared = standing.declared(None, "main", "a", {"slots": 4, "note": "x"}, WALL)

    assert (declared.source, declared.slots, declared.note) == ("file", 4, "x")
    assert (declared.name, declared.fixed, declared.version) == ("a", ("slots",), 1)
    assert declared.last_seen_at is None


def test_a_list_takes_an_agent_over_and_back_into_use() -> None:
    """The second time it changes nothing."""
    gone = standing.deactivated(record())
    taken = standing.declared(gone, "main", gone.id, {"note": "x"}, WALL)

    assert (taken.source, taken.active, taken.note) == ("file", True, "x")
    assert taken.version == gone.version + 1
    assert standing.declared(taken, "main", gone.id, {"note": "x"}, WALL) is taken


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from([None, "n"]),
        "slots": st.sampled_from([None, 0, 3]),
        "capabilities": st.sampled_from([None, [], ["y", "x"]]),
        "labels": st.sampled_from([None, {}, {"k": "v"}]),
        "note": st.sampled_from([None, "note"]),
    },
)


@given(st.lists(CHANGES, max_size=4))
def test_the_same_edit_twice_is_one(edits: list[dict[str, Any]]) -> None:
    """An edit is idempotent, raises the version by one at most, and names what it changed."""
    agent: AgentRecord = record()
    for changes in edits:
        after = standing.edited(agent, changes)
        assert standing.edited(after, changes) is after
        assert after.version == agent.version + (after is not agent)
        assert bool(standing.changed_fields(agent, after)) is (after is not agent)
        agent = after
