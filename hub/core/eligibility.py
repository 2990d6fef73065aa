"""What keeps an agent from a task: the one list that matching and `explain` both use."""

from collections.abc import Callable, Iterator
from typing import Final

from msgspec import Struct

from hub.core.agent import Agent
from hub.core.requirements import Requirements


class Question(Struct, frozen=True, gc=False):
    """May this agent have this task now?"""

    requirements: Requirements
    agent: Agent
    task_id: str
    hub_now: int


CHECKS: Final[dict[str, Callable[[Question], bool]]] = {
    "offline": lambda q: q.agent.session == 0,
    "paused": lambda q: q.agent.record.paused,
    "draining": lambda q: q.agent.record.draining,
    "inactive": lambda q: not q.agent.record.active,
    "pinned_elsewhere": lambda q: q.requirements.agent not in (None, q.agent.record.id),
    "missing_capability": lambda q: not q.requirements.has_capabilities(q.agent.capabilities),
    "no_executor": lambda q: not q.requirements.has_executor(q.agent.executors),
    "excluded": lambda q: (
        bool(q.requirements.without) and q.requirements.excludes(q.agent.record.id, q.hub_now)
    ),
    "older_attempt_running": lambda q: q.task_id in q.agent.foreign,
    "said_busy": lambda q: q.agent.busy,
    "not_answering": lambda q: q.agent.silent,
    "not_reading": lambda q: q.agent.clogged,
    "just_arrived": lambda q: q.agent.settling,
    "no_free_slot": lambda q: q.agent.free <= 0,
}
"""Each reason code, and the question that is true when it stands in the way."""


def obstacles(question: Question) -> Iterator[str]:
    """The codes of everything that stands in the way, none when the agent may have the task."""
    for code, stands_in_the_way in CHECKS.items():
        if stands_in_the_way(question):
            yield code


def is_free(question: Question) -> bool:
    """Whether nothing stands in the way: the same as no obstacle, without asking one by one."""
    need, agent = question.requirements, question.agent
    return (
        agent.available
        and question.task_id not in agent.foreign
        and need.agent in (None, agent.record.id)
        and need.has_capabilities(agent.capabilities)
        and need.has_executor(agent.executors)
        and not (need.without and need.excludes(agent.record.id, question.hub_now))
    )
