"""HTTP for many tasks at once: lists, dead letters, statistics."""

import asyncio
from typing import Final

from msgspec import json, structs

from hub.core.errors import Refused
from hub.core.filters import TaskFilter, filter_of
from hub.core.task import NAMES, Task
from hub.services.task_bulk import COUNTED
from hub.services.waiting import oldest_queued_at
from hub.transport.call import Answer, Call
from hub.transport.cursors import make_cursor, read_seq
from hub.transport.views import brief, task_view
from schemas.http.tasks import (
    FilterQuery,
    TaskConditions,
    TaskPage,
    TaskQuery,
    TaskStats,
    TaskView,
    Total,
)
from schemas.scalars import MIB, ErrorCode, Priority, PriorityName, StateName, TaskState
from schemas.to_agent import Flaw

PAGE_BYTES: Final = 4 * MIB
"""The most that the tasks of one page have together; one task is always there."""
_encode = json.Encoder().encode


async def list_tasks(call: Call) -> Answer:
    """A page of tasks, newest first; large ones end it before `limit`."""
    query: TaskQuery = call.query
    return await _page(call, query, _conditions(query, query.state))


async def list_dead_letters(call: Call) -> Answer:
    """A page of dead letters, newest first."""
    query: FilterQuery = call.query
    return await _page(call, query, _conditions(query, [StateName.DEAD_LETTER]))


def _conditions(query: FilterQuery, states: list[StateName] | None) -> TaskConditions:
    pairs = [text.partition("=") for text in query.label or ()]
    if not all(sign for _, sign, _ in pairs):
        flaws = [Flaw("query.label", "expected name=value")]
        raise Refused(ErrorCode.VALIDATION_FAILED, flaws[0].message, flaws=flaws)
    labels = {name: value for name, _, value in pairs}
    if len(labels) < len(set(pairs)):
        flaws = [Flaw("query.label", "a task has only one value of a label")]
        raise Refused(ErrorCode.VALIDATION_FAILED, flaws[0].message, flaws=flaws)
    return TaskConditions(
        state=sorted(set(states)) if states else None,
        agent=query.agent,
        priority=query.priority or None,
        capability=query.capability,
        labels=labels or None,
        mission=query.mission,
        submitter=query.submitter,
        created_after=query.created_after,
        created_before=query.created_before,
        text=query.text,
    )


async def _page(call: Call, query: FilterQuery, conditions: TaskConditions) -> Answer:
    """What was answered before can be seen: the list waits until all of it is durable."""
    before = None if query.cursor is None else read_seq(query.cursor, "tasks", conditions)
    wanted, org, services = filter_of(conditions), call.org, call.services
    await services.journal.settled()
    skipped, found = await services.loader.window(org.name, wanted, before, query.skip, query.limit)
    stored = services.loader.decode(found.rows)
    views = _fitting(call, stored)
    is_cut = len(views) < len(stored)
    next_before = stored[len(views) - 1].seq if is_cut else found.next_before
    cursor = None if next_before is None else make_cursor(str(next_before), "tasks", conditions)
    total = await _total(call, wanted) if query.count else None
    if query.brief:
        views = [brief(view) for view in views]
    return Answer(200, TaskPage(views, cursor, total, skipped))


def _fitting(call: Call, tasks: list[Task]) -> list[TaskView]:
    """As many of the tasks as one answer may hold."""
    now = call.services.clock.now()
    views: list[TaskView] = []
    size = 0
    for task in tasks:
        view = task_view(call.org, task, now)
        size += len(_encode(view))
        if views and size > PAGE_BYTES:
            break
        views.append(view)
    return views


async def _total(call: Call, wanted: TaskFilter) -> Total:
    org = call.org
    if wanted == TaskFilter(states=wanted.states):
        return Total(sum(org.counts[state] for state in wanted.states or TaskState))
    counted = await call.services.loader.read(
        lambda reader: reader.count(org.name, wanted, COUNTED)
    )
    return Total(*counted)


async def task_stats(call: Call) -> Answer:
    """How many tasks there are, how many end, and how long they take."""
    services, org = call.services, call.org
    await services.journal.settled()
    queued, oldest = await asyncio.gather(_queued(call), _oldest_queued_ms(call))
    now = services.clock.now()
    statistics = services.metrics.statistics[org.name]
    stats = TaskStats(
        states={NAMES[state].value: count for state, count in org.counts.items()},
        queued_by_priority=queued,
        oldest_queued_ms=oldest,
        throughput=statistics.throughput(now.wall),
        wait_ms=statistics.waits(now.wall),
        run_ms=statistics.runs(now.wall),
        since=now.wall - (now.hub - services.started_at),
    )
    return Answer(200, stats)


async def _queued(call: Call) -> dict[str, Total]:
    """Most tasks are of normal priority: those are what the others leave."""
    special = (Priority.URGENT, Priority.HIGH, Priority.LOW)
    wanted = TaskFilter(states=(TaskState.QUEUED,))
    totals = {
        priority: await _total(call, structs.replace(wanted, priorities=(priority,)))
        for priority in special
    }
    left = call.org.counts[TaskState.QUEUED] - sum(total.count for total in totals.values())
    totals[Priority.NORMAL] = Total(max(left, 0), any(total.more for total in totals.values()))
    return {PriorityName[priority.name].value: totals[priority] for priority in Priority}


async def _oldest_queued_ms(call: Call) -> int | None:
    at = await oldest_queued_at(call.org, call.services.loader)
    return None if at is None else max(call.services.clock.now().wall - at, 0)
