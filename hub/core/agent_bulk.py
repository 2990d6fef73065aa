"""Bulk actions on agents: which agents a request means, and the job that it becomes. Pure.

All agents are in memory, so a job knows its agents from the beginning. It goes through them
by id; after a start it goes on above the last one.
"""

from typing import Final

from msgspec import Struct, json

from hub.core.agent import AgentRecord
from hub.core.agent_filter import meant_by
from hub.core.errors import Refused
from hub.core.jobs import JobRecord
from hub.core.pauses import end_of
from schemas.http.bulk import AgentAction, AgentBulkRequest, BulkState
from schemas.scalars import ErrorCode
from schemas.to_agent import Flaw

FILTER: Final = "$.filter"
"""Where a request has its filter."""

_encode: Final = json.Encoder().encode


class Target(Struct, frozen=True, omit_defaults=True):
    """Which agents: those that a filter finds, those named, or all."""

    filter: str | None = None
    ids: list[str] = []
    all: bool = False


class Arguments(Struct, frozen=True, omit_defaults=True):
    """What an action takes."""

    note: str | None = None
    until: int | None = None
    """Wall time in milliseconds."""
    force: bool = False


_target: Final = json.Decoder(Target).decode
_arguments: Final = json.Decoder(Arguments).decode


def target_of(job: JobRecord) -> Target:
    """Which agents a job is about."""
    return _target(job.filter)


def arguments_of(job: JobRecord) -> Arguments:
    """What a job's action takes."""
    return _arguments(job.arguments)


def check_number(request: AgentBulkRequest, total: int) -> None:
    """Whether it is about no more agents than somebody saw. Raises Refused `conflict`."""
    if request.at_most is not None and total > request.at_most:
        text = f"{total} agents are meant by now, not {request.at_most}: look at the preview again"
        raise Refused(ErrorCode.CONFLICT, text)


def check(request: AgentBulkRequest, wall: int) -> Arguments:
    """What the action takes.

    Raises Refused `validation_failed` when the parts of the request do not go together.
    """
    flaws: list[Flaw] = []
    if (request.filter is not None) + (request.ids is not None) + request.all != 1:
        flaws.append(Flaw("$", "give one of filter, ids and all"))
    meant_by(request.filter, FILTER)
    for name in ("note", "until", "for_ms"):
        if getattr(request, name) is not None and request.action is not AgentAction.PAUSE:
            flaws.append(Flaw(f"$.{name}", f"does not go with {request.action}"))
    if request.force and request.action is not AgentAction.DELETE:
        flaws.append(Flaw("$.force", f"does not go with {request.action}"))
    if flaws:
        raise Refused(ErrorCode.VALIDATION_FAILED, flaws[0].message, flaws=flaws)
    return Arguments(request.note, end_of(request.until, request.for_ms, wall), request.force)


def concerns(action: AgentAction, record: AgentRecord) -> bool:
    """Whether an action would change an agent; a pause leaves the note and end of another one."""
    match action:
        case AgentAction.PAUSE:
            return not record.paused
        case AgentAction.RESUME:
            return record.paused or record.draining
        case AgentAction.DRAIN:
            return not record.draining
        case AgentAction.DELETE:
            return True


def create(
    request: AgentBulkRequest,
    arguments: Arguments,
    *,
    org: str,
    job_id: str,
    actor: str,
    wall: int,
    total: int,
) -> JobRecord:
    """A new job, about so many agents."""
    return JobRecord(
        org=org,
        id=job_id,
        action=request.action.value,
        filter=_encode(Target(request.filter, request.ids or [], request.all)),
        arguments=_encode(arguments),
        state=BulkState.WAITING.value,
        created_at=wall,
        created_by=actor,
        cursor=total,
        total=total,
    )
