"""HTTP for bulk actions: preview, begin, look, stop."""

import asyncio

from hub.core.credentials import ADMIN
from hub.core.errors import Refused
from hub.core.jobs import JobRecord
from hub.transport.agent_view import agent_view
from hub.transport.call import Answer, Call
from hub.transport.cursors import make_cursor, read_cursor
from hub.transport.opaque_flaws import check_edit
from hub.transport.sentences import fit
from hub.transport.views import bulk_view, task_view
from schemas.http.bulk import (
    AgentAction,
    AgentBulkPreview,
    AgentBulkRequest,
    BulkPage,
    BulkPreview,
    BulkQuery,
    BulkRequest,
    BulkView,
)
from schemas.http.tasks import Total
from schemas.scalars import ErrorCode


async def preview_bulk(call: Call) -> Answer:
    """How many tasks an action would be about, and some of them. Nothing is changed."""
    request = _taken(call)
    counted, sample = await call.services.bulk.of_tasks.preview(call.org, request)
    now = call.services.clock.now()
    views = [task_view(call.org, task, now) for task in sample]
    return Answer(200, BulkPreview(request.action, Total(*counted), views))


async def create_bulk(call: Call) -> Answer:
    """Begin an action; it goes on by itself."""
    job = await _begin(call, _taken(call))
    return _shown(job, 202)


async def _begin(call: Call, request: BulkRequest | AgentBulkRequest) -> JobRecord:
    credential = call.caller.credential
    return await call.services.bulk.create(call.org, call.actor, request, credential)


def _taken(call: Call) -> BulkRequest:
    request: BulkRequest = call.take(BulkRequest)
    if request.edit is not None:
        check_edit(request.edit, "$.edit")
    return request


async def preview_agent_bulk(call: Call) -> Answer:
    """How many agents an action would be about, and some of them. Nothing is changed."""
    request = _agents_taken(call)
    found = await call.services.bulk.of_agents.preview(call.org, request)
    views = [agent_view(agent) for agent in found.sample]
    total = Total(found.number, more=False)
    return Answer(200, AgentBulkPreview(request.action, total, found.already, found.unknown, views))


async def create_agent_bulk(call: Call) -> Answer:
    """Begin an action on agents; it goes on by itself. Only admins delete."""
    job = await _begin(call, _agents_taken(call))
    return _shown(job, 202)


def _agents_taken(call: Call) -> AgentBulkRequest:
    request: AgentBulkRequest = call.take(AgentBulkRequest)
    if request.action is AgentAction.DELETE and not ADMIN.allows(call.caller.role):
        raise Refused(ErrorCode.FORBIDDEN, "only admins delete agents")
    return request


async def get_bulk(call: Call) -> Answer:
    """How far an action has come."""
    return _shown(await _find(call, call.path("bulk_id")))


async def show_bulk(call: Call, bulk_id: str) -> Answer:
    """An action, as it stands now."""
    return _shown(await _find(call, bulk_id))


async def list_bulk(call: Call) -> Answer:
    """A page of actions, newest first."""
    query: BulkQuery = call.query
    before = None if query.cursor is None else read_cursor(query.cursor, "bulk")
    jobs = await call.services.bulk.page(call.org, before, query.limit + 1)
    items: list[BulkView] = []
    for job in jobs[: query.limit]:
        items.append(bulk_view(job))
        # Each may name ten thousand agents.
        await asyncio.sleep(0)
    cursor = make_cursor(items[-1].id, "bulk") if len(jobs) > query.limit else None
    return Answer(200, BulkPage(items, cursor))


async def cancel_bulk(call: Call) -> Answer:
    """Stop an action where it is; what was done stays done."""
    job = await _find(call, call.path("bulk_id"))
    return _shown(call.services.bulk.cancel(call.org, call.actor, job))


async def _find(call: Call, bulk_id: str) -> JobRecord:
    job = await call.services.bulk.find(call.org, bulk_id)
    if job is None:
        raise Refused(ErrorCode.NOT_FOUND, f"there is no bulk action {fit(bulk_id, 64)}")
    return job


def _shown(job: JobRecord, status: int = 200) -> Answer:
    return Answer(status, bulk_view(job), entity=job.id)
