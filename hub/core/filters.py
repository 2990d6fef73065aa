"""Filters: which tasks a list, a count or a bulk action is about.

A filter is plain data, and `matches` says what it means. A store may find the tasks faster
along an index, but never other ones.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from hub.core.task import Task
from schemas.http.tasks import TaskConditions
from schemas.scalars import PRIORITIES, STATES_BY_NAME, Priority, TaskState


class TaskFilter(Struct, frozen=True):
    """Conditions on a task; all of those that are given have to hold."""

    states: tuple[TaskState, ...] = ()
    """Any of these; every state when none is named."""
    agent: str | None = None
    """The agent that has it now, or that ended it."""
    priorities: tuple[Priority, ...] = ()
    """Any of these; every priority when none is named."""
    capability: str | None = None
    """One of the capabilities it needs."""
    labels: tuple[tuple[str, str], ...] = ()
    """All of these names with these values."""
    mission: str | None = None
    submitter: str | None = None
    created_after: int | None = None
    """Wall time in milliseconds: created then or later."""
    created_before: int | None = None
    """Wall time in milliseconds: created earlier."""
    text: str | None = None
    """A part of its id or of its description: see `has_text`."""

    def matches(self, task: Task) -> bool:
        """Whether the task is one of those meant."""
        return all(self._verdicts(task))

    def _verdicts(self, task: Task) -> Iterator[bool]:
        spec = task.spec
        yield not self.states or task.state in self.states
        yield not self.priorities or task.priority in self.priorities
        yield self.agent is None or task.assigned_to == self.agent
        yield self.submitter is None or task.submitted_by == self.submitter
        yield self.created_after is None or task.created_at >= self.created_after
        yield self.created_before is None or task.created_at < self.created_before
        yield self.mission is None or spec.mission_id == self.mission
        yield self.capability is None or self.capability in (spec.needs or ())
        yield not self.labels or set(self.labels) <= (spec.labels or {}).items()
        yield self.text is None or has_text(self.text, task)


def filter_of(conditions: TaskConditions) -> TaskFilter:
    """The filter that somebody described."""
    return TaskFilter(
        states=tuple(STATES_BY_NAME[name] for name in conditions.state or ()),
        agent=conditions.agent,
        priorities=tuple(PRIORITIES[name] for name in conditions.priority or ()),
        capability=conditions.capability,
        labels=tuple(sorted((conditions.labels or {}).items())),
        mission=conditions.mission,
        submitter=conditions.submitter,
        created_after=conditions.created_after,
        created_before=conditions.created_before,
        text=conditions.text,
    )


def has_text(text: str, task: Task) -> bool:
    """Whether a task's id or description contains this text, in upper or lower case.

    What comes after a NUL character in a description is not looked at: databases end text there.
    """
    pattern = _pattern(text)
    seen = task.spec.description.partition("\0")[0]
    return pattern.search(task.id) is not None or pattern.search(seen) is not None


@lru_cache(maxsize=64)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile("".join(f"[{re.escape(cases(letter))}]" for letter in text))


def cases(letter: str) -> str:
    """A letter as it is, and in upper and lower case where that is one letter too."""
    forms = (letter, letter.lower(), letter.upper())
    return "".join(dict.fromkeys(form for form in forms if len(form) == 1))
