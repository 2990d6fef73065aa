"""Bulk actions: one action on many tasks or agents, as a job that goes on where it was. Pure.

A job looks at each of them once: its record says how far it has come and is written together
with what it did on the way. What is special to tasks is in `task_bulk.py`, to agents in
`agent_bulk.py`.
"""

from typing import Any, Final, TypeVar

from msgspec import Struct, json, structs

from hub.core import facts
from hub.core.facts import Fact
from hub.core.jobs import JobRecord
from schemas import events
from schemas.events import EventType
from schemas.http.bulk import (
    AgentAction,
    AgentBulkRequest,
    BulkFailure,
    BulkRequest,
    BulkState,
    BulkSubject,
)

Request = TypeVar("Request", bound=BulkRequest | AgentBulkRequest)

CREDENTIAL_ENDED: Final = "the token that began it was revoked, replaced or has expired"
FAILURES: Final = 100
"""How many failures are told one by one."""
OF_AGENTS: Final = frozenset(action.value for action in AgentAction)

_encode: Final = json.Encoder().encode
_failures: Final = json.Decoder(list[BulkFailure]).decode


class Turn(Struct):
    """What became of the tasks or agents of one turn, and where the next one goes on."""

    cursor: int
    """See `JobRecord`; 0 when none is left."""
    done: int = 0
    skipped: int = 0
    failures: list[BulkFailure] = []


def without_repeats(request: Request) -> Request:
    """The request with each id once, where it is first."""
    if request.ids is None:
        return request
    return structs.replace(request, ids=list(dict.fromkeys(request.ids)))


def about(job: JobRecord) -> BulkSubject:
    """What a job is about."""
    return BulkSubject.AGENTS if job.action in OF_AGENTS else BulkSubject.TASKS


def failures_of(job: JobRecord) -> list[BulkFailure]:
    """What failed and why, as far as it is kept."""
    return _failures(job.failures)


def created(job: JobRecord) -> Fact:
    """That the job was made."""
    payload = events.BulkCreated(job.action, job.total, about(job).value)
    return facts.of_agent(EventType.BULK_CREATED, job.id, job.created_by, job.created_at, payload)


def advance(job: JobRecord, turn: Turn) -> JobRecord:
    """The job after a turn."""
    changes: dict[str, Any] = {}
    if turn.failures:
        kept = [*failures_of(job), *turn.failures][:FAILURES]
        changes = {"failures": _encode(kept), "failed": job.failed + len(turn.failures)}
    return structs.replace(
        job,
        state=BulkState.RUNNING.value,
        cursor=turn.cursor,
        done=job.done + turn.done,
        skipped=job.skipped + turn.skipped,
        **changes,
    )


def complete(job: JobRecord) -> JobRecord:
    """The job once none is left to look at: every one that it was about is accounted for.

    Those that it never came across had changed meanwhile, so that they were not found any more;
    those that nobody had counted came to be meant on the way.
    """
    seen = job.done + job.failed + job.skipped
    missed = max(job.total - seen, 0)
    return structs.replace(job, skipped=job.skipped + missed, total=seen + missed)


def finish(
    job: JobRecord, state: BulkState, actor: str, wall: int, why: str | None = None
) -> tuple[JobRecord, Fact]:
    """The job at its end, and that it ended; with the reason when the hub stopped it."""
    ended = structs.replace(job, state=state.value, finished_at=wall, why_stopped=why)
    payload = events.BulkStatusChanged(
        job.state, ended.state, job.done, job.failed, job.skipped, why
    )
    return ended, facts.of_agent(EventType.BULK_STATUS_CHANGED, job.id, actor, wall, payload)
