"""Marks: what a task needs, its labels and its mission, as short texts to find it by.

They are rows of the table `task_mark`. Most tasks have none, and cost nothing here.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby

from hub.core.filters import TaskFilter
from hub.core.task import Task
from schemas.work import TaskSpec

BLOCK_BITS = 10
"""A row of the table `task_span` stands for so many binary digits' worth of seqs."""


def of_need(capability: str) -> str:
    """The mark of tasks that need a capability."""
    return f"needs:{capability}"


def of_label(name: str, value: str) -> str:
    """The mark of tasks with a label; names hold no control characters, so it is no other's."""
    return f"label:{name}\x1f{value}"


def of_mission(mission: str) -> str:
    """The mark of tasks that belong to a mission."""
    return f"mission:{mission}"


def of_spec(spec: TaskSpec) -> set[str]:
    """All marks of a task."""
    marks = {of_need(capability) for capability in spec.needs or ()}
    marks.update(of_label(name, value) for name, value in (spec.labels or {}).items())
    if spec.mission_id is not None:
        marks.add(of_mission(spec.mission_id))
    return marks


def of_filter(wanted: TaskFilter) -> list[str]:
    """The marks that tasks must have to match, the most telling first."""
    marks = [] if wanted.mission is None else [of_mission(wanted.mission)]
    marks += [of_label(name, value) for name, value in dict.fromkeys(wanted.labels)]
    if wanted.capability is not None:
        marks.append(of_need(wanted.capability))
    return marks


def new_marks(tasks: Iterable[Task]) -> Iterator[tuple[str, str, int]]:
    """(org, mark, seq) for each mark of new tasks."""
    for task in tasks:
        spec = task.spec
        if spec.needs or spec.labels or spec.mission_id is not None:
            yield from ((task.org, mark, task.seq) for mark in of_spec(spec))


def spans(tasks: Iterable[Task]) -> Iterator[tuple[int, int, int]]:
    """(block, earliest, latest): when new tasks were created, by block of seqs."""
    for block, group in groupby(tasks, key=lambda task: task.seq >> BLOCK_BITS):
        times = [task.created_at for task in group]
        yield block, min(times), max(times)
