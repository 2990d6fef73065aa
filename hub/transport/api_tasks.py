"""HTTP for one task: submit, look, wait, edit, cancel, retry, explain, log."""

import asyncio
from typing import Final

from msgspec import json

from hub.core import explain
from hub.core.errors import Refused
from hub.core.gates import spec_flaws
from hub.core.task import Task
from hub.transport.call import Answer, Call
from hub.transport.edge import if_match
from hub.transport.opaque_flaws import check_edit
from hub.transport.sentences import fit
from hub.transport.views import task_view
from schemas.http.tasks import (
    Cancel,
    Created,
    CreatedBatch,
    LogQuery,
    LogText,
    Retried,
    TaskBatch,
    TaskEdit,
    WaitQuery,
)
from schemas.scalars import ErrorCode, StateName
from schemas.to_agent import Flaw
from schemas.work import TaskSpec

LOOK_SECONDS: Final = 0.5
"""How often a request that waits looks whether its credential is still good."""


async def create_tasks(call: Call) -> Answer:
    """Submit one task, or several that are taken all or none."""
    services = call.services
    is_batch = _is_batch(call.body)
    model = TaskBatch if is_batch else TaskSpec
    taken = call.take(model)
    specs: list[TaskSpec] = taken.tasks if is_batch else [taken]
    _check_opaque(specs, is_batch=is_batch)
    call.charge(len(specs))
    tasks = services.tasks.submit(call.org, call.caller, specs, call.actor)
    if not is_batch:
        return _shown(call, tasks[0], 201)
    items = [Created(task.id, StateName[task.state.name]) for task in tasks]
    return Answer(201, CreatedBatch(items))


def _is_batch(body: bytes) -> bool:
    try:
        return "tasks" in json.decode(body, type=dict)
    except (ValueError, RecursionError):
        return False


def _check_opaque(specs: list[TaskSpec], *, is_batch: bool) -> None:
    flaws: list[Flaw] = []
    for index, spec in enumerate(specs):
        flaws += spec_flaws(spec, f"$.tasks[{index}]" if is_batch else "$")
    if flaws:
        raise Refused(ErrorCode.VALIDATION_FAILED, "opaque JSON is not valid", flaws=flaws[:20])


def _shown(call: Call, task: Task, status: int = 200) -> Answer:
    view = task_view(call.org, task, call.services.clock.now())
    return Answer(status, view, version=task.version, entity=task.id)


async def _find(call: Call, task_id: str | None = None) -> Task:
    """The task as memory has it now: what decides on it may await nothing in between."""
    name = call.path("task_id") if task_id is None else task_id
    task = await _find_any(call, name)
    if task is None:
        raise Refused(ErrorCode.NOT_FOUND, f"there is no task {fit(name, 64)}")
    return task


async def show_task(call: Call, task_id: str) -> Answer:
    """One task, as it is now."""
    return _shown(call, await _find(call, task_id))


async def _find_any(call: Call, task_id: str) -> Task | None:
    tasks = call.org.tasks
    while tasks.get(task_id) is None:
        if not await _is_there(call, task_id):
            return None
    return tasks.get(task_id)


async def _is_there(call: Call, task_id: str) -> bool:
    """Have a task read. When others wait for it too, one of them may change it first."""
    found: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def answer(task: Task | None) -> None:
        if not found.done():
            found.set_result(task is not None)

    call.services.tasks.with_task(call.org, task_id, answer)
    return await found


async def get_task(call: Call) -> Answer:
    """One task; with `wait_ms`, once it has ended or the time is over."""
    query: WaitQuery = call.query
    task = await _find(call)
    if query.wait_ms and not task.ended:
        task = await _wait(call, task, query.wait_ms)
    return _shown(call, task)


async def _wait(call: Call, task: Task, wait_ms: int) -> Task:
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    forget = call.services.watches.wait(task.id, ended)
    try:
        # It may have ended while it was looked for, before anybody watched.
        now = call.org.tasks.get(task.id)
        loop = asyncio.get_running_loop()
        until = loop.time() + wait_ms / 1000
        while (now is None or not now.ended) and not ended.done() and loop.time() < until:
            await asyncio.wait([ended], timeout=min(until - loop.time(), LOOK_SECONDS))
            call.check_credential()
    finally:
        forget()
    return await _find_any(call, task.id) or task


async def cancel_task(call: Call) -> Answer:
    """Ask for a cancel. An agent may cancel only what it submitted."""
    wish = call.take(Cancel)
    services = call.services
    task = await _find(call)
    if not services.tasks.may_change(call.caller, task):
        raise Refused(ErrorCode.FORBIDDEN, "an agent may cancel only tasks it submitted")
    after = services.tasks.cancel(call.org, call.actor, task, wish.reason)
    return _shown(call, after, 202)


async def edit_task(call: Call) -> Answer:
    """Change a task; with `If-Match`, only that version. An agent only what it submitted."""
    wish = call.take(TaskEdit)
    check_edit(wish)
    version = if_match(call)
    services = call.services
    task = await _find(call)
    if not services.tasks.may_change(call.caller, task):
        raise Refused(ErrorCode.FORBIDDEN, "an agent may edit only tasks it submitted")
    return _shown(call, services.edits.edit(call.org, call.actor, task, wish, version))


async def retry_task(call: Call) -> Answer:
    """Put a dead letter or a cancelled task back into the queue.

    A `complete_by` that has passed is cleared, or the task would expire at once.
    """
    wish = call.take(Retried)
    task = await _find(call)
    return _shown(call, call.services.edits.retry(call.org, call.actor, task, wish.reason))


async def explain_task(call: Call) -> Answer:
    """Why the task does, or does not, run."""
    task = await _find(call)
    return Answer(200, explain.explain(call.org, task, call.services.clock.now()))


async def task_log(call: Call) -> Answer:
    """Output of a task from a byte offset on, or its end; with `wait_ms`, waits for some."""
    query: LogQuery = call.query
    task = await _find(call)
    logs = call.services.logs
    loop = asyncio.get_running_loop()
    until = loop.time() + query.wait_ms / 1000

    generation, offset = query.generation, query.offset
    if query.tail is not None:
        generation, offset = await logs.tail_of(task.id, generation, query.stream, query.tail)

    async def read() -> LogText:
        return await logs.read(task.id, generation, query.stream, offset, ended=task.ended)

    text = await read()
    watches = call.services.watches
    while not (text.text or text.ended or watches.stopped) and loop.time() < until:
        await logs.wait_for_news(min(until - loop.time(), LOOK_SECONDS))
        call.check_credential()
        task = await _find(call)
        text = await read()
    return Answer(200, text)
