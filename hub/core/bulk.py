"""Bulk actions: one action on many tasks, as a job that goes on where it was. Pure.

A job goes from the newest task to the oldest, beginning below the tasks that come after it. It
looks at each task once: its record says how far it has come and is written together with what
it did on the way.
"""

from typing import Any, Final

from msgspec import UNSET, Struct, json, structs

from hub.core import facts
from hub.core.errors import Refused
from hub.core.facts import Fact
from hub.core.filters import TaskFilter, filter_of
from hub.core.jobs import JobRecord
from hub.core.task import HELD, WAITING
from schemas import events
from schemas.events import EventType
from schemas.http.bulk import BulkAction, BulkFailure, BulkRequest, BulkState
from schemas.http.tasks import TaskConditions, TaskEdit
from schemas.scalars import ErrorCode, TaskState
from schemas.to_agent import Flaw

FAILURES: Final = 100
"""How many failures are told one by one."""
APPLIES_TO: Final[dict[BulkAction, frozenset[TaskState]]] = {
    BulkAction.CANCEL: WAITING | HELD,
    BulkAction.RETRY: frozenset({TaskState.DEAD_LETTER, TaskState.CANCELLED}),
    BulkAction.EDIT: WAITING | HELD,
}
"""The states for which an action is."""
WITHOUT_STATES: Final = APPLIES_TO | {BulkAction.RETRY: frozenset({TaskState.DEAD_LETTER})}
"""The states that a filter means when it names none: who cancelled a task meant it."""

_encode: Final = json.Encoder().encode
_failures: Final = json.Decoder(list[BulkFailure]).decode


class Target(Struct, frozen=True, omit_defaults=True):
    """Which tasks: what a filter describes, or those named."""

    filter: TaskConditions | None = None
    ids: list[str] = []


class Arguments(Struct, frozen=True, omit_defaults=True):
    """What an action takes."""

    reason: str | None = None
    edit: TaskEdit | None = None
    more: bool = False
    """There are more tasks than the total says, or there may be."""


class Turn(Struct):
    """What became of the tasks of one turn."""

    done: int = 0
    skipped: int = 0
    failures: list[BulkFailure] = []


_target: Final = json.Decoder(Target).decode
_arguments: Final = json.Decoder(Arguments).decode


def target_of(job: JobRecord) -> Target:
    """Which tasks a job is about."""
    return _target(job.filter)


def arguments_of(job: JobRecord) -> Arguments:
    """What a job's action takes."""
    return _arguments(job.arguments)


def failures_of(job: JobRecord) -> list[BulkFailure]:
    """What failed and why, as far as it is kept."""
    return _failures(job.failures)


def check(request: BulkRequest) -> TaskFilter | None:
    """The filter of a request, or None when it names its tasks.

    Raises Refused `validation_failed` when its parts do not go together.
    """
    flaws: list[Flaw] = []
    if (request.filter is None) == (request.ids is None):
        flaws.append(Flaw("$", "give either a filter or ids"))
    elif request.filter is not None:
        flaws += _without_conditions(request.filter)
    is_edit = request.action is BulkAction.EDIT
    if is_edit and (request.edit is None or not _names_fields(request.edit)):
        flaws.append(Flaw("$.edit", "names no field to change"))
    if not is_edit and request.edit is not None:
        flaws.append(Flaw("$.edit", f"does not go with {request.action}"))
    if flaws:
        raise Refused(ErrorCode.VALIDATION_FAILED, flaws[0].message, flaws=flaws)
    return None if request.filter is None else narrowed(request.action, request.filter)


def _without_conditions(conditions: TaskConditions) -> list[Flaw]:
    """What would mean all tasks although it may have been meant to say which."""
    given = structs.asdict(conditions)
    flaws = [
        Flaw(f"$.filter.{name}", "is empty: give a value, or leave it out")
        for name, value in given.items()
        if value in ([], {})
    ]
    if all(value is None for value in given.values()):
        text = "a filter names at least one condition; all tasks are those in every state"
        flaws.append(Flaw("$.filter", text))
    return flaws


def _names_fields(edit: TaskEdit) -> bool:
    return any(getattr(edit, name) is not UNSET for name in edit.__struct_fields__)


def narrowed(action: BulkAction, conditions: TaskConditions) -> TaskFilter:
    """The filter, less the states for which the action is not.

    Raises Refused `validation_failed` when no state is left.
    """
    wanted = filter_of(conditions)
    named = frozenset(wanted.states) or WITHOUT_STATES[action]
    states = named & APPLIES_TO[action]
    if not states:
        text = f"no task in these states can be part of a {action}"
        flaws = [Flaw("$.filter.state", text)]
        raise Refused(ErrorCode.VALIDATION_FAILED, text, flaws=flaws)
    return structs.replace(wanted, states=tuple(sorted(states)))


def create(
    request: BulkRequest,
    *,
    org: str,
    job_id: str,
    actor: str,
    wall: int,
    last_seq: int,
    total: int,
    more: bool,
) -> JobRecord:
    """A new job, about tasks up to this seq."""
    return JobRecord(
        org=org,
        id=job_id,
        action=request.action.value,
        filter=_encode(Target(request.filter, request.ids or [])),
        arguments=_encode(Arguments(request.reason, request.edit, more)),
        state=BulkState.WAITING.value,
        created_at=wall,
        created_by=actor,
        cursor=last_seq + 1 if request.ids is None else len(request.ids),
        total=total,
    )


def created(job: JobRecord) -> Fact:
    """That the job was made."""
    payload = events.BulkCreated(job.action, job.total)
    return facts.of_agent(EventType.BULK_CREATED, job.id, job.created_by, job.created_at, payload)


def advance(job: JobRecord, turn: Turn, cursor: int) -> JobRecord:
    """The job after a turn that went down to this cursor."""
    changes: dict[str, Any] = {}
    if turn.failures:
        kept = [*failures_of(job), *turn.failures][:FAILURES]
        changes = {"failures": _encode(kept), "failed": job.failed + len(turn.failures)}
    return structs.replace(
        job,
        state=BulkState.RUNNING.value,
        cursor=cursor,
        done=job.done + turn.done,
        skipped=job.skipped + turn.skipped,
        **changes,
    )


def finish(job: JobRecord, state: BulkState, actor: str, wall: int) -> tuple[JobRecord, Fact]:
    """The job at its end, and that it ended."""
    ended = structs.replace(job, state=state.value, finished_at=wall)
    payload = events.BulkStatusChanged(job.state, ended.state, job.done, job.failed, job.skipped)
    return ended, facts.of_agent(EventType.BULK_STATUS_CHANGED, job.id, actor, wall, payload)
