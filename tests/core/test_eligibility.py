"""Each obstacle stands in the way by itself, and a free agent has none."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec import structs

from hub.core.agent import Agent, Attempt
from hub.core.eligibility import CHECKS, Question, is_free, obstacles
from hub.core.lanes import Lane
from hub.core.requirements import FOR_GOOD, Requirements
from schemas.scalars import Executor
from tests.core.making import online

NEED = Requirements(needs=("x",), executor=Executor.COMMAND)


def able() -> Agent:
    """An agent that may have the task."""
    return online("a", 1, "x", "y")


def set_to(name: str, value: Any) -> Callable[[], Agent]:
    """The same agent with something about it changed."""

    def made() -> Agent:
        agent = able()
        setattr(agent, name, value)
        return agent

    return made


def full() -> Agent:
    """An agent whose only slot is taken."""
    agent = able()
    agent.held["other"] = Attempt("other", 1, Lane("{}", NEED).share(None))
    return agent


def stopped(**flags: bool) -> Callable[[], Agent]:
    """The same agent after people said something about it."""

    def made() -> Agent:
        agent = able()
        agent.becomes(structs.replace(agent.record, **flags))
        return agent

    return made


CASES: dict[str, tuple[Requirements, Callable[[], Agent]]] = {
    "offline": (NEED, set_to("session", 0)),
    "paused": (NEED, stopped(paused=True)),
    "draining": (NEED, stopped(draining=True)),
    "inactive": (NEED, stopped(active=False)),
    "pinned_elsewhere": (Requirements(agent="b"), able),
    "missing_capability": (Requirements(needs=("x", "z")), able),
    "no_executor": (NEED, lambda: online("a", 1, "x", run=False)),
    "excluded": (Requirements(without={"a": FOR_GOOD}), able),
    "said_busy": (NEED, set_to("busy", True)),
    "not_answering": (NEED, set_to("silent", True)),
    "not_reading": (NEED, set_to("clogged", True)),
    "just_arrived": (NEED, set_to("settling", True)),
    "no_free_slot": (NEED, full),
}


@pytest.mark.parametrize("code", CASES)
def test_each_obstacle_has_its_code(code: str) -> None:
    """It is named alone, and the agent does not get the task."""
    need, agent = CASES[code]
    question = Question(need, agent(), "task", 1)

    assert list(obstacles(question)) == [code]
    assert not is_free(question)


def test_an_older_attempt_stands_in_the_way_of_its_own_task_only() -> None:
    """An agent never works on two generations of one task."""
    agent = online("a", 2, "x")
    agent.foreign = {"task": 1}

    assert list(obstacles(Question(NEED, agent, "task", 1))) == ["older_attempt_running"]
    assert not is_free(Question(NEED, agent, "task", 1))
    assert is_free(Question(NEED, agent, "other", 1))


def test_nothing_stands_in_the_way_of_a_free_agent() -> None:
    """Also when it is the one the task is pinned to, or its exclusion is over."""
    for need in (NEED, Requirements(agent="a"), Requirements(without={"a": 5})):
        assert list(obstacles(Question(need, able(), "task", 5))) == []
        assert is_free(Question(need, able(), "task", 5))


def test_every_code_is_tried() -> None:
    """A new obstacle needs a case here."""
    assert {*CASES, "older_attempt_running"} == set(CHECKS)
