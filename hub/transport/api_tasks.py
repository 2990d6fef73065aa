"""HTTP for tasks: submit, look, wait, cancel, log, explain."""

import asyncio
from typing import Final

from msgspec import json

from hub.core import explain
from hub.core.errors import Refused
from hub.core.session import spec_flaws
from hub.core.task import Task
from hub.transport.edge import Answer, Call
from hub.transport.views import cursor_of, key_in, task_view
from schemas.http.tasks import Cancel, Created, CreatedBatch, TaskBatch, TaskPage, TaskView
from schemas.scalars import MIB, STATES_BY_NAME, ErrorCode, StateName, Stream, TaskState
from schemas.to_agent import Flaw
from schemas.work import TaskSpec

WAIT_MS: Final = 60_000
"""The longest wait for an end or for output."""
PAGE: Final = 50
LONGEST_PAGE: Final = 200
PAGE_BYTES: Final = 4 * MIB
"""The most that the tasks of one page have together; one task is always there."""
_encode = json.Encoder().encode


async def create_tasks(call: Call) -> Answer:
    """Submit one task, or several that are taken all or none."""
    services = call.services
    is_batch = _is_batch(call.body)
    model = TaskBatch if is_batch else TaskSpec
    taken = call.take(model)
    specs: list[TaskSpec] = taken.tasks if is_batch else [taken]
    _check_opaque(specs, is_batch=is_batch)
    tasks = services.tasks.submit(call.org, call.caller, specs)
    if not is_batch:
        return Answer(201, task_view(call.org, tasks[0], services.clock.now()))
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


async def _find(call: Call) -> Task:
    task = await _find_any(call, call.path("task_id"))
    if task is None:
        raise Refused(ErrorCode.NOT_FOUND, f"there is no task {call.path('task_id')[:64]}")
    return task


async def _find_any(call: Call, task_id: str) -> Task | None:
    found: asyncio.Future[Task | None] = asyncio.get_running_loop().create_future()

    def answer(task: Task | None) -> None:
        if not found.done():
            found.set_result(task)

    call.services.tasks.with_task(call.org, task_id, answer)
    return await found


async def get_task(call: Call) -> Answer:
    """One task; with `wait_ms`, once it has ended or the time is over."""
    wait_ms = call.integer("wait_ms", 0, 0, WAIT_MS)
    call.check_query()
    task = await _find(call)
    if wait_ms and not task.ended:
        task = await _wait(call, task, wait_ms)
    return Answer(200, task_view(call.org, task, call.services.clock.now()))


async def _wait(call: Call, task: Task, wait_ms: int) -> Task:
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    forget = call.services.watches.wait(task.id, ended)
    try:
        # It may have ended while it was looked for, before anybody watched.
        now = call.org.tasks.get(task.id)
        if now is None or not now.ended:
            await asyncio.wait([ended], timeout=wait_ms / 1000)
    finally:
        forget()
    return await _find_any(call, task.id) or task


async def list_tasks(call: Call) -> Answer:
    """A page of tasks, newest first; large ones end it before `limit`."""
    limit = call.integer("limit", PAGE, 1, LONGEST_PAGE)
    states = _states(call)
    call.check_query()
    before = _seq_in(call.text("cursor"))
    org = call.org
    rows = await call.services.loader.read(
        lambda reader: reader.page(org.name, before, limit + 1, states)
    )
    stored = call.services.loader.decode(rows)
    now = call.services.clock.now()
    views: list[TaskView] = []
    size = 0
    for task in stored[:limit]:
        view = task_view(org, task, now)
        size += len(_encode(view))
        if views and size > PAGE_BYTES:
            break
        views.append(view)
    more = len(stored) > len(views)
    cursor = cursor_of(str(stored[len(views) - 1].seq)) if more else None
    return Answer(200, TaskPage(views, cursor))


def _states(call: Call) -> list[TaskState]:
    names = [name for name in (call.text("state") or "").split(",") if name]
    unknown = [name for name in names if name not in STATES_BY_NAME]
    if unknown:
        known = ", ".join(STATES_BY_NAME)
        call.note("state", f"unknown state {unknown[0][:50]!r}; there are {known}")
    return [STATES_BY_NAME[name] for name in names if name not in unknown]


def _seq_in(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    key = key_in(cursor)
    if not (key.isascii() and key.isdigit() and len(key) < 16):
        raise Refused(ErrorCode.INVALID_JSON, "the cursor is not valid")
    return int(key)


async def cancel_task(call: Call) -> Answer:
    """Ask for a cancel. An agent may cancel only what it submitted."""
    wish = call.take(Cancel) if call.body else Cancel()
    services = call.services
    task = await _find(call)
    if not services.tasks.may_cancel(call.caller, task):
        raise Refused(ErrorCode.FORBIDDEN, "an agent may cancel only tasks it submitted")
    after = services.tasks.cancel(call.org, call.caller, task, wish.reason)
    return Answer(202, task_view(call.org, after, services.clock.now()))


async def explain_task(call: Call) -> Answer:
    """Why the task does, or does not, run."""
    task = await _find(call)
    return Answer(200, explain.explain(call.org, task, call.services.clock.now()))


async def task_log(call: Call) -> Answer:
    """Output of a task from a byte offset on; with `wait_ms`, waits for some."""
    stream = call.text("stream") or Stream.STDOUT
    if stream not in tuple(Stream):
        call.note("stream", "expected stdout or stderr")
    offset = call.integer("offset", 0, 0, 2**53 - 1)
    wait_ms = call.integer("wait_ms", 0, 0, WAIT_MS)
    generation = call.integer("generation", -1, 0, 2**53 - 1)
    call.check_query()
    task = await _find(call)
    chosen = None if generation < 0 else generation
    logs = call.services.logs
    loop = asyncio.get_running_loop()
    until = loop.time() + wait_ms / 1000
    text = await logs.read(task.id, chosen, Stream(stream), offset, ended=task.ended)
    watches = call.services.watches
    while not (text.text or text.ended or watches.stopped) and loop.time() < until:
        await logs.wait_for_news(min(until - loop.time(), 1.0))
        task = await _find(call)
        text = await logs.read(task.id, chosen, Stream(stream), offset, ended=task.ended)
    return Answer(200, text)
