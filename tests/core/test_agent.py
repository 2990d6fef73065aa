"""An agent's derived status, and the terms of its attempts."""

from hub.core.agent import NEVER, Agent, Attempt
from hub.core.lanes import Lane
from hub.core.requirements import Requirements
from tests.core.making import online, record


def attempt() -> Attempt:
    """An attempt of which no term runs yet."""
    return Attempt("task-1", 1, Lane("{}", Requirements()).share(None))


def test_status_follows_from_session_and_tasks() -> None:
    """No words of a client set it."""
    agent = Agent(record())
    seen = [agent.status]
    agent.session = 1
    seen.append(agent.status)
    agent.held["task-1"] = attempt()
    seen.append(agent.status)
    agent.session = 0
    seen.append(agent.status)

    assert seen == ["offline", "idle", "working", "stale"]


def test_slots_are_filled_by_what_is_held_and_what_is_foreign() -> None:
    """An agent that still runs something else has a slot less."""
    agent = online(slots=2)
    assert (agent.free, agent.available) == (2, True)
    agent.held["task-1"] = attempt()
    agent.foreign["task-2"] = 5

    assert (agent.free, agent.available) == (0, False)


def test_an_agent_may_be_unavailable_with_free_slots() -> None:
    """Offline, busy, silent or clogged, it is given nothing."""
    for name, value in (("session", 0), ("busy", True), ("silent", True), ("clogged", True)):
        agent = online(slots=2)
        setattr(agent, name, value)
        assert not agent.available


def test_the_first_term_counts() -> None:
    """Whichever it is; a term that does not run never comes."""
    terms = attempt()
    assert terms.earliest == NEVER
    terms.lease_until, terms.cancel_by = 50, 40
    assert terms.earliest == 40


def test_only_terms_that_run_are_extended() -> None:
    """When the hub stood still nobody is to blame, and what did not run still does not."""
    terms = attempt()
    terms.lease_until = 50
    terms.extend(7)

    assert (terms.lease_until, terms.accept_by, terms.times_out_at) == (57, NEVER, NEVER)
    assert terms.cancel_by == NEVER


def test_a_reminder_is_for_the_first_term() -> None:
    """A later one does not put it off."""
    agent = online()
    agent.remind(50)
    agent.remind(60)

    assert agent.earliest == 50
